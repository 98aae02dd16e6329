"""What the benchmarks of `veraretouch ray` work on: real photos varied to as many as are wanted, and small noise."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

ROOT = Path(__file__).parents[3]
SIZE = (1224, 816)  # pixels: a megapixel
ROWS = 200  # of a Parquet file's group


def make_photos(folder: Path, count: int) -> Path:
    """JPEG files of about a megapixel: crops, mirrorings and exposures of the photos in docs/samples and tests/data.

    Files that are there are left alone, so that it may be called again.
    """
    sources = sorted([*(ROOT / "docs" / "samples").glob("*.jpg"), *(ROOT / "tests" / "data" / "photos").glob("*.jpg")])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{number:05d}.jpg"
        if path.exists():
            continue
        random = np.random.default_rng(number)
        image = Image.open(sources[number % len(sources)]).convert("RGB")
        if random.random() < 0.5:
            image = ImageOps.mirror(image)
        left, top, right, bottom = random.uniform(0, 0.15, 4) * (*image.size, *image.size)
        image = image.crop((int(left), int(top), image.width - int(right), image.height - int(bottom)))
        image = ImageOps.fit(image, SIZE if image.width >= image.height else SIZE[::-1])
        image = ImageEnhance.Brightness(image).enhance(random.uniform(0.6, 1.3))
        whole = path.with_suffix(".tmp")
        image.save(whole, "JPEG", quality=90)
        whole.rename(path)
    return folder


def make_table(path: Path, count: int) -> Path:
    """A Parquet file of pictures of 64 by 64 random pixels, as PNG files in a column of bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.exists():
        return path
    random = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".tmp")
    with pq.ParquetWriter(whole, pa.schema({"image": pa.binary()})) as writer:
        for start in range(0, count, ROWS):
            pictures = []
            for _ in range(min(ROWS, count - start)):
                held = io.BytesIO()
                noise = random.integers(0, 256, (64, 64, 3), dtype=np.uint8)
                Image.fromarray(noise).save(held, "PNG", compress_level=1)
                pictures.append(held.getvalue())
            writer.write_table(pa.table({"image": pa.array(pictures, pa.binary())}))
    whole.rename(path)
    return path
