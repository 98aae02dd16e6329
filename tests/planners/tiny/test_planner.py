"""`tiny`: it repairs what it should, says what it does, styles by the lexicon, and takes exact values as they are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import torch

import veraretouch as vr
from veraretouch.core.color.oklab import oklab
from veraretouch.core.photo import Photo
from veraretouch.planners.rules.style import read_style
from veraretouch.planners.tiny.latents import assemble, own_schema, repair_size, wish_of_prompt
from veraretouch.planners.tiny.network import Shape, TinyNetwork
from veraretouch.planners.tiny.planner import FILE, Tiny, seen
from veraretouch.planners.tiny.reasoning import CHANGES, changes
from veraretouch.zoo.bundles.manifest import Manifest

AUTO = vr.Request.of()


def _picture(tiny: Tiny, photo: Photo, request: vr.Request = AUTO) -> torch.Tensor:
    with torch.no_grad():
        return vr.Renderer()(seen(photo), tiny.plan([photo], [request]).latents)


def test_the_installed_bundle_is_what_its_manifest_says() -> None:
    folder = files("veraretouch.planners.tiny").joinpath("bundle")
    manifest = Manifest(folder.joinpath("bundle.json").read_bytes())
    assert manifest.planner["configuration"]["shape"] == Tiny().network.shape.document()


def test_an_untrained_network_leaves_photos_alone_and_says_so(photos: list[Photo]) -> None:
    schema = own_schema()
    fresh = Tiny(TinyNetwork(Shape(repair_size(schema, Tiny().repairs), schema.size)))
    proposal = fresh.plan(photos[:1], [AUTO])
    assert not any(bool(rows[0]) for rows in proposal.latents.present.values())
    assert proposal.reasoning[0]["lighting"]["plan"] == "Leave it alone."


def test_a_style_of_an_untrained_network_is_what_the_lexicon_says(photos: list[Photo]) -> None:
    schema = own_schema()
    fresh = Tiny(TinyNetwork(Shape(repair_size(schema, Tiny().repairs), schema.size)))
    for prompt in ("dreamy bright pink", "black and white", "cinematic teal and orange"):
        request = vr.Request.of(style=prompt)
        mine, rules = (
            fresh.plan(photos[:1], [request]),
            vr.registry.planners.load("rules")().plan(photos[:1], [request]),
        )
        assert torch.allclose(mine.latents.pack(), rules.latents.pack(), atol=1e-6)
        assert mine.reasoning[0]["request"] == read_style(prompt).reasoning["request"]


def test_spoilt_photos_come_nearer_to_the_originals(tiny: Tiny, photos: list[Photo], spoilt: list[Photo]) -> None:
    nearer = 0
    for good, bad in zip(photos, spoilt, strict=True):
        before, after = ((picture - seen(good)).square().mean() for picture in (seen(bad), _picture(tiny, bad)))
        nearer += int(after < before)
    assert nearer >= 3


def test_the_words_agree_with_the_rendered_change(tiny: Tiny, spoilt: list[Photo]) -> None:
    said = 0
    for photo in spoilt:
        proposal = tiny.plan([photo], [AUTO])
        pixels = seen(photo)
        found = changes(pixels, proposal.latents, vr.Renderer())
        for change in CHANGES:
            plan = proposal.reasoning[0][change.group]["plan"].partition(":")[0]
            if change.rises in plan or change.falls in plan:
                alone = vr.Renderer()(pixels, proposal.latents.masked([{change.group}]))
                rose = float(change.measure(oklab(alone)) - change.measure(oklab(pixels))) > 0
                assert (change.rises if rose else change.falls) in plan
                assert change in found
                said += 1
    assert said >= 4


def test_each_value_that_is_named_has_its_sign(tiny: Tiny, spoilt: list[Photo]) -> None:
    for photo in spoilt:
        proposal = tiny.plan([photo], [AUTO])
        text = " ".join(thought["plan"] for thought in proposal.reasoning[0].values())
        if "raise exposure" in text:
            assert float(proposal.latents.values["exposure"]["ev"][0]) > 0
        if "lower exposure" in text:
            assert float(proposal.latents.values["exposure"]["ev"][0]) < 0


def test_a_group_that_is_off_is_not_edited(tiny: Tiny, spoilt: list[Photo]) -> None:
    request = vr.Request.of(groups={"lighting"})
    proposal = tiny.plan(spoilt[2:3], [request])
    for op, rows in proposal.latents.present.items():
        if bool(rows[0]):
            assert proposal.latents.schema.spec(op).groups == ("lighting",)
    assert set(proposal.reasoning[0]) == {"lighting"}


def test_exact_values_are_exact_whatever_the_photo(tiny: Tiny, spoilt: list[Photo]) -> None:
    asked = [{"exposure.ev": 0.35, "cdl.saturation": 1.2}, {"color_matrix.offset": [0.1, 0, 0]}]
    requests = [vr.Request.of(params=asked[0]), AUTO, vr.Request.of(params=asked[1])]
    mixed = tiny.plan([*spoilt[:2], spoilt[0]], requests)
    assert float(mixed.latents.values["exposure"]["ev"][0]) == pytest.approx(0.35)
    assert float(mixed.latents.values["cdl"]["saturation"][0]) == pytest.approx(1.2)
    assert not bool(mixed.latents.present["cdl"][1])
    assert mixed.latents.present["color_matrix"].tolist() == [False, False, True]
    alone = tiny.plan(spoilt[1:2], [AUTO])
    assert torch.equal(mixed.latents.values["exposure"]["ev"][1], alone.latents.values["exposure"]["ev"][0])


def test_values_stay_within_bounds_and_gradients_pass_at_identity() -> None:
    schema = own_schema()
    repairs = Tiny().repairs
    raw = torch.zeros(2, repair_size(schema, repairs), requires_grad=True)
    wish = wish_of_prompt(schema, "very much brighter").expand(2, -1)
    latents = assemble(schema, repairs, raw, wish)
    assert torch.allclose(latents.pack(), assemble(schema, (), raw[:, :0], wish).pack())
    latents.pack().sum().backward()
    assert raw.grad is not None
    assert (raw.grad != 0).all()
    for far in (-100.0, 100.0):
        assemble(schema, repairs, torch.full_like(raw, far), wish).check()


def test_a_bundle_makes_the_same_plans(tiny: Tiny, photos: list[Photo], tmp_path: Path) -> None:
    folder = vr.zoo.pack(
        vr.Retoucher(tiny), tmp_path / "mine", name="mine", licence={"spdx": "Apache-2.0", "commercial_use": True}
    )
    again = vr.zoo.load(str(folder))
    assert torch.equal(
        again.planner.plan(photos[:1], [AUTO]).latents.pack(), tiny.plan(photos[:1], [AUTO]).latents.pack()
    )


def test_the_network_and_its_file_are_small(tiny: Tiny) -> None:
    assert sum(weights.numel() for weights in tiny.network.parameters()) <= 3_000_000
    import veraretouch.planners.tiny.planner as module

    assert (Path(module.__file__).with_name("bundle") / FILE).stat().st_size < 8 * 2**20
