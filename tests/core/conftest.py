"""What the core's tests share: a renderer of test ops, small tiles; properties drawn anew each time,
and few enough to be quick.
"""

import pytest
from hypothesis import HealthCheck, settings
from renderings import OPS

from veraretouch import Renderer
from veraretouch.core.render import chain

settings.register_profile(
    "core", max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("core")


@pytest.fixture
def renderer():
    return Renderer(OPS)


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles of a row or two of the test photos."""

    def shrink(pixels):
        monkeypatch.setattr(chain, "TILE_PIXELS", pixels)

    return shrink
