"""Training examples of the planner out of a dataset of `aether`: prompt, answer, picture and pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ....core.contract.request import Mode, Request
from ....core.errors import InvalidDocument, InvalidRequest
from ....core.photo import as_photo
from ...vera.picture import picture_of
from ...vera.prompts import Prompt, prompt_for
from ..data import examples_of, is_dataset, pixel_grid, pixels_of, read_pixels, shards_of
from .answers import write_answer

# Pixels a side that each example is judged by, of the 128 that are read.
SIDE = 64


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes:
        request: what is wished; `prompt`: what the model is asked, its groups those that the example edits.
        answer: what it is to write; `photo`: the content of the photo's file, `where`: it lies.
        before, after: (3, image_size, image_size) uint8, pixels of the photo and of its target: enough of them,
            since each is retouched by itself.
        edits: op -> slot -> value, where they are known.
    """

    request: Request
    prompt: Prompt
    answer: str
    photo: bytes
    where: str
    before: Tensor
    after: Tensor
    edits: Mapping[str, Mapping[str, Any]] | None = None

    def picture(self, side: int) -> Tensor:
        """What the tower is shown: (3, side, side) in [0, 1]."""
        return picture_of(as_photo(read_pixels(self.photo, self.where).permute(1, 2, 0).numpy()), side)


def read_examples(
    folder: Path, *, split: str = "train", image_size: int = SIDE, mode: Mode | None = None
) -> tuple[list[Example], int]:
    """The examples of a dataset, and how many were left out, since the model has no words for what they ask.

    Args:
        image_size: pixels a side that each is judged by, a divisor of 128.
        mode: of the requests; None for all.

    Raises:
        InvalidDocument: no dataset of `aether`, or none of its examples can be used. UnreadablePhoto: a picture in it.
    """
    if not is_dataset(folder):
        raise InvalidDocument(
            "is no dataset: the model needs words to learn, which photos alone have not",
            path=str(folder),
            cure="Build one: veraretouch aether build.",
        )
    found, left = [], 0
    for key, about, files in examples_of(shards_of(folder, split)):
        request = _request(about)
        if mode not in (request.mode, None):
            continue
        try:
            prompt = prompt_for(request)
        except InvalidRequest:
            left += 1
            continue
        before, after = (pixel_grid(pixels_of(files, part, key), image_size) for part in ("input", "target"))
        photo = files["input.jpg"] if "input.jpg" in files else files["input.png"]
        answer = write_answer(about.get("reasoning", {}), where=f"{key}.reasoning")
        known = about.get("edits")
        edits = None if known is None else {op: edit["params"] for op, edit in known.items()}
        found.append(Example(request, prompt, answer, photo, key, before, after, edits))
    if not found:
        kind = "" if mode is None else f"of the mode {mode!r} "
        raise InvalidDocument(
            f"no example {kind}that the model has words for", path=str(folder), cure="Build a larger one."
        )
    return found, left


def texts_of(folder: Path, *, split: str = "train") -> Iterator[str]:
    """The answers and style prompts of a dataset, for a vocabulary to be learnt on.

    Raises:
        InvalidDocument: as `read_examples`.
    """
    for key, about, _ in examples_of(shards_of(folder, split)):
        yield write_answer(about.get("reasoning", {}), where=f"{key}.reasoning")
        if prompt := about["request"].get("prompt"):
            yield prompt


def _request(about: dict[str, Any]) -> Request:
    asked, groups = about["request"], about.get("groups")
    return Request.of(style=asked.get("prompt"), params=asked.get("params"), groups=groups)


def fingerprint(examples: Sequence[Example]) -> str:
    """What tells one set of examples from another: SHA-256 of prompts, answers and pixels."""
    hashed = hashlib.sha256()
    for one in examples:
        for part in (str(one.prompt).encode(), one.answer.encode(), one.photo, one.after.numpy().tobytes()):
            hashed.update(len(part).to_bytes(8, "little") + part)
    return hashed.hexdigest()
