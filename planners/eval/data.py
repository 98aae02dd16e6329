"""What a planner is judged on: cases of a dataset of `aether` or of a folder of pairs,
their pictures read when they are needed.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from ...core import strict_json
from ...core.errors import InvalidDocument, InvalidPhoto, InvalidRequest, UnreadablePhoto
from ...core.photo import Photo, open_photo
from ..training.data import EXAMPLE, FORMAT, eight_bit
from .folders import PicturePair, collection_in

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Subset = Literal["auto", "style", "param"]

SUBSETS: Final[tuple[Subset, ...]] = ("auto", "style", "param")
SIZE: Final = 512  # long side in pixels
# Sides of a pair may differ by this share after one was resized to the other, by rounding.
_ALIKE: Final = 0.01
_SPLITS: Final = ("test", "validation", "train")


@dataclass(frozen=True)
class Stored:
    """A picture in a file, or from byte `start` on in an archive, `length` bytes long."""

    path: Path
    start: int = 0
    length: int | None = None

    def photo(self) -> Photo:
        """Decode it.

        Raises:
            UnreadablePhoto
        """
        if self.length is None:
            return open_photo(self.path)
        with self.path.open("rb") as file:
            file.seek(self.start)
            data = file.read(self.length)
        try:
            return open_photo(data)
        except UnreadablePhoto as error:
            place = f"{self.path}, byte {self.start}"
            raise UnreadablePhoto(f"{place}: {error.problem}", cure="Build the dataset again.") from None


@dataclass(frozen=True)
class Pictures:
    """A case's pictures: `before` (H, W, 3) float32 in [0, 1] at the file's own depth,
    `after` (H, W, 3) uint8; `people` (H, W) bool.
    """

    before: Floats
    after: Picture
    people: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Case:
    """One thing to judge.

    Attributes:
        photo: the source photo, several cases may have the same; scene: pictures of one scene share it.
        prompt, params: the request, in style and param.
    """

    name: str
    photo: str
    scene: str
    subset: Subset
    before: Stored
    after: Stored
    mask: Stored | None = None
    prompt: str | None = None
    params: Mapping[str, Any] | None = None

    def read(self, size: int | None) -> Pictures:
        """Its pictures in sRGB, the long side at most `size` pixels, the after in the before's size.

        Raises:
            UnreadablePhoto, InvalidPhoto: the two are no pictures of one shape.
        """
        before, after = (_srgb(stored.photo(), size) for stored in (self.before, self.after))
        height, width = before.shape[:2]
        if abs(after.shape[1] * height / (after.shape[0] * width) - 1) > _ALIKE:
            shapes = " and ".join(f"{found.shape[1]}x{found.shape[0]}" for found in (before, after))
            raise InvalidPhoto(f"{self.name}: before and after are {shapes}", cure="Give both the same frame.")
        people = None if self.mask is None else _resized(eight_bit(_srgb(self.mask.photo(), None)), width, height)
        return Pictures(
            before, _resized(eight_bit(after), width, height), None if people is None else people[..., 0] > 0
        )


@dataclass(frozen=True)
class Data:
    """The cases that are judged, of `layout`, at `size` (None: as they are); `split` is empty where there is none."""

    layout: str
    split: str
    size: int | None
    cases: tuple[Case, ...]


def read_cases(
    root: Path, *, split: str = "test", expert: str = "", size: int | None = SIZE, limit: int | None = None
) -> Data:
    """The cases of a dataset or a folder of pairs.

    Args:
        split: of a dataset of `aether`, FiveK or PPR10K; other pairs have none.
        size: long side in pixels; PPR10K's pictures stay as they are.
        limit: so many cases at most, from 1, evenly spread.

    Raises:
        InvalidRequest: nothing is there, or nothing of the split. InvalidDocument:
            a dataset that cannot be read. UnknownLayout.
    """
    if not root.is_dir():
        raise InvalidRequest(f"{str(root)!r} is no folder", cure="Give a dataset of aether, or a folder of pairs.")
    if (root / "dataset.json").exists() or any(root.glob("*-000000.tar")):
        data = Data("aether", split, size, tuple(_of_shards(root, split)))
    else:
        collection = collection_in(root, expert=expert)
        chosen = [pair for pair in collection.pairs if collection.layout == "pairs" or pair.split == split]
        if not chosen:
            _no_split(root, split, {pair.split for pair in collection.pairs})
        data = Data(
            collection.layout,
            "" if collection.layout == "pairs" else split,
            None if collection.layout == "ppr10k" else size,
            tuple(_of_pair(pair) for pair in chosen),
        )
    count = len(data.cases)
    if limit is not None and limit < count:
        return Data(data.layout, data.split, data.size, tuple(data.cases[i * count // limit] for i in range(limit)))
    return data


def _of_pair(pair: PicturePair) -> Case:
    return Case(
        pair.name,
        pair.name,
        pair.group,
        "auto" if pair.prompt is None else "style",
        Stored(pair.before),
        Stored(pair.after),
        None if pair.mask is None else Stored(pair.mask),
        pair.prompt,
    )


def _of_shards(root: Path, split: str) -> Iterator[Case]:
    about = root / "dataset.json"
    if not about.is_file() or strict_json.parse(about.read_bytes(), name=str(about)).get("schema") != FORMAT:
        raise InvalidDocument(f"is no {FORMAT}", path=str(about), cure="Build it to its end: veraretouch aether build.")
    shards = sorted(root.glob(f"{split}-*.tar"))
    if not shards:
        _no_split(root, split, {name for name in _SPLITS if any(root.glob(f"{name}-*.tar"))})
    for shard in shards:
        try:
            with tarfile.open(shard) as archive:
                members = [member for member in archive if member.isfile()]
                for key, parts in groupby(members, key=lambda member: member.name.partition(".")[0]):
                    yield _of_members(shard, archive, key, list(parts))
        except tarfile.TarError as error:
            raise InvalidDocument(f"is no whole archive: {error}", path=str(shard), cure="Build it again.") from None


def _of_members(shard: Path, archive: tarfile.TarFile, key: str, parts: Sequence[tarfile.TarInfo]) -> Case:
    where = f"{shard}/{key}"
    found = {part.name.partition(".")[2]: part for part in parts}
    file = archive.extractfile(found["json"]) if "json" in found else None
    about = strict_json.parse(b"{}" if file is None else file.read(), name=where)
    try:
        if about["schema"] != EXAMPLE or about["subset"] not in SUBSETS:
            raise KeyError
        request = about["request"]
        return Case(
            key,
            about["photo"],
            about["photo"],
            about["subset"],
            _stored(shard, found, "input"),
            _stored(shard, found, "target"),
            prompt=request["prompt"] if about["subset"] == "style" else None,
            params=request["params"] if about["subset"] == "param" else None,
        )
    except (KeyError, TypeError):
        raise InvalidDocument(
            f"is no {EXAMPLE} with input and target", path=where, cure="Build the dataset again."
        ) from None


def _stored(shard: Path, found: Mapping[str, tarfile.TarInfo], part: str) -> Stored:
    member = found.get(f"{part}.png") or found[f"{part}.jpg"]
    return Stored(shard, member.offset_data, member.size)


def _srgb(photo: Photo, size: int | None) -> Floats:
    return (photo if size is None else photo.resized(size)).working().clip(0, 1)


def _resized(picture: Picture, width: int, height: int) -> Picture:
    from PIL import Image

    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def _no_split(root: Path, split: str, there: set[str]) -> NoReturn:
    listed = ", ".join(sorted(there)) or "nothing"
    raise InvalidRequest(f"{root} has no split {split!r}", cure=f"It has: {listed}.")
