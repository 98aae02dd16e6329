"""Pictures vary, their labels move with them, and what lies outside says nothing."""

from __future__ import annotations

import torch

from veraretouch.planners.training.scene.variation import varied


def test_labels_move_with_their_pictures() -> None:
    torch.manual_seed(1)
    bright = torch.zeros(16, 64, 64, dtype=torch.bool)
    bright[:, 20:44, 10:50] = True
    rgb = torch.where(bright, 0.8, 0.2).unsqueeze(1).expand(16, 3, 64, 64)
    pictures, allowed = varied(rgb, torch.where(bright, 2, 4), 64)
    assert set(allowed.unique().tolist()) <= {0, 2, 4}
    for picture, labels in zip(pictures.mean(dim=1), allowed, strict=True):
        if (labels == 2).sum() > 50 and (labels == 4).sum() > 50:
            assert picture[labels == 2].mean() > picture[labels == 4].mean() + 0.1


def test_the_same_seed_gives_the_same_pictures_in_range() -> None:
    rgb, labels = torch.rand(2, 3, 32, 32), torch.ones(2, 32, 32, dtype=torch.int64)
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(varied(rgb, labels, 64)[0])
    assert torch.equal(*made)
    assert made[0].shape == (2, 3, 64, 64)
    assert 0 <= float(made[0].min()) <= float(made[0].max()) <= 1
