"""PNG: colour that its chunks describe is honoured, and texts never cost a photo, time or memory."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from lazily import colour
from PIL import Image

from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.photo import as_photo, open_photo

# One worker imports colour-science.
pytestmark = pytest.mark.xdist_group("colour")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(pixels: np.ndarray, *added: bytes) -> bytes:
    """A PNG of these pixels without a colour chunk of its own, and the added chunks before its pixels."""
    data = as_photo(pixels).encode("png")
    mine = chunk(b"sRGB", b"\1")
    assert data[33 : 33 + len(mine)] == mine
    return data[:33] + b"".join(added) + data[33 + len(mine) :]


def colours() -> np.ndarray:
    """Colours (12, 12, 3) uint16 over a cube's middle, where no gamut clips."""
    return np.random.default_rng(3).integers(12_000, 50_000, (12, 12, 3), dtype=np.uint16)


def expected(values: np.ndarray, space: str, *, curve) -> np.ndarray:
    """The same colours in sRGB, by colour-science."""
    linear = curve(values / 65535)
    made = colour.RGB_to_RGB(linear, colour.RGB_COLOURSPACES[space], colour.RGB_COLOURSPACES["sRGB"], "Bradford")
    return np.sign(made) * colour.models.eotf_inverse_sRGB(np.abs(made))


def gama(exponent: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(100_000 / exponent)))


def chrm(space: str) -> bytes:
    found = colour.RGB_COLOURSPACES[space]
    values = np.vstack((found.whitepoint, found.primaries)).ravel()
    return chunk(b"cHRM", struct.pack(">8I", *(round(float(value) * 100_000) for value in values)))


def power(exponent: float):
    return lambda values: values**exponent


def srgb(values):
    return colour.models.eotf_sRGB(values)


CASES = {
    "linear": ((gama(1.0),), "sRGB", power(1.0)),
    "gamma 1.8": ((gama(1.8),), "sRGB", power(1.8)),
    "approximated sRGB": ((gama(2.2), chrm("sRGB")), "sRGB", srgb),
    "Adobe RGB": ((gama(563 / 256), chrm("Adobe RGB (1998)")), "Adobe RGB (1998)", power(563 / 256)),
    "ProPhoto's primaries": ((gama(1.8), chrm("ProPhoto RGB")), "ProPhoto RGB", power(1.8)),
    "BT.2020's primaries alone": ((chrm("ITU-R BT.2020"),), "ITU-R BT.2020", srgb),
    "cICP P3": ((chunk(b"cICP", bytes((12, 13, 0, 1))),), "Display P3", srgb),
    "cICP BT.2020": ((chunk(b"cICP", bytes((9, 13, 0, 1))),), "ITU-R BT.2020", srgb),
    "cICP linear BT.709": ((chunk(b"cICP", bytes((1, 8, 0, 1))),), "sRGB", power(1.0)),
    "cICP linear BT.2020": ((chunk(b"cICP", bytes((9, 8, 0, 1))),), "ITU-R BT.2020", power(1.0)),
    "cICP before gAMA": ((chunk(b"cICP", bytes((1, 13, 0, 1))), gama(1.0)), "sRGB", srgb),
    "sRGB before gAMA": ((chunk(b"sRGB", b"\0"), gama(1.0)), "sRGB", srgb),
}


@pytest.mark.parametrize("name", CASES)
def test_colour_that_chunks_describe_is_honoured(name):
    chunks, space, curve = CASES[name]
    values = colours()
    photo = open_photo(with_chunks(values, *chunks))
    assert photo.warnings == ()
    assert np.abs(photo.working() - expected(values, space, curve=curve)).max() < 0.002
    again = open_photo(photo.with_working(photo.working()).encode("png"))  # the description becomes a profile
    assert np.abs(again.working() - photo.working()).max() < 0.0005


