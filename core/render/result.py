"""What a retoucher gives back."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from ..contract.planner import Reasoning
from ..photo import Photo, SaveOptions
from ..photo.photo_input import PhotoInput
from ..plan.plan import Plan
from .report import RenderReport

Image = TypeVar("Image", covariant=True)


@dataclass(frozen=True)
class Result(Generic[Image]):
    """What a retoucher gives back; a notebook shows the photo before and after, with the reasoning.

    Attributes:
        image: the retouched photo in the kind that was given; a path gives a `Photo`.
        plan: what was done, as a document.
        report: how it was rendered.
        before: the photo that was given, where it is known.
    """

    image: Image
    plan: Plan
    report: RenderReport
    before: Any = None

    @property
    def reasoning(self) -> Reasoning:
        """Group -> problem and plan, in words."""
        return self.plan.reasoning

    def __repr__(self) -> str:
        edits = ", ".join(self.plan.edits) or "nothing"
        return f"<Result {self._photo()!r}: {edits}; engine {self.report.engine}>"

    def save(
        self,
        path: str | os.PathLike[str] | IO[bytes],
        *,
        options: SaveOptions | None = None,
        format: str | None = None,
    ) -> Path | None:
        """Write the picture, with the licence of the weights that planned it in its XMP.

        Args:
            path: a file, whose suffix names the format unless `format` does, or an open binary file, which needs
                `format`.

        Returns:
            The path; None for an open file.

        Raises:
            UnwritablePhoto
        """
        photo, notes = self._photo(), self._noted(options)
        if isinstance(path, str | os.PathLike):
            return photo.save(Path(path), options=notes, format=format)
        return photo.save(path, options=notes, format=format or "")

    def encode(self, format: str, *, options: SaveOptions | None = None) -> bytes:
        """The bytes of the file that `save` would write, in a format such as "jpeg".

        Raises:
            UnwritablePhoto
        """
        return self._photo().encode(format, options=self._noted(options))

    def _noted(self, options: SaveOptions | None) -> SaveOptions:
        options = options or SaveOptions()
        return replace(options, metadata=self.plan.notes() | dict(options.metadata))

    def _photo(self) -> Photo:
        return self.image if isinstance(self.image, Photo) else PhotoInput.of(self.image).photo()

    def _repr_html_(self) -> str:
        from .notebook import result_html

        before = None if self.before is None else PhotoInput.of(self.before).photo()
        return result_html(before, self._photo(), self.plan)
