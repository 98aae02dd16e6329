"""The free photos that come with the kit; photos/README.md tells their sources and licences."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SAMPLES: Final = ("flower", "lake", "night", "portrait")


def sample(name: str) -> Path:
    """The file of a sample photo: sRGB JPEG, 256 pixels along its long side.

    >>> sample("portrait").name
    'portrait.jpg'
    """
    return Path(__file__).with_name("photos") / f"{name}.jpg"