def test_the_gamma_of_a_grey_png_is_honoured_and_it_stays_grey():
    values = colours()[..., 0]
    photo = open_photo(with_chunks(values, gama(1.0)))
    assert np.abs(photo.working()[..., 1] - colour.models.eotf_inverse_sRGB(values / 65535)).max() < 0.002
    assert open_photo(photo.encode("png")).one_channel


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (chunk(b"gAMA", bytes(4)), "gamma"),
        (chunk(b"gAMA", b"\xff" * 4), "gamma"),
        (chunk(b"cHRM", bytes(32)), "primaries"),
        (chunk(b"cHRM", struct.pack(">8I", 31270, 32900, *[30000] * 6)), "primaries"),
        (chunk(b"cHRM", b"\xff" * 32), "primaries"),
        (chunk(b"cICP", bytes((200, 13, 0, 1))), "code points 200"),
        (chunk(b"cICP", bytes((9, 16, 0, 1))), "HDR"),
    ],
    ids=[
        *("gAMA of zero", "gAMA of ones", "cHRM of zeros", "cHRM of one colour", "cHRM of ones"),
        *("cICP 200", "cICP of HDR"),
    ],
)
def test_colour_that_cannot_be_is_taken_as_srgb_with_a_warning(body, said):
    values = colours()
    photo = open_photo(with_chunks(values, body))
    assert said in photo.warnings[0]
    assert np.array_equal(photo.pixels, values)
    assert photo.profile is None


def test_the_given_cases_look_as_they_should(cases):
    linear, adobe = (open_photo(cases / f"png-{name}.png") for name in ("linear-gama", "chrm-adobe"))
    assert linear.working().mean() == pytest.approx(0.61, abs=0.005)
    assert np.abs(linear.working() - adobe.working()).max() < 0.002  # one scene, stored in two ways


def test_a_text_with_a_wrong_checksum_costs_the_text_and_not_the_photo(cases, picture):
    photo = open_photo(cases / "png-text-crc.png")
    assert photo.pixels.shape == (120, 160, 3)
    assert "wrong checksum are left out: 'tEXt'" in photo.warnings[0]
    whole = bytearray(with_chunks(picture()))
    whole[whole.index(b"IDAT") + 9] ^= 1
    with pytest.raises(UnreadablePhoto, match="'IDAT' is cut short or has a wrong checksum"):
        open_photo(bytes(whole))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_large_texts_and_profiles_refuse_no_photo(picture, dtype, gps_xmp):
    text = np.random.default_rng(0).integers(65, 91, 3 << 20, dtype=np.uint8).tobytes()
    xmp = gps_xmp.replace(b"<rdf:RDF", b"<!--" + text[: 2 << 20] + b"--><rdf:RDF")
    photo = open_photo(
        with_chunks(
            picture(dtype=dtype),
            chunk(b"iCCP", b"icc\0\0" + zlib.compress(_profile() + bytes(3 << 20))),
            chunk(b"tEXt", b"Comment\0" + text),
            chunk(b"zTXt", b"Comment\0\0" + zlib.compress(text)),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)),
        )
    )
    assert photo.xmp == xmp
    assert photo.profile is not None
    assert photo.pixels.size == picture().size  # turned, as the packet says


def _profile() -> bytes:
    from veraretouch.core.photo.color.icc import DISPLAY_P3

    return DISPLAY_P3


def test_exif_whose_tags_share_one_value_is_not_written_as_hundreds_of_megabytes(picture):
    rows = b"".join(struct.pack("<HHII", 0x9C00 + number, 7, 50_000, 100) for number in range(4000))
    block = b"II*\0" + struct.pack("<IH", 8, 4000) + rows + bytes(12_000)
    data = with_chunks(picture(), chunk(b"eXIf", block))
    tracemalloc.start()
    written = open_photo(data).encode("png")
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()
    assert len(written) < 4 * len(data)


def test_a_text_that_swells_is_left_out_and_costs_neither_memory_nor_time(odd, picture):
    bomb = zlib.compress(bytes(200 << 20), 9)
    texts = [chunk(b"zTXt", b"Raw profile type exif\0\0" + bomb)] * 8
    texts += [chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb)] * 8
    data = with_chunks(picture(), *texts)
    tracemalloc.start()
    start = time.process_time()
    photo = open_photo(data)
    assert time.process_time() - start < 2 + 2 * len(data) / 1e6
    assert tracemalloc.get_traced_memory()[1] < 256 << 20
    tracemalloc.stop()
    assert "left out" in photo.warnings[-1]
    assert np.array_equal(photo.pixels, picture())
    assert open_photo(odd / "png_decompression_dos.png").pixels.size > 0


