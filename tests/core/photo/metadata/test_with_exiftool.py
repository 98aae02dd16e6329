"""What another program reads of our files.

The same dates, positions, names and resolution before and after; no position once they are stripped.
"""

import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from one_exiftool import ExifTool
from PIL import Image

from veraretouch.core.photo import PhotoWarning, SaveOptions, open_photo
from veraretouch.core.photo.metadata.xmp import for_saving

CASES = Path(__file__).parents[3] / "data" / "cases"
OUT = [".jpg", ".png", ".tif", ".webp", ".heic", ".avif", ".jxl"]
pytestmark = pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")

FACTS = ("DateTimeOriginal", "GPSLatitude", "GPSLongitude", "Artist", "Copyright")
PLACES = {
    "EXIF:GPSLatitude": "48.5",
    "EXIF:GPSLatitudeRef": "N",
    "EXIF:GPSLongitude": "11.25",
    "EXIF:GPSLongitudeRef": "E",
    "EXIF:GPSAltitude": "519",
    "XMP-exif:GPSLatitude": "48.5",
    "XMP-exif:GPSLongitude": "11.25",
    "XMP-photoshop:City": "Nowhere",
    "XMP-photoshop:State": "Nowhere",
    "XMP-photoshop:Country": "Nowhere",
    "XMP-iptcCore:Location": "Nowhere",
    "XMP-iptcCore:CountryCode": "NW",
    "XMP-iptcExt:LocationShownCity": "Nowhere",
    "XMP-iptcExt:LocationShownSublocation": "Nowhere",
    "XMP-iptcExt:LocationCreatedCountryName": "Nowhere",
    "XMP-iptcExt:LocationCreatedProvinceState": "Nowhere",
    "XMP-iptcExt:LocationCreatedGPSLatitude": "48.5",
    "XMP-xmpDM:ShotLocation": "Nowhere",
    "XMP-dwc:DecimalLatitude": "48.5",
    "XMP-dwc:Locality": "Nowhere",
    "XMP-dwc:StateProvince": "Nowhere",
    "IPTC:City": "Nowhere",
    "IPTC:Sub-location": "Nowhere",
    "IPTC:Province-State": "Nowhere",
    "IPTC:Country-PrimaryLocationName": "Nowhere",
    "IPTC:Country-PrimaryLocationCode": "NWH",
    "IPTC:ContentLocationName": "Nowhere",
}
KEPT = {
    "EXIF:Artist": "A. Nobody",
    "EXIF:DateTimeOriginal": "2024:05:06 07:08:09",
    "IPTC:Headline": "A headline",
    "XMP-dc:Title": "A title",
}


EXIFTOOL = ExifTool()


@pytest.fixture(scope="module", autouse=True)
def one_exiftool():
    yield
    EXIFTOOL.close()


def exiftool(path, *options):
    return json.loads(EXIFTOOL.run("-j", "-n", "-G1", *options, path))[0]


def facts(path):
    """What matters, by name alone: formats keep it in different places."""
    found = {key.rpartition(":")[2]: value for key, value in exiftool(path, *(f"-{name}" for name in FACTS)).items()}
    return {name: found[name] for name in FACTS if name in found}


def write(path, tags):
    EXIFTOOL.run("-n", "-overwrite_original", *(f"-{k}={v}" for k, v in tags.items()), path)


@pytest.mark.parametrize("suffix", OUT)
@pytest.mark.parametrize(
    "name",
    ["jpeg-exif-ifd-pointer.jpg", "tiff-ifd-pointer.tif", "tiff-exif-in-ifd0.tif", "tiff-bigtiff-orientation6.tif"],
)
def test_dates_positions_and_names_are_the_same_and_the_photo_upright(tmp_path, name, suffix):
    photo = open_photo(CASES / name)
    saved = photo.save(tmp_path / f"out{suffix}")
    assert facts(saved) == facts(CASES / name)
    assert exiftool(saved, "-Orientation").get("IFD0:Orientation", 1) == 1
    if name.startswith("tiff"):
        assert photo.height > photo.width  # stored lying, as orientation 6 says


@pytest.mark.parametrize("suffix", OUT)
def test_the_resolution_is_carried_into_every_format(tmp_path, suffix):
    saved = open_photo(CASES / "jpeg-300dpi.jpg").save(tmp_path / f"out{suffix}")
    found = exiftool(saved, "-XResolution", "-ResolutionUnit", "-PixelsPerUnitX", "-PixelUnits")
    dpi = next((value for key, value in found.items() if key.endswith(":XResolution")), None)
    dpi = dpi or found["PNG-pHYs:PixelsPerUnitX"] * 0.0254
    assert dpi == pytest.approx(300, abs=0.02)


