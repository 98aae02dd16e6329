"""Photo files that were made to cost memory or time, opened and saved in a process of its own that is measured.

Each once took gigabytes or minutes; the limits are those of the fuzzing: 256 MB above what an ordinary photo takes,
1 s and 2 s a megabyte more.
"""

import io
import os
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from peak import peak_memory
from PIL import Image

MEMORY = 256 * 2**20
SCRIPT = """
import resource, sys, warnings
from contextlib import suppress
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import SaveOptions, open_photo
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
warnings.simplefilter("ignore")
with suppress(VeraRetouchError):
    photo = open_photo(sys.argv[1])
    for suffix in ("png", "jpg", "tif"):
        photo.save(f"{sys.argv[1]}.out.{suffix}", options=SaveOptions(strip=sys.argv[2]))
"""
XMP_HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">'
)
XMP_TAIL = "</rdf:Description></rdf:RDF></x:xmpmeta>"


def saved(name, **options):
    file = io.BytesIO()
    Image.fromarray(np.full((32, 48, 3), 120, np.uint8)).save(file, name, **options)
    return file.getvalue()


def shared_block(rows, size):
    """EXIF whose tags, `rows` of them, all have the same `size` bytes as their value."""
    body = b"".join(struct.pack("<HHII", 0x9C00 + row, 7, size, 16) for row in range(rows))
    return (b"II*\0" + struct.pack("<IH", 8, rows) + body).ljust(size + 16, b"\0")


def in_png(kind, *bodies):
    """A PNG with chunks of that type before its picture."""
    data, new = saved("PNG"), b""
    for body in bodies:
        new += struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
    return data[:33] + new + data[33:]


def with_xmp(packet):
    return (
        saved("JPEG", xmp=packet) if len(packet) < 65_000 else in_png(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
    )


def repeated_scans():
    file = io.BytesIO()
    Image.new("L", (3000, 2000), 128).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 3000 + data[-2:]


def samples():
    """A TIFF of 2,600 samples a pixel, whose 1,000 strips of one row are all the same bytes."""
    body = zlib.compress(bytes(2_600_000))
    tags = [(256, 4, 1, 1000), (257, 4, 1, 1000), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 2), (277, 3, 1, 2600)]
    places = 8 + 2 + 12 * 9 + 4
    tags += [(273, 4, 1000, places), (278, 4, 1, 1), (279, 4, 1000, places + 4000)]
    rows = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    strips = struct.pack("<I", places + 8000) * 1000 + struct.pack("<I", len(body)) * 1000
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + rows + bytes(4) + strips + body


def zeros(size):
    """So many zeros in zlib's form, 1,000 times as many as its bytes (RFC 1950; RFC 1951, 3.2)."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = stream.compress(bytes(1 << 20)) + stream.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + megabyte * (size >> 20) + b"\3\0" + struct.pack(">I", size % 65_521 << 16 | 1)


def jxl(box):
    """A JPEG XL with a box before its picture."""
    coded = imagecodecs.jpegxl_encode(np.full((32, 48, 3), 120, np.uint8), usecontainer=False)
    head = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "
    return (
        head + struct.pack(">I4s", 8 + len(box), b"brob") + box + struct.pack(">I4s", 8 + len(coded), b"jxlc") + coded
    )


def floats():
    file = io.BytesIO()
    tifffile.imwrite(file, np.full((64, 64, 3), 3e38, np.float32), photometric="rgb")
    return file.getvalue()


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 10}">' for level in range(9)
)
FILES = {
    "exif-65-kb.jpg": lambda: saved("JPEG", exif=b"Exif\0\0" + shared_block(5300, 65_000)),
    "exif-149-kb.png": lambda: in_png(b"eXIf", shared_block(12_000, 149_000)),
    "exif-149-kb.webp": lambda: saved("WEBP", exif=shared_block(12_000, 149_000)),
    "exif-60-kb.png": lambda: in_png(b"eXIf", shared_block(4000, 60_000)),
    "texts.png": lambda: in_png(b"zTXt", *[b"Raw profile type exif\0\0" + zeros(100 << 20)] * 15),
    "comments.png": lambda: in_png(b"zTXt", *[b"Comment\0\0" + zeros(500 << 20)] * 4),
    "packed.jxl": lambda: jxl(b"Exif" + imagecodecs.brotli_encode(bytes(400 << 20), level=1)),
    "doctype-utf-16.jpg": lambda: with_xmp(
        ("\ufeff" + ENTITIES + "]>" + XMP_HEAD + "<dc:title>&j;</dc:title>" + XMP_TAIL).encode("utf-16-be")
    ),
    "nested.jpg": lambda: with_xmp((XMP_HEAD + "<dc:a>" * 2000 + "</dc:a>" * 2000 + XMP_TAIL).encode()),
    "long-name.png": lambda: with_xmp(
        (XMP_HEAD.replace("<rdf:D", f"<rdf:Bag dc:{'gps' * 20_000}='1' xmlns:dc='urn:d'/><rdf:D") + XMP_TAIL).encode()
    ),
    "samples.tif": samples,
    "floats.tif": floats,
    "scans.jpg": repeated_scans,
}


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    """Memory and seconds of the processor of an ordinary small photo: the libraries themselves."""
    path = tmp_path_factory.mktemp("ordinary") / "photo.jpg"
    path.write_bytes(saved("JPEG"))
    before = os.times().children_user
    return peak_memory(SCRIPT, path, "gps", anew=True), os.times().children_user - before


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_photo_costs_no_more_than_its_size_explains(name, ordinary, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    megabytes = path.stat().st_size / 1e6
    before = os.times()
    memory = peak_memory(SCRIPT, path, "gps", anew=True) - ordinary[0]
    after = os.times()
    spent = after.children_user - before.children_user
    print(f"{name}: {megabytes:.2f} MB, {memory / 2**20:.0f} MB more than an ordinary photo, {spent:.1f} s with start")
    assert memory < MEMORY
    assert spent < 2 * ordinary[1] + 3 + 2 * megabytes
    for written in tmp_path.glob("*.out.*"):
        assert written.stat().st_size < 4 * path.stat().st_size + 100_000, written.name


def test_a_pipe_and_a_device_in_a_folder_keep_nobody_waiting(tmp_path, cli):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(saved("JPEG"))
    os.mkfifo(tmp_path / "in" / "b.jpg")
    (tmp_path / "in" / "c.jpg").symlink_to("/dev/zero")
    before = os.times()
    names = [tmp_path / "in" / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    cli("auto", *names, "--jobs", "1", "--out", "out", code=1)
    assert [path.name for path in (tmp_path / "out").glob("*.jpg")] == ["a.jpg"]
    assert os.times().children_user - before.children_user < 60  # and the command's limit is not passed
