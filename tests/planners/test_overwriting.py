"""A photo in its own place is replaced by less than it holds only if that is said twice; what is its file's stays."""

import os
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from gain_maps import apple_heic, ultra_hdr
from PIL import Image
from typer.testing import CliRunner

from veraretouch import registry
from veraretouch.core.cli.shell import app
from veraretouch.core.photo import open_photo

PLUGINS = Path(__file__).parents[1] / "data" / "plugins"
GAIN_MAP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>
</rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def replace(tmp_path, monkeypatch):
    """Retouch a photo in its own place by a stranger's planner; nothing else is left in its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLUGINS / "fake")
    registry.planners.refresh()

    def invoke(photo, *options, code=0):
        before = {path.name for path in tmp_path.iterdir()}
        wish = ("auto", photo, "--out", photo, "--overwrite", "--planner", "fake.brighten", *options)
        result = CliRunner().invoke(app, list(map(str, wish)))
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        assert {path.name for path in tmp_path.iterdir()} == before
        return result

    yield invoke
    registry.planners.refresh()
    sys.modules.pop("fake_planner", None)


def pages():
    return [Image.fromarray(np.full((8, 12, 3), level, dtype=np.uint8)) for level in (60, 90, 120)]


def of_many_pages(path):
    first, *rest = pages()
    first.save(path, save_all=True, append_images=rest)


def of_a_gain_map(path):
    pages()[0].save(path, xmp=GAIN_MAP)


def of_ultra_hdr(path):
    Path(path).write_bytes(ultra_hdr(np.full((80, 120, 3), 90, dtype=np.uint8)))


def of_apple(path):
    pytest.importorskip("pillow_heif")
    Path(path).write_bytes(apple_heic(np.full((80, 120, 3), 90, dtype=np.uint8)))


def of_pixels(path):
    Image.fromarray(np.full((80, 120, 3), 90, dtype=np.uint8)).save(path)


@pytest.mark.parametrize(
    ("name", "make", "options", "loss"),
    [
        ("pages.tif", of_many_pages, (), "3 frames or pages: only the first is read"),
        ("pages.webp", of_many_pages, (), "3 frames or pages"),
        ("hdr.jpg", of_a_gain_map, (), "HDR gain map"),
        ("ultra.jpg", of_ultra_hdr, (), "HDR gain map"),
        ("apple.heic", of_apple, (), "HDR gain map"),
        ("small.png", of_pixels, ("--preview", "60"), "--preview 60 is less than its 120 pixels"),
        ("small.jpg", of_pixels, ("--max-size", "119"), "--max-size 119 is less than its 120 pixels"),
    ],
)
def test_a_photo_is_replaced_by_less_only_if_that_is_said_twice(replace, name, make, options, loss):
    make(name)
    before = Path(name).read_bytes()
    told = replace(name, *options, code=1)
    assert f"Error: '{name}' would be replaced by less than it holds: " in told.stderr
    assert loss in told.stderr
    assert "--overwrite --lossy" in told.stderr
    assert told.stdout == ""
    assert Path(name).read_bytes() == before
    if loss != "HDR gain map":  # which a header does not tell of
        assert loss in replace(name, *options, "--dry-run", code=1).stderr
    replace(name, *options, "--lossy")
    assert Path(name).read_bytes() != before
    assert open_photo(name).width == {"--preview": 60, "--max-size": 119}.get(
        *options[:1] or [""], open_photo(name).width
    )


def test_a_photo_that_loses_nothing_is_replaced_as_before(replace, photos):
    before = photos[0].read_bytes()
    replace("a.jpg", "--max-size", "160", "--preview", "4000")
    assert photos[0].read_bytes() != before
    assert open_photo("a.jpg").width == 160


def test_pages_stand_in_the_way_of_no_other_name(replace, tmp_path):
    of_many_pages("pages.tif")
    run = ("auto", "pages.tif", "--planner", "fake.brighten", "--out", "other.tif", "--max-size", "5")
    assert CliRunner().invoke(app, run).exit_code == 0
    assert open_photo("other.tif").width == 5


@pytest.mark.skipif(sys.platform == "win32", reason="mode bits are of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_mode_bits_owner_and_times_of_the_photo_stay(replace, photos, mode):
    before = photos[0].read_bytes()
    photos[0].chmod(mode)
    os.utime(photos[0], ns=(10**18, 1_234_567_890 * 10**9))
    owner = (12345, 23456) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    os.chown(photos[0], *owner)
    replace("a.jpg")
    after = photos[0].stat()
    assert photos[0].read_bytes() != before
    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == owner
    assert after.st_mtime_ns == 1_234_567_890 * 10**9


def test_another_file_that_is_replaced_gets_the_time_of_its_making(replace, photos):
    shutil.copy("b.jpg", "c.jpg")
    os.utime("c.jpg", (10**9, 10**9))
    assert (
        CliRunner()
        .invoke(app, ["auto", "a.jpg", "--planner", "fake.brighten", "--out", "c.jpg", "--overwrite"])
        .exit_code
        == 0
    )
    assert Path("c.jpg").stat().st_mtime > 1.5 * 10**9
