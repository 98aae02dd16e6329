"""The pixels of a PIL image, whatever its mode."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageCms

from ...errors import InvalidPhoto
from ..color import encoding
from ..decoded import Decoded


def pixels_of(image: Image.Image) -> Decoded:
    """Decode an image, its mode brought to grey, grey and alpha, RGB or RGBA, and its profile.
    Raises InvalidPhoto for other modes.
    """
    profile = image.info.get("icc_profile") or None
    mode = image.mode
    if mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return Decoded(np.array(image), profile=profile)
    if mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return Decoded(np.array(image).astype(np.uint16), profile=profile)
    if mode == "F":
        return Decoded(np.array(image), profile=profile)
    if mode == "CMYK":
        pixels, warning = encoding.cmyk_to_srgb(np.array(image), profile)
        return Decoded(pixels, warnings=(warning,))
    if mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert made is not None
        return Decoded(np.array(made))
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
    return Decoded(np.array(image.convert(target)), profile=profile)
