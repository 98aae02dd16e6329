"""Between a photo's own profile and the working space: extended sRGB.

Extended sRGB: sRGB primaries and D65 white, values unclamped in float32, the transfer function of IEC 61966-2-1
continued as an odd function below 0. Profiles are applied by LittleCMS, relative colorimetric, in float32, to and from
linear light; the encoding is ours because LittleCMS continues it below 0 as a straight line.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...errors import InvalidPhoto
from .icc import LINEAR_SRGB, SRGB

Pixels: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]

_STRIP = 1 << 20  # pixels at a time: bounds the float copies of a 300-megapixel photo


def full_scale(dtype: DTypeLike) -> int:
    """Return the value that means 1.0: 255, 65535 or, for floats, 1."""
    kind = np.dtype(dtype)
    return int(np.iinfo(kind).max) if kind.kind == "u" else 1


def strips(height: int, width: int, pixels: int = _STRIP) -> Iterator[slice]:
    """Cut the rows of a picture into slices of about so many pixels."""
    rows = max(1, pixels // max(1, width))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def is_neutral(rgb: Pixels) -> bool:
    """Say whether the three channels of (H, W, 3) agree to half a code value of their depth (8 bit for floats)."""
    if rgb.dtype.kind == "u" and not (rgb[::61, ::67, 0] == rgb[::61, ::67, 2]).all():
        return False  # nearly every photo is told to be in colour by a few of its pixels
    limit = 0 if rgb.dtype.kind == "u" else 0.5 / 255
    return not any(channel_spread(rgb[rows]).max() > limit for rows in strips(*rgb.shape[:2]))


def channel_spread(rgb: Pixels) -> NDArray[Any]:
    """How far apart the channels of each pixel of (H, W, 3) are, (H, W), of the same type.

    Channel by channel: NumPy takes ten times as long over the largest of three neighbours in memory.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    spread: NDArray[Any] = np.maximum(np.maximum(red, green), blue)
    spread -= np.minimum(np.minimum(red, green), blue)
    return spread


def encode(linear: Floats) -> Floats:
    """Encode linear light as sRGB, odd below 0, unclamped."""
    size = np.abs(linear)
    curve = np.float32(1.055) * np.power(size, np.float32(1 / 2.4)) - np.float32(0.055)
    return np.copysign(np.where(size <= np.float32(0.0031308), np.float32(12.92) * size, curve), linear)


def decode(encoded: Floats) -> Floats:
    """Decode sRGB to linear light, odd below 0, unclamped."""
    size = np.abs(encoded)
    curve = np.power((size + np.float32(0.055)) / np.float32(1.055), np.float32(2.4))
    return np.copysign(np.where(size <= np.float32(0.04045), size / np.float32(12.92), curve), encoded)


def is_grey_profile(profile: bytes | None) -> bool:
    """Say whether an ICC profile describes a single grey channel."""
    return profile is not None and profile[16:20] == b"GRAY"


def to_working(pixels: Pixels, profile: bytes | None) -> Floats:
    """Convert (H, W, 3) pixels of any depth in a profile to (H, W, 3) float32 extended sRGB."""
    scale = np.float32(full_scale(pixels.dtype))
    if profile is None or is_srgb(profile):
        return np.divide(pixels, scale, dtype=np.float32)
    result = np.empty(pixels.shape, np.float32)
    for rows in strips(*pixels.shape[:2]):
        result[rows] = _through(np.divide(pixels[rows], scale, dtype=np.float32), profile)
    return result


def from_working(rgb: Floats, profile: bytes | None, like: Pixels, *, same_profile: bool) -> Pixels:
    """Convert (H, W, 3) extended sRGB to pixels in a profile at the depth of `like`, rounded to nearest and clipped.

    `same_profile`: `like` is in that profile, so its pixels are taken over wherever nothing changed: no rounding of a
    profile's tables may alter a pixel that no edit touched. Raises InvalidPhoto for values that are not numbers.
    """
    if profile is not None and is_srgb(profile):
        profile = None
    result = np.empty(rgb.shape, like.dtype)
    for rows in strips(*rgb.shape[:2]):
        part = np.asarray(rgb[rows], np.float32)
        if part.size and not (np.isfinite(part.min()) and np.isfinite(part.max())):
            raise InvalidPhoto(
                "the retouched photo holds values that are not finite; pixels must be numbers",
                cure="An op or a latent produced them: render with each group alone to find it",
            )
        if profile is None:
            result[rows] = quantise(part, like.dtype)
            continue
        result[rows] = quantise(_back(part, profile), like.dtype)
        if same_profile:
            before = np.divide(like[rows], np.float32(full_scale(like.dtype)), dtype=np.float32)
            unchanged = (part == _through(before, profile)).all(axis=-1)
            result[rows][unchanged] = like[rows][unchanged]
    return result


