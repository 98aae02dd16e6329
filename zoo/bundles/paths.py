"""Names of files in bundles: plain, relative, the same on every file system."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ...core.errors import InvalidDocument

_PART = re.compile(r"[A-Za-z0-9_\-+@=,()\[\]{}!~#$%^&'. ]{1,128}")
# Device names of Windows, with any suffix.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(\..*)?", re.IGNORECASE)
_MANIFEST = "bundle.json"


def check_paths(paths: Iterable[str], *, where: str) -> None:
    """Refuse names that leave the folder, mean something else on another system, or fall together there.

    Raises:
        InvalidDocument
    """
    seen: dict[str, str] = {}
    for path in paths:
        reason = _fault(path)
        folded = path.casefold()
        if not reason and folded in seen and seen[folded] != path:
            reason = f"is {seen[folded]!r} where case does not count"
        if reason:
            raise InvalidDocument(
                f"{path[:200]!r} {reason}",
                path=where,
                cure="Name files by plain relative paths such as weights/a.safetensors.",
            )
        seen[folded] = path
    for path in seen.values():
        for up in PurePosixPath(path).parents:
            if str(up).casefold() in seen:
                raise InvalidDocument(f"{path!r} lies within the file {str(up)!r}", path=where, cure="Rename one.")


def _fault(path: str) -> str:
    """What is wrong with a path, or an empty string."""
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return "is absolute"
    if "\\" in path:
        return "holds a backslash"
    if path.casefold() == _MANIFEST:
        return "is the manifest itself"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "leaves its folder or is not in its simplest form"
        if not _PART.fullmatch(part):
            return "holds a character that not every file system can"
        if part[-1] in ". " or part[0] == " ":
            return "begins or ends with what Windows drops"
        if _RESERVED.fullmatch(part):
            return "is the name of a device on Windows"
    return ""
