"""A thousand files of all formats, whole and damaged: each is written right, or refused with one line.

tests/helpers/documents/thousand_files.py makes them; a process of its own retouches them; exiftool and decoders of
others judge what was written.
"""

import json
import shutil
import subprocess
import sys

import pytest
import retouched_files
from exiftool_facts import facts
from seen_pixels import seen_pixels
from thousand_files import make

from veraretouch.core.photo.suffixes import suffix_to_write

OUT = (".jpg", ".png", ".tif", ".webp", ".heic", ".avif", ".jxl")
MEMORY = 64 * 2**20  # bytes above what the process held before the file, whose picture has 15,000 pixels at most
SECONDS = 2.0
LOSSY = 10.0  # of 255, on average: palettes, 4:2:0
# What a whole file may give cause to say: of pages and frames, of inks, and what the new format has no place for.
SAID = ("only the first", "CMYK without", "has no place for IPTC", "holds no transparency")
pytestmark = [
    pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc measures the memory"),
]
for _package in ("pyjpegxl", "pillow_heif", "rawpy"):
    pytest.importorskip(_package)


def target(made, number, folder):
    """Half of the files keep their format; half of all keep their picture, too (strength 0)."""
    suffix = OUT[number // 2 % len(OUT)] if number % 2 == 0 else f".{suffix_to_write(made.path).lower()}"
    return folder / f"{made.path.stem}{suffix}", 0.0 if number // 2 % 2 else 1.0


@pytest.mark.parametrize(
    ("count", "seed"), [(60, 7), *(pytest.param(1000, seed, marks=pytest.mark.slow) for seed in range(3))]
)
def test_each_file_is_written_right_or_refused_with_one_line(tmp_path, record_property, count, seed):
    made = make(tmp_path / "in", count=count, seed=seed)
    (tmp_path / "out").mkdir()
    jobs = [(one.path, *target(one, number, tmp_path / "out")) for number, one in enumerate(made)]
    (tmp_path / "jobs.json").write_text(json.dumps([[str(a), str(b), strength] for a, b, strength in jobs]), "utf-8")
    words = [sys.executable, retouched_files.__file__, str(tmp_path / "jobs.json")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60 + 2 * count)
    assert (done.returncode, done.stderr) == (0, "")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    written = [number for number, record in enumerate(records) if not record["error"]]
    before = facts([made[number].path for number in written], tmp_path / "arguments")
    after = facts([jobs[number][1] for number in written], tmp_path / "arguments")
    whole = facts([made[number].whole or made[number].path for number in written], tmp_path / "arguments")
    figures = {
        "files": len(records),
        "written": len(written),
        "of the damaged": sum(bool(made[number].damage) for number in written),
        "seconds at most": max(record["seconds"] for record in records),
        "MB at most": round(max(record["memory"] for record in records) / 2**20, 1),
    }
    record_property("figures", figures)
    print(figures)
    faults = {}
    for one, record in zip(made, records, strict=True):
        faults.setdefault(one.path.name, []).extend(faults_of_run(one, record))
    for number, told, tells, origin in zip(written, before, after, whole, strict=True):
        one, (_, path, strength), said = made[number], jobs[number], records[number]["warnings"]
        found = faults_of_facts(told, tells, origin, explained=bool(one.damage and (said or told["complaint"])))
        if not one.damage and strength == 0 and one.expected is not None:
            found += faults_of_pixels(one.expected, path)
        elif one.damage:
            seen_pixels(path)  # whatever the damage, what was written is a photo
        faults[one.path.name].extend(found)
    assert {name: found for name, found in faults.items() if found} == {}


def faults_of_run(one, record):
    found = [f"{record['seconds']} s"] if record["seconds"] > SECONDS else []
    if record["memory"] > MEMORY:
        found.append(f"{record['memory'] / 2**20:.0f} MB")
    if record["foreign"] or not record["ours"] or "\n" in record["error"]:
        found.append(f"{record['foreign']} {record['error']}")
    if not one.damage:
        if record["error"]:
            found.append(record["error"])
        found += [said for said in record["warnings"] if not any(part in said for part in SAID)]
    return found


def faults_of_facts(told, tells, whole, *, explained):
    """What exiftool finds otherwise afterwards; of a damaged file that somebody complained of, nothing is asked.

    More may be found than exiftool finds in a damaged file, if the `whole` one says so: of a box whose size was set to
    0, which is to say that it goes on to the file's end (ISO/IEC 14496-12, 4.2), exiftool 12.57 reads nothing.
    """
    found = [] if tells["orientation"] == 1 else [f"orientation {tells['orientation']}"]
    if tells["complaint"] and not told["complaint"]:
        found.append(f"exiftool: {tells['complaint']}")
    for name in {} if explained else sorted((told.keys() | tells.keys()) - {"orientation", "complaint"}):
        one, other = told.get(name), tells.get(name)
        if name == "resolution":
            if one is not None and (other is None or abs(one - other) > 0.6):  # JFIF holds whole numbers
                found.append(f"{name}: {one} became {other}")
        elif one != other and not set(one or ()) <= set(other or ()) <= {*(one or ()), *whole.get(name, ())}:
            found.append(f"{name}: {one} became {other}")
    return found


def faults_of_pixels(expected, path):
    seen = seen_pixels(path)
    if seen.shape != expected.shape:
        return [f"{seen.shape} instead of {expected.shape}"]
    error = abs(seen - expected).mean()
    return [f"off by {error:.1f} on average"] if error > LOSSY else []


@pytest.mark.slow
def test_the_command_writes_each_file_or_refuses_it_with_one_line(tmp_path, cli):
    made = make(tmp_path / "in", count=120, seed=5)
    chosen = made[:8] + made[60:84]
    done = cli("auto", *(one.path for one in chosen), "--out", tmp_path / "out", code=1)
    lines = done.stderr.splitlines()
    refused = [line for line in lines if line.startswith("Error: ")]
    assert all(line.startswith(("Error: ", "Warning: ")) or " written, " in line for line in lines), done.stderr
    written = {path.stem for path in (tmp_path / "out").iterdir()}
    for one in chosen:
        told = [line for line in refused if f"{one.path.name}: " in line]
        assert len(told) == (one.path.stem not in written), one.path.name
    assert {one.path.stem for one in chosen if not one.damage} <= written


def test_the_same_seed_makes_the_same_files(tmp_path):
    for folder in ("a", "b"):
        make(tmp_path / folder, count=70, seed=11)
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_a_failed_expectation_is_seen():
    told, tells = {"orientation": 1, "complaint": "", "artist": ["A"]}, {"orientation": 6, "complaint": ""}
    expected = ["orientation 6", "artist: ['A'] became None"]
    assert faults_of_facts(told, tells, told, explained=False) == expected
    other = told | {"artist": ["A", "B"], "taken": ["2020"]}
    assert faults_of_facts(told, other, told, explained=False) == [
        "artist: ['A'] became ['A', 'B']",
        "taken: None became ['2020']",
    ]
    assert faults_of_facts(told, other, other, explained=False) == []  # the file that was damaged held both
    assert faults_of_facts(other, told, other, explained=False) != []