def quantise(values: Floats, dtype: DTypeLike) -> Pixels:
    """Bring floats, nominally in [0, 1], to a depth: integers are rounded to nearest and clipped, floats left alone."""
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype, copy=False)
    levels: Pixels = np.clip(values, 0, 1)
    levels *= np.float32(full_scale(dtype))
    return np.rint(levels, out=levels).astype(dtype)


def to_depth(pixels: Pixels, dtype: DTypeLike) -> Pixels:
    """Change the depth of pixels of any shape, rounding to nearest."""
    if pixels.dtype == np.dtype(dtype):
        return pixels
    result = np.empty(pixels.shape, dtype)
    scale = np.float32(full_scale(pixels.dtype))
    for rows in strips(*pixels.shape[:2]):
        result[rows] = quantise(np.divide(pixels[rows], scale, dtype=np.float32), dtype)
    return result


@lru_cache(maxsize=32)
def is_srgb(profile: bytes) -> bool:
    """Say whether a valid profile shows every colour as sRGB does, to half an 8-bit code value."""
    if is_grey_profile(profile):
        cube = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[:, None, None], 3, axis=-1)
    else:
        cube = _cube()
    return bool(np.abs(_through(cube, profile) - cube).max() < 0.5 / 255)


@lru_cache(maxsize=32)
def flaw(profile: bytes, *, grey: bool) -> str | None:
    """Say what is wrong with a profile for a grey or colour picture; None where it can be used."""
    if len(profile) < 128 or profile[36:40] != b"acsp":
        return "is not an ICC profile"
    space = profile[16:20].decode("latin-1").strip()
    if space not in ("RGB", "GRAY") or (space == "GRAY" and not grey):
        return f"is for {space!r} pixels and these are {'grey' if grey else 'RGB'}"
    try:
        finite = np.isfinite(_through(_cube(), profile)).all()
    except Exception as error:  # LittleCMS and its wrapper raise several unrelated classes for a broken profile
        return f"is broken ({type(error).__name__})"
    return None if finite else "gives values that are not numbers"


@lru_cache(maxsize=32)
def is_writable(profile: bytes) -> bool:
    """Say whether a valid profile can also be converted to, within 3 of 255: scanners' often lack that direction."""
    try:
        again = _back(_through(_cube(), profile), profile)
        return is_grey_profile(profile) or bool(np.abs(again - _cube()).max() < 3 / 255)
    except Exception:  # as in `flaw`
        return False


def cmyk_to_srgb(pixels: Pixels, profile: bytes | None) -> tuple[Pixels, str]:
    """Convert (H, W, 4) CMYK, 0 = no ink, to (H, W, 3) sRGB of the same depth, and say how in a warning.

    Through the profile where it is CMYK's and whole, else by the plain formula (1 - ink)(1 - black).
    """
    if profile is not None and profile[16:20] == b"CMYK":
        try:
            return _inks_through(pixels, profile), "CMYK converted to sRGB through its profile"
        except Exception:  # as in `flaw`
            pass
    result = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for rows in strips(*pixels.shape[:2]):
        light = 1 - np.divide(pixels[rows], np.float32(full_scale(pixels.dtype)), dtype=np.float32)
        result[rows] = quantise(light[..., :3] * light[..., 3:], pixels.dtype)
    return result, "CMYK without a usable profile: converted to sRGB by the plain formula, colours are approximate"


def _inks_through(pixels: Pixels, profile: bytes) -> Pixels:
    from imagecodecs import cms_transform

    result = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for rows in strips(*pixels.shape[:2]):
        result[rows] = cms_transform(
            np.ascontiguousarray(pixels[rows]),
            profile,
            SRGB,
            colorspace="cmyk",
            outcolorspace="rgb",
            intent=1,
            flags=0x2000,  # black point compensation: else the blackest ink, which is no true black, stays grey
        )
    return result


def _cube() -> Floats:
    axis = np.linspace(0, 1, 9, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(81, 9, 3)


def _through(pixels: Floats, profile: bytes) -> Floats:
    from imagecodecs import cms_transform

    if is_grey_profile(profile):
        data, space = np.ascontiguousarray(pixels[..., 1]), "gray"
    else:
        data, space = np.ascontiguousarray(pixels), "rgb"
    linear = cms_transform(
        data, profile, LINEAR_SRGB, colorspace=space, outcolorspace="rgb", outdtype="float32", intent=1
    )
    return encode(linear.reshape(pixels.shape))


def _back(rgb: Floats, profile: bytes) -> Floats:
    from imagecodecs import cms_transform

    space = "gray" if is_grey_profile(profile) else "rgb"
    own = cms_transform(
        decode(rgb), LINEAR_SRGB, profile, colorspace="rgb", outcolorspace=space, outdtype="float32", intent=1
    )
    if space == "gray":
        own = np.repeat(own.reshape(*rgb.shape[:2], 1), 3, axis=-1)
    return own.reshape(rgb.shape)
