"""Photos made on the spot: a smooth picture with strong colours, and what cameras write around one."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def odd() -> Path:
    """The folder of files by others."""
    return Path(__file__).parents[2] / "data" / "photos_odd"


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of files that once went wrong."""
    return Path(__file__).parents[2] / "data" / "cases"


def picture(height: int = 40, width: int = 60, dtype: type = np.uint8) -> np.ndarray:
    """(H, W, 3): hues across, light down, different in every corner, so that a wrong turn shows."""
    y, x = np.mgrid[0:height, 0:width] / np.array([max(1, height - 1), max(1, width - 1)]).reshape(2, 1, 1)
    rgb = np.stack([x * (1 - y / 2), y, (1 - x) * (0.2 + 0.8 * y)], axis=-1)
    if dtype == np.float32:
        return rgb.astype(np.float32)
    return np.rint(rgb * np.iinfo(dtype).max).astype(dtype)


@pytest.fixture(name="picture")
def picture_fixture() -> Callable[..., np.ndarray]:
    return picture


@pytest.fixture(scope="session")
def pil() -> Callable[[Path], Image.Image]:
    """Opens a file as another program would, and closes it."""

    def read(path: Path) -> Image.Image:
        with Image.open(path) as image:
            image.load()
            return image

    return read


@pytest.fixture(scope="session")
def camera_exif() -> Callable[..., bytes]:
    """Makes an EXIF block as a camera writes it, with a MakerNote that counts from the block's start, and a thumbnail.

    Written by hand, independently of the code under test.
    """

    def make(order: str = "<", orientation: int = 1, *, thumbnail: bool = True) -> bytes:
        def rows(*entries: tuple[int, int, int, bytes]) -> bytes:
            return struct.pack(order + "H", len(entries)) + b"".join(
                struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")
                for tag, kind, count, value in entries
            )

        def long(value: int) -> bytes:
            return struct.pack(order + "I", value)

        def short(value: int) -> bytes:
            return struct.pack(order + "H", value)

        small = io.BytesIO()
        Image.new("RGB", (16, 8), (255, 0, 255)).save(small, "JPEG")  # magenta: unlike any new picture
        note = b"NOTE\0\0" + long(300 + 10) + b"inner at 310" + bytes(range(30))
        fields = {
            "make": (100, b"Vera Cameras\0"),
            "date": (120, b"2023:04:05 06:07:08\0"),
            "position": (160, struct.pack(order + "6I", 48, 1, 8, 1, 30, 1)),
            "serial": (190, b"SN-12345678\0"),
            "note": (300, note),
            "thumbnail": (600, small.getvalue()),
        }
        block = bytearray(2000)
        block[0:8] = (b"II*\0" if order == "<" else b"MM\0*") + long(8)
        image = rows(
            (0x010F, 2, 13, long(100)),
            (0x0112, 3, 1, short(orientation)),
            (0x0132, 2, 20, long(120)),
            (0x8769, 4, 1, long(210)),
            (0x8825, 4, 1, long(400)),
        ) + long(500 if thumbnail else 0)
        block[8 : 8 + len(image)] = image
        photo = rows(
            (0x9003, 2, 20, long(120)),
            (0x927C, 7, len(note), long(300)),
            (0xA001, 3, 1, short(1)),
            (0xA002, 4, 1, long(60)),
            (0xA003, 4, 1, long(40)),
            (0xA431, 2, 12, long(190)),
        ) + long(0)
        block[210 : 210 + len(photo)] = photo
        gps = rows((0x0001, 2, 2, b"N\0"), (0x0002, 5, 3, long(160))) + long(0)
        block[400 : 400 + len(gps)] = gps
        first = rows(
            (0x0103, 3, 1, short(6)), (0x0201, 4, 1, long(600)), (0x0202, 4, 1, long(len(small.getvalue())))
        ) + long(0)
        block[500 : 500 + len(first)] = first
        for at, data in fields.values():
            block[at : at + len(data)] = data
        return bytes(block)

    return make


GPS_XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"
 exif:GPSLatitude="48,8.5N" tiff:Orientation="6" hdrgm:Version="1.0">
<exif:GPSLongitude>11,34.5E</exif:GPSLongitude>
<dc:creator><rdf:Seq><rdf:li>Ann \xc3\x96</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


@pytest.fixture(scope="session")
def gps_xmp() -> bytes:
    """An XMP packet with a position, an orientation, a gain map's mark and a creator."""
    return GPS_XMP
