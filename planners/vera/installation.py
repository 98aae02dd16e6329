"""What `veraretouch doctor` looks at of the extra `vera`."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.cli.doctor import Finding, extra_findings


def findings() -> Iterator[Finding]:
    """The extra's packages, torchvision imported as the planner imports it."""
    from .torchvision_operators import make_torchvision_importable

    make_torchvision_importable()
    yield from extra_findings("vera")