@pytest.mark.parametrize(("suffix", "unit"), [(".bmp", None), (".png", None), (".tif", 2)])
def test_the_resolution_of_every_format_is_read(tmp_path, suffix, unit):
    Image.new("RGB", (8, 8)).save(tmp_path / f"in{suffix}", dpi=(240, 120))
    photo = open_photo(tmp_path / f"in{suffix}")
    assert photo.annotations.resolution == pytest.approx((240, 120), abs=0.02)
    with Image.open(photo.save(tmp_path / "out.jpg")) as written:
        assert written.info["dpi"] == (240, 120)


@pytest.mark.parametrize("suffix", OUT)
def test_a_comment_is_kept(tmp_path, suffix):
    saved = open_photo(CASES / "jpeg-comment.jpg").save(tmp_path / f"out{suffix}")
    assert "A comment by nobody" in exiftool(saved, "-Comment", "-UserComment").values()


@pytest.mark.parametrize("suffix", OUT)
def test_texts_of_a_png_are_kept_whatever_the_format_calls_them(tmp_path, suffix):
    saved = open_photo(CASES / "png-texts.png").save(tmp_path / f"out{suffix}")
    found = set(exiftool(saved, "-Artist", "-Author", "-Copyright", "-Parameters", "-UserComment").values())
    assert {"A. Nobody", "(c) nobody", "a cat, steps: 20"} <= found


def test_texts_of_other_letters_stay_texts(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Author", "Ünïcøde 写真")
    info.add_text("Description", "long " * 500, zip=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "in.png", pnginfo=info)
    photo = open_photo(tmp_path / "in.png")
    found = exiftool(photo.save(tmp_path / "out.png"), "-charset", "UTF8", "-Author", "-Description")
    assert found["PNG:Author"] == "Ünïcøde 写真"
    assert found["PNG:Description"].strip() == ("long " * 500).strip()
    assert exiftool(photo.save(tmp_path / "out.jpg"), "-Artist")["IFD0:Artist"] == "Ünïcøde 写真"


def test_exif_too_long_for_a_jpeg_loses_the_makers_note_alone_and_says_so(tmp_path):
    with pytest.warns(PhotoWarning, match="maker's own note"):
        saved = open_photo(CASES / "jpeg-exif-over-64k.jpg").save(tmp_path / "out.jpg")
    assert facts(saved) == facts(CASES / "jpeg-exif-over-64k.jpg")
    assert len(exiftool(saved, "-Artist", "-Copyright", "-DateTimeOriginal")) == 4


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png"])
def test_iptc_is_carried(tmp_path, suffix):
    Image.new("RGB", (8, 8)).save(tmp_path / "in.jpg")
    write(tmp_path / "in.jpg", {"IPTC:Headline": "A headline", "IPTC:Keywords": "one", "IPTC:City": "Nowhere"})
    saved = open_photo(tmp_path / "in.jpg").save(tmp_path / f"out{suffix}")
    again = open_photo(saved).save(tmp_path / "again.jpg")
    for path in (saved, again):
        found = exiftool(path, "-IPTC:all")
        assert (found["IPTC:Headline"], found["IPTC:Keywords"], found["IPTC:City"]) == ("A headline", "one", "Nowhere")


def test_a_format_without_a_place_for_iptc_says_that_it_goes(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "in.jpg")
    write(tmp_path / "in.jpg", {"IPTC:Headline": "A headline"})
    with pytest.warns(PhotoWarning, match="no place for IPTC"):
        open_photo(tmp_path / "in.jpg").save(tmp_path / "out.webp")


@pytest.mark.parametrize(
    ("source", "suffix"), [*((".jpg", suffix) for suffix in OUT), (".tif", ".jpg"), (".tif", ".tif")]
)
def test_no_position_is_left_anywhere_and_everything_else_is(tmp_path, source, suffix):
    path = tmp_path / f"in{source}"
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(path)
    write(path, {**PLACES, **KEPT})
    before = exiftool(path)
    assert sum("Nowhere" in str(value) or "48.5" in str(value) for value in before.values()) >= 18
    photo = open_photo(path)
    options = SaveOptions(strip="gps")
    if suffix not in (".jpg", ".tif", ".png"):
        with pytest.warns(PhotoWarning, match="IPTC"):
            saved = photo.save(tmp_path / f"out{suffix}", options=options)
    else:
        saved = photo.save(tmp_path / f"out{suffix}", options=options)
    after = exiftool(saved)
    told = {k: v for k, v in after.items() if any(part in str(v) for part in ("Nowhere", "48.5", "11.25", "NWH", "NW"))}
    assert told == {}
    assert not [key for key in after if "GPS" in key and "VersionID" not in key]
    assert facts(saved)["Artist"] == "A. Nobody"
    assert after["XMP-dc:Title"] == "A title"
    if suffix in (".jpg", ".tif", ".png"):
        assert after["IPTC:Headline"] == "A headline"


def test_blocks_of_other_kinds_inside_exif_tell_no_position_either(tmp_path):
    """Programs have put XMP (700), IPTC (33723) and Photoshop's resources (34377) into EXIF's first directory."""
    from veraretouch.core.photo.metadata.exif import Exif, ExifTag, serialise

    places = b"Nowhere, 48.5"
    exif = Exif(image={tag: ExifTag(7, len(places), places) for tag in (700, 33723, 34377)})
    Image.new("RGB", (8, 8)).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + serialise(exif)[0])
    saved = open_photo(tmp_path / "in.jpg").save(tmp_path / "out.jpg", options=SaveOptions(strip="gps"))
    assert b"Nowhere" not in saved.read_bytes()


