"""Before/after pairs in the folders that people have: MIT-Adobe FiveK, PPR10K, or pairs of one's own.

FiveK (Bychkovsky et al. 2011) as Zeng et al. (2020) publish it: `input/JPG/480p`, `expertC/JPG/480p` and `test.txt`
with bare names; or as the original archive unpacks, `raw_photos` with DNG and `tiff16_c`, where photos beyond number
4500 are the test. PPR10K (Liang et al. 2021): `train` and `val` with `source`, `target_a` to `target_c` and `masks`; a
name begins with its group's number. Pairs of one's own: `before` and `after` with equal names, or NAME-before and
NAME-after in one folder; `prompts.csv` (name,prompt) names those that have a style prompt.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ...core.errors import InvalidDocument, VeraRetouchError
from ...core.photo import EXTENSIONS

Layout = Literal["fivek", "fivek-archive", "ppr10k", "pairs"]

TRAIN_FIVEK: Final = 4500
PROMPTS: Final = "prompts.csv"


class UnknownLayout(VeraRetouchError):
    """A folder holds pairs in no way that is known."""


@dataclass(frozen=True)
class PicturePair:
    """A photo before and after an expert's work.

    Attributes:
        group: pictures of one scene share it; split: as published, `train` where nobody published one.
        mask: of the people in it; prompt: the style prompt.
    """

    name: str
    before: Path
    after: Path
    group: str
    split: str = "train"
    mask: Path | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class Collection:
    """The pairs of a folder, sorted by name, and the layout that they were found in."""

    layout: Layout
    pairs: tuple[PicturePair, ...]


def collection_in(root: str | Path, *, expert: str = "") -> Collection:
    """The pairs of a folder, whichever layout it has.

    Args:
        expert: `a` to `e`; by default C of FiveK and A of PPR10K.

    Raises:
        UnknownLayout: no pair is found.
        InvalidDocument: prompts.csv cannot be read, or names a pair that is not there.
    """
    folder, who = Path(root), expert.lower()
    found: dict[Layout, Iterator[PicturePair]] = {
        "fivek": _fivek(folder, who or "c"),
        "fivek-archive": _fivek_archive(folder, who or "c"),
        "ppr10k": _ppr10k(folder, who or "a"),
        "pairs": _plain(folder),
    }
    for layout, pairs in found.items():
        sorted_pairs = tuple(sorted(pairs, key=lambda pair: pair.name))
        if sorted_pairs:
            return Collection(layout, sorted_pairs)
    by = f" by expert {expert!r}" if expert else ""
    raise UnknownLayout(
        f"no pairs{by} in {folder}",
        cure=(
            "Give FiveK's or PPR10K's folder, one with `before` and `after` of equal names, or NAME-before and"
            " NAME-after."
        ),
    )


def _fivek(root: Path, expert: str) -> Iterator[PicturePair]:
    inputs, targets = root / "input", root / f"expert{expert.upper()}"
    if not (inputs.is_dir() and targets.is_dir()):
        return
    test = _listed(root / "test.txt")
    for stem, before, after in _matched(inputs, targets):
        in_test = stem in test if test else _number(stem) > TRAIN_FIVEK
        yield PicturePair(stem, before, after, stem, "test" if in_test else "train")


def _fivek_archive(root: Path, expert: str) -> Iterator[PicturePair]:
    targets = root / f"tiff16_{expert}"
    for raws in ("raw_photos", "raw", "dng"):
        if targets.is_dir() and (root / raws).is_dir():
            for stem, before, after in _matched(root / raws, targets):
                split = "test" if _number(stem) > TRAIN_FIVEK else "train"
                yield PicturePair(stem, before, after, stem, split)
            return


def _ppr10k(root: Path, expert: str) -> Iterator[PicturePair]:
    for part, split in (("train", "train"), ("val", "test")):
        inputs, targets = root / part / "source", root / part / f"target_{expert}"
        if inputs.is_dir() and targets.is_dir():
            masks = _by_stem(root / "masks_360p") | _by_stem(root / part / "masks")
            for stem, before, after in _matched(inputs, targets):
                yield PicturePair(stem, before, after, stem.partition("_")[0], split, masks.get(stem))


def _plain(root: Path) -> Iterator[PicturePair]:
    prompts = _prompts(root / PROMPTS)
    if (root / "before").is_dir() and (root / "after").is_dir():
        matched = list(_matched(root / "before", root / "after"))
    else:
        photos = _by_stem(root, deep=False)
        names = [stem.removesuffix("-before") for stem in photos if stem.endswith("-before")]
        matched = [
            (name, photos[f"{name}-before"], photos[f"{name}-after"]) for name in names if f"{name}-after" in photos
        ]
    strangers = prompts.keys() - {name for name, _, _ in matched}
    if matched and strangers:
        raise InvalidDocument(
            f"names {min(strangers)!r}, of which there is no pair", path=str(root / PROMPTS), cure="Mend the name."
        )
    for name, before, after in matched:
        yield PicturePair(name, before, after, name, prompt=prompts.get(name))


def _prompts(path: Path) -> dict[str, str]:
    """Name -> prompt."""
    if not path.is_file():
        return {}
    refusal = InvalidDocument("is no table of name,prompt", path=str(path), cure="Begin it with the line: name,prompt")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = {row["name"].strip(): row["prompt"].strip() for row in csv.DictReader(file, strict=True)}
    except (KeyError, AttributeError, UnicodeDecodeError, csv.Error):
        raise refusal from None
    if not all(name and prompt for name, prompt in found.items()):
        raise refusal
    return found


def _matched(befores: Path, afters: Path) -> Iterator[tuple[str, Path, Path]]:
    after = _by_stem(afters)
    for stem, path in _by_stem(befores).items():
        if stem in after:
            yield stem, path, after[stem]


def _by_stem(folder: Path, *, deep: bool = True) -> dict[str, Path]:
    """Photos by name without suffix, at whatever depth by default."""
    paths = folder.rglob("*") if deep else folder.glob("*")
    return {path.stem: path for path in sorted(paths) if path.suffix.lower() in EXTENSIONS.readable}


def _listed(path: Path) -> set[str]:
    return set(path.read_text("utf-8").split()) if path.is_file() else set()


def _number(stem: str) -> int:
    """The number of a FiveK name such as `a4501-Duggan_090426`."""
    digits = stem.partition("-")[0].lstrip("a")
    return int(digits) if digits.isdigit() else 0
