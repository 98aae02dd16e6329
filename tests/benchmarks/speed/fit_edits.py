"""Random edits of real photos, for the benchmark of `fit`: by veraretouch's own ops,
and by OpenColorIO and ImageMagick.

Each moves three to eight sliders. It is drawn again until the whole moves the photo by 5 CIEDE2000 on average,
and each slider alone by 0.5.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import PyOpenColorIO as ocio
import torch

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.planners.fit.sliders import CURVES, SLIDERS, Sliders, load_ops
from veraretouch.planners.imagemagick import imagemagick

Pixels = np.ndarray[Any, np.dtype[np.float32]]
WHOLE, ALONE, DRAWS = 5.0, 0.5, 400
SMALL = 160


@dataclass(frozen=True)
class Drawn:
    """An edit: by whom, its settings by name, and what they make of a picture (H, W, 3) float32 in [0,
    1], unencoded.
    """

    maker: str
    settings: Mapping[str, float]
    render: Callable[[Pixels], Pixels]
    truth: Any = None


def draw(maker: str, photo: Pixels, seed: int) -> Drawn:
    """The first edit from this seed that moves the photo enough."""
    rng = np.random.default_rng([seed, sorted(MAKERS).index(maker)])
    step = max(1, max(photo.shape[:2]) // SMALL)
    small = np.ascontiguousarray(photo[::step, ::step])
    for _ in range(DRAWS):
        whole, parts = MAKERS[maker](rng)
        if moved(small, whole.render(small)) >= WHOLE and all(moved(small, p.render(small)) >= ALONE for p in parts):
            return whole
    raise AssertionError(f"no edit by {maker} from seed {seed} moves this photo enough")


def moved(before: Pixels, after: Pixels) -> float:
    """The mean CIEDE2000 between two pictures."""
    return float(ciede2000(torch.from_numpy(before.reshape(-1, 3)), torch.from_numpy(after.reshape(-1, 3))).mean())


def own_sliders() -> Sliders:
    """All sliders that edits of our own may move; of the curves the parametric one,
    since a single knot is nobody's edit.
    """
    return Sliders(load_ops([*SLIDERS, CURVES[0]]))


def by_veraretouch(rng: np.random.Generator) -> tuple[Drawn, list[Drawn]]:
    """Our own ops."""
    sliders = own_sliders()
    families = list(sliders.families)
    chosen = [families[i] for i in rng.permutation(len(families))[: rng.integers(3, 9)]]
    x = np.zeros(len(sliders))
    for family in chosen:
        places = list(sliders.families[family])
        size = rng.uniform(0.1, 0.8) * (0.4 if family == "exposure.ev" else 1.0)
        turn = rng.uniform(0, 2 * math.pi)
        x[places] = (size * math.cos(turn), size * math.sin(turn)) if len(places) == 2 else size * rng.choice([-1, 1])
    parts = []
    for family in chosen:
        alone = np.zeros(len(sliders))
        alone[list(sliders.families[family])] = x[list(sliders.families[family])]
        parts.append(_by_latents(sliders, alone))
    return _by_latents(sliders, x), parts


def _by_latents(sliders: Sliders, x: Any) -> Drawn:
    latents = sliders.latents(x)

    def render(rgb: Pixels) -> Pixels:
        made = vr.Renderer()(torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0), latents)
        return np.ascontiguousarray(made[0].permute(1, 2, 0).numpy())

    return Drawn("veraretouch", {sliders.all[i].name: float(x[i]) for i in np.flatnonzero(x)}, render, x)


CDL = {
    **{f"slope.{c}": (-0.35, 0.35) for c in "rgb"},
    **{f"offset.{c}": (-0.08, 0.08) for c in "rgb"},
    **{f"power.{c}": (-0.4, 0.4) for c in "rgb"},
    "saturation": (-0.6, 0.6),
}
PRIMARY = {
    "brightness": (-25.0, 25.0),
    "contrast": (-0.35, 0.45),
    "gamma": (-0.35, 0.5),
    "saturation": (-0.6, 0.6),
    "lift": (-0.06, 0.1),
    "red": (-0.15, 0.15),
    "blue": (-0.2, 0.2),
    "white": (-0.12, 0.12),
}
MAGICK = {
    "gamma": (0.7, 1.45),
    "red gamma": (0.8, 1.25),
    "blue gamma": (0.75, 1.3),
    "sigmoidal contrast": (1.5, 6.0),
    "sigmoidal flattening": (1.0, 3.0),
    "brightness": (80.0, 120.0),
    "saturation": (50.0, 160.0),
    "hue": (93.0, 107.0),
    "black level": (2.0, 9.0),
    "white level": (88.0, 97.0),
    "tint": (3.0, 12.0),
}


def by_cdl(rng: np.random.Generator) -> tuple[Drawn, list[Drawn]]:
    """An ASC CDL by OpenColorIO."""
    settings = _pick(rng, CDL)
    return _by_ocio(settings, _cdl), [_by_ocio({k: v}, _cdl) for k, v in settings.items()]


def by_grading(rng: np.random.Generator) -> tuple[Drawn, list[Drawn]]:
    """OpenColorIO's primary grading for video."""
    settings = _pick(rng, PRIMARY)
    return _by_ocio(settings, _primary), [_by_ocio({k: v}, _primary) for k, v in settings.items()]


