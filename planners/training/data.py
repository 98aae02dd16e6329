"""Reading what training is given: a dataset of `aether` (webdataset shards, docs/guide/data.md), or a folder of
photos.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core import strict_json
from ...core.errors import InvalidDocument, InvalidRequest, UnreadablePhoto
from ...core.photo import open_photo
from ...core.photo.color.encoding import to_depth

FORMAT: Final = "veraretouch.dataset/1"
EXAMPLE: Final = "veraretouch.example/1"
SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")


def is_dataset(folder: Path) -> bool:
    """Whether a folder is a dataset of `aether`.

    Raises:
        InvalidDocument: its dataset.json is of another kind.
    """
    about = folder / "dataset.json"
    if not about.is_file():
        return False
    if strict_json.parse(about.read_bytes(), name=str(about)).get("schema") != FORMAT:
        raise InvalidDocument(f"is no {FORMAT}", path=str(about), cure="Build it with: veraretouch aether build.")
    return True


def shards_of(folder: Path, split: str) -> list[Path]:
    """The shards of a split of a dataset.

    Raises:
        InvalidDocument: there is none.
    """
    if found := sorted(folder.glob(f"{split}-*.tar")):
        return found
    raise InvalidDocument(f"no shards {split}-*.tar", path=str(folder), cure="Build the dataset to its end.")


def photos_of(folder: Path) -> list[Path]:
    """The photos of a folder and of those below it, each of which stands for itself.

    Raises:
        UnreadablePhoto: there is none. InvalidRequest: they are pictures before and after an edit.
    """
    if found := sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        _refuse_pairs(folder, found)
        return found
    raise UnreadablePhoto(f"{folder} holds no photos", cure="Give a folder of JPEG, PNG, WebP or TIFF files.")


def _refuse_pairs(folder: Path, photos: Sequence[Path]) -> None:
    """Half of the pictures of pairs show what is to be repaired: as good photos they would teach the faults."""
    parts = {part.name.lower() for photo in photos for part in photo.relative_to(folder).parents}
    names = {photo.with_suffix("").as_posix() for photo in photos}
    by_name = [
        name for name in sorted(names) if f"{name.removesuffix('-before')}-after" in names and name.endswith("-before")
    ]
    if {"before", "after"} <= parts or by_name:
        where = f"such as {Path(by_name[0]).name}" if by_name else "in before/ and after/"
        raise InvalidRequest(
            f"{folder} holds pictures before and after an edit ({where}), not good photos",
            cure="Build a dataset of them: veraretouch aether pairs. "
            "`train neural` also reads before/ and after/ as they are.",
        )


def examples_of(paths: Sequence[Path]) -> Iterator[tuple[str, dict[str, Any], dict[str, bytes]]]:
    """The examples of shards: where one lies, its document, and its files by suffix, which lie side by side in the
    archive.

    Raises:
        InvalidDocument: a document of another kind.
    """
    for path in paths:
        with tarfile.open(path) as archive:
            members = (member for member in archive if member.isfile())
            for name, parts in groupby(members, key=lambda member: member.name.partition(".")[0]):
                opened = {part.name.partition(".")[2]: archive.extractfile(part) for part in parts}
                files = {suffix: file.read() for suffix, file in opened.items() if file is not None}
                key = f"{path}/{name}"
                about = strict_json.parse(files.get("json", b"{}"), name=key)
                if about.get("schema") != EXAMPLE:
                    raise InvalidDocument(f"is no {EXAMPLE}", path=key, cure="Build the dataset again.")
                yield key, about, files


def pixels_of(files: dict[str, bytes], part: str, key: str) -> Tensor:
    """The pixels (3, H, W), uint8, of an example's `input` or `target`.

    Raises:
        InvalidDocument: it has none. UnreadablePhoto: it cannot be read.
    """
    for suffix in ("jpg", "png"):
        if f"{part}.{suffix}" in files:
            return read_pixels(files[f"{part}.{suffix}"], key)
    raise InvalidDocument(f"has no {part}.jpg or {part}.png", path=key, cure="Build the dataset again.")


def pixel_grid(rgb: Tensor, side: int = 128) -> Tensor:
    """The pixels (3, side, side) nearest to a uniform grid over a photo (3, H, W) of any size: its own, no averages."""
    rows, columns = (
        ((torch.arange(side) + 0.5) * (length / side)).long().clamp(max=length - 1) for length in rgb.shape[1:]
    )
    return rgb[:, rows][:, :, columns]


def grids_of(paths: Sequence[Path], side: int = 128) -> Tensor:
    """The pixels (N, 3, side, side), uint8, of photos, as `pixel_grid` takes them."""
    return torch.stack([pixel_grid(read_pixels(path.read_bytes(), str(path)), side) for path in paths])


def eight_bit(rgb: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Values of any shape, nominally in [0, 1], clamped and rounded."""
    rounded: NDArray[np.uint8] = (rgb.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return rounded


def read_pixels(data: bytes, name: str) -> Tensor:
    """The pixels (3, H, W), uint8, of a file's content.

    Raises:
        UnreadablePhoto
    """
    try:
        pixels = to_depth(open_photo(data).pixels, np.uint8)
    except UnreadablePhoto as error:
        raise UnreadablePhoto(f"{name}: {error.problem}", cure="Take it out.") from None
    return torch.from_numpy(pixels).permute(2, 0, 1)
