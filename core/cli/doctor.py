"""The command `doctor`: what is installed here, what is missing, what is broken, each with its cure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import typer

from .options import Json
from .plugins import FAULTY, plugin_rows

if TYPE_CHECKING:
    from ..plugins.policy import PolicyRule

Level = Literal["ok", "note", "broken"]

_LITTLE_SPACE = 2**30  # bytes
_PATIENCE = 10.0  # seconds for a plugin's own import


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `broken` makes the command fail; a `note` does not."""

    part: str
    level: Level
    text: str
    cure: str = ""


def doctor(json: Json = False) -> None:
    """Check the installation: Python, torch, plugins, folders."""
    from .terminal import columns, json_text, say

    findings = list(examine())
    broken = sum(finding.level == "broken" for finding in findings)
    if json:
        say(json_text({"broken": broken, "findings": [asdict(finding) for finding in findings]}))
    else:
        rows = ((f.level, f.part, f"{f.text}. {f.cure}" if f.cure else f.text) for f in findings)
        say(columns(rows))
        say("Everything works." if not broken else f"{broken} broken.")
    if broken:
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Look at everything; a part that cannot even be looked at is broken."""
    for part, look in {
        "python": _python,
        "torch": _torch,
        "extras": _extras,
        "examinations": _examinations,
        "policy": _policy,
        "plugins": _plugins,
        "folders": _folders,
    }.items():
        try:
            yield from look()
        except Exception as error:
            yield Finding(part, "broken", f"{type(error).__name__}: {error}")


def _python() -> Iterator[Finding]:
    import platform
    import sys
    from importlib.metadata import version

    yield Finding("veraretouch", "ok", version("veraretouch"))
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}, {sys.executable}")


def _torch() -> Iterator[Finding]:
    import torch

    yield Finding("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            device = torch.cuda.get_device_properties(index)
            yield Finding("device", "ok", f"cuda:{index} {device.name}, {_size(device.total_memory)}")
    elif torch.backends.mps.is_available():
        yield Finding("device", "ok", "mps")
    else:
        yield Finding("device", "ok", "cpu")


def _extras() -> Iterator[Finding]:
    """The optional packages of each extra, by the extra's own examination where a room has registered one of its
    name.
    """
    from ..plugins.registry import registry

    for extra in optional_packages():
        yield from registry.examinations.load(extra)() if extra in registry.examinations else extra_findings(extra)


def _examinations() -> Iterator[Finding]:
    """What plugins look at that is no extra of this distribution."""
    from ..plugins.registry import registry

    for id in registry.examinations.ids():
        if id not in optional_packages():
            try:
                yield from registry.examinations.load(id)()
            except Exception as error:
                yield Finding(id, "broken", f"{type(error).__name__}: {error}")


def optional_packages() -> dict[str, list[str]]:
    """The optional packages by extra, as this distribution's own metadata names them."""
    import re
    from importlib.metadata import distribution

    needs = re.compile(r"""^([\w.-]+).*;.*extra\s*==\s*["'](\w+)["']""")
    found: dict[str, list[str]] = {}
    for match in map(needs.match, distribution("veraretouch").requires or []):
        if match and match[2] != "dev":
            found.setdefault(match[2], []).append(match[1])
    return found


def extra_findings(extra: str) -> Iterator[Finding]:
    """Whether each package of an extra is there and can be imported."""
    from importlib import import_module
    from importlib.metadata import PackageNotFoundError, distribution

    for package in optional_packages().get(extra, ()):
        install = f"pip install 'veraretouch[{extra}]'"
        try:
            version = distribution(package).version
            with _unlogged():
                import_module(package.replace("-", "_"))
        except PackageNotFoundError:
            yield Finding(f"extra {extra}", "note", f"{package} is not installed", f"To have it: {install}")
        except Exception as error:
            cure = f"To mend it: {install} --force-reinstall"
            yield Finding(f"extra {extra}", "broken", f"{package} cannot be imported: {error}", cure)
        else:
            yield Finding(f"extra {extra}", "ok", f"{package} {version}")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Without what packages log on import: coremltools names each part of Apple's runtime that another system lacks."""
    import logging

    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _plugins() -> Iterator[Finding]:
    """Every plugin is imported on trial, to know which ones break: in other processes, so that none ends this one."""
    rows = plugin_rows(timeout=_PATIENCE)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        states = [row["state"] for row in rows if row["kind"] == kind]
        usable = sum(state in ("loaded", "available") for state in states)
        yield Finding("aliases" if kind == "alias" else f"{kind}s", "ok", f"{usable} of {len(states)} can be used")
    for row in rows:
        part, owner = f"{row['kind']} {row['id']}", f"{row['distribution']} {row['version']}".rstrip()
        if row["state"] in FAULTY:
            yield Finding(part, "broken", f"{row['state']} ({owner}): {row['reason']}", row["cure"])
        elif row["reason"]:  # blocked, or a remark on one that works
            yield Finding(part, "note", f"{row['state']} ({owner}): {row['reason']}", row["cure"])


def _policy() -> Iterator[Finding]:
    """The configuration file, and the lists that decide which plugins are imported."""
    from ..plugins.config import config_path
    from ..plugins.policy import policy_rules

    path = config_path()
    yield Finding("config", "ok", f"{path}" if path.is_file() else f"none ({path})")
    for each in policy_rules():
        part = "allow list" if each.allows else "block list"
        yield Finding(part, "ok", f"{each.place}: {', '.join(sorted(each.names))}")
        yield from _names_of_nothing(part, each)


def _names_of_nothing(part: str, each: PolicyRule) -> Iterator[Finding]:
    """The names of a list that nothing here has: misspelt, as likely as not, and then the list does not act."""
    from importlib.metadata import PackageNotFoundError, distribution

    from ..errors import nearest
    from .listing import all_entries

    entries = all_entries()
    known = {id for _, id in entries} | {entry.distribution for entry in entries.values()}
    for name in sorted(each.names - known):
        try:
            distribution(name)
        except PackageNotFoundError:
            cure = nearest(name, known).strip() or "Check how it is spelt."
            yield Finding(part, "note", f"{each.place}: no plugin and no distribution is named {name!r} here", cure)


def _folders() -> Iterator[Finding]:
    import os
    import shutil
    import tempfile
    from pathlib import Path

    from platformdirs import user_cache_path

    for part, path in {"cache": user_cache_path("veraretouch"), "temporary": Path(tempfile.gettempdir())}.items():
        place: Any = path
        while not place.exists():  # a cache folder is made when it is first needed
            place = place.parent
        free = shutil.disk_usage(place).free
        text = f"{path}, {_size(free)} free"
        if not os.access(place, os.W_OK):
            yield Finding(part, "broken", f"{text}, not writable", "Change its permissions.")
        elif free < _LITTLE_SPACE:
            yield Finding(part, "note", text, "Little space is left.")
        else:
            yield Finding(part, "ok", text)


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
