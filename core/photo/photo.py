"""A photo in memory: pixels as their file holds them, and what the file said about them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import InvalidPhoto
from .color import encoding
from .color.encoding import Floats, Pixels
from .color.icc import DISPLAY_P3

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

ColorSpace = Literal["keep", "srgb", "p3"]


@dataclass(frozen=True)
class SaveOptions:
    """How a photo is written.

    `quality`: 1..100 for JPEG, WebP and HEIC; None takes the source's, at least 92. `strip`: `gps` removes positions
    from EXIF and XMP, coordinates and names of places (not from a camera maker's own note), `all` removes both whole; the ICC profile
    always stays. `software` replaces EXIF's Software; None
    leaves it alone. `metadata`: notes (names without spaces) written to XMP.
    """

    quality: int | None = None
    strip: Literal["none", "gps", "all"] = "none"
    overwrite: bool = True
    software: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Photo:
    """A photo in memory with what its file said about it.

    `pixels`: (H, W, 3) uint8, uint16 or float32 (nominally [0, 1]), in `profile`, upright, C-contiguous. `alpha`:
    (H, W) of the same dtype; never retouched. `grey`: the source had one channel. `profile`: ICC bytes, None for sRGB.
    `exif`: the TIFF structure as read, its orientation too although `pixels` are upright already; `save` resets it.
    `quality` (1..100) and `subsampling` ("4:2:0") are a JPEG's, estimated from its tables.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    grey: bool = False
    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    format: str | None = None
    path: Path | None = None
    quality: int | None = None
    subsampling: str | None = None
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        source = "array" if self.path is None else repr(str(self.path))
        return f"<Photo {self.width}x{self.height} {self.pixels.dtype} from {source}>"

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.pixels.shape[0])

    @property
    def has_colour_encoding(self) -> bool:
        """Whether retouched colours fit the photo's own profile: all but a grey one's do."""
        return self.profile is None or not encoding.is_grey_profile(self.profile)

    @property
    def fits_one_channel(self) -> bool:
        """Whether one grey channel holds the photo: a grey source, channels still equal, no wide RGB profile."""
        if (
            self.profile is not None
            and not encoding.is_grey_profile(self.profile)
            and not encoding.is_srgb(self.profile)
        ):
            return False
        return self.grey and _is_grey(self.pixels)

    @cached_property
    def hash(self) -> str:
        """SHA-256, in hex, of everything that decides the picture: depth, size, pixels, alpha, profile."""
        digest = hashlib.sha256(f"{self.pixels.dtype} {self.pixels.shape}".encode())
        for layer in (self.pixels, self.alpha):
            if layer is not None:
                digest.update(np.ascontiguousarray(layer).data)
        digest.update(self.profile or b"")
        return digest.hexdigest()

    def working(self) -> Floats:
        """Return (H, W, 3) float32 extended sRGB: encoded, unclamped, odd below 0. A fresh array."""
        return encoding.to_working(self.pixels, self.profile)

    def with_working(self, rgb: Floats, *, color_space: ColorSpace = "keep") -> Photo:
        """Return this photo with (H, W, 3) float32 extended sRGB as its pixels: same depth, metadata and alpha.

        `color_space`: `keep` the photo's profile, or convert to `srgb` or Display `p3`. Integers are rounded to nearest
        and clipped. Raises InvalidPhoto where the shape differs or a value is not finite.
        """
        if rgb.shape != self.pixels.shape:
            raise InvalidPhoto(
                f"retouched pixels of shape {rgb.shape} for a photo of shape {self.pixels.shape}; the two must agree",
                cure="Resize the photo first: photo.resized(long_side)",
            )
        profile, warnings = self.target(color_space)
        grey = self.grey and _is_grey(rgb)
        if encoding.is_grey_profile(profile) and not grey:
            profile = None  # colour has come in, which a grey profile cannot describe
        pixels = encoding.from_working(rgb, profile, self.pixels, same_profile=profile == self.profile)
        return replace(self, pixels=pixels, grey=grey, profile=profile, warnings=self.warnings + warnings)

    def with_pixels(self, pixels: Pixels, *, color_space: ColorSpace = "keep") -> Photo:
        """Return this photo with pixels of its shape and depth that are in the profile of `target` already."""
        profile, warnings = self.target(color_space)
        grey = self.grey and _is_grey(pixels)
        return replace(self, pixels=pixels, grey=grey, profile=profile, warnings=self.warnings + warnings)

    def array(self) -> Pixels:
        """Return (H, W, 3), or (H, W, 4) with alpha, at the photo's own depth, in its own profile. May share memory."""
        return self.pixels if self.alpha is None else np.dstack((self.pixels, self.alpha))

    def pil(self) -> Image.Image:
        """Return an 8-bit PIL image, mode L, LA, RGB or RGBA, with the profile and EXIF in its `info`."""
        from PIL import Image

        from .metadata.exif import upright

        pixels = encoding.to_depth(self.pixels, np.uint8)
        layers = [pixels[..., 0] if self.fits_one_channel else pixels]
        if self.alpha is not None:
            layers.append(encoding.to_depth(self.alpha, np.uint8))
        image = Image.fromarray(np.dstack(layers) if len(layers) > 1 else layers[0])
        if self.profile is not None:
            image.info["icc_profile"] = self.profile
        if self.exif is not None:
            image.info["exif"] = upright(self.exif)
        return image

    def tensor(self) -> Tensor:
        """Return a (3, H, W) float32 torch tensor on the CPU, extended sRGB as `working` gives."""
        import torch

        return torch.from_numpy(np.ascontiguousarray(self.working().transpose(2, 0, 1)))

    def resized(self, long_side: int) -> Photo:
        """Return the photo with its long side at most `long_side` pixels (Lanczos, antialiased); never enlarged.

        Raises InvalidPhoto where `long_side` is below 1.
        """
        from .resize import resize

        if long_side < 1:
            raise InvalidPhoto(f"long_side is {long_side}; it must be at least 1 pixel")
        scale = long_side / max(self.width, self.height)
        if scale >= 1:
            return self
        size = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        pixels, alpha = resize(self.pixels, self.alpha, size)
        return replace(self, pixels=pixels, alpha=alpha)

    def save(self, path: str | Path, *, options: SaveOptions | None = None) -> Path:
        """Write the photo in the format of the path's suffix and return the path.

        The file appears whole or not at all. Raises UnwritablePhoto for an unknown suffix, a missing folder, no
        permission, an existing file with `overwrite=False`, or a picture the format cannot hold; MissingExtra for HEIC
        without pillow-heif. Warns (PhotoWarning) when alpha has to be dropped.
        """
        from .save import save

        return save(self, Path(path), options or SaveOptions())

    def target(self, color_space: ColorSpace) -> tuple[bytes | None, tuple[str, ...]]:
        """Return the profile that retouched pixels get, None for sRGB, and what has to be said about it.

        Raises:
            InvalidPhoto: a `color_space` that is none of the three.
        """
        if color_space == "srgb":
            return None, ()
        if color_space == "p3":
            return DISPLAY_P3, ()
        if color_space != "keep":
            raise InvalidPhoto(f"color_space is {color_space!r}; it must be 'keep', 'srgb' or 'p3'")
        if self.profile is None or encoding.is_srgb(self.profile) or encoding.is_writable(self.profile):
            return self.profile, ()
        return None, ("the colour profile has no way back from retouched pixels: converted to sRGB",)


def _is_grey(rgb: Pixels) -> bool:
    """Say whether the three channels agree to half a code value of their depth (8 bit for floats)."""
    limit = 0 if rgb.dtype.kind == "u" else 0.5 / 255
    for rows in encoding.strips(*rgb.shape[:2]):
        part = rgb[rows]
        if (part.max(axis=-1) - part.min(axis=-1)).max() > limit:
            return False
    return True
