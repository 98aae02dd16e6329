"""An assistant in tests: the SDK's own client, which calls tools and reads what comes back."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import start_blocking_portal
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from PIL import Image


@dataclass(frozen=True)
class Answer:
    """What a tool gave: `facts`, `pictures`, and whether it refused; `text` is then the reason."""

    facts: dict[str, Any]
    pictures: list[Image.Image]
    refused: bool
    text: str


class Assistant:
    """A client that is connected."""

    def __init__(self, portal: Any, client: Client) -> None:
        self._portal, self.client = portal, client

    def tools(self) -> list[Any]:
        """The tools that the server lists."""
        found: list[Any] = self._portal.call(self.client.list_tools).tools
        return found

    def __call__(self, tool: str, **arguments: Any) -> Answer:
        """Call a tool, whether it refuses or not."""
        result = self._portal.call(self.client.call_tool, tool, arguments)
        texts = [each.text for each in result.content if each.type == "text"]
        pictures = [Image.open(BytesIO(base64.b64decode(each.data))) for each in result.content if each.type == "image"]
        facts = result.structured_content or {}
        if not result.is_error and not facts:
            facts = json.loads(texts[-1])
        return Answer(facts, pictures, bool(result.is_error), "\n".join(texts))

    def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that does not refuse; its facts."""
        answer = self(tool, **arguments)
        assert not answer.refused, answer.text
        return answer.facts

    def refusal(self, tool: str, **arguments: Any) -> str:
        """Call a tool that refuses; its reason."""
        answer = self(tool, **arguments)
        assert answer.refused, answer.facts
        return answer.text


def by_command(photos: Path, out: Path) -> StdioServerParameters:
    """The real command, over standard input and output, on a folder.

    The SDK hands over little of the environment: without the number of threads they wait for each other beside another
    worker, at three times the processor time.
    """
    command = str(Path(sys.executable).with_name("veraretouch"))
    held = {name: value for name, value in os.environ.items() if name == "OMP_NUM_THREADS"}
    return StdioServerParameters(command=command, args=["mcp", "--root", str(photos), "--out", str(out)], env=held)


@contextmanager
def assistant_by_http(address: str, token: str) -> Iterator[Assistant]:
    """An assistant that is connected over HTTP and bears a token."""
    bearing = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(bearing):
        by_http = Client(streamable_http_client(address, http_client=bearing))
        with portal.wrap_async_context_manager(by_http) as client:
            yield Assistant(portal, client)


@contextmanager
def assistant(server: Any) -> Iterator[Assistant]:
    """An assistant that is connected to a server, by whatever transport `mcp.client.Client` takes."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(server)) as client:
        yield Assistant(portal, client)
