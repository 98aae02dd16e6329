"""TIFF 6.0: grey, RGB and CMYK of 8 bits and more by tifffile; palettes, YCbCr, Lab and bilevel by Pillow."""

from __future__ import annotations

import logging
import struct
import warnings
from typing import Any, BinaryIO

import numpy as np
from PIL import TiffImagePlugin

from ...errors import UnreadablePhoto
from ..color import encoding
from ..color.encoding import Floats, Pixels
from ..decoded import DamagedPixels, Decoded
from ..header import Header
from ..metadata import exif
from ..metadata.annotations import Annotations, resolution_of
from ..metadata.iptc import in_photoshop
from ..outgoing import Outgoing
from . import jpeg
from .mapped import mapped
from .pillow_image import pixels_of

# Both log what they find odd in a file; without a handler Python prints that to stderr.
for _name in ("tifffile", "PIL.TiffImagePlugin"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
# Pillow's own reading of EXIF, which is not ours, warns of each tag that it finds broken.
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK, _YCBCR = 0, 1, 2, 5, 6
_UNCOMPRESSED, _JPEG = 1, 7
_INKS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _CMYK: 4}
_ASSOCIATED, _STRAIGHT = 1, 2  # ExtraSamples: alpha that colour was multiplied by, and alpha beside it
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _IPTC, _PHOTOSHOP = 282, 283, 296, 33723, 34377
_ORIENTATION, _XMP, _ICC, _EXIF_IFD, _GPS_IFD = 274, 700, 34675, 34665, 34853
_MOST_PAGES = 32  # that are looked at
_MOST_EXTRA, _MOST_EXTRA_BYTES = 4, 2**28  # channels beside the inks; with more a page has to be this small
_LARGEST_VALUE = 1e6  # of floats; beyond, formulas with powers overflow


def header(file: BinaryIO) -> Header:
    """Read the size of the photo's page; no pixel is decoded."""
    from tifffile import TiffFile

    with TiffFile(file) as tiff:
        return _header(tiff, _photo_page(tiff))


def _photo_page(tiff: Any) -> Any:
    """The first page, unless that is a thumbnail of a later one or of a page below it (SubIFDs)."""
    first = tiff.pages.first
    others = [tiff.pages[number] for number in range(1, min(len(tiff.pages), _MOST_PAGES))]
    if first.is_reduced and first.subifds:
        others += [page for page in list(first.pages)[:_MOST_PAGES] if hasattr(page, "imagewidth")]
    return next((page for page in others if not page.is_reduced and _shows(first, page)), first)


def _shows(small: Any, large: Any) -> bool:
    """Whether a page is a thumbnail of another: so marked, or of the same shape and at most half the size."""
    if small.is_reduced:
        return True
    shape = small.imagewidth * large.imagelength / max(1, small.imagelength * large.imagewidth)
    return bool(abs(shape - 1) < 0.03 and small.imagewidth * 2 <= large.imagewidth)