def test_a_position_hidden_in_a_long_name_takes_no_longer():
    """A quadratic expression took half a minute for 60 KB."""
    name = "a" * 40_000
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:z="urn:z" z:{name}="1" z:gps{name}="2"/></rdf:RDF></x:xmpmeta>'
    )
    start = time.process_time()
    left = for_saving(packet.encode(), width=8, height=8, strip_gps=True, notes={})
    assert time.process_time() - start < 1
    assert name.encode() in left
    assert b"gps" not in left


@pytest.mark.parametrize(("source", "suffix"), [(".gif", ".png"), (".dng", ".jpg"), (".dng", ".tif")])
def test_xmp_of_gifs_and_raws_is_carried(tmp_path, source, suffix):
    path = tmp_path / f"in{source}"
    if source == ".gif":
        Image.new("L", (8, 8)).save(path, comment=b"A comment")
    else:
        pytest.importorskip("rawpy")
        shutil.copy(CASES / "raw.dng", path)
    write(
        path, {"XMP-dc:Creator": "Ünïcøde 写真", "XMP-photoshop:DateCreated": "2024:05:06", "XMP-crs:Exposure2012": "1"}
    )
    found = exiftool(open_photo(path).save(tmp_path / f"out{suffix}"), "-charset", "UTF8", "-XMP:all", "-Comment")
    assert found["XMP-dc:Creator"] == "Ünïcøde 写真"
    assert "XMP-photoshop:DateCreated" in found
    if source == ".gif":
        assert found["PNG:Comment"] == "A comment"
    else:  # settings of the raw's development, which would be applied to the picture once more
        assert not any(key.startswith("XMP-crs") for key in found)


