"""PNG's texts as chunks: read and written, with the blocks that other programs put into them."""

import zlib

from veraretouch.core.photo.formats.png_texts import raw_profile, text_chunks, texts_of
from veraretouch.core.photo.metadata import iptc
from veraretouch.core.photo.metadata.annotations import LONGEST, Annotations

DATASETS = b"\x1c\2\5\0\7A title"


def inflate(data):
    try:
        return zlib.decompress(data)
    except zlib.error:
        return None


def test_what_is_written_is_read_again_in_latin_and_in_other_letters():
    said = Annotations(
        iptc=DATASETS, comment="a comment", texts=(("Author", "Ünïcøde"), ("Title", "写真"), ("Author", "another"))
    )
    chunks = list(text_chunks(said))
    assert [kind for kind, _ in chunks] == [b"tEXt", b"tEXt", b"iTXt", b"tEXt", b"zTXt"]
    assert texts_of(chunks, inflate) == said


def test_compressed_texts_are_inflated_and_broken_ones_left_out():
    chunks = [
        (b"zTXt", b"Author\0\0" + zlib.compress("Ünïcøde".encode("latin-1"))),
        (b"iTXt", b"Title\0\1\0en\0Titel\0" + zlib.compress("写真".encode())),
        (b"zTXt", b"Source\0\0rubbish"),
        (b"iTXt", b"Cut"),
        (b"tEXt", b"\0no keyword"),
    ]
    assert texts_of(chunks, inflate).texts == (("Author", "Ünïcøde"), ("Title", "写真"))


def test_xmp_and_exif_are_no_texts():
    chunks = [(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"), (b"tEXt", b"Raw profile type exif\0\nexif\n 1\n00\n")]
    assert texts_of(chunks, inflate) == Annotations()


def test_iptc_is_found_with_and_without_photoshops_resource_around_it():
    for name, block in (
        (b"iptc", iptc.as_photoshop(DATASETS)),
        (b"iptc", DATASETS),
        (b"8bim", iptc.PHOTOSHOP + iptc.as_photoshop(DATASETS)),
    ):
        body = b"\n" + name + b"\n      18\n" + block.hex().encode() + b"\n"
        chunk = (b"tEXt", b"Raw profile type " + name + b"\0" + body)
        assert texts_of([chunk], inflate).iptc == DATASETS


def test_a_block_whose_digits_are_none_is_empty():
    assert raw_profile(b"tEXt", b"\niptc\n 2\nxyz\n", inflate) == b""
    assert raw_profile(b"zTXt", b"\0rubbish", inflate) == b""


def test_texts_are_cut_and_counted():
    chunks = [(b"tEXt", b"Author\0" + b"a" * (LONGEST + 5))] * 300
    found = texts_of(chunks, inflate).texts
    assert len(found) == 100
    assert {len(text) for _, text in found} == {LONGEST}


def test_keywords_keep_to_what_png_allows():
    chunks = list(text_chunks(Annotations(texts=(("k" * 200, "x"), ("  ", "y"), ("a", "nul\0inside")))))
    assert [body.partition(b"\0")[0] for _, body in chunks] == [b"k" * 79, b"a"]
    assert chunks[1][1].count(b"\0") == 1
