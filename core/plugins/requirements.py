"""What a plugin requires: `requires = {"contract": ">=1,<2", "exposure": ">=1,<3"}`.

Each key is `contract`, the version of the contract between plugins and veraretouch, or an op's id; each value a range
of versions as pip writes them (PEP 440). A whole number is a version: op version 2 is within ">=1,<3".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import BrokenPlugin, IncompatiblePlugin

CONTRACT = "1.0"
"""The version of what ops and planners are promised: its first number rises when a plugin that worked may not."""


def check_requirements(requires: Any, op_version: Callable[[str], int | None]) -> None:
    """Compare what a plugin requires with what is here.

    Args:
        requires: the plugin's attribute.
        op_version: the version of an installed op; None where there is none.

    Raises:
        IncompatiblePlugin: the first requirement that is not met, with both versions.
        BrokenPlugin: something else than ranges by name.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    if not isinstance(requires, Mapping):
        raise BrokenPlugin(f"requires is {requires!r}", cure='Write requires = {"contract": ">=1,<2"}.')
    for name, text in requires.items():
        try:
            wanted = SpecifierSet(text)
        except (InvalidSpecifier, TypeError, AttributeError):
            raise BrokenPlugin(f"requires {name}: {text!r} is no range of versions", cure='Write ">=1,<3".') from None
        if name == "contract":
            if CONTRACT not in wanted:
                raise IncompatiblePlugin(
                    f"it was written for version {wanted} of the plugin contract, which is {CONTRACT} here",
                    cure=(
                        "Install the veraretouch that it was written for, or a version of it that was written for this"
                        " one."
                    ),
                )
            continue
        version = op_version(name)
        if version is None:
            raise IncompatiblePlugin(
                f"it needs op {name!r} {wanted}, which is not installed", cure=f"Install what provides {name}."
            )
        if str(version) not in wanted:
            raise IncompatiblePlugin(
                f"it needs version {wanted} of op {name!r}, which is {version} here",
                cure=f"Install a version of it, or of what provides {name}, that fits the other.",
            )
