"""Fixtures for the tests of plugins, in every pytest session where veraretouch is installed; no torch is imported.

`veraretouch_registry`, `sample_photos` and `loopback_hub`; a fixture of yours with one of these names goes before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ...core.plugins.registry import Registry
    from .hub import LoopbackHub


@pytest.fixture
def veraretouch_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The registry, without the user's block and allow lists; what the test adds to it is gone after the test.

    To block a plugin, set the environment variable and have the catalogue look again:
    `monkeypatch.setenv("VERARETOUCH_BLOCK", "acme-film"); veraretouch_registry.ops.refresh()`.
    """
    from ...core.plugins.config import CONFIG_VARIABLE
    from ...core.plugins.policy import ALLOW_VARIABLE, BLOCK_VARIABLE
    from ...core.testing.isolation import isolated_registry

    for variable in (ALLOW_VARIABLE, BLOCK_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    config = tmp_path / "veraretouch.toml"
    config.touch()
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    with isolated_registry() as isolated:
        yield isolated


@pytest.fixture
def sample_photos(tmp_path: Path) -> dict[str, Path]:
    """Copies of four free photos by name (flower, lake, night, portrait): sRGB JPEG, 256 pixels along the long side."""
    import shutil

    from ...core.testing.samples import SAMPLES, sample

    folder = tmp_path / "sample_photos"
    folder.mkdir()
    return {name: Path(shutil.copy(sample(name), folder)) for name in SAMPLES}


@pytest.fixture
def loopback_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """A Hub on this machine that the zoo asks instead of the real one, with caches of its own and nobody's token.

    `loopback_hub.publish("me/look", files)` makes a repository of names and bytes; `loopback_hub.faults` says what goes
    wrong. `zoo.push` works as it is; for private and gated repositories set HF_TOKEN to `loopback_hub.token`.
    """
    import huggingface_hub.constants

    from .hub import LoopbackHub

    folders = ("HF_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    for variable in folders:
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    for variable in ("HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "VERARETOUCH_INDEX"):
        monkeypatch.delenv(variable, raising=False)
    # The Hub's newer protocol is not spoken here.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    with LoopbackHub(open_to_uploads=True).running() as served:
        for variable, value in served.environment.items():
            if variable != "HF_TOKEN":
                monkeypatch.setenv(variable, value)
        yield served
