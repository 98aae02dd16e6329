"""JPEG: pixels through simplejpeg (libjpeg-turbo without detours), what the file says through Pillow. Quality:
tables of ITU-T T.81, annex K.1, scaled as the IJG's jcparam.c does.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from contextlib import suppress
from typing import BinaryIO

import numpy as np
import simplejpeg
from PIL import JpegImagePlugin

from ...errors import InvalidDocument, UnreadablePhoto
from ..color.encoding import Pixels
from ..decoded import GAIN_MAP, DamagedPixels, Decoded
from ..header import Header
from ..losses import PhotoWarning
from ..metadata import extended_xmp, iptc
from ..metadata.annotations import Annotations, comment_text, resolution_of
from ..metadata.exif import parse, serialise
from ..metadata.xmp import has_gain_map
from ..outgoing import Outgoing
from .pillow_image import pixels_of

_LUMA = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56),
        *(14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ]
)
_LEAST_QUALITY = 92
_SUBSAMPLING = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
# Google's and Samsung's photos with a clip of video behind the picture.
_CLIP = re.compile(rb"\b(?:MotionPhoto|MicroVideo)(?:\s*=\s*[\"']|>)1")
_SAMSUNGS_CLIP = b"MotionPhoto_Data"
_ICC = b"ICC_PROFILE\0"
_MOST_SCANS = 100  # encoders that search for the smallest file write up to about 15
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # of a segment: neither a stuffed byte nor a restart
_FOREIGN = {*range(0xE1, 0xEE), 0xEF, 0xFE}  # application segments but JFIF's and Adobe's, and comments
_STRAY = re.compile(rb"\xff[^\x00\xd0-\xd7\xd9\xff]", re.DOTALL)
# What libjpeg-turbo's plain interface does not do, and the library itself does.
_BEYOND = re.compile(r"subsampling|colou?r ?(conversion|space)", re.IGNORECASE)
# Bytes between the last block and the end: some cameras fill up there. More of them are what damage leaves over.
_HARMLESS = re.compile(
    r"Corrupt JPEG data: \d extraneous bytes before marker 0xd9|.*JFIF revision.*|.*Adobe color transform.*"
)
_END = b"\xff\xd9"
# Baseline, extended and progressive frames of 8 bits: the number of their channels is in the second group.
_FRAME = re.compile(rb"\xff[\xc0-\xc2]..(\x08)....(.)", re.DOTALL)
_LAYOUTS = {b"\1": "GRAY", b"\3": "GRAY", b"\4": "CMYK"}
_SEGMENT = 65_533  # bytes: the most that an APP segment holds


class _Announcement(JpegImagePlugin.JpegImageFile):
    """Pillow's reader, less what it reads out of EXIF itself: of each broken tag it would warn every Python program."""

    def _read_dpi_from_exif(self) -> None:
        pass


def header(file: BinaryIO) -> Header:
    """Read the size; no pixel is decoded."""
    return Header(*_opened(file).size, "JPEG")


def read(file: BinaryIO, *, salvage: bool = False) -> Decoded:
    """Read the picture; of a multi-picture file (MPO) the first one.

    Raises DamagedPixels where the decoder finds fault with the scan, unless `salvage` takes what it can make out.
    """
    image = _opened(file)
    place = file.tell()
    file.seek(0)
    whole = file.read()
    file.seek(place)
    decoded = _decoded(whole, image, salvage=salvage)
    packet, said = _packet(image)
    said = decoded.warnings + said
    if (packet and has_gain_map(packet)) or any(data.startswith(_ISO_GAIN_MAP) for _, data in image.applist):
        said += (GAIN_MAP,)
    elif "mp" in image.info:
        said += ("multi-picture file: only the first picture is read (others may be gain, depth or preview maps)",)
    if (packet and _CLIP.search(packet)) or _SAMSUNGS_CLIP in whole:
        said += ("motion photo: its clip of video is dropped",)
    if not image.info.get("icc_profile") and any(data.startswith(_ICC) for _, data in image.applist):
        said += ("colour profile lacks a part: dropped, the photo is taken as sRGB",)
    return decoded._replace(
        format="JPEG",
        exif=image.info.get("exif"),
        xmp=packet,
        quality=_quality(image.quantization),
        subsampling=_SUBSAMPLING.get(JpegImagePlugin.get_sampling(image)),
        warnings=said,
        annotations=_annotations(image),
    )


def _packet(image: JpegImagePlugin.JpegImageFile) -> tuple[bytes | None, tuple[str, ...]]:
    """The XMP with the rest of it that lies in further segments, and what has to be said of that."""
    packet = image.info.get("xmp")
    mark = extended_xmp.MARK
    rest = [data.removeprefix(mark) for name, data in image.applist if name == "APP1" and data.startswith(mark)]
    joined = extended_xmp.joined(packet, rest) if packet else None
    return joined or packet, () if joined or not packet else ("a part of the XMP is missing or damaged: left out",)


