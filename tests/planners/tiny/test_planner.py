"""`tiny`: it repairs what it should, says what it does, styles by the lexicon, and takes exact values as they are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.oklab import chroma, oklab
from veraretouch.core.errors import IncompatibleBundle
from veraretouch.core.photo import Photo, as_photo, open_photo
from veraretouch.planners.rules.style import read_style
from veraretouch.planners.scene.scene import scene_of
from veraretouch.planners.scene.weights import installed
from veraretouch.planners.tiny.latents import REPAIRS, assemble, own_schema, repair_size, wish_of_prompt
from veraretouch.planners.tiny.measure import seen
from veraretouch.planners.tiny.network import Shape, TinyNetwork
from veraretouch.planners.tiny.planner import FILE, Tiny
from veraretouch.planners.tiny.reasoning import CHANGES, changes
from veraretouch.planners.training.cases.unfinished import unfinish
from veraretouch.zoo.bundles.manifest import Manifest

AUTO = vr.Request.of()
PHOTOS = Path(__file__).parents[2] / "data" / "photos"


def _picture(tiny: Tiny, photo: Photo, request: vr.Request = AUTO) -> torch.Tensor:
    with torch.no_grad():
        return vr.Renderer()(seen(photo), tiny.plan([photo], [request]).latents)


def test_the_installed_bundle_is_what_its_manifest_says() -> None:
    folder = files("veraretouch.planners.tiny").joinpath("bundle")
    manifest = Manifest(folder.joinpath("bundle.json").read_bytes())
    assert manifest.planner["configuration"]["shape"] == Tiny().network.shape.document()


def test_an_untrained_network_leaves_photos_alone_and_says_so(photos: list[Photo]) -> None:
    schema = own_schema()
    fresh = Tiny(TinyNetwork(Shape(repair_size(schema, REPAIRS))))
    proposal = fresh.plan(photos[:1], [AUTO])
    assert not any(bool(rows[0]) for rows in proposal.latents.present.values())
    assert proposal.reasoning[0]["lighting"]["plan"] == "Leave it alone."


def test_a_style_of_an_untrained_network_is_what_the_lexicon_says(photos: list[Photo]) -> None:
    schema = own_schema()
    fresh = Tiny(TinyNetwork(Shape(repair_size(schema, REPAIRS))))
    for prompt in ("dreamy bright pink", "black and white", "cinematic teal and orange"):
        request = vr.Request.of(style=prompt)
        mine, rules = (
            fresh.plan(photos[:1], [request]),
            vr.registry.planners.load("rules")().plan(photos[:1], [request]),
        )
        assert torch.allclose(mine.latents.pack(), rules.latents.pack(), atol=1e-6)
        assert mine.reasoning[0]["request"] == read_style(prompt).reasoning["request"]


def test_words_alone_are_what_the_lexicon_says_by_the_taste_faithful(tiny: Tiny, spoilt: list[Photo]) -> None:
    request = vr.Request.of(style="cinematic teal and orange", taste="faithful")
    rules = vr.registry.planners.load("rules")().plan(spoilt[:1], [vr.Request.of(style="cinematic teal and orange")])
    assert torch.allclose(tiny.plan(spoilt[:1], [request]).latents.pack(), rules.latents.pack(), atol=1e-6)
    natural = tiny.plan(spoilt[:1], [vr.Request.of(style="cinematic teal and orange")])
    assert float(natural.latents.values["exposure"]["ev"][0]) > 0.3
    assert "For this photo besides" in natural.reasoning[0]["lighting"]["plan"]


def test_vivid_goes_on_from_natural(tiny: Tiny, photos: list[Photo]) -> None:
    for photo in photos[:2]:
        natural, vivid = (oklab(_picture(tiny, photo, vr.Request.of(taste=taste))) for taste in ("natural", "vivid"))
        assert float(chroma(vivid).mean()) > float(chroma(natural).mean())
        assert float(vivid.L.std()) > float(natural.L.std())


def test_none_is_the_taste_natural(tiny: Tiny, spoilt: list[Photo]) -> None:
    asked = [tiny.plan(spoilt[:1], [request]) for request in (AUTO, vr.Request.of(taste="natural"))]
    assert torch.equal(*(proposal.latents.pack() for proposal in asked))


def test_unfinished_photos_are_finished_by_natural_and_left_by_faithful(tiny: Tiny) -> None:
    begun, left, done, said = 0.0, 0.0, 0.0, []
    for path in sorted(PHOTOS.glob("buddiesofbudgie-*.jpg"))[:8]:
        good = seen(open_photo(path))
        pixels = unfinish((good * 255).round().to(torch.uint8), [(1, 0)])[0]
        dull = as_photo(pixels.permute(1, 2, 0).numpy())
        begun += _apart(seen(dull), good)
        done += _apart(_picture(tiny, dull), good)
        left += _apart(_picture(tiny, dull, vr.Request.of(taste="faithful")), seen(dull))
        said.append(tiny.plan([dull], [AUTO]).reasoning[0]["lighting"]["problem"])
    assert done < 0.8 * begun
    assert left < 0.15 * begun
    assert sum(words.startswith("Taken for a photo as the camera gave it") for words in said) >= 4


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """The mean CIEDE2000 between two pictures."""
    return float(ciede2000(one.permute(0, 2, 3, 1), other.permute(0, 2, 3, 1)).mean())


def test_reasoning_names_what_is_seen(tiny: Tiny, photos: list[Photo]) -> None:
    said = tiny.plan(photos[:1], [AUTO]).reasoning[0]["lighting"]["problem"]
    assert "Seen: building" in said


def test_what_is_to_be_kept_is_held_where_it_is_seen(tiny: Tiny) -> None:
    photo = open_photo(PHOTOS / "skimage-astronaut.jpg")
    skin = scene_of(photo).lifted(seen(photo), ["skin"])[0] > 0.8
    moved = {}
    for words in ("cinematic teal and orange", "cinematic teal and orange, keep skin natural"):
        done = _picture(tiny, photo, vr.Request.of(style=words, taste="faithful"))
        moved[words] = float(ciede2000(done.permute(0, 2, 3, 1), seen(photo).permute(0, 2, 3, 1))[0][skin].mean())
    asked, kept = moved.values()
    assert kept < 0.5 * asked


def test_a_bundle_of_an_earlier_network_is_refused_by_name(tmp_path: Path) -> None:
    old = {"shape": {"outputs": 10, "wishes": 178, "channels": [24]}, "repairs": ["exposure"]}
    with pytest.raises(
        IncompatibleBundle, match=r"'mine' is of an earlier `train tiny`: its network has channels, wish"
    ):
        Tiny.from_bundle(SimpleNamespace(name="mine", configuration=old))


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

    assert (Path(module.__file__).with_name("bundle") / FILE).stat().st_size <= 3 * 2**20


@pytest.mark.parametrize("words", ["keep skin natural, teal and orange", "warm and bright", ""])
@pytest.mark.parametrize("planner", ["tiny", "rules"])
def test_a_photo_is_looked_at_once_by_the_scene_network(photos: list[Photo], planner: str, words: str) -> None:
    request = vr.Request.of(style=words, taste="natural") if words else vr.Request.of(taste="natural")
    looks: list[object] = []
    hook = installed().register_forward_hook(lambda *call: looks.append(call))
    try:
        vr.registry.planners.load(planner)().plan(photos[:1], [request])
    finally:
        hook.remove()
    assert len(looks) == 1


def test_a_style_renders_nothing_that_is_not_read(photos: list[Photo]) -> None:
    tiny = Tiny()
    renders: list[object] = []
    tiny._renderer.register_forward_hook(lambda *call: renders.append(call))
    tiny.plan(photos[:1], [vr.Request.of(style="warm and bright", taste="natural")])
    assert not renders
