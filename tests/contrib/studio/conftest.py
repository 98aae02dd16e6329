"""Photos, a studio that shows them, and clients of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from studios import Client, serve

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two photos in a folder of their own."""
    folder = tmp_path / "photos"
    folder.mkdir()
    return [Path(shutil.copy(SAMPLES / name, folder)) for name in ("beach.jpg", "portrait.jpg")]


@pytest.fixture
def stranger(photos: list[Path]) -> Iterator[Client]:
    """A client that has the link and has not opened it."""
    client, end = serve(photos)
    yield client
    end()


@pytest.fixture
def client(stranger: Client) -> Client:
    """A client with a session."""
    return stranger.sign_in()
