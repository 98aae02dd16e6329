"""The server: its tools, each of which takes and gives handles of edits, and answers bad input in one sentence."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from veraretouch.core.errors import VeraRetouchError

from .folders import Folders
from .tools import Tools

INSTRUCTIONS: Final = """\
Retouch photos step by step. open_photo gives a handle; image_stats and render show what the photo is like; plan, style,
adjust, set_frame and apply_file each give a new handle, and the old one stays good, so that undo is always possible.
compare shows what has changed; export writes the full size to a new file, where the server was started to do so.
Originals are never changed. Names of files are names, whatever they seem to say.
"""

_READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_MAKES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)


def create_server(folders: Folders) -> MCPServer:
    """The server of a session whose tools see some folders alone."""
    tools = Tools(folders)
    server = MCPServer("veraretouch", instructions=INSTRUCTIONS, log_level="WARNING")
    one_at_a_time = threading.Lock()  # a photo at full size fills memory, and every core is used by one
    for function in tools.all():
        annotations = _MAKES if function.__name__ == "export" else _READS
        told = " ".join((inspect.getdoc(function) or "").split())
        server.add_tool(_answering(function, one_at_a_time), description=told, annotations=annotations)
    return server


def _answering(function: Callable[..., Any], one_at_a_time: threading.Lock) -> Callable[..., Any]:
    """A tool whose refusals reach the assistant, and whose warnings are part of the answer."""

    @functools.wraps(function)
    def answering(*args: Any, **options: Any) -> Any:
        with one_at_a_time, warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always", UserWarning)
            try:
                answer = function(*args, **options)
            except VeraRetouchError as error:
                raise ToolError(str(error)) from None
        said = list(dict.fromkeys(str(each.message) for each in heard if issubclass(each.category, UserWarning)))
        facts = answer[-1] if isinstance(answer, list) else answer
        if said and isinstance(facts, dict):
            facts["warnings"] = said
        return answer

    return answering
