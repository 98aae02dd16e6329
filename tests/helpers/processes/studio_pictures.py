"""What the page shows against what the engine makes: photos to try it on, and how far the pictures are apart."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
from browsers import Studio

import veraretouch as vr

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"
Picture = np.ndarray[Any, Any]

_DRAWN = """() => {
    const { renderer, edited, viewport } = document.querySelector("studio-stage");
    const { width, height } = viewport.view;
    const { x, y } = viewport.origin;
    const pixels = renderer.read(edited.layers(), { x, y, scale: viewport.scale }, width, height);
    let text = "";
    for (let i = 0; i < pixels.length; i += 32768) text += String.fromCharCode(...pixels.subarray(i, i + 32768));
    return [width, btoa(text)];
}"""


def make_photos(folder: Path) -> dict[str, Path]:
    """A photo of 8 bit, one of 16 whose colours lie between those, and one that is shown by tiles at 1:1."""
    import tifffile
    from PIL import Image

    paths = {name: folder / name for name in ("night.png", "deep.tif", "large.png")}
    Image.open(SAMPLES / "night.jpg").crop((200, 100, 712, 484)).save(paths["night.png"])
    pixels = vr.open_photo(SAMPLES / "lake.jpg").pixels[:384, :512].astype(np.float64) * 257
    pixels += np.random.default_rng(0).integers(-128, 129, pixels.shape)
    tifffile.imwrite(paths["deep.tif"], pixels.clip(0, 65535).astype(np.uint16), photometric="rgb")
    wide = Image.open(SAMPLES / "barn.jpg").crop((0, 100, 768, 400))
    wide.resize((2304, 900), Image.Resampling.BICUBIC).save(paths["large.png"], compress_level=1)
    return paths


def set_plan(studio: Studio, plan: Any) -> None:
    """Show a plan, and wait for its picture."""
    studio.tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", plan)
    studio.settled()


def engine(path: Path, plan: Any, engine: str = "lut", **options: Any) -> Picture:
    """The picture by an engine, as 8 bit codes; by default that of look-up tables."""
    read = vr.open_photo(path), vr.Plan.load(plan)
    done, report = vr.Renderer().render_reported(*read, engine=engine, **options)
    assert engine in (report.engine, "auto")
    scale = 1 if done.pixels.dtype == np.uint8 else 257
    return np.rint(done.pixels.astype(np.float64) / scale).astype(np.int16)


def drawn(studio: Studio) -> Picture:
    """The stage (H, W, 3) in the canvas's own space, before the display's conversion."""
    studio.settled()
    width, text = studio.tab.evaluate(_DRAWN)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, width, 4)[:, :, :3]


def parts_that_are_seen(studio: Studio, stage: Picture, whole: Picture) -> tuple[Picture, Picture]:
    """The same part of the stage and of a picture at full size, where a pixel of the photo is one of the stage."""
    scale, origin, seen = studio.tab.evaluate("""() => {
        const { scale, origin, seen } = document.querySelector("studio-stage").viewport;
        return [scale, [origin.x, origin.y], [seen.x, seen.y, seen.width, seen.height]];
    }""")
    assert scale == 1
    left, top, width, height = seen
    part = whole[top : top + height, left : left + width]
    x, y = origin[0] + left, origin[1] + top
    return stage[y : y + part.shape[0], x : x + part.shape[1]], part


def apart(shown: Picture, expected: Picture) -> tuple[float, int]:
    """The share of pixels that are more than 1 code apart, and the largest difference."""
    assert shown.shape == expected.shape
    codes = np.abs(shown.astype(np.int16) - expected)
    return float((codes.max(axis=2) > 1).mean()), int(codes.max())


def assert_same(shown: Picture, expected: Picture) -> None:
    """At most 1 code on 99.9 % of pixels, and 3 on any."""
    share, most = apart(shown, expected)
    assert share <= 0.001
    assert most <= 3
