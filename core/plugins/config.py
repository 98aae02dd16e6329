"""The user's configuration file: TOML, in the platform's folder for configuration, or where VERARETOUCH_CONFIG says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from ..errors import InvalidDocument, nearest

CONFIG_VARIABLE = "VERARETOUCH_CONFIG"
ALLOW_BUNDLES_VARIABLE = "VERARETOUCH_ALLOW_BUNDLES"
"""Repositories that plans may name although no index lists them; as `[bundles] allow` in the file."""

# Table -> keys, each a list of strings.
_KEYS = {"plugins": ("allow", "block"), "bundles": ("allow",)}


def config_path() -> Path:
    """Where the file is looked for, there or not."""
    given = os.environ.get(CONFIG_VARIABLE)
    if given:
        return Path(given).expanduser()
    from platformdirs import user_config_path

    return user_config_path("veraretouch") / "config.toml"


def read_config() -> dict[str, dict[str, list[str]]]:
    """The file's tables, checked; empty where there is no file.

    Raises:
        InvalidDocument: the file that VERARETOUCH_CONFIG names is missing; it cannot be read; it is no TOML; it has an
            unknown key or a value of another type. The error says path, line and cure.
    """
    path = config_path()
    if not path.is_file() and not os.environ.get(CONFIG_VARIABLE):
        return {}
    import tomllib

    try:
        text = path.read_bytes().decode()
        tables: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        raise InvalidDocument(
            f"cannot be read: {error.strerror}", path=str(path), cure=f"Mend it, or unset {CONFIG_VARIABLE}."
        ) from None
    except ValueError as error:  # of UTF-8 or of TOML, which says the line
        raise InvalidDocument(
            f"is not TOML: {error}", path=str(path), cure='Write it as:\n[plugins]\nblock = ["acme-film"]'
        ) from None
    for table, keys in tables.items():
        if table not in _KEYS:
            known = ", ".join(f"[{name}]" for name in _KEYS)
            raise _wrong(path, text, table, f"unknown table {table!r}", f"{nearest(table, _KEYS)} Known: {known}.")
        if not isinstance(keys, dict):
            raise _wrong(path, text, table, f"{table} is not a table", f"Write [{table}] on a line of its own.")
        for key, names in keys.items():
            if key not in _KEYS[table]:
                known = ", ".join(_KEYS[table])
                cure = f"{nearest(key, _KEYS[table])} [{table}] has: {known}."
                raise _wrong(path, text, key, f"unknown key {key!r} in [{table}]", cure)
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                cure = f'Write {key} = ["acme-film", "acme.fade"].'
                raise _wrong(path, text, key, f"{key} is {names!r}, not a list of strings", cure)
    return tables


def _wrong(path: Path, text: str, key: str, problem: str, cure: str) -> InvalidDocument:
    # tomllib keeps no lines: the first that begins with the key, as a table or as a value, is it.
    begins = re.compile(rf"""\s*(?:\[+\s*)?(?:\w+\s*\.\s*)*["']?{re.escape(key)}["']?\s*[]=.]""")
    line = next((n for n, line in enumerate(text.splitlines(), 1) if begins.match(line)), 1)
    return InvalidDocument(problem, path=f"{path}, line {line}", cure=cure.strip())