def _annotations(image: JpegImagePlugin.JpegImageFile) -> Annotations:
    """Comment, IPTC and resolution."""
    resources = b"".join(
        data.removeprefix(iptc.PHOTOSHOP)
        for name, data in image.applist
        if name == "APP13" and data.startswith(iptc.PHOTOSHOP)
    )
    return Annotations(
        iptc=iptc.in_photoshop(resources),
        comment=comment_text(image.info.get("comment", b"")),
        resolution=_resolution(image),
    )


def _resolution(image: JpegImagePlugin.JpegImageFile) -> tuple[float, float] | None:
    """Pixels an inch of JFIF's segment.

    What EXIF says of it stays there. Pillow would make up 72 where neither says any.
    """
    scale = {1: 1.0, 2: 2.54}.get(image.info.get("jfif_unit", 0))
    density = image.info.get("jfif_density")
    return resolution_of(scale * value for value in density) if scale and density else None


def _opened(file: BinaryIO) -> JpegImagePlugin.JpegImageFile:
    """What the file says before its first scan, by Pillow."""
    try:
        return _Announcement(file)
    except (OSError, SyntaxError) as error:
        if (bits := re.search(r"(\d+)-bit layers", str(error))) is None:
            raise
        raise UnreadablePhoto(
            f"a JPEG of {bits[1]} bits a channel is not read; 8 bits are", cure="Export it as 16-bit TIFF"
        ) from None


def _decoded(whole: bytes, image: JpegImagePlugin.JpegImageFile, *, salvage: bool) -> Decoded:
    """The pixels: grey and RGB by simplejpeg, other modes by Pillow once simplejpeg has found no fault with them."""
    layout = {"L": "GRAY", "RGB": "RGB"}.get(image.mode, image.mode)
    data = _bare(whole)
    said: tuple[str, ...] = ()
    pixels = None
    try:
        pixels = simplejpeg.decode_jpeg(data, layout)
    except ValueError as error:
        fault = str(error)
        if _BEYOND.search(fault):
            return pixels_of(image)
        if fault.startswith("Premature end of JPEG file"):
            data += _END
            with suppress(ValueError):
                pixels = simplejpeg.decode_jpeg(data, layout)
                said = ("the mark at the JPEG's end is missing; the picture itself is whole",)
        elif _HARMLESS.fullmatch(fault):
            pixels = simplejpeg.decode_jpeg(data, layout, strict=False)
            said = (f"the JPEG departs from the standard ({fault})",)
        if pixels is None and salvage:
            pixels = _salvaged(data, layout)
            said = (f"damaged: {fault}; what could be read of it is shown, parts may be wrong",)
        if pixels is None:
            raise DamagedPixels(fault) from error
    if layout == "CMYK":
        opened = pixels_of(_opened(io.BytesIO(whole + _END)))
        return opened._replace(warnings=said + opened.warnings)
    profile = image.info.get("icc_profile") or None
    return Decoded(pixels if layout == "RGB" else pixels[..., 0], profile=profile, warnings=said)


def fault_of(data: bytes) -> str | None:
    """Return what the decoder finds wrong with the scan of a JPEG stream within another file; None for nothing.

    Only streams of Huffman codes and 8 bits are judged: others (lossless, 12 bits) are decoded elsewhere.
    """
    if (frame := _FRAME.search(data)) is None or frame[2] not in _LAYOUTS:
        return None
    try:
        simplejpeg.decode_jpeg(data if data.rstrip(b"\0").endswith(_END) else data + _END, _LAYOUTS[frame[2]])
    except ValueError as error:
        fault = str(error)
        return None if _BEYOND.search(fault) or _HARMLESS.fullmatch(fault) else fault
    return None


def _bare(data: bytes) -> bytes:
    """The file without what other programs put into it: about that the decoder would complain first, and only once.

    Raises UnreadablePhoto for so many scans that decoding would take minutes: each passes over the whole picture.
    """
    kept, start, scans, at = [], 0, 0, 2
    while (found := _MARKER.search(data, at)) is not None and found[0][-1] != 0xD9:
        marker, at = found[0][-1], found.end()
        if marker != 0x01:  # TEM, alone of these, has no length
            at += int.from_bytes(data[at : at + 2], "big")
        if marker == 0xDA:
            scans += 1
        elif marker in _FOREIGN and scans == 0:
            kept.append(data[start : found.start()])
            start = at
        if scans > _MOST_SCANS:
            raise UnreadablePhoto(f"the JPEG has more than {_MOST_SCANS} scans", cure="Save it again as baseline JPEG")
    return b"".join((*kept, data[start:]))


def _salvaged(data: bytes, layout: str) -> Pixels | None:
    """What can be made out of a damaged scan; None for nothing."""
    start = data.rfind(b"\xff\xda")
    # Noise in a scan looks like marks that end it: made harmless where nothing but pixels may follow.
    cleaned = data[:start] + b"\xff\xda" + _STRAY.sub(b"\xff\0", data[start + 2 :])
    for attempt in (data, cleaned):
        with suppress(ValueError):
            pixels: Pixels = simplejpeg.decode_jpeg(attempt, layout, strict=False)
            return pixels
    return None


