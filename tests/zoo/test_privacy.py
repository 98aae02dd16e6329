"""What a photo tells of place, camera and wish is gone from pictures that were asked to be stripped of it."""

import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from veraretouch.core.photo import open_photo

DEGREES = (8767, 1000)  # a rational that is easily found
DATE = "2023:04:05"
PLACES = {
    "attribute": "48,8.7654321N",
    "element": "11,34.7654321E",
    "nested": "12,34.1234567E",
    "drone": "+48.7654999",
    "city": "Zanzibarville",
}
SERIALS = {
    "body": "SN-BODY-7654321",
    "lens": "SN-LENS-7654321",
    "DNG": "SN-DNG-7654321",
    "note": "SN-NOTE-7654321",
    "aux": "SN-AUX-7654321",
    "owner": "Ann Oewner",
}
PROMPT = "dreamy zanzibarish pink"
FORMATS = ("jpg", "png", "webp", "tif", "heic")

XMP = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmlns:exifEX="http://cipa.jp/exif/1.0/" xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:dji="http://www.dji.com/drone-dji/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 dji:GpsLatitude="{PLACES["drone"]}" dji:Latitude="{PLACES["drone"]}" photoshop:City="{PLACES["city"]}"
 exif:GPSLatitude="{PLACES["attribute"]}" aux:SerialNumber="{SERIALS["aux"]}"
 exifEX:BodySerialNumber="{SERIALS["body"]}">
<exif:GPSLongitude>{PLACES["element"]}</exif:GPSLongitude>
<ext:LocationShown><rdf:Bag><rdf:li rdf:parseType="Resource"><exif:GPSLongitude>{PLACES["nested"]}</exif:GPSLongitude>
</rdf:li></rdf:Bag></ext:LocationShown></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def folder(tmp_path):
    """A photo in each format; all of them tell everything."""
    exif = Image.Exif()
    exif[0xC62F] = SERIALS["DNG"]
    inner, place = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    inner[0xA430], inner[0xA431], inner[0xA435] = SERIALS["owner"], SERIALS["body"], SERIALS["lens"]
    inner[0x927C] = b"NOTE\0\0" + SERIALS["note"].encode()
    place[1], place[2], place[0x1D] = "N", (IFDRational(*DEGREES), IFDRational(0), IFDRational(0)), DATE
    y, x = np.mgrid[0:64, 0:96] / 96
    picture = Image.fromarray((np.dstack([x, y, 1 - x]) * 255).astype(np.uint8))
    picture.save(tmp_path / "camera.jpg", exif=exif, xmp=XMP.encode(), quality=95)
    (tmp_path / "photos").mkdir()
    for suffix in FORMATS:
        open_photo(tmp_path / "camera.jpg").save(tmp_path / "photos" / f"{suffix}.{suffix}")
    return tmp_path / "photos"


def told(path):
    """Everything that a file says, compressed parts opened."""
    data = path.read_bytes()
    parts = [data]
    for mark in (b"x\x01", b"x\x9c", b"x\xda"):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            try:
                parts.append(zlib.decompressobj().decompress(data[place:], 10**6))
            except zlib.error:
                continue
    return b"".join(parts)


def leaks(path, *words):
    """Which of these words a file tells, in any usual coding; numbers are a TIFF rational."""
    content = told(path)

    def codings(word):
        if isinstance(word, tuple):
            return [b"".join(number.to_bytes(4, order) for number in word) for order in ("little", "big")]
        return [word.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")]

    return [word for word in words if any(coding in content for coding in codings(word))]


def retouched(cli, folder, *options):
    """The pictures that a run has written, by format, and every file that it has written."""
    out = folder.parent / "out"
    cli("style", PROMPT, folder, "--out", out, "--jobs", 1, *options)
    pictures = {path.suffix[1:]: path for path in out.rglob("*") if path.stem == path.suffix[1:]}
    assert sorted(pictures) == sorted(FORMATS)
    return pictures, [path for path in out.rglob("*") if path.is_file()]


EVERYTHING = (DEGREES, DATE, *PLACES.values(), *SERIALS.values())


def test_what_is_not_stripped_is_kept_and_would_be_seen_by_these_tests_but_the_prompt_is_in_no_picture(cli, folder):
    pictures, written = retouched(cli, folder)
    for suffix, path in pictures.items():
        # Of a TIFF's first directory only what describes the photo is carried on.
        kept = set(EVERYTHING) - ({SERIALS["DNG"]} if suffix == "tif" else set())
        assert set(leaks(path, *EVERYTHING)) == kept, suffix
    for path in written:
        assert leaks(path, PROMPT, "zanzibarish") == [], path.name


def test_positions_are_gone_where_they_were_to_be_stripped(cli, folder):
    pictures, written = retouched(cli, folder, "--strip", "gps", "--compare")
    for path in written:
        assert leaks(path, DEGREES, DATE, *PLACES.values(), PROMPT) == [], path.name
    assert leaks(pictures["jpg"], SERIALS["body"])  # which were not asked for


def test_serial_numbers_owner_and_prompt_are_gone_as_well_where_all_was_to_be_stripped(cli, folder):
    _, written = retouched(cli, folder, "--strip", "all", "--compare")
    for path in written:
        assert leaks(path, *EVERYTHING, PROMPT, "zanzibarish") == [], path.name
