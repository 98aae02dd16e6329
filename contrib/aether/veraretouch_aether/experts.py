"""Experts' before/after pairs in the folders that people have: MIT-Adobe FiveK, PPR10K, or any two folders of equal names.

Layouts: FiveK as Zeng et al. (2020) publish it: `input/JPG/480p`, `expertC/JPG/480p`, `train_input.txt`, `train_label.txt` and
`test.txt` with bare names; or as the original archive unpacks, `raw_photos` with DNG and `tiff16_c`, where photos beyond number 4500 are the
test. PPR10K (Liang et al. 2021): `train` and `val` with `source` and `target_a` to `target_c`; a name begins with its group's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import EXTENSIONS

TRAIN_FIVEK = 4500


class UnknownLayout(VeraRetouchError):
    """A folder holds pairs in no way that is known."""


@dataclass(frozen=True)
class Pair:
    """A photo before and after an expert's work; `group`: pictures of one scene; `split`: as published."""

    name: str
    before: Path
    after: Path
    group: str
    split: str = "train"


def pairs_in(root: str | Path, *, expert: str = "") -> list[Pair]:
    """The pairs of a folder, sorted by name, whichever layout it has.

    Args:
        expert: `a` to `e`; by default C of FiveK and A of PPR10K.

    Raises:
        UnknownLayout
    """
    folder = Path(root)
    for layout in (_fivek, _fivek_archive, _ppr10k, _plain):
        found = sorted(layout(folder, expert.lower()), key=lambda pair: pair.name)
        if found:
            return found
    raise UnknownLayout(
        f"no pairs in {folder}",
        cure="Give FiveK's or PPR10K's folder, or one with `before` and `after` of equal names.",
    )


def _fivek(root: Path, expert: str) -> Iterator[Pair]:
    inputs, targets = root / "input", root / f"expert{(expert or 'c').upper()}"
    if not (inputs.is_dir() and targets.is_dir()):
        return
    test = _listed(root / "test.txt")
    after = _by_stem(targets)
    for stem, path in _by_stem(inputs).items():
        if stem in after:
            in_test = stem in test if test else _number(stem) > TRAIN_FIVEK
            yield Pair(stem, path, after[stem], stem, "test" if in_test else "train")


def _fivek_archive(root: Path, expert: str) -> Iterator[Pair]:
    targets = root / f"tiff16_{expert or 'c'}"
    for raws in ("raw_photos", "raw", "dng"):
        if targets.is_dir() and (root / raws).is_dir():
            after = _by_stem(targets)
            for stem, path in _by_stem(root / raws).items():
                if stem in after:
                    split = "test" if _number(stem) > TRAIN_FIVEK else "train"
                    yield Pair(stem, path, after[stem], stem, split)
            return


def _ppr10k(root: Path, expert: str) -> Iterator[Pair]:
    for part, split in (("train", "train"), ("val", "test")):
        inputs, targets = root / part / "source", root / part / f"target_{expert or 'a'}"
        if inputs.is_dir() and targets.is_dir():
            after = _by_stem(targets)
            for stem, path in _by_stem(inputs).items():
                if stem in after:
                    yield Pair(stem, path, after[stem], stem.partition("_")[0], split)


def _plain(root: Path, expert: str) -> Iterator[Pair]:
    if (root / "before").is_dir() and (root / "after").is_dir():
        after = _by_stem(root / "after")
        for stem, path in _by_stem(root / "before").items():
            if stem in after:
                yield Pair(stem, path, after[stem], stem)


def _by_stem(folder: Path) -> dict[str, Path]:
    """Photos by name without suffix, at whatever depth."""
    return {path.stem: path for path in sorted(folder.rglob("*")) if path.suffix.lower() in EXTENSIONS.readable}


def _listed(path: Path) -> set[str]:
    return set(path.read_text("utf-8").split()) if path.is_file() else set()


def _number(stem: str) -> int:
    """The number of a FiveK name such as `a4501-Duggan_090426`."""
    digits = stem.partition("-")[0].lstrip("a")
    return int(digits) if digits.isdigit() else 0
