"""Style prompts on ten photos: stated directions of change, single colours, colours that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.color.oklab import oklab
from veraretouch.core.contract.latents import Latents
from veraretouch.core.contract.schema import Schema
from veraretouch.core.plugins.registry import registry
from veraretouch.core.render.renderer import Renderer
from veraretouch.planners.rules.style import read_style

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
NAMES = (
    "buddiesofbudgie-beacon-street-sunset",
    "buddiesofbudgie-perched-osprey",
    "buddiesofbudgie-singaporean-cityscape",
    "buddiesofbudgie-lake-sherburne",
    "buddiesofbudgie-canyon-wren",
    "buddiesofbudgie-extreme-desert-hike",
    "buddiesofbudgie-high-trestle-trail",
    "kodak-12",
    "kodak-18",
    "kodak-13",
)
# OkLab hues of the words that directions use.
HUES = {
    "warm": 70, "cool": 250, "red": 25, "orange": 55, "gold": 85, "yellow": 110, "green": 143, "teal": 192, "cyan": 205,
    "blue": 262, "purple": 300, "magenta": 330, "pink": 355,
}  # fmt: skip

# What each prompt must do to every photo: mean lightness L, of the darks D, of the lights H, RMS contrast S (spread of
# lightness by its mean), mean chroma C, up or down; or a shift of shadows, highlights or the whole towards a hue.
DIRECTIONS = {
    "bright": "L+",
    "brighter, please": "L+",
    "slightly brighter": "L+",
    "darker": "L-",
    "underexposed": "L-",
    "it is too dark": "L+",
    "not so bright": "L-",
    "high contrast": "S+",
    "contrasty": "S+",
    "low contrast": "S-",
    "flat": "S-",
    "soft": "S-",
    "punchy": "S+",
    "bold colours": "S+",
    "crisp": "S+",
    "dramatic": "S+ L-",
    "moody": "L- C-",
    "dark moody": "L- C-",
    "gloomy": "L- C-",
    "bright airy": "L+ S-",
    "light and airy": "L+ S-",
    "high key": "L+",
    "low-key": "L-",
    "matte": "S-",
    "faded": "S- C-",
    "faded film": "S-",
    "washed out": "S- C-",
    "vintage": "S- highlights:gold",
    "retro look": "S- highlights:gold",
    "film": "highlights:gold",
    "sepia": "C<0.08",
    "black and white": "C<0.002",
    "B&W": "C<0.002",
    "monochrome, high contrast": "C<0.002 S+",
    "film noir": "C<0.002 L-",
    "bleach bypass": "C- S+",
    "cinematic": "shadows:teal highlights:orange",
    "teal and orange": "shadows:teal highlights:orange",
    "moody teal and orange film, less green": "L- shadows:teal",
    "teal shadows and orange highlights": "shadows:teal highlights:orange",
    "golden highlights": "highlights:gold",
    "blue shadows": "shadows:blue",
    "warm highlights, cool shadows": "shadows:cool highlights:warm",
    "shadows in purple": "shadows:purple",
    "pink highlights": "highlights:pink",
    "green-ish midtones": "whole:green",
    "cyberpunk": "whole:purple",
    "neon": "whole:purple",
    "pastel": "L+ S- C-",
    "dreamy": "L+ S-",
    "dreamy bright pink": "L+ whole:pink",
    "golden hour": "whole:warm",
    "sunset vibes": "whole:warm",
    "blue hour": "L- whole:cool",
    "autumn": "whole:orange",
    "winter": "L+ whole:cool",
    "sunny summer day": "L+",
    "tropical": "L+",
    "earthy": "whole:warm",
    "vivid": "C+",
    "vibrant, saturated colours": "C+",
    "more colour": "C+",
    "muted": "C-",
    "desaturated": "C-",
    "less saturation": "C-",
    "warm": "whole:warm",
    "warmer": "whole:warm",
    "very warm": "whole:warm",
    "cool": "whole:cool",
    "colder tones": "whole:cool",
    "magenta": "whole:magenta",
    "green tint": "whole:green",
    "green": "whole:green",
    "pink": "whole:pink",
    "a touch of red": "whole:red",
    "orange": "whole:orange",
    "yellow": "whole:yellow",
    "teal": "whole:teal",
    "cyan": "whole:cyan",
    "blue tint": "whole:blue",
    "purple": "whole:purple",
    "brown": "whole:orange L-",
    "creamy": "highlights:gold S-",
    "minty": "whole:green",
    "fresh and clean": "L+",
    "lift shadows": "D+ S-",
    "open up the shadows": "D+ S-",
    "crush the blacks": "D- S+",
    "recover highlights": "H-",
    "lower the highlights": "H-",
    "raise the whites": "H+",
    "darken the highlights and brighten the shadows": "S- H- D+",
    "warmer but keep skin natural": "whole:warm",
}

# What each prompt must do to the pixels of a colour, where a photo has them: chroma, lightness,
# or a turn towards a hue.
COLOURS = {
    "bluer sky": ("blue", "C+"),
    "make the sky bluer": ("blue", "C+"),
    "darker sky": ("blue", "L-"),
    "dramatic sky": ("blue", "L-"),
    "teal sky": ("blue", "teal"),
    "vivid blues": ("blue", "C+"),
    "less blue": ("blue", "C-"),
    "greener foliage": ("green", "green C+"),
    "the grass greener": ("green", "green C+"),
    "less green": ("green", "C-"),
    "no greens": ("green", "C-"),
    "desaturated greens": ("green", "C-"),
    "golden leaves": ("green", "gold"),
    "autumn": ("green", "orange"),
    "rosy skin": ("skin", "pink"),
    "tanned skin": ("skin", "L-"),
    "brighter skin": ("skin", "L+"),
    "less orange": ("skin", "C-"),
}

KEPT = {
    "warmer but keep skin natural": "skin",
    "very warm, natural skin tones": "skin",
    "cooler but keep the skin as it is": "skin",
    "vivid, leave skin tones alone": "skin",
    "pink but not the skin": "skin",
    "golden hour, keep the sky blue": "blue",
    "vivid but leave the sky untouched": "blue",
    "muted, preserve blues": "blue",
    "vivid, leave greens alone": "green",
    "desaturated except the greens": "green",
    "autumn but keep the greens": "green",
    "magenta, protect the foliage": "green",
    "black and white but keep the greens": "green",
    "black and white except for the blue": "blue",
}
JUST_NOTICEABLE = 0.02  # in OkLab: CSS Color 4, section 13.2
BANDS = {"skin": (35, 75), "green": (112, 160), "blue": (225, 275)}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def photos() -> torch.Tensor:
    """The ten photos as (10, 3, 54, 72)."""
    rows = []
    for name in NAMES:
        image = Image.open(PHOTOS / f"{name}.jpg").convert("RGB").resize((72, 54), Image.Resampling.BOX)
        rows.append(torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255)
    return torch.stack(rows)


@cache
def schema() -> Schema:
    return Schema.of([registry.ops.load(id) for id in registry.ops if id != "neural"])


def latents(prompt: str) -> Latents:
    edits = read_style(prompt).edits
    values = {
        op: {name: torch.tensor([value], dtype=torch.float32) for name, value in row.items()}
        for op, row in edits.items()
    }
    return Latents(schema(), values, batch=1).check()


@cache
def lab(prompt: str) -> torch.Tensor:
    """OkLab (10, 3, pixels) of the photos after a prompt; "" is the photos themselves."""
    rgb = Renderer()(photos(), latents(prompt)) if prompt else photos()
    return torch.cat(oklab(rgb), dim=1).flatten(2)


def chroma(pixels: torch.Tensor) -> torch.Tensor:
    return pixels[:, 1:].norm(dim=1)


def tint(pixels: torch.Tensor) -> torch.Tensor:
    return pixels[:, 1:] / pixels[:, :1].clamp(min=0.1)


def with_room() -> torch.Tensor:
    """Which pixels (10, n) no tint would push out of the gamut: a channel at 0 or 1 cannot follow."""
    rgb = photos().flatten(2)
    return (rgb.amin(dim=1) > 0.03) & (rgb.amax(dim=1) < 0.97)


def tones(part: str) -> torch.Tensor:
    """Which pixels (10, n) are shadows: of the darkest third, those below L 0.5; highlights:
    of the lightest third, those above 0.55.
    """
    light = lab("")[:, 0]
    low, high = light.quantile(1 / 3, dim=1, keepdim=True), light.quantile(2 / 3, dim=1, keepdim=True)
    masks = {
        "shadows": (light <= low) & (light < 0.5),
        "highlights": (light >= high) & (light > 0.55),
        "whole": light >= 0,
    }
    return masks[part]


def mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (values * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def towards(hue: str) -> torch.Tensor:
    angle = torch.deg2rad(torch.tensor(float(HUES[hue])))
    return torch.stack([angle.cos(), angle.sin()])[None, :, None]


@pytest.mark.parametrize("prompt", DIRECTIONS)
def test_a_prompt_moves_every_photo_as_it_says(prompt: str) -> None:
    assert not read_style(prompt).unknown
    for wish in DIRECTIONS[prompt].split():
        amount, least = measured(prompt, wish)
        assert (amount > least).all(), f"{wish}: {amount}"


def measured(prompt: str, wish: str) -> tuple[torch.Tensor, float]:
    """How far each photo that has such tones goes the way that was stated, and the least that counts."""
    before, after = lab(""), lab(prompt)
    if wish.startswith("C<"):
        return float(wish[2:]) - chroma(after).mean(dim=1), 0.0
    if ":" in wish:
        part, hue = wish.split(":")
        # By lightness: what is darkened loses chroma, not its tint.
        shift = ((tint(after) - tint(before)) * towards(hue)).sum(dim=1)
        mask = tones(part) & with_room()
        return mean(shift, mask)[having(mask)], 0.006
    part = {"D": "shadows", "H": "highlights"}.get(wish[0], "whole")
    measures = {"S": lambda x: x[:, 0].std(dim=1) / x[:, 0].mean(dim=1), "C": lambda x: chroma(x).mean(dim=1)}
    measure = measures.get(wish[0], lambda x: mean(x[:, 0], tones(part)))
    gain = (measure(after) / measure(before)).log() * (1 if wish[1] == "+" else -1)
    return gain[having(tones(part))], 0.005


def having(mask: torch.Tensor) -> list[int]:
    """The photos in which a mask covers at least 2 %."""
    return [row for row, share in enumerate(mask.float().mean(dim=1)) if share > 0.02]


def of_colour(band: str) -> tuple[torch.Tensor, list[int]]:
    """Which pixels have a hue in the band and visible chroma, and the photos with at least 2 % of them."""
    low, high = BANDS[band]
    pixels = lab("")
    hue = torch.rad2deg(torch.atan2(pixels[:, 2], pixels[:, 1])) % 360
    mask = (hue > low) & (hue < high) & (chroma(pixels) > 0.05)
    return mask, having(mask)


@pytest.mark.parametrize("prompt", COLOURS)
def test_a_prompt_moves_one_colour_as_it_says(prompt: str) -> None:
    band, wishes = COLOURS[prompt]
    mask, rows = of_colour(band)
    before, after = lab(""), lab(prompt)
    assert len(rows) >= 3
    assert not read_style(prompt).unknown
    for wish in wishes.split():
        if wish in HUES:
            gain = mean(((after - before)[:, 1:] * towards(wish)).sum(dim=1), mask)[rows]
        else:
            measure = (lambda x: x[:, 0]) if wish[0] == "L" else chroma
            gain = mean((measure(after) - measure(before)) * (1 if wish[1] == "+" else -1), mask)[rows]
        assert (gain > 0.002).all(), f"{wish}: {gain}"


@pytest.mark.parametrize("prompt", KEPT)
def test_a_kept_colour_moves_less_than_half_as_far_as_without_or_hardly(prompt: str) -> None:
    band = KEPT[prompt]
    mask, rows = of_colour(band)
    assert read_style(prompt).protected
    moved = (lab(prompt) - lab(""))[:, 1:].norm(dim=1)
    kept, others = mean(moved, mask)[rows], mean(moved, ~mask & (chroma(lab("")) > 0.02))[rows]
    assert ((kept < 0.5 * others) | (kept < JUST_NOTICEABLE)).all(), f"kept {kept}, others {others}"