def interlaced(pixels: np.ndarray) -> bytes:
    """An 8-bit RGB PNG in the seven passes of Adam7, which Pillow does not write."""
    lines = b""
    for x, y, across, down in (
        *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
        *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
    ):
        lines += b"".join(b"\0" + row.tobytes() for row in pixels[y::down, x::across])
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def saved(pixels: np.ndarray, mode: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "interlaced", "palette", "bilevel", "grey and alpha"])
def test_a_png_cut_short_is_refused_and_its_upper_part_salvaged(picture, kind):
    scene = picture(81, 123)
    scene = scene ^ np.random.default_rng(1).integers(0, 8, scene.shape, dtype=np.uint8)
    whole = {
        "8 bit": lambda: as_photo(scene).encode("png"),
        "16 bit": lambda: as_photo(scene.astype(np.uint16) * 257).encode("png"),
        "interlaced": lambda: interlaced(scene),
        "palette": lambda: saved(scene, "P"),
        "bilevel": lambda: saved(scene, "1"),
        "grey and alpha": lambda: saved(scene, "LA"),
    }[kind]()
    right = open_photo(whole)
    assert right.warnings == ()
    noise = whole[: len(whole) // 2] + np.random.default_rng(2).bytes(200) + whole[len(whole) // 2 + 200 :]
    for spoilt in (whole[: len(whole) * 3 // 5], noise):
        with pytest.raises(UnreadablePhoto, match=r"is damaged.*IDAT.*--salvage"):
            open_photo(spoilt)
        found = open_photo(spoilt, salvage=True)
        assert found.pixels.shape == right.pixels.shape
        assert found.warnings[0].startswith("damaged: the chunk 'IDAT'")
        same = (found.pixels == right.pixels).all(axis=2)
        if kind == "interlaced":
            assert same[::8, ::8].all()
        else:
            assert same[: 81 // 4].all()


def test_a_png_without_its_end_is_refused_and_salvaged_whole(picture):
    whole = as_photo(picture()).encode("png")
    with pytest.raises(UnreadablePhoto, match="ends before its last chunk"):
        open_photo(whole[:-12])
    assert np.array_equal(open_photo(whole[:-12], salvage=True).pixels, picture())


def test_a_png_of_which_nothing_is_left_is_refused_even_with_salvage(picture):
    whole = as_photo(picture()).encode("png")
    with pytest.raises(UnreadablePhoto, match="nothing of this PNG could be salvaged"):
        open_photo(whole[: whole.index(b"IDAT") + 5], salvage=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_that_end_too_early_within_whole_chunks_are_no_picture(picture, dtype):
    whole = as_photo(picture(dtype=dtype)).encode("png")
    at = whole.index(b"IDAT") - 4
    lines = zlib.decompress(whole[at + 8 : at + 8 + int.from_bytes(whole[at : at + 4], "big")])
    short = whole[:at] + chunk(b"IDAT", zlib.compress(lines[: len(lines) // 2])) + chunk(b"IEND", b"")
    with pytest.raises(UnreadablePhoto, match="is damaged"):
        open_photo(short)
    found = open_photo(short, salvage=True)
    assert np.array_equal(found.pixels[:19], picture(dtype=dtype)[:19])


@pytest.mark.parametrize("palette", [b"", None], ids=["empty", "missing"])
def test_a_palette_that_is_missing_is_no_black_picture(palette):
    file = io.BytesIO()
    Image.fromarray(np.tile(np.arange(12, dtype=np.uint8) * 20, (8, 1))).convert("P").save(file, "PNG")
    data = file.getvalue()
    at = data.index(b"PLTE") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    spoilt = data[:at] + (b"" if palette is None else chunk(b"PLTE", palette)) + data[at + 12 + size :]
    for salvage in (False, True):
        with pytest.raises(UnreadablePhoto, match="its palette is missing"):
            open_photo(spoilt, salvage=salvage)


@pytest.mark.parametrize("told", [None, "", "\x01\x7f\x02", "\u00e9\u00df"], ids=["real", "none", "bytes", "letters"])
def test_a_reason_that_the_decoder_garbled_is_not_shown(monkeypatch, told):
    """Of a second IHDR imagecodecs reads libpng's complaint from where it no longer is."""

    def garble(data):
        raise RuntimeError(told)

    if told is not None:
        monkeypatch.setattr("imagecodecs.png_decode", garble)
    data = as_photo(np.full((8, 16, 3), 128, np.uint8)).encode("png")
    with pytest.raises(UnreadablePhoto, match="its chunks are not those of a PNG"):
        open_photo(data[:33] + data[8:33] + data[33:])
