"""Pairs: each group's own share of an edit is known, whichever way a pair leads."""

from __future__ import annotations

import shutil
from pathlib import Path

import lessons
import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.contract.latents import Latents
from veraretouch.core.contract.slots import GROUPS
from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.render.renderer import Renderer
from veraretouch.planners.training.pairs import EditedPairs, GivenPairs, of_photos, read_pairs

ALL = frozenset(GROUPS)


@pytest.fixture(scope="module")
def pairs() -> EditedPairs:
    pictures = [np.asarray(lessons.picture(name).resize((32, 32))) for name in ("kodak-03", "kodak-22")]
    return of_photos(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2), copies=4, seed=0)


def test_with_all_groups_on_a_pair_leads_from_before_to_after(pairs: EditedPairs) -> None:
    batch = pairs.batch(torch.arange(len(pairs)), [ALL] * len(pairs))
    thin = (slice(None), slice(None), slice(1, None, 2), slice(1, None, 2))
    assert torch.allclose(batch.wanted, batch.after[thin], atol=1e-6)
    assert torch.equal(batch.rgb, batch.before[thin])
    assert not torch.equal(batch.before, batch.after)


def test_a_masked_group_is_left_out_of_an_edit_and_its_fault_stays_in_a_repair(pairs: EditedPairs) -> None:
    row, on = torch.tensor([1]), frozenset({"lighting"})
    assert not bool(pairs.forward[1])
    batch = pairs.batch(row, [on])
    edits = Latents.unpack(pairs.schema, pairs.edits[row])
    good = pairs.photos[pairs.photo[row]].float()[..., 1::2, 1::2] / 255
    faults_of_colour = Renderer()(good, edits.masked([ALL - on]))
    assert torch.allclose(batch.wanted, faults_of_colour, atol=1e-6)
    ahead = torch.tensor([0])
    light = Latents.unpack(pairs.schema, pairs.edits[ahead]).masked([on])
    good = pairs.photos[pairs.photo[ahead]].float()[..., 1::2, 1::2] / 255
    assert torch.allclose(pairs.batch(ahead, [on]).wanted, Renderer()(good, light), atol=1e-6)


def test_doing_nothing_scores_about_as_spoilt_photos_do() -> None:
    photos = sorted(lessons.PHOTOS.glob("*.jpg"))[:12]
    pictures = [np.asarray(Image.open(photo).convert("RGB").resize((32, 32))) for photo in photos]
    many = of_photos(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2), copies=10, seed=3)
    batch = many.batch(torch.arange(len(many)), [ALL] * len(many))
    error = (batch.rgb - batch.wanted).square().flatten(1).mean(dim=1).clamp(min=1e-6)
    assert 16 < float((-10 * torch.log10(error)).mean()) < 20


def test_a_dataset_and_a_folder_of_pairs_are_read(tmp_path: Path) -> None:
    made = lessons.write_dataset(tmp_path / "data", lessons.FOUR[:2])
    known = lessons.write_dataset(tmp_path / "known", lessons.FOUR[:2], edits=True)
    given = read_pairs(tmp_path / "data", image_size=32, copies=1, seed=0)
    assert isinstance(given, GivenPairs)
    edited = read_pairs(tmp_path / "known", image_size=32, copies=1, seed=0)
    assert isinstance(edited, EditedPairs)
    both = [p.batch(torch.arange(2), [ALL] * 2) for p in (given, edited)]
    assert (both[0].before - both[1].before).abs().max() < 1e-6
    assert (both[0].after - both[1].after).abs().mean() < 0.01  # resized before, or after
    for part in ("before", "after"):
        (tmp_path / "folder" / part).mkdir(parents=True)
        for about in made + known:
            Image.fromarray(about[part]).save(tmp_path / "folder" / part / f"{about['photo']}.png")
    by_hand = read_pairs(tmp_path / "folder", image_size=32, copies=1, seed=0)
    assert torch.equal(by_hand.batch(torch.arange(2), [ALL] * 2).after, both[0].after)
    masked = by_hand.batch(torch.arange(2), [frozenset({"lighting"})] * 2)
    assert masked.masks == [ALL, ALL]
    next((tmp_path / "folder" / "after").iterdir()).unlink()
    with pytest.raises(UnreadablePhoto, match="has no pair"):
        read_pairs(tmp_path / "folder", image_size=32, copies=1, seed=0)
    shutil.rmtree(tmp_path / "folder" / "after")
    alone = read_pairs(tmp_path / "folder", image_size=32, copies=3, seed=0)
    assert len(alone) == 6
