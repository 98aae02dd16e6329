"""A Hub on the loopback interface, and folders of the tests' own."""

from dataclasses import replace

import pytest
from bundles import Weighted

from veraretouch import registry
from veraretouch.zoo.hub import Hub
from veraretouch.zoo.testing import LoopbackHub


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Nothing of this machine's user is read or written."""
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "VERARETOUCH_INDEX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def weighted():
    registry.planners.add(Weighted)
    yield Weighted
    registry.planners.remove(Weighted.id)


@pytest.fixture
def loopback(monkeypatch):
    import huggingface_hub.constants

    # The Hub's newer protocol is not spoken here.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    with LoopbackHub().running() as served:
        yield served


@pytest.fixture
def hub(loopback, tmp_path):
    """The client's view of the loopback Hub, without a token."""
    return Hub(loopback.url, tmp_path / "hf" / "hub")


@pytest.fixture
def member(hub, loopback):
    """The same with a token."""
    return replace(hub, token=loopback.token)
