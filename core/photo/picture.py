"""A photo's plain record: pixels as their file holds them, and what the file said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .color import encoding
from .color.encoding import Pixels
from .metadata.annotations import Annotations
from .output_sharpening import OutputSharpening


@dataclass(frozen=True)
class SaveOptions:
    """How a photo is written.

    `quality`: 1..100 for the lossy formats; None takes the source's, at least 92. `strip`: `gps` removes
    positions, coordinates and names of places, from EXIF, XMP, IPTC and texts, and the camera maker's own note, which
    may hold one; `all` removes all of these whole; profile and resolution always stay. `software` replaces EXIF's
    Software; None leaves it alone. `metadata`: notes (names without spaces) written to XMP. `output_sharpening`: what
    the picture is sharpened for at the size that it has: `screen`, or prints on `matte` or `glossy` paper at about 300
    pixels an inch, and with `-low` or `-high` behind it less or more; None for not at all.
    """

    quality: int | None = None
    strip: Literal["none", "gps", "all"] = "none"
    overwrite: bool = True
    software: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    output_sharpening: OutputSharpening | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """The fields of a `Photo`, which adds conversions and saving.

    `pixels`: (H, W, 3) uint8, uint16 or float32 (nominally [0, 1]), in `profile`, upright, C-contiguous. `alpha`:
    (H, W) of the same dtype; never retouched. `grey`: the photo is black and white.
    `one_channel`: its source stored it as one. `profile`: ICC bytes, None for sRGB.
    `exif`: the TIFF structure as read, its orientation too although `pixels` are upright already; `save` resets it.
    `annotations`: IPTC, comment, texts and resolution.
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
    one_channel: bool = False
    annotations: Annotations = field(default_factory=Annotations)

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.pixels.shape[0])

    @property
    def fits_one_channel(self) -> bool:
        """Whether one grey channel holds the photo: grey from the start, channels still equal, no wide RGB profile."""
        if (
            self.profile is not None
            and not encoding.is_grey_profile(self.profile)
            and not encoding.is_srgb(self.profile)
        ):
            return False
        return self.grey and encoding.is_neutral(self.pixels)