def _header(tiff: Any, page: Any) -> Header:
    frames = len(tiff.pages)
    if frames == 2 and (page is not tiff.pages.first or tiff.pages[1].is_reduced):
        frames = 1  # the other page is a thumbnail
    bits = page.bitspersample if isinstance(page.bitspersample, int) else max(page.bitspersample)
    return Header(page.imagewidth, page.imagelength, "TIFF", bits=bits, frames=frames)


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the photo's page.

    Raises DamagedPixels where a strip or tile is broken or missing, unless `salvage` leaves it black.
    """
    from tifffile import TiffFile

    with TiffFile(file) as tiff:
        page, first = _photo_page(tiff), tiff.pages.first
        found = _header(tiff, page)
        warnings = found.more_frames
        profile = page.tags.valueof(_ICC, default=first.tags.valueof(_ICC))
        packet = page.tags.valueof(_XMP, default=first.tags.valueof(_XMP))
        iptc = _iptc(page)
        profile = profile if isinstance(profile, bytes) else None
        if found.bits >= 8 and _photometric(page) in _INKS:
            pixels, more = _pixels(page, profile, salvage=salvage)
            if int(page.photometric) == _CMYK:
                profile = None
            warnings += more
            upright = False
        elif found.bits > 8:
            raise UnreadablePhoto(
                f"a TIFF of {found.bits} bits, photometric interpretation {int(page.photometric)}, is not read; "
                "grey, RGB and CMYK are",
                cure="Export it as 16-bit RGB",
            )
        else:
            file.seek(0)
            image = TiffImagePlugin.TiffImageFile(file)
            if page is not first:
                image.seek(page.index)
            opened = pixels_of(image)
            pixels, profile = opened.pixels, opened.profile
            warnings += opened.warnings
            upright = _ORIENTATION not in image.tag_v2  # Pillow turns some kinds of TIFF itself and then drops the tag
    if pixels.dtype.kind == "f" and pixels.max() > 1:
        warnings += (f"float values reach {pixels.max():g}: 1 is taken as white",)
    with mapped(file) as data:
        block = exif.from_tiff(data)
    annotations = Annotations(iptc=iptc or _iptc(first), resolution=_resolution(page) or _resolution(first))
    return Decoded(
        pixels,
        profile=profile,
        exif=block,
        upright=upright,
        warnings=warnings,
        xmp=packet if isinstance(packet, bytes) else None,
        format="TIFF",
        annotations=annotations,
    )


def _iptc(page: Any) -> bytes | None:
    """IPTC's datasets: a tag of their own, which Photoshop gives the type LONG, or one of Photoshop's resources."""
    found = page.tags.valueof(_IPTC)
    if isinstance(found, int | tuple):
        numbers = found if isinstance(found, tuple) else (found,)
        found = struct.pack(f"{page.parent.byteorder}{len(numbers)}I", *numbers)
    if isinstance(found, bytes) and found.startswith(b"\x1c"):
        return found
    resources = page.tags.valueof(_PHOTOSHOP)
    return in_photoshop(resources) if isinstance(resources, bytes) else None


def _resolution(page: Any) -> tuple[float, float] | None:
    """Pixels an inch; None without a unit."""
    unit = {2: 1.0, 3: 2.54}.get(int(page.tags.valueof(_RESOLUTION_UNIT, default=2) or 0))
    across, down = (page.tags.valueof(tag) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    if unit is None or not isinstance(across, tuple) or not isinstance(down, tuple) or not (across[1] and down[1]):
        return None
    return resolution_of((unit * across[0] / across[1], unit * down[0] / down[1]))


def _photometric(page: Any) -> int:
    """The photometric interpretation; RGB for a JPEG's YCbCr, which its decoder turns."""
    kind = int(page.photometric)
    return _RGB if kind == _YCBCR and page.compression == _JPEG else kind


class _Segments:
    """Decodes a page's strips or tiles in tifffile's place, and judges them.

    `faults`: what is wrong with them; the first is raised as DamagedPixels, unless `salvage` leaves those black.
    `lost`: how many are black.
    """

    def __init__(self, page: Any, *, salvage: bool) -> None:
        self.page, self.decode, self.salvage = page, page.decode, salvage
        self.faults: list[str] = []
        self.lost = 0

    def __call__(self, data: bytes | None, index: int, **options: Any) -> Any:
        """As `TiffPage.decode`: the segment, None for a missing one, its place and its shape."""
        if data and self.page.compression == _JPEG:
            tables = options.get("jpegtables")
            if fault := jpeg.fault_of(tables[:-2] + data[2:] if tables else data):
                self._note(fault)
        try:
            return self.decode(data, index, **options)
        except MemoryError:
            raise
        except Exception as error:  # of a dozen decoders
            missing = self.page.databytecounts[index] - len(data or b"")
            self._note(f"strip or tile {index} is cut short by {missing:,} bytes" if missing > 0 else str(error))
            if data and missing > 0 and self.page.compression == _UNCOMPRESSED:
                return self.decode(data + bytes(missing), index, **options)
            self.lost += 1
            return self.decode(None, index, **options)

    def _note(self, fault: str) -> None:
        if not self.salvage:
            raise DamagedPixels(fault)
        self.faults.append(fault)