def by_imagemagick(rng: np.random.Generator) -> tuple[Drawn, list[Drawn]]:
    """ImageMagick's options, at 16 bits."""
    settings = _pick(rng, MAGICK)
    if "sigmoidal contrast" in settings:
        settings.pop("sigmoidal flattening", None)
    while len(settings) < 3:
        settings |= _pick(rng, {"gamma": MAGICK["gamma"], "saturation": MAGICK["saturation"], "hue": MAGICK["hue"]})
    return _by_magick(settings), [_by_magick({k: v}) for k, v in settings.items()]


MAKERS: dict[str, Callable[[np.random.Generator], tuple[Drawn, list[Drawn]]]] = {
    "veraretouch": by_veraretouch,
    "opencolorio cdl": by_cdl,
    "opencolorio grading": by_grading,
    "imagemagick": by_imagemagick,
}
STRANGERS = tuple(maker for maker in MAKERS if maker != "veraretouch")


def _pick(rng: np.random.Generator, ranges: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    names = list(ranges)
    chosen = sorted(rng.permutation(len(names))[: rng.integers(3, min(9, len(names) + 1))])
    return {names[i]: float(rng.uniform(*ranges[names[i]])) for i in chosen}


def _by_ocio(settings: Mapping[str, float], transform: Callable[[Mapping[str, float]], Any]) -> Drawn:
    def render(rgb: Pixels) -> Pixels:
        processor = ocio.Config.CreateRaw().getProcessor(transform(settings)).getDefaultCPUProcessor()
        values = np.ascontiguousarray(rgb, dtype=np.float32).copy()
        processor.applyRGB(values)
        return values.clip(0, 1)

    return Drawn("opencolorio", settings, render)


def _cdl(settings: Mapping[str, float]) -> Any:
    made = ocio.CDLTransform()
    made.setStyle(ocio.CDL_ASC)
    made.setSlope([2 ** settings.get(f"slope.{c}", 0.0) for c in "rgb"])
    made.setOffset([settings.get(f"offset.{c}", 0.0) for c in "rgb"])
    made.setPower([2 ** settings.get(f"power.{c}", 0.0) for c in "rgb"])
    made.setSat(1 + settings.get("saturation", 0.0))
    return made


def _primary(settings: Mapping[str, float]) -> Any:
    def rgbm(red: float = 0.0, green: float = 0.0, blue: float = 0.0, master: float = 0.0) -> Any:
        return ocio.GradingRGBM(red, green, blue, master)

    value = ocio.GradingPrimary(ocio.GRADING_VIDEO)
    value.lift = rgbm(master=settings.get("lift", 0.0))
    value.offset = rgbm(
        red=settings.get("red", 0.0), blue=settings.get("blue", 0.0), master=settings.get("brightness", 0.0) / 250
    )
    value.gamma = rgbm(1, 1, 1, 2 ** settings.get("gamma", 0.0))
    value.gain = rgbm(1, 1, 1, 2 ** (settings.get("contrast", 0.0) + settings.get("white", 0.0)))
    value.saturation = 1 + settings.get("saturation", 0.0)
    return ocio.GradingPrimaryTransform(value, ocio.GRADING_VIDEO, False)


def _by_magick(settings: Mapping[str, float]) -> Drawn:
    def render(rgb: Pixels) -> Pixels:
        command = imagemagick()
        assert command is not None, "ImageMagick is not installed"
        height, width = rgb.shape[:2]
        done = subprocess.run(
            [
                command,
                "-size",
                f"{width}x{height}",
                "-depth",
                "16",
                "-endian",
                "LSB",
                "rgb:-",
                *_options(settings),
                "-depth",
                "16",
                "-endian",
                "LSB",
                "rgb:-",
            ],
            input=np.rint(rgb * 65535).astype("<u2").tobytes(),
            capture_output=True,
            check=True,
        )
        return (np.frombuffer(done.stdout, "<u2").reshape(rgb.shape) / np.float32(65535)).astype(np.float32)

    return Drawn("imagemagick", settings, render)


def _options(settings: Mapping[str, float]) -> list[str]:
    options: list[str] = []
    if {"black level", "white level"} & set(settings):
        options += ["-level", f"{settings.get('black level', 0):.3f}%,{settings.get('white level', 100):.3f}%"]
    if {"gamma", "red gamma", "blue gamma"} & set(settings):
        each = settings.get("gamma", 1.0)
        red, blue = (each * settings.get(f"{c} gamma", 1.0) for c in ("red", "blue"))
        options += ["-gamma", f"{red:.4f},{each:.4f},{blue:.4f}"]
    if "sigmoidal contrast" in settings:
        options += ["-sigmoidal-contrast", f"{settings['sigmoidal contrast']:.3f}x46%"]
    if "sigmoidal flattening" in settings:
        options += ["+sigmoidal-contrast", f"{settings['sigmoidal flattening']:.3f}x46%"]
    if {"brightness", "saturation", "hue"} & set(settings):
        values = (settings.get(name, 100.0) for name in ("brightness", "saturation", "hue"))
        options += ["-modulate", ",".join(f"{value:.3f}" for value in values)]
    if "tint" in settings:
        options += ["-fill", "rgb(255,170,90)", "-colorize", f"{settings['tint']:.3f}%"]
    return options
