"""The ImageMagick of this computer, where there is one: a program of its own, that pictures are piped through."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def imagemagick() -> str | None:
    """The command of a real ImageMagick, or None; what merely bears the name `convert` does not count."""
    for name in ("magick", "convert", "/usr/bin/convert", "convert-im6.q16"):
        path = shutil.which(name)
        if path is None or _is_script(path):
            continue
        answer = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stdout
        if answer.startswith("Version: ImageMagick"):
            return path
    return None


def through_imagemagick(picture: NDArray[np.uint8], options: Sequence[str]) -> NDArray[np.uint8]:
    """What ImageMagick, which must be installed, makes of (H, W, 3) uint8 by the options of its command line."""
    height, width = picture.shape[:2]
    raw: list[Any] = ["-depth", "8", "rgb:-"]
    done = subprocess.run(
        [str(imagemagick()), "-size", f"{width}x{height}", *raw, *options, *raw],
        input=np.ascontiguousarray(picture).tobytes(),
        capture_output=True,
        check=True,
    )
    return np.frombuffer(done.stdout, dtype=np.uint8).reshape(picture.shape).copy()


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"