def quality_to_write(asked: int | None, source: int | None) -> int:
    """Return the quality, 1..100, of a lossy file: the given one, else the source's, at least 92."""
    return asked or max(_LEAST_QUALITY, source or 0)


def _quality(tables: dict[int, list[int]]) -> int | None:
    """Estimate the quality, 1..100, whose luma table is nearest to the file's."""
    if len(tables.get(0, ())) != 64:
        return None
    table = np.array(tables[0])
    qualities = np.arange(1, 101)[:, None]
    scale = np.where(qualities < 50, 5000 // qualities, 200 - 2 * qualities)
    scaled = np.clip((_LUMA * scale + 50) // 100, 1, 255)
    return int(np.abs(scaled - table).sum(axis=1).argmin()) + 1


def write(file: BinaryIO, photo: Outgoing) -> None:
    """Write 8-bit grey or RGB at 4:4:4."""
    exif = _fitting(photo.exif) if photo.exif else b""
    grey = photo.pixels.ndim == 2
    pixels = photo.pixels[..., None] if grey else photo.pixels
    coded = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels),
        quality=photo.quality,
        colorspace="GRAY" if grey else "RGB",
        colorsubsampling="Gray" if grey else "444",
    )
    segments = [_segment(0xE1, exif)] if exif else []
    segments += _xmp_segments(photo.xmp or b"")
    segments += _profile_segments(photo.profile or b"")
    segments += _annotation_segments(photo.annotations)
    # After the first two segments' worth of bytes: the start of the image, and JFIF's APP0, which has to come first.
    head = 4 + int.from_bytes(coded[4:6], "big") if coded[2:4] == b"\xff\xe0" else 2
    start = _with_resolution(coded[:head], photo.annotations.resolution)
    file.write(b"".join((start, *segments, coded[head:])))


def _xmp_segments(packet: bytes) -> list[bytes]:
    """The packet in APP1, and what is too long for one segment in more."""
    rest: list[bytes] = []
    longest = _SEGMENT - len(_XMP)
    if len(packet) > longest:
        try:
            packet, rest = extended_xmp.split(packet, longest)
        except (ValueError, InvalidDocument):
            warnings.warn("XMP of more than 64 KB does not fit into JPEG: dropped", PhotoWarning, stacklevel=3)
            return []
    found = [_segment(0xE1, _XMP + packet)] if packet else []
    return found + [_segment(0xE1, extended_xmp.MARK + part) for part in rest]


def _annotation_segments(annotations: Annotations) -> list[bytes]:
    """IPTC in APP13, and the comment."""
    found = []
    if annotations.iptc:
        block = iptc.PHOTOSHOP + iptc.as_photoshop(annotations.iptc)
        if len(block) > _SEGMENT:
            warnings.warn("IPTC of more than 64 KB does not fit into JPEG: dropped", PhotoWarning, stacklevel=3)
        else:
            found.append(_segment(0xED, block))
    if annotations.comment:
        found.append(_segment(0xFE, annotations.comment.encode("utf-8", "replace")[:_SEGMENT]))
    return found


def _with_resolution(start: bytes, resolution: tuple[float, float] | None) -> bytes:
    """The beginning of the file with whole pixels an inch in JFIF's segment (ITU-T T.871, 10.1)."""
    if resolution is None or start[6:11] != b"JFIF\0":
        return start
    across, down = (min(65_535, max(1, round(value))) for value in resolution)
    return start[:13] + struct.pack(">BHH", 1, across, down) + start[18:]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def _profile_segments(profile: bytes) -> list[bytes]:
    """An ICC profile in numbered APP2 segments (ICC.1, annex B.4)."""
    size = _SEGMENT - len(_ICC) - 2
    parts = [profile[start : start + size] for start in range(0, len(profile), size)]
    return [_segment(0xE2, _ICC + bytes((i, len(parts))) + part) for i, part in enumerate(parts, 1)]


def _fitting(block: bytes) -> bytes:
    """Return the EXIF segment, less its thumbnail, then its maker's note where it would overflow.

    Nothing if even that is too long.
    """
    tree = parse(block) if len(block) + 6 > _SEGMENT else None
    if tree is not None:
        block, said = serialise(tree.without_thumbnail())[0], ""
        if len(block) + 6 > _SEGMENT:
            block, said = serialise(tree.without_maker_note())[0], "without the camera maker's own note"
        if len(block) + 6 > _SEGMENT:
            said = "not at all"
        if said:
            warnings.warn(f"EXIF of more than 64 KB goes into a JPEG {said}", PhotoWarning, stacklevel=3)
    return b"Exif\0\0" + block if len(block) + 6 <= _SEGMENT else b""
