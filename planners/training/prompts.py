"""Style prompts that a folder of photos is styled by for training; a dataset of `aether` brings its own."""

from __future__ import annotations

from typing import Final

PROMPTS: Final = (
    "warm", "slightly warmer", "cool", "moody", "dark and moody", "bright and airy", "brighter", "darker", "vivid",
    "muted", "pastel", "faded", "vintage", "cinematic teal and orange", "golden hour", "black and white", "sepia",
    "dreamy bright pink", "high contrast", "soft contrast", "matte", "film look", "deep blue sky", "autumn",
    "punchy", "a little less saturated", "warm shadows and cool highlights", "clean and natural", "lush greens",
    "more dramatic",
)  # fmt: skip
