"""A whole file as bytes, whether it lies on a disk or in memory."""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ..metadata.exif import Buffer


@contextmanager
def mapped(file: BinaryIO) -> Iterator[Buffer]:
    """Give a file's bytes; of one on a disk only those that are looked at are read."""
    try:
        number = file.fileno()
    except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
        place = file.seek(0)
        data = file.getvalue() if isinstance(file, io.BytesIO) else file.read()
        file.seek(place)
        yield data
        return
    with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as data_on_disk:
        yield data_on_disk
