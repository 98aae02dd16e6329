"""The stages of the scene network's training: a module of its own, so that help loads no torch."""

from __future__ import annotations

from enum import StrEnum


class SceneStage(StrEnum):
    """Where the weights start from."""

    IMAGENET = "imagenet"
    TUNING = "tuning"
