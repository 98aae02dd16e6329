"""Where a server notes its URL and token, so that its user's commands find it: `veraretouch --via auto`."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from veraretouch.core.errors import InvalidDocument
from veraretouch.core.strict_json import parse


@contextmanager
def noted(path: Path, *, url: str, token: str) -> Iterator[None]:
    """Have a file say where this process answers, readable by its user alone; it is removed at the end, unless another
    server has written its own meanwhile.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = {"url": url, "token": token, "pid": os.getpid()}
    made = path.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(facts, file)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    try:
        yield
    finally:
        with suppress(OSError, InvalidDocument):
            if parse(path.read_bytes(), name=str(path)) == facts:
                path.unlink()
