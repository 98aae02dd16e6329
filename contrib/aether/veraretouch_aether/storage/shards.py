"""Shards: tar files of examples as webdataset reads them, written whole or not at all, the same bytes every time."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from veraretouch.core.atomic_write import new_file
from veraretouch.core.photo import file_hash

QUALITY = 95


def write_shard(path: Path, examples: Iterable[Mapping[str, bytes | str]]) -> dict[str, Any]:
    """Write examples, each its key and members by suffix, and say what `read_shard` says."""
    with new_file(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for example in examples:
            for suffix, data in example.items():
                if suffix != "key":
                    _add(tar, f"{example['key']}.{suffix}", data)
    return read_shard(path)


def read_shard(path: Path) -> dict[str, Any]:
    """How many examples a shard holds, how many bytes, and their SHA-256."""
    with tarfile.open(path) as tar:
        count = sum(name.endswith(".json") for name in tar.getnames())
    return {"file": path.name, "examples": count, "bytes": path.stat().st_size, "sha256": file_hash(path)}


def members(
    document: Mapping[str, Any], before: NDArray[np.uint8], after: NDArray[np.uint8], *, lossless: bool
) -> dict[str, bytes | str]:
    """An example's members by suffix: two pictures and the document."""
    kind = "png" if lossless else "jpg"
    encode = _png if lossless else _jpeg
    return {
        "key": document["key"],
        f"input.{kind}": encode(before),
        f"target.{kind}": encode(after),
        "json": json.dumps(document, ensure_ascii=False, allow_nan=False).encode(),
    }


def _add(tar: tarfile.TarFile, name: str, data: bytes | str) -> None:
    # Owner, mode and time as tarfile's blank entry has them: nothing of the machine gets in.
    entry = tarfile.TarInfo(name)
    content = data.encode() if isinstance(data, str) else data
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality=QUALITY, colorsubsampling="444")
    return data


def _png(pixels: NDArray[np.uint8]) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", compress_level=1)
    return held.getvalue()
