"""A resident process on loopback that the environment names, and three small photos in the working folder."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import residents

import veraretouch as vr
from veraretouch.core.cli.batch.remote.server import TOKEN_VARIABLE
from veraretouch.core.cli.shell import VIA_VARIABLE


@pytest.fixture(scope="module")
def work():
    """The process that works for the resident ones; gone before tests of other rooms count processes."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as made:
        yield made


@pytest.fixture
def resident(work, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, residents.TOKEN)
    with residents.resident(work) as server:
        monkeypatch.setenv(VIA_VARIABLE, server.url)
        yield server


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, level in (("a", 60), ("b b", 128), ("\u00e9", 200)):
        shade = np.linspace(level - 50, level + 50, 8 * 12 * 3).reshape(8, 12, 3)
        vr.Photo(shade.astype(np.uint8)).save(tmp_path / f"{name}.png")
    return [tmp_path / f"{name}.png" for name in ("a", "b b", "\u00e9")]
