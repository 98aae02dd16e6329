"""Tensors of a safetensors file, on the file's own memory.

Format: eight bytes with the header's length, little endian; the header, a JSON object of {name: dtype, shape,
data_offsets}; the data (the safetensors specification). Read here, since the descriptor that was hashed has to be the
one that is mapped.
"""

from __future__ import annotations

import mmap
from math import prod
from typing import Any, BinaryIO

import torch
from torch import Tensor

from ...core import strict_json
from ...core.errors import InvalidDocument

# Room for some twenty thousand tensors. Python's lists take a hundred times a hostile header's bytes.
LARGEST_HEADER = 2 * 2**20
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_tensors(file: BinaryIO, *, name: str = "safetensors") -> dict[str, Tensor]:
    """Every tensor by name, mapped copy-on-write: pages are read when they are used.

    Raises:
        InvalidDocument: it is no safetensors file, or its header does not fit its data.
    """
    size = file.seek(0, 2)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        raise InvalidDocument(
            f"is no safetensors file: a header of {length} bytes in a file of {size}", path=name, cure="Fetch it again."
        )
    if length > LARGEST_HEADER:
        raise InvalidDocument(
            f"its header has {length} bytes, more than {LARGEST_HEADER}", path=name, cure="Split it into several files."
        )
    header = strict_json.parse(file.read(length), name=name)
    if not isinstance(header, dict):
        raise InvalidDocument("its header is no object", path=name, cure="Fetch it again.")
    words = header.pop("__metadata__", {})
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
        raise InvalidDocument("is not made of words", path=f"{name}.__metadata__", cure="Fetch it again.")
    spans = {key: _span(entry, f"{name}{strict_json.step(key)}", size - 8 - length) for key, entry in header.items()}
    _check_cover(spans, size - 8 - length, name)
    if size == 8 + length:
        return {key: torch.empty(shape, dtype=dtype) for key, (dtype, shape, _, _) in spans.items()}
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return {key: _tensor(mapped, 8 + length, *span) for key, span in spans.items()}


_Span = tuple[torch.dtype, list[int], int, int]


def _span(entry: Any, where: str, room: int) -> _Span:
    try:
        dtype, shape, (start, end) = _DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
        numbers = [start, end, *shape]
    except (KeyError, TypeError, ValueError):
        raise InvalidDocument("is no tensor of a known kind", path=where, cure="Fetch it again.") from None
    listed = isinstance(shape, list) and len(shape) <= 16
    whole = listed and all(type(number) is int and 0 <= number < 2**62 for number in numbers)
    # An empty tensor's other sides have to fit torch's strides as well.
    fits = whole and end <= room and prod(filter(None, shape)) < 2**62
    if not fits or end - start != prod(shape) * dtype.itemsize:
        raise InvalidDocument(
            f"shape {strict_json.shorten(shape)} does not fit bytes {start} to {end}",
            path=where,
            cure="Fetch it again.",
        )
    return dtype, shape, start, end


def _check_cover(spans: dict[str, _Span], room: int, name: str) -> None:
    """Tensors lie one after another and leave no byte out, so that nothing hides between them."""
    place = 0
    for _, _, start, end in sorted(spans.values(), key=lambda span: span[2:]):
        if start != place:
            raise InvalidDocument(
                f"its tensors overlap or leave a gap at byte {place}", path=name, cure="Fetch it again."
            )
        place = end
    if place != room:
        raise InvalidDocument(f"{room - place} bytes belong to no tensor", path=name, cure="Fetch it again.")


def _tensor(mapped: mmap.mmap, base: int, dtype: torch.dtype, shape: list[int], start: int, end: int) -> Tensor:
    if start == end:
        return torch.empty(shape, dtype=dtype)
    count = (end - start) // dtype.itemsize
    if (base + start) % dtype.itemsize:
        flat = torch.frombuffer(bytearray(mapped[base + start : base + end]), dtype=dtype)
    else:
        flat = torch.frombuffer(mapped, dtype=dtype, count=count, offset=base + start)
    return flat.reshape(shape)