def test_xmp_that_nobody_can_read_is_dropped_with_a_warning(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "in.jpg", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><unclosed>")
    assert open_photo(tmp_path / "in.jpg").warnings == ("XMP unreadable: dropped",)


def test_xmp_of_more_than_64_kb_is_whole_in_a_jpeg_and_read_out_of_one_again(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "in.png")
    long = {"XMP-photoshop:Instructions": "x" * 70_000, "XMP-dc:Description": "y" * 150_000}
    write(tmp_path / "in.png", long | {"XMP-dc:Title": "A title", "XMP-dc:Creator": "Ünïcøde 写真"})
    saved = open_photo(tmp_path / "in.png").save(tmp_path / "out.jpg")
    again = open_photo(saved).save(tmp_path / "again.png")
    for path in (saved, again, open_photo(saved).save(tmp_path / "again.jpg")):
        found = exiftool(path, "-charset", "UTF8", "-XMP:all", "-Warning")
        assert {name: found.get(name) for name in long} == long
        assert (found["XMP-dc:Title"], found["XMP-dc:Creator"]) == ("A title", "Ünïcøde 写真")
        assert not [name for name in found if name.endswith("Warning")]


def test_xmp_whose_rest_is_missing_gives_what_is_there_and_says_so(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "in.png")
    write(tmp_path / "in.png", {"XMP-photoshop:Instructions": "x" * 70_000, "XMP-dc:Title": "A title"})
    data = open_photo(tmp_path / "in.png").encode("jpeg")
    photo = open_photo(data.replace(b"x" * 1000, b"z" * 1000, 1))
    assert photo.warnings == ("a part of the XMP is missing or damaged: left out",)
    assert b"A title" in photo.xmp


@pytest.mark.parametrize("suffix", OUT)
def test_resolution_and_names_of_exif_alone_are_kept_in_every_format(tmp_path, suffix):
    Image.new("RGB", (16, 16)).save(tmp_path / "in.webp")
    write(tmp_path / "in.webp", {"EXIF:XResolution": "300", "EXIF:YResolution": "150", "EXIF:Artist": "Ünïcøde 写真"})
    saved = open_photo(tmp_path / "in.webp").save(tmp_path / f"out{suffix}")
    found = exiftool(saved, "-charset", "UTF8", "-Artist", "-XResolution", "-YResolution")
    assert found["IFD0:Artist"] == "Ünïcøde 写真"
    assert (found["IFD0:XResolution"], found["IFD0:YResolution"]) == (300, 150)


def test_metadata_of_a_turned_avif_keep_their_letters(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (32, 16)).save(tmp_path / "in.avif", exif=exif)
    write(tmp_path / "in.avif", {"EXIF:Artist": "Ünïcøde 写真"})
    photo = open_photo(tmp_path / "in.avif")
    assert (photo.width, photo.height) == (16, 32)
    found = exiftool(photo.save(tmp_path / "out.avif"), "-charset", "UTF8", "-Artist", "-Orientation")
    assert found["IFD0:Artist"] == "Ünïcøde 写真"
    assert found.get("IFD0:Orientation", 1) == 1


def test_metadata_out_of_place_in_a_webp_are_read(tmp_path):
    """libwebp passes over them; exiftool and browsers do not."""
    Image.new("RGB", (16, 16)).save(tmp_path / "in.webp", lossless=True)
    write(tmp_path / "in.webp", {"EXIF:Artist": "A. Nobody", "XMP-dc:Title": "A title"})
    data = (tmp_path / "in.webp").read_bytes()
    chunks, at = [], 12
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append(data[at : end + end % 2])
        at = end + end % 2
    chunks.sort(key=lambda chunk: (b"VP8L", b"EXIF", b"XMP ", b"VP8X").index(chunk[:4]))
    found = exiftool(open_photo(data[:12] + b"".join(chunks)).save(tmp_path / "out.jpg"))
    assert (found["IFD0:Artist"], found["XMP-dc:Title"]) == ("A. Nobody", "A title")


@pytest.mark.skipif(shutil.which("exiv2") is None, reason="exiv2 is not installed")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("name", ["jpeg-exif-ifd-pointer.jpg", "tiff-ifd-pointer.tif", "tiff-exif-in-ifd0.tif"])
def test_exiv2_reads_the_same_of_our_files_as_exiftool(tmp_path, name, suffix):
    saved = open_photo(CASES / name).save(tmp_path / f"out{suffix}")
    done = subprocess.run(["exiv2", "-q", "-PEkv", "pr", saved], capture_output=True, text=True, check=True)
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if len(line.split(maxsplit=1)) == 2)
    keys = {
        "DateTimeOriginal": "Exif.Photo.DateTimeOriginal",
        "Artist": "Exif.Image.Artist",
        "Copyright": "Exif.Image.Copyright",
    }
    found = facts(saved)
    assert {tag for tag in keys if tag in found} == {tag for tag, key in keys.items() if key in told}
    for tag, key in keys.items():
        assert told.get(key, "").strip() == str(found.get(tag, "")).strip()
    for tag, key in (("GPSLatitude", "Exif.GPSInfo.GPSLatitude"), ("GPSLongitude", "Exif.GPSInfo.GPSLongitude")):
        if tag in found:
            degrees, minutes, seconds = (int(a) / int(b) for a, b in (part.split("/") for part in told[key].split()))
            assert degrees + minutes / 60 + seconds / 3600 == pytest.approx(found[tag], abs=1e-6)
    assert "Exif.Image.Artist" in told or "Exif.Photo.DateTimeOriginal" in told
