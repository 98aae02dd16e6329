"""Photos with pixel labels: tars of pictures and palette PNGs, of which each source knows some classes only.

A folder holds one tar a source, with `SOURCE/id.jpg` and `SOURCE/id.png` of the same size, and `index.csv` with the
columns `file` (SOURCE/id), `known` (the classes that the source labels, as numbers of `CLASSES`) and `rest`: what 255
means there, `not_known` (none of the known classes) or `ignore` (nothing). See docs/guide/scene.md.
"""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ....core.errors import InvalidDocument, InvalidRequest, nearest
from ...scene.network import CLASSES, SIDE

PERSON: Final = CLASSES.index("person")
SKIN: Final = CLASSES.index("skin")
UNLABELLED: Final = 255
EVERY: Final = (1 << len(CLASSES)) - 1
_REST: Final = ("not_known", "ignore")
# Bytes of a picture or of its labels: the largest photo that is worth labelling has far fewer.
_LARGEST: Final = 2**25


@dataclass(frozen=True)
class Labelled:
    """One picture with its labels, as its files hold them.

    Attributes:
        name, source: SOURCE/id, and SOURCE: pictures are split by source, never one by one.
        jpeg, png: the bytes of the picture and of its labels.
        known: the classes that the source labels. rest_is_none: whether 255 means none of them; else it means nothing.
    """

    name: str
    source: str
    jpeg: bytes
    png: bytes
    known: frozenset[int]
    rest_is_none: bool

    def picture(self) -> NDArray[np.uint8]:
        """(192, 192, 3) sRGB: the whole picture, squeezed to a square.

        Raises:
            InvalidDocument: it cannot be read.
        """
        return _square(self.jpeg, f"{self.name}.jpg", "RGB", Image.Resampling.LANCZOS)

    def labels(self) -> NDArray[np.uint8]:
        """(192, 192): numbers of `CLASSES`, or 255.

        Raises:
            InvalidDocument: they cannot be read, or hold another number.
        """
        found = _square(self.png, f"{self.name}.png", None, Image.Resampling.NEAREST)
        unknown = set(np.unique(found).tolist()) - {*range(len(CLASSES)), UNLABELLED}
        if unknown:
            raise InvalidDocument(
                f"holds the label {min(unknown)}",
                path=f"{self.name}.png",
                cure=f"Labels are 0 to {len(CLASSES) - 1}, or 255.",
            )
        return found

    def table(self) -> NDArray[np.int32]:
        """For each label 0..255 the classes that its pixels may be, as bits; 0 where nothing is known.

        A label that the source does not list as known means that the pixel is none of the known classes.
        """
        merged = PERSON in self.known and SKIN not in self.known  # where skin is not known, a person's is a person's
        known = {*self.known, SKIN} if merged else self.known
        outside = EVERY & ~sum(1 << each for each in known)
        found = np.full(256, outside, np.int32)
        for each in self.known:
            found[each] = 1 << each
        if merged:
            found[PERSON] = (1 << PERSON) | (1 << SKIN)
        found[UNLABELLED] = outside if self.rest_is_none else 0
        return found

    def allowed(self) -> NDArray[np.int32]:
        """(192, 192): the classes that each pixel may be, as bits; 0 where nothing is known."""
        return self.table()[self.labels()]


def read_labels(folder: Path, *, without: Collection[str] = ()) -> list[Labelled]:
    """Every picture of a folder of labels, by source and name; the files are held as they are, unread.

    Args:
        without: sources that are left out, for judging.

    Raises:
        InvalidDocument: the folder or its index breaks a rule. InvalidRequest: a source that is not there.
    """
    facts = _index(folder)
    paths = sorted(folder.glob("*.tar"))
    sources = [path.stem for path in paths]
    for source in without:
        if source not in sources:
            raise InvalidRequest(
                f"no source {source!r} in {folder}", cure=f"{nearest(source, sources)} There are {', '.join(sources)}."
            )
    found = [each for path in paths if path.stem not in without for each in _of_source(path, facts)]
    if not found:
        raise InvalidDocument(
            "holds no labelled pictures", path=str(folder), cure="Give a folder of tars of SOURCE/id.jpg and id.png."
        )
    return found


def fingerprint(items: Sequence[Labelled]) -> str:
    """SHA-256 of all pictures and labels, in hex."""
    digest = hashlib.sha256()
    for item in items:
        for part in (item.name.encode(), item.jpeg, item.png):
            digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _index(folder: Path) -> dict[str, tuple[frozenset[int], bool]]:
    """For each file what its source knows, and whether the rest is none of it."""
    path = folder / "index.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["file"]: _facts(row) for row in csv.DictReader(file)}
    except FileNotFoundError:
        raise InvalidDocument("has no index.csv", path=str(folder), cure="Give a folder of labels.") from None
    except (KeyError, ValueError, csv.Error, UnicodeDecodeError) as error:
        raise InvalidDocument(
            f"cannot be read: {error}",
            path=str(path),
            cure=f"Each row has file, known (numbers below {len(CLASSES)}) and rest ({' or '.join(_REST)}).",
        ) from None


def _facts(row: dict[str, str]) -> tuple[frozenset[int], bool]:
    known = frozenset(map(int, row["known"].split()))
    if not known or not known <= set(range(len(CLASSES))):
        raise ValueError(f"known is {row['known']!r} for {row['file']!r}")
    if row["rest"] not in _REST:
        raise ValueError(f"rest is {row['rest']!r} for {row['file']!r}")
    return known, row["rest"] == "not_known"


def _of_source(path: Path, facts: dict[str, tuple[frozenset[int], bool]]) -> list[Labelled]:
    found: list[Labelled] = []
    try:
        with tarfile.open(path) as tar:
            held = {member.name: member for member in tar.getmembers() if member.isfile()}
            for name in sorted(held):
                stem = name.removesuffix(".jpg")
                if stem == name:
                    continue
                if stem not in facts or f"{stem}.png" not in held:
                    lacks = "its row in index.csv" if stem not in facts else "its labels, id.png"
                    raise InvalidDocument(
                        f"{name} lacks {lacks}", path=str(path), cure="Add it, or take the photo out."
                    )
                jpeg, png = (_bytes(tar, held[each], path) for each in (name, f"{stem}.png"))
                found.append(Labelled(stem, path.stem, jpeg, png, *facts[stem]))
    except tarfile.TarError as error:
        raise InvalidDocument(f"is no tar: {error}", path=str(path), cure="Make it again.") from None
    return found


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    if member.size > _LARGEST:
        raise InvalidDocument(
            f"{member.name} has {member.size} bytes", path=str(path), cure=f"At most {_LARGEST} are read."
        )
    file = tar.extractfile(member)
    return file.read() if file is not None else b""


def _square(data: bytes, name: str, mode: str | None, by: Image.Resampling) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
            if mode is None and opened.mode not in ("P", "L"):
                raise InvalidDocument(
                    f"has the mode {opened.mode}", path=name, cure="Labels are a palette or grey PNG of 8 bits."
                )
            picture = opened if mode is None else opened.convert(mode)
            return np.asarray(picture.resize((SIDE, SIDE), by))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise InvalidDocument(f"cannot be read: {error}", path=name, cure="Make the source's tar again.") from None
