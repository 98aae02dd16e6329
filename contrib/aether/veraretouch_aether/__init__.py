"""Training data for planners from a folder of good photos, after AetherRetouch: see the README.

>>> from veraretouch_aether import build
"""

from .dataset import build

__all__ = ["build"]
