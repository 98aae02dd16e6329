"""Photos, a studio that shows them, and clients of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
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


@pytest.fixture
def sea(tmp_path: Path) -> Callable[[float], Path]:
    """Makes a picture of the sea under a pale sky, whose horizon falls to the right by so many degrees."""

    def made(degrees: float) -> Path:
        y, x = np.mgrid[:512, :768]
        below = y - 0.45 * 512 - (x - 384) * np.tan(np.radians(degrees))
        pale, waves = 1 - np.abs(below) / 340, 20 * np.sin(below / 6 + x / 40)
        sky = np.stack([120 + 70 * pale, 160 + 50 * pale, np.full_like(pale, 215)], -1)
        water = np.stack([np.full_like(pale, 30), 70 + waves, 100 + waves], -1)
        water += np.random.default_rng(0).normal(0, 10, (512, 768, 1))
        share = 1 / (1 + np.exp(-below / 0.7))[..., None]
        path = tmp_path / f"sea {degrees}.png"
        Image.fromarray((sky * (1 - share) + water * share).clip(0, 255).astype(np.uint8)).save(path)
        return path

    return made
