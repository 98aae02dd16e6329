"""The pixels of a PIL image, whatever its mode."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms

from ...errors import InvalidPhoto
from ..color import encoding
from ..color.encoding import Pixels
from ..decoded import Decoded

_STRIP = 2**18  # pixels: within the processor's cache


def pixels_of(image: Image.Image) -> Decoded:
    """Decode an image, its mode brought to grey, grey and alpha, RGB or RGBA, and its profile.
    Raises InvalidPhoto for other modes.
    """
    profile = image.info.get("icc_profile") or None
    mode = image.mode
    if mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return Decoded(array_of(image), profile=profile)
    if mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return Decoded(array_of(image).astype(np.uint16), profile=profile)
    if mode == "F":
        return Decoded(array_of(image), profile=profile)
    if mode == "CMYK":
        pixels, warning = encoding.cmyk_to_srgb(array_of(image), profile)
        return Decoded(pixels, warnings=(warning,))
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert made is not None
        return Decoded(array_of(made))
    target = {"1": "L", "La": "LA", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB"}.get(mode)
    if "transparency" in image.info and mode in ("1", "L", "P", "RGB"):
        target = "RGBA" if mode in ("P", "RGB") else "LA"
        image = image.convert("L") if mode == "1" else image
    elif mode == "P":
        target = "RGB"
    if target is None:
        raise InvalidPhoto(
            f"a PIL image of mode {mode!r} is no photo's; 1, L, LA, P, RGB, RGBA, CMYK, LAB, YCbCr, I;16 and F are",
            cure="Convert it first: image.convert('RGB')",
        )
    return Decoded(array_of(image.convert(target)), profile=profile)


def array_of(image: Image.Image) -> Pixels:
    """The pixels of an image as `numpy.array(image)` gives them, in strips: large copies on the way take three times as
    long, since the system has to hand out their memory page by page.
    """
    width, height = image.size
    one = np.asarray(image.crop((0, 0, 1, 1)))
    done = np.empty((height, width, *one.shape[2:]), one.dtype)
    for rows in encoding.strips(height, width, pixels=_STRIP):
        done[rows] = np.asarray(image.crop((0, rows.start, width, rows.stop)))
    return done
