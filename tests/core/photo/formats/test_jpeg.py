"""A JPEG's damage is told apart from harmless oddities, and never swallowed."""

from __future__ import annotations

import contextlib
import io
import time

import numpy as np
import pytest
from gain_maps import ultra_hdr
from PIL import Image

from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.photo import open_photo


def jpeg(pixels: np.ndarray, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def scene(request) -> np.ndarray:
    with Image.open(request.path.parents[3] / "data" / "photos" / "kodak-02.jpg") as image:
        return np.array(image)


def test_a_ruined_sector_is_refused_with_the_decoders_reason_and_salvaged_on_demand(cases):
    path = cases / "jpeg-ruined-sector.jpg"
    with pytest.raises(UnreadablePhoto, match=r"jpeg-ruined-sector\.jpg' is damaged.*extraneous bytes.*--salvage"):
        open_photo(path)
    photo = open_photo(path, salvage=True)
    assert photo.pixels.shape == (512, 768, 3)
    assert photo.warnings[0].startswith("damaged: Corrupt JPEG data")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
def test_noise_in_the_scan_is_refused_and_what_is_left_can_be_salvaged(scene, mode, options):
    whole = jpeg(scene, mode, **options)
    generator = np.random.default_rng(5)
    for place in (0.3, 0.6, 0.9):
        spoilt = bytearray(whole)
        at = int(len(whole) * place)
        spoilt[at : at + 2000] = generator.bytes(len(spoilt[at : at + 2000]))
        with pytest.raises(UnreadablePhoto, match="damaged"):
            open_photo(bytes(spoilt))
    cut = whole[: len(whole) // 2]
    with pytest.raises(UnreadablePhoto, match="damaged"):
        open_photo(cut)
    photo = open_photo(cut, salvage=True)
    assert "damaged" in photo.warnings[0]
    assert photo.pixels.shape == scene.shape


def test_a_clip_of_video_behind_the_picture_is_not_lost_in_silence(scene):
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MotionPhoto="{}"/>'
        "</rdf:RDF></x:xmpmeta>"
    )
    said = ("motion photo: its clip of video is dropped",)
    clip = b"\0\0\0\x18ftypmp42" + bytes(1000)
    assert open_photo(jpeg(scene, xmp=packet.format(1).encode()) + clip).warnings == said
    assert open_photo(jpeg(scene) + b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + clip).warnings == said
    assert open_photo(jpeg(scene, xmp=packet.format(0).encode())).warnings == ()


def test_the_end_mark_alone_may_be_missing(cases, scene):
    photo = open_photo(cases / "jpeg-no-eoi.jpg")
    assert "end is missing" in photo.warnings[0]
    for mode in ("RGB", "L", "CMYK"):
        whole = jpeg(scene, mode)
        assert np.array_equal(open_photo(whole[:-2]).pixels, open_photo(whole).pixels)
    assert open_photo(jpeg(scene) + bytes(1000)).warnings == ()  # what follows the end is no concern of the picture's


def test_a_file_by_others_that_lacks_the_last_byte_of_its_end_mark_is_read(odd):
    assert "end is missing" in open_photo(odd / "truncated_jpeg.jpg").warnings[0]


def test_padding_before_the_end_mark_is_no_damage(scene):
    whole = jpeg(scene)
    photo = open_photo(whole[:-2] + b"\0" * 8 + whole[-2:])
    assert np.array_equal(photo.pixels, open_photo(whole).pixels)


def test_twelve_bits_are_refused_by_name(cases):
    with pytest.raises(UnreadablePhoto, match="12 bits a channel is not read"):
        open_photo(cases / "jpeg-12bit.jpg")


def test_a_profile_with_a_part_missing_is_dropped_with_a_warning(cases):
    photo = open_photo(cases / "jpeg-icc-missing-part.jpg")
    assert photo.profile is None
    assert photo.warnings == ("colour profile lacks a part: dropped, the photo is taken as sRGB",)


def test_repeated_scans_of_a_progressive_jpeg_cost_no_time():
    flat = jpeg(np.full((2000, 3000), 128, np.uint8), "L", progressive=True)
    last = flat.rindex(b"\xff\xda")
    bomb = flat[:-2] + flat[last:-2] * 3000 + flat[-2:]
    start = time.process_time()
    with pytest.raises(UnreadablePhoto, match="more than 100 scans"):
        open_photo(bomb)
    assert time.process_time() - start < 2


def test_a_run_of_fill_bytes_costs_no_time():
    """Each of them once began a search that went on to the run's end: 20 KB took 2.6 s."""
    whole = jpeg(np.full((32, 32), 128, np.uint8), "L")
    bomb = whole[:-2] + b"\xff" * 300_000 + b"\x00" + whole[-2:]
    start = time.process_time()
    with contextlib.suppress(UnreadablePhoto):
        open_photo(bomb)
    assert time.process_time() - start < 2


def test_an_ultra_hdr_photo_loses_its_gain_map_with_a_warning_and_the_mark_of_it(scene, tmp_path):
    photo = open_photo(ultra_hdr(scene))
    assert photo.warnings == ("HDR gain map dropped: the photo is retouched and saved in standard range",)
    saved = photo.save(tmp_path / "a.jpg")
    assert b"hdr-gain-map" not in saved.read_bytes()  # which programs would look for
    assert open_photo(saved).warnings == ()
