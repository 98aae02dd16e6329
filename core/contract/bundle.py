"""What planners and ops see of a bundle: its configuration, and files that are what its manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class OpenedBundle(Protocol):
    """A verified bundle, as `from_bundle` receives it. The zoo's `Bundle` is one."""

    @property
    def name(self) -> str:
        """The bundle's own name."""
        ...

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The planner's configuration."""
        ...

    @property
    def asset(self) -> dict[str, str]:
        """How a plan names it: source, commit, and the SHA-256 of its content."""
        ...

    @property
    def terms(self) -> dict[str, Any]:
        """The licence as bundle.json states it: `spdx`, `commercial_use`, and where given `file` and `note`."""
        ...

    @property
    def folder(self) -> Path:
        """Where its files lie. Read them by `open` and `tensors`, which verify them."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, verified."""
        ...

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of a safetensors file, verified."""
        ...
