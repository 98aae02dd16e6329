"""What a photo file's header says, before a pixel is decoded."""

from __future__ import annotations

from typing import NamedTuple


class Header(NamedTuple):
    """Size in pixels as stored (before orientation), format name, bits a channel, and number of frames or pages."""

    width: int
    height: int
    format: str
    bits: int = 8
    frames: int = 1

    @property
    def more_frames(self) -> tuple[str, ...]:
        """The warning that only the first frame was read, if there are more."""
        return (f"{self.frames} frames or pages: only the first is read",) if self.frames > 1 else ()
