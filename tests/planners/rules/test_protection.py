"""What a prompt keeps is kept as the photo shows it: its own skin, of any tone, and not a range of hues."""

import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.photo import as_photo
from veraretouch.planners.rules.planner import OPS
from veraretouch.planners.rules.protection import held_back, held_by_sight, union
from veraretouch.planners.rules.style import read_style
from veraretouch.planners.scene.scene import scene_of
from veraretouch.planners.tiny.latents import wish_of

PROMPTS = ("teal and orange, keep skin natural", "very warm golden sunset, protect the skin tones")
SCHEMA = vr.Schema.of([vr.registry.ops.load(op) for op in OPS])
# The face of tests/data/photos/skimage-astronaut.jpg, as shares of the picture: left, top, right, bottom.
FACE = (0.36, 0.16, 0.52, 0.38)


def latents(edits) -> vr.Latents:
    return vr.Latents.unpack(SCHEMA, wish_of(SCHEMA, edits)[None] + vr.Latents.identity(SCHEMA).pack())


def moved(rgb, edit, where) -> float:
    """By how many CIEDE2000 an edit moves some pixels (H, W) of a picture (1, 3, H, W)."""
    done = vr.Renderer()(rgb, edit)
    return float(ciede2000(done[0].permute(1, 2, 0), rgb[0].permute(1, 2, 0))[where].mean())


def portrait(skin) -> tuple[torch.Tensor, torch.Tensor]:
    """A face of a colour on shaded grey and green, (1, 3, 48, 48), and where it is."""
    rng = np.random.default_rng(0)
    shade = 0.7 + 0.3 * rng.random((48, 48, 1))
    picture = np.where(np.arange(48)[:, None, None] < 24, (0.5, 0.5, 0.5), (0.25, 0.45, 0.2)) * shade
    rows, columns = np.mgrid[:48, :48]
    face = (rows - 22) ** 2 + (columns - 24) ** 2 < 10**2
    picture[face] = (np.array(skin) / 255 * shade)[face]
    return torch.from_numpy(picture).float().permute(2, 0, 1)[None], torch.from_numpy(face)


@pytest.mark.parametrize("skin", [(236, 200, 178), (198, 140, 105), (92, 58, 42)], ids=["light", "middle", "dark"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_skin_of_every_tone_moves_by_half_of_what_words_leave_at_most_and_the_rest_is_still_edited(prompt, skin):
    rgb, face = portrait(skin)
    reading = read_style(prompt)
    asked, by_words, nothing = latents(reading.asked), latents(reading.edits), latents({})
    held = held_back(asked, by_words, nothing, rgb, face.float())
    assert moved(rgb, held.latents, face) < max(0.5 * moved(rgb, by_words, face), 0.6)
    assert moved(rgb, held.latents, ~face) > 0.25 * moved(rgb, by_words, ~face)
    held.latents.check()


def test_what_is_kept_stays_as_repairs_leave_it():
    rgb, face = portrait((198, 140, 105))
    repair = latents({"exposure": {"ev": 0.4}})
    reading = read_style(PROMPTS[1])
    both = [latents(reading_edits | {"exposure": {"ev": 0.4}}) for reading_edits in (reading.asked, reading.edits)]
    held = held_back(*both, repair, rgb, face.float())
    repaired = vr.Renderer()(rgb, repair)
    done = vr.Renderer()(rgb, held.latents)
    apart = ciede2000(done[0].permute(1, 2, 0), repaired[0].permute(1, 2, 0))[face]
    assert float(apart.mean()) == pytest.approx(held.after, abs=0.5)
    assert held.after <= max(0.5 * held.before, 0.5)
    assert float(held.latents.values["exposure"]["ev"]) == pytest.approx(0.4, abs=1e-6)


def test_a_wish_that_moves_nothing_of_it_is_left_as_it_is():
    rgb, face = portrait((198, 140, 105))
    reading = read_style("deep blue sky, keep skin natural")
    held = held_back(latents(reading.asked), latents(reading.edits), latents({}), rgb, face.float())
    assert held.after <= max(held.before, 0.5)


def test_a_plan_of_a_portrait_keeps_its_skin_and_says_so(astronaut):
    plan = vr.load("rules").plan(astronaut, style=PROMPTS[0])
    assert plan.reasoning["in all but skin"]["problem"] == "To be kept as it is: skin."
    assert [entry.name for entry in plan.local] == ["all but skin"]
    rgb = astronaut.tensor()[None]
    words, face = latents(read_style(PROMPTS[0]).edits), faces(astronaut)
    assert moved(rgb, plan.latents(), face) < 0.6 * moved(rgb, words, face)


def faces(photo):
    """Where the face of this photo is, (H, W)."""
    height, width = photo.height, photo.width
    left, top, right, bottom = (round(part * side) for part, side in zip(FACE, (width, height) * 2, strict=True))
    face = torch.zeros(height, width, dtype=torch.bool)
    face[top:bottom, left:right] = True
    return face


def lifted(photo, name):
    """How far each pixel is of a class, (H, W)."""
    return scene_of(photo).lifted(photo.tensor()[None], [name])[0]


def test_what_the_photo_does_not_show_is_protected_by_its_hues():
    grey = np.full((40, 60, 3), 128, np.uint8)
    grey[:20, :, 1] = 140
    reading = read_style(PROMPTS[0])
    plan = vr.load("rules").plan(grey, style=PROMPTS[0])
    assert "held against the other edits" in plan.reasoning["specific_color"]["plan"]
    assert plan.edits["hsl"].params["hue"].tolist() == pytest.approx(reading.edits["hsl"]["hue"], abs=1e-6)
    empty = latents({})
    assert held_by_sight(as_photo(grey), ["reds"], empty, empty, empty) is None


def test_the_same_photo_gets_the_same_plan(astronaut):
    plans = [vr.load("rules").plan(astronaut, style=PROMPTS[1]).document()["edits"] for _ in range(2)]
    assert plans[0] == plans[1]


def test_a_picture_without_colour_keeps_that_of_skin(astronaut):
    plan = vr.load("rules").plan(astronaut, style="black and white, keep skin natural")
    rgb = astronaut.tensor()[None]
    chroma = [(each.amax(dim=1) - each.amin(dim=1))[0] for each in (rgb, vr.Renderer().render(rgb, plan))]
    face, rest = faces(astronaut), lifted(astronaut, "person") < 0.05
    assert float(chroma[1][face].mean()) > 0.7 * float(chroma[0][face].mean())
    assert float(chroma[1][rest].mean()) < 0.15 * float(chroma[0][rest].mean())


def test_classes_are_joined():
    sky, water = torch.zeros(2, 3, 3)
    sky[0], water[0], water[2] = 0.7, 0.6, 0.4
    assert union([sky, water])[:, 0].tolist() == pytest.approx([1.0, 0.0, 0.4])


@pytest.fixture(scope="module")
def astronaut(request):
    return vr.open_photo(request.config.rootpath / "tests" / "data" / "photos" / "skimage-astronaut.jpg")
