"""contrib/dapo: the scorer that ships, and others' by name."""

import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch import registry
from veraretouch.core.errors import MissingExtra
from veraretouch.core.testing import check_reward

pytest.importorskip("veraretouch_dapo", reason="pip install ./contrib/dapo")

ROOT = Path(__file__).parents[3]
CARD = ROOT / "contrib" / "dapo" / "veraretouch_dapo" / "scorers" / "weights"
PHOTOS = ROOT / "tests" / "data" / "photos"


@pytest.fixture(scope="module")
def photos():
    """Ten photos as (10, 3, 96, 96) uint8."""
    paths = sorted(PHOTOS.glob("kodak-*.jpg"))[:10]
    pixels = [np.asarray(Image.open(path).convert("RGB").resize((96, 96))) for path in paths]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()


def test_the_reward_aesthetic_keeps_its_contract_with_the_scorer_that_ships():
    check_reward("aesthetic")


def test_the_scorer_prefers_finished_photos_to_the_same_made_unfinished(photos):
    from veraretouch.planners.training.cases.unfinished import unfinish

    score = registry.scorers.load("dapo.appeal")()
    good = score(photos.float() / 255)
    better = [
        good > score(unfinish(photos, [(row, seed) for row in range(10)]).float() / 255) for seed in range(100, 104)
    ]
    assert float(torch.stack(better).float().mean()) >= 0.9
    assert ((good > 0) & (good < 1)).all()
    assert float((good - score(photos[:, :, ::2].float() / 255)).abs().max()) < 0.1, "the size hardly matters"


def test_the_card_states_what_was_measured_held_out_and_the_licence():
    figures, card = json.loads((CARD / "figures.json").read_text()), (CARD / "README.md").read_text()
    unfinished, spoilt = figures["unfinished"], figures["spoilt"]
    assert unfinished["preferred"] >= 0.9
    for of, words in ((unfinished, "unfinished, the inverse"), (spoilt, "spoilt by aether's recipe, all")):
        (line,) = (line for line in card.splitlines() if line.startswith(f"| {words}"))
        assert f"{of['pairs']:,}" in line
        assert f"{100 * of['preferred']:.1f} %" in line
    assert figures["photos"][2] * 4 == unfinished["pairs"]
    assert "Apache-2.0" in card
    assert (CARD / "appeal.safetensors").stat().st_size < 200_000


OTHERS = {
    "dapo.pyiqa": "pyiqa",
    "dapo.aesthetic_v2_5": "aesthetic_predictor_v2_5",
    "dapo.laion": "open_clip",
    "dapo.nima": "keras",
}


@pytest.mark.parametrize("name", OTHERS)
def test_others_scorers_are_not_imported_before_they_are_asked_for_and_missing_ones_say_how(
    name, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    made = registry.scorers.load(name)
    assert OTHERS[name] not in sys.modules
    assert made.licence
    with pytest.raises(MissingExtra, match=r"(this scorer needs \w+. pip install|is not there. Fetch it from github)"):
        made()


def test_only_the_ones_that_allow_it_are_said_to_allow_commercial_use():
    allowed = {name: registry.scorers.load(name).commercial_use for name in registry.scorers.ids() if "dapo." in name}
    assert allowed.pop("dapo.pyiqa") is False
    assert all(allowed.values())


def stand_in(name, **content):
    """A package of this name with what an adapter asks of it."""
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    vars(module).update(content)
    return module


class Predictor:
    """Scores by brightness, as SigLIP's predictor gives them."""

    def __call__(self, pixels):
        return SimpleNamespace(logits=1 + 9 * pixels.mean(dim=(1, 2, 3), keepdim=True)[..., 0, 0])


class Clip(torch.nn.Module):
    def encode_image(self, pictures):
        return torch.ones(len(pictures), 768) * pictures.mean(dim=(1, 2, 3))[:, None]


def pixels_of(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def test_others_scores_come_from_0_to_1_with_their_licence_said(photos, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(
        sys.modules,
        "pyiqa",
        stand_in("pyiqa", create_metric=lambda name, device: lambda pictures: pictures.mean(dim=(1, 2, 3))),
    )

    def siglip(**options):
        assert options["trust_remote_code"] is False

        def preprocess(images, return_tensors):
            return SimpleNamespace(pixel_values=torch.stack([pixels_of(image) for image in images]))

        return Predictor(), preprocess

    monkeypatch.setitem(
        sys.modules,
        "aesthetic_predictor_v2_5",
        stand_in("aesthetic_predictor_v2_5", convert_v2_5_from_siglip=siglip),
    )
    monkeypatch.setitem(
        sys.modules,
        "open_clip",
        stand_in("open_clip", create_model_and_transforms=lambda name, pretrained: (Clip(), None, pixels_of)),
    )
    head = torch.nn.Linear(768, 1)
    torch.save(head.state_dict(), tmp_path / "sa_0_4_vit_l_14_linear.pth")
    pictures = photos.float() / 255
    for name in ("dapo.pyiqa", "dapo.aesthetic_v2_5", "dapo.laion"):
        with pytest.warns(UserWarning, match="commercial use|AGPL|MIT"):
            score = registry.scorers.load(name)()
        scores = score(pictures)
        assert scores.shape == (10,)
        assert ((scores >= 0) & (scores <= 1)).all()
        if name != "dapo.laion":
            assert torch.allclose(scores, pictures.mean(dim=(1, 2, 3)), atol=1e-3)
