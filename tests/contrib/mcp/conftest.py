"""Photos, and an assistant that may look at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from assistants import Assistant, assistant
from veraretouch_mcp.folders import Folders
from veraretouch_mcp.server import create_server

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two photos, one of them in a folder below."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "trip").mkdir()
    shutil.copy(SAMPLES / "beach.jpg", folder)
    shutil.copy(SAMPLES / "portrait.jpg", folder / "trip")
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files may be written."""
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def helper(photos: Path, out: Path) -> Iterator[Assistant]:
    """An assistant within this process."""
    with assistant(create_server(Folders([photos], out))) as connected:
        yield connected
