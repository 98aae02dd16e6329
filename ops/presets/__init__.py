"""Lightroom presets and Camera Raw sidecars: read, explained, written.
What Adobe's programs make of them is theirs; ours differs.
"""

from __future__ import annotations

from .preset import Preset, Unrendered
from .reading import read_preset
from .writing import write_preset

__all__ = ["Preset", "Unrendered", "read_preset", "write_preset"]
