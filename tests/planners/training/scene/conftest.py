"""A folder of labels: two sources of small pictures, a sky above a meadow, and people."""

from __future__ import annotations

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIZE = (64, 48)


def jpeg(pixels: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=95)
    return held.getvalue()


def png(labels: np.ndarray) -> bytes:
    held, image = io.BytesIO(), Image.fromarray(labels, "P") if labels.ndim == 2 else Image.fromarray(labels)
    if labels.ndim == 2:
        image.putpalette(list(range(256)) * 3)
    image.save(held, "PNG")
    return held.getvalue()


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def write(folder: Path, files: dict[str, dict[str, bytes]], rows: list[tuple[str, str, str]]) -> Path:
    """Tars by source, and the index."""
    folder.mkdir(exist_ok=True)
    for source, held in files.items():
        with tarfile.open(folder / f"{source}.tar", "w") as tar:
            for name, data in held.items():
                add(tar, f"{source}/{name}", data)
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("file", "licence", "known", "rest"), *((name, "CC0-1.0", k, r) for name, k, r in rows)])
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures of the source `fields`, which knows sky and foliage, and one of `faces`, which knows people."""
    rng = np.random.default_rng(0)
    fields: dict[str, bytes] = {}
    rows = []
    for number in range(4):
        line = 16 + 4 * number
        labels = np.full((SIZE[1], SIZE[0]), 2, np.uint8)
        labels[:line] = 1
        labels[:, :3] = 255
        colours = np.where((labels == 1)[..., None], (110, 160, 240), (60, 130, 40))
        pixels = (colours + rng.normal(0, 4, colours.shape)).clip(0, 255).astype(np.uint8)
        fields |= {f"{number}.jpg": jpeg(pixels), f"{number}.png": png(labels)}
        rows.append((f"fields/{number}", "1 2", "ignore"))
    labels = np.full((SIZE[1], SIZE[0]), 255, np.uint8)
    labels[12:, 20:44] = 7
    colours = np.where((labels == 7)[..., None], (200, 140, 120), (90, 90, 90)).astype(np.uint8)
    faces = {"0.jpg": jpeg(colours), "0.png": png(labels)}
    return write(tmp_path / "labels", {"fields": fields, "faces": faces}, [*rows, ("faces/0", "7", "not_known")])
