"""Files that were cut, stretched and spoilt: each is read, or refused by an error of ours, in bounded time and memory.

Hypothesis draws a file of the corpus and what is done to it, and shrinks what fails. `make attack` draws for as many
seconds of processor time as VERARETOUCH_FUZZ_SECONDS says for each kind of file, and prints how many files it tried
and what the worst of them cost; the ordinary run draws a few.
"""

import os
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from retouched_files import forget, held

from veraretouch import Plan, errors
from veraretouch.core import strict_json
from veraretouch.core.lut.files import read_table
from veraretouch.core.photo import open_photo
from veraretouch.ops.presets import read_preset
from veraretouch.zoo.bundles.manifest import Manifest

TESTS = Path(__file__).parents[1]
CORPUS = Path(__file__).parent / "corpus"
CASES = TESTS / "data" / "cases"
SECONDS = float(os.environ.get("VERARETOUCH_FUZZ_SECONDS", "0"))
EXAMPLES = 200 if SECONDS else 25  # a round
MEMORY = 256 * 2**20  # bytes above the idle process and the announced pixels
PIXELS = 2_000_000  # that a photo may have here; each takes at most some 60 bytes on its way
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc measures the memory")

TOKENS = [
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b"0",
        b"-1",
        b"1e999",
        b"NaN",
        b"null",
        b"\0",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
    ),
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<rdf:li>", b"</rdf:li>", b"crs:", b"LUT_3D_SIZE 129", b"LUT_1D_SIZE 65536"),
    *(b"IDAT", b"zTXt", b"\xff\xe1", b"Exif\0\0", b"II*\0", b"\x04\0\0\0"),
]


def _plan(path):
    Plan.load(path)


def _index(path):
    strict_json.load(path, "index", name="index")


def _photo(path):
    try:
        photo = open_photo(path, max_pixels=PIXELS)
    except errors.UnreadablePhoto:
        photo = open_photo(path, max_pixels=PIXELS, salvage=True)
    photo.working()
    photo.save(path.with_suffix(".out.png"))


KINDS = {
    "plan": (_plan, [CORPUS / "plan.json"]),
    "xmp": (read_preset, [CASES / "pointcolor-rest.xmp", *sorted((TESTS / "data" / "presets").glob("*.xmp"))]),
    "cube": (read_table, [CORPUS / "identity.cube", *sorted(CASES.glob("*.cube"))]),
    "bundle": (Manifest, [TESTS.parent / "planners" / "tiny" / "bundle" / "bundle.json"]),
    "exif": (_photo, sorted(CASES.glob("jpeg-*.jpg"))),
    "png": (_photo, sorted(CASES.glob("png-*.png"))),
    "tiff": (_photo, [*sorted(CASES.glob("tiff-*.tif")), *sorted(CORPUS.glob("*.tif"))]),
    "container": (
        _photo,
        [path for kind in ("webp", "heic", "avif", "jxl", "gif", "bmp") for path in sorted(CORPUS.glob(f"*.{kind}"))],
    ),
    "raw": (_photo, [CASES / "raw.dng"]),
    "index": (_index, [CORPUS / "index.json", TESTS.parent / "zoo" / "index.json"]),
}

places = st.floats(0, 1, exclude_max=True)
changes = st.one_of(
    st.tuples(st.just("put"), places, st.sampled_from(TOKENS)),
    st.tuples(st.just("put"), places, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("set"), places, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("cut"), places, st.integers(1, 400)),
    st.tuples(st.just("copy"), places, st.integers(1, 400)),
    st.tuples(st.just("repeat"), places, st.tuples(st.sampled_from(TOKENS), st.integers(2, 20_000))),
    st.tuples(st.just("end"), places, st.none()),
)


def spoil(data, drawn):
    """The data after each change, at most 4 MB of it."""
    for what, share, how in drawn:
        place = int(share * len(data))
        if what == "put":
            data = data[:place] + how + data[place:]
        elif what == "set":
            data = data[:place] + how + data[place + len(how) :]
        elif what == "cut":
            data = data[:place] + data[place + how :]
        elif what == "copy":
            data = data[:place] + data[place : place + how] * 50 + data[place:]
        elif what == "repeat":
            data = data[:place] + how[0] * how[1] + data[place:]
        else:
            data = data[:place]
    return data[: 4 * 2**20]


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoilt_file_is_read_or_refused_in_bounded_time_and_memory(kind, tmp_path):
    read, files = KINDS[kind]
    seeds = [path for path in files if path.is_file()]
    assert seeds
    for path in seeds:  # warm up: what the libraries keep is nobody's
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(errors.VeraRetouchError):
                read(_copied(path.read_bytes(), path.suffix, tmp_path))
    end = time.process_time() + SECONDS
    worst = {"files": 0, "MB": 0.0, "seconds": 0.0, "of 1 s + 2 s a megabyte": 0.0}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(seeds), st.lists(changes, min_size=1, max_size=6))
    def attack(path, drawn):
        data = spoil(path.read_bytes(), drawn)
        target = _copied(data, path.suffix, tmp_path)
        forget()
        before, start = held("VmRSS"), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(errors.VeraRetouchError):
                read(target)
        spent, memory, ordinary = time.process_time() - start, held("VmHWM") - before, 1 + 2 * len(data) / 1e6
        worst["files"] += 1
        costs = {"MB": memory / 2**20, "seconds": spent, "of 1 s + 2 s a megabyte": spent / ordinary}
        worst.update({name: max(worst[name], round(cost, 2)) for name, cost in costs.items()})
        assert spent < ordinary + 2e-6 * PIXELS * (read is _photo), f"{spent:.1f} s"
        assert memory < MEMORY + 60 * PIXELS * (read is _photo), f"{memory / 2**20:.0f} MB"

    for number in count():  # one round, or as many as the seconds allow, each of other files
        seed(number)(attack)()
        if time.process_time() >= end:
            break
    print(f"{kind}: {worst}")


def _copied(data, suffix, folder):
    path = folder / f"spoilt{suffix}"
    path.write_bytes(data)
    return path


@pytest.mark.slow
def test_a_minute_of_fuzzing_for_each_kind_finds_nothing():
    words = [sys.executable, "-m", "pytest", "-q", str(Path(__file__)), "-m", "not slow"]
    done = subprocess.run(words, env=os.environ | {"VERARETOUCH_FUZZ_SECONDS": "60"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