def _decoded(page: Any, *, salvage: bool) -> tuple[Any, tuple[str, ...]]:
    """The page's array, and what is wrong with it. Raises DamagedPixels where not even `salvage` finds a part of it."""
    from tifffile import TIFF

    if page.compression not in TIFF.DECOMPRESSORS:  # it says what is missing for it
        return page.asarray(), ()
    page.decode = segments = _Segments(page, salvage=salvage)
    try:
        found = page.asarray()
    except ValueError as error:
        if not page.is_contiguous:
            raise
        if not salvage:
            raise DamagedPixels(str(error)) from error
        page.is_contiguous = False  # then tifffile reads it segment by segment
        found = page.asarray()
    if not segments.faults:
        return found, ()
    if segments.lost == len(page.dataoffsets):
        raise DamagedPixels(segments.faults[0])
    return found, (f"damaged: {segments.faults[0]}; what could be read of it is shown, the rest is black",)


def _pixels(page: Any, profile: bytes | None, *, salvage: bool) -> tuple[Pixels, tuple[str, ...]]:
    """Decode a page to (H, W, channels) uint8, uint16 or float32, RGB if it was CMYK, and say what had to be said."""
    kind = _photometric(page)
    samples, pixels_there = page.samplesperpixel, page.imagewidth * page.imagelength
    needed = pixels_there * samples * -(-page.bitspersample // 8)
    if page.imagedepth != 1 or (samples > _INKS[kind] + _MOST_EXTRA and needed > _MOST_EXTRA_BYTES):
        raise UnreadablePhoto(
            f"a TIFF of {samples} samples a pixel and {page.imagedepth} layers is no photo's",
            cure="Export it as RGB, without extra channels",
        )
    pixels, warnings = _decoded(page, salvage=salvage)
    if page.axes.startswith("S"):  # one plane per channel
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim not in (2, 3):
        raise UnreadablePhoto(f"a TIFF page of shape {pixels.shape} is no photo's; (H, W) or (H, W, channels) is")
    pixels = _in_range(pixels.reshape(*pixels.shape[:2], -1), page.bitspersample)
    inks = _INKS[kind]
    body = pixels[..., :inks]
    if kind == _WHITE_IS_ZERO:
        body = encoding.full_scale(body.dtype) - body
    extra = [int(sample) for sample in page.extrasamples][: pixels.shape[2] - inks]
    alpha = None
    if _STRAIGHT in extra:
        alpha = pixels[..., inks + extra.index(_STRAIGHT)]
    elif _ASSOCIATED in extra:
        alpha = pixels[..., inks + extra.index(_ASSOCIATED)]
        body = _unassociated(body, alpha)
    if kind == _CMYK:
        body, warning = encoding.cmyk_to_srgb(body, profile)
        warnings += (warning,)
    return (body if alpha is None else np.dstack((body, alpha))), warnings


def _in_range(pixels: Pixels, bits: int) -> Pixels:
    """Bring samples to full-range uint16, or float32."""
    if pixels.dtype.kind == "f":
        if not np.isfinite(pixels).all():
            raise UnreadablePhoto("the TIFF holds values that are not finite; pixels must be numbers")
        if (largest := float(np.abs(pixels).max())) > _LARGEST_VALUE:
            raise UnreadablePhoto(
                f"the TIFF holds values up to {largest:g}; a photo's lie between 0 and 1, or little beyond",
                cure="Divide them by their white",
            )
        return pixels.astype(np.float32)
    if pixels.dtype == np.uint8 or (pixels.dtype == np.uint16 and bits == 16):
        return pixels
    if pixels.dtype == np.uint16:
        top = (1 << bits) - 1
        return ((pixels.astype(np.uint32) * 65535 + top // 2) // top).astype(np.uint16)
    if pixels.dtype == np.uint32:
        return (pixels / np.float64(2**32 - 1)).astype(np.float32)
    raise UnreadablePhoto(
        f"a TIFF of {pixels.dtype} samples is not read; uint8, uint16, uint32 and floats are",
        cure="Export it as 16 bit",
    )


def _unassociated(body: Pixels, alpha: Pixels) -> Pixels:
    """Divide colour that was stored multiplied by alpha."""
    scale = np.float32(encoding.full_scale(body.dtype))
    weight = alpha.astype(np.float32)[..., None] / scale
    weight[weight == 0] = 1
    straight: Floats = body.astype(np.float32) / (weight * scale)
    return encoding.quantise(straight, body.dtype)


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write grey or RGB of 8, 16 or 32-bit float, with or without alpha, losslessly compressed."""
    from tifffile import TiffWriter

    big = photo.pixels.nbytes > 2**32 - 2**25
    tree = exif.parse(photo.exif) if photo.exif else None
    tags: list[tuple[int, int, int, Any, bool]] = []
    resolution = (tree.resolution if tree else None) or photo.annotations.resolution
    told = exif.DESCRIPTIVE - {_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT}  # which tifffile writes
    if tree is not None:
        tags += [(tag, e.type, e.number, e.data, True) for tag, e in tree.image.items() if tag in told]
        # BigTIFF has offsets of eight bytes, which an EXIF block does not: a photo beyond 4 GB goes without.
        if not big:
            # tifffile writes no pointer to a directory it does not know: codes below theirs, unused, keep their places.
            tags += [(tag - 1, 4, 1, 0, True) for tag, part in ((_EXIF_IFD, tree.exif), (_GPS_IFD, tree.gps)) if part]
    if photo.xmp:
        tags.append((_XMP, 1, len(photo.xmp), photo.xmp, True))
    if photo.annotations.iptc:
        tags.append((_IPTC, 7, len(photo.annotations.iptc), photo.annotations.iptc, True))
    channels = 1 if photo.pixels.ndim == 2 else photo.pixels.shape[2]
    with TiffWriter(file, byteorder=tree.order if tree else "<", bigtiff=big) as tiff:
        tiff.write(
            photo.pixels,
            photometric="rgb" if channels > 2 else "minisblack",
            planarconfig="contig" if channels > 1 else None,
            extrasamples=["unassalpha"] if channels in (2, 4) else None,
            compression="adobe_deflate",
            predictor=True,
            rowsperstrip=max(1, 2**20 // max(1, photo.pixels[0].nbytes)),
            iccprofile=photo.profile,
            extratags=tags,
            resolution=resolution,
            resolutionunit="INCH" if resolution else None,
            metadata=None,
            software=False,
        )
    if tree is not None and (tree.exif or tree.gps) and not big:
        _append_exif(file, tree)


def _append_exif(file: BinaryIO, tree: exif.Exif) -> None:
    """Put the EXIF and GPS directories at the end of the file, and turn tifffile's placeholders into their pointers."""
    base = file.seek(0, 2)
    base += file.write(b"\0" * (base % 2))
    tree.image, tree.thumbnail = {}, None
    block, offsets = exif.serialise(tree, base=base)
    file.write(block)
    file.flush()
    with mapped(file) as data:
        written = exif.parse(data)
    assert written is not None
    placed = written.exif | written.image
    for code, name in ((_EXIF_IFD, "exif"), (_GPS_IFD, "gps")):
        if name in offsets:
            file.seek(placed[code - 1].at - 8)  # from the value back to the tag's code
            file.write(struct.pack(tree.order + "HHII", code, 4, 1, offsets[name]))
