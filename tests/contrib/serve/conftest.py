"""A server that tests share, and a photo. Tests that ask for it stand in the group `serve`: one worker starts it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from serving import PLANNERS, Serving, serving

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Two workers, two places to wait, and small limits."""
    limits = ("--workers", "2", "--queue", "2", "--timeout", "3", "--max-pixels", "1", "--max-body", "2")
    with serving(tmp_path_factory.mktemp("serve"), *limits, "--transfer", "2", *PLANNERS) as made:
        yield made


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a third of a megapixel."""
    return Path(shutil.copy(SAMPLES / "beach.jpg", tmp_path_factory.mktemp("photo") / "my beach.jpg"))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a few pixels, for what is not about pixels."""
    pixels = np.random.default_rng(0).integers(0, 255, (32, 48, 3), np.uint8)
    path = tmp_path_factory.mktemp("small") / "small.png"
    Image.fromarray(pixels).save(path)
    return path
