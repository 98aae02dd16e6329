"""A photo in memory: pixels as their file holds them, and what the file said about them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, overload

import numpy as np

from ..errors import InvalidPhoto, UnwritablePhoto
from .color import encoding
from .color.encoding import Floats, Pixels
from .color.icc import DISPLAY_P3
from .geometry.framing import Framing
from .metadata.exif import upright, without_positions_in_picture
from .metadata.xmp import without_frame
from .picture import Picture, SaveOptions
from .resize import fitted
from .save import encode, format_named, save

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from .geometry.resampling import GeometricMap

ColorSpace = Literal["keep", "srgb", "p3"]


@dataclass(frozen=True, eq=False, repr=False)
class Photo(Picture):
    """A photo in memory with what its file said about it: the record `Picture`, seen in every form and saved.

    `pixels`: (H, W) grey or (H, W, 3) colour, upright, at the file's own depth and in its own profile. `annotations`:
    IPTC, comment, texts and resolution.
    """

    def __repr__(self) -> str:
        source = "array" if self.path is None else repr(str(self.path))
        return f"<Photo {self.width}x{self.height} {self.pixels.dtype} from {source}>"

    @property
    def has_colour_encoding(self) -> bool:
        """Whether retouched colours fit the photo's own profile: all but a grey one's do."""
        return self.profile is None or not encoding.is_grey_profile(self.profile)

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
        grey = self.grey and encoding.is_neutral(rgb)
        if encoding.is_grey_profile(profile) and not grey:
            profile = None  # colour has come in, which a grey profile cannot describe
        pixels = encoding.from_working(rgb, profile, self.pixels, same_profile=profile == self.profile)
        return replace(self, pixels=pixels, grey=grey, profile=profile, warnings=self.warnings + warnings)

    def with_pixels(self, pixels: Pixels, *, color_space: ColorSpace = "keep") -> Photo:
        """Return this photo with pixels of its shape and depth that are in the profile of `target` already."""
        profile, warnings = self.target(color_space)
        grey = self.grey and encoding.is_neutral(pixels)
        return replace(self, pixels=pixels, grey=grey, profile=profile, warnings=self.warnings + warnings)

    def array(self) -> Pixels:
        """Return (H, W, 3), or (H, W, 4) with alpha, at the photo's own depth, in its own profile. May share memory."""
        return self.pixels if self.alpha is None else np.dstack((self.pixels, self.alpha))

    def pil(self) -> Image.Image:
        """Return an 8-bit PIL image, mode L, LA, RGB or RGBA, with the profile and EXIF in its `info`."""
        from PIL import Image

        pixels = encoding.to_depth(self.pixels, np.uint8)
        layers = [pixels[..., 0] if self.one_channel and self.fits_one_channel else pixels]
        if self.alpha is not None:
            layers.append(encoding.to_depth(self.alpha, np.uint8))
        image = Image.fromarray(np.dstack(layers) if len(layers) > 1 else layers[0])
        if self.profile is not None:
            image.info["icc_profile"] = self.profile
        if self.exif is not None:
            image.info["exif"] = upright(self.exif)
        return image

    def _repr_png_(self) -> bytes:
        """What a notebook shows: the photo at no more than 480 pixels a side, without its metadata."""
        small = self.resized(480).pil()
        plain, held = small.copy(), BytesIO()
        plain.info = {name: value for name, value in small.info.items() if name == "icc_profile"}
        plain.save(held, "PNG")
        return held.getvalue()

    def tensor(self) -> Tensor:
        """Return a (3, H, W) float32 torch tensor on the CPU, extended sRGB as `working` gives."""
        import torch

        return torch.from_numpy(np.ascontiguousarray(self.working().transpose(2, 0, 1)))

    def resized(self, long_side: int) -> Photo:
        """Return the photo with its long side at most `long_side` pixels (Lanczos, antialiased); never enlarged.

        Raises InvalidPhoto where `long_side` is below 1.
        """
        if long_side < 1:
            raise InvalidPhoto(f"long_side is {long_side}; it must be at least 1 pixel")
        if long_side >= max(self.width, self.height):
            return self
        pixels, alpha = fitted(self.pixels, self.alpha, long_side)
        return replace(self, pixels=pixels, alpha=alpha)

    def framed(self, frame: Framing, *, lens: GeometricMap | None = None) -> Photo:
        """Return what a frame shows of the photo; crops, flips and quarter turns alone take pixels as they are, bit for
        bit.

        `lens`: where positions of the photo put right lie in the photo as the lens drew it; both are one resampling.
        By default it follows from `frame.lens` and EXIF, which corrects vignetting too; a lens that is not known is
        left alone, with a LensWarning. Metadata that tell where in the picture something is, and an earlier crop, do
        not come along. Raises InvalidRequest where the crop lies beyond the photo; MissingExtra for `frame.lens`
        without lensfunpy.
        """
        if frame.quarter_turns:
            return self._quartered(frame.quarter_turns).framed(replace(frame, quarter_turns=0), lens=lens)
        if lens is None and frame.lens is not None:
            from .geometry.lens_profiles import undone

            pixels, lens = undone(self, frame.lens)
            return replace(self, pixels=pixels).framed(replace(frame, lens=None), lens=lens)
        placed = frame.placed(self.width, self.height)
        if placed.exact and lens is None:
            window = placed.window
            if window == (slice(0, self.height, 1), slice(0, self.width, 1)):
                return self
            pixels = np.ascontiguousarray(self.pixels[window])
            alpha = None if self.alpha is None else np.ascontiguousarray(self.alpha[window])
        else:
            from .geometry.resampling import homography, resampled

            pixels, alpha = resampled(self.pixels, self.alpha, placed.size, homography(placed.matrix, lens))
        return self._of_part(pixels, alpha)

    def _quartered(self, count: int) -> Photo:
        """The photo turned clockwise by 90 degrees, so many times."""
        pixels = np.ascontiguousarray(np.rot90(self.pixels, -count))
        return self._of_part(pixels, None if self.alpha is None else np.ascontiguousarray(np.rot90(self.alpha, -count)))

    def _of_part(self, pixels: Pixels, alpha: Pixels | None) -> Photo:
        """The photo with other pixels, less what metadata tell of places in the picture."""
        exif = None if self.exif is None else without_positions_in_picture(self.exif)
        xmp = None if self.xmp is None else without_frame(self.xmp)
        return replace(self, pixels=pixels, alpha=alpha, exif=exif, xmp=xmp)

    @overload
    def save(
        self, path: str | os.PathLike[str], *, options: SaveOptions | None = None, format: str | None = None
    ) -> Path: ...

    @overload
    def save(self, path: IO[bytes], *, options: SaveOptions | None = None, format: str) -> None: ...

    def save(
        self,
        path: str | os.PathLike[str] | IO[bytes],
        *,
        options: SaveOptions | None = None,
        format: str | None = None,
    ) -> Path | None:
        """Write the photo in the format of the path's suffix, or of that name, and return the path.

        `path` may be a file opened for writing bytes; then `format` ("jpeg", "png", "tiff" ...) must be given. A file
        named by its path appears whole or not at all. Raises UnwritablePhoto for an unknown suffix or format, a missing
        folder, no permission, an existing file with `overwrite=False`, or a picture the format cannot hold;
        MissingExtra for HEIC without pillow-heif. Warns (PhotoWarning) when alpha has to be dropped.
        """
        chosen = options or SaveOptions()
        if isinstance(path, str | os.PathLike):
            return save(self, Path(path), chosen, None if format is None else format_named(format))
        if format is None:
            raise UnwritablePhoto("an open file has no suffix that tells the format", cure='Name it: format="jpeg"')
        path.write(encode(self, format_named(format), chosen))
        return None

    def encode(self, format: str, *, options: SaveOptions | None = None) -> bytes:
        """Return the bytes of the file that `save` would write in a format: "jpeg", "png", "tiff", "webp" ...

        Raises UnwritablePhoto, MissingExtra and warns as `save`.
        """
        return encode(self, format_named(format), options or SaveOptions())

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
