"""What a scene shows, in words, for reasoning."""

from __future__ import annotations

from typing import Final

from .scene import Scene

# A class that fills less of a photo is not worth a word; skin is, as it is looked at first.
_LEAST: Final = 0.05
_LEAST_SKIN: Final = 0.01
_MOST: Final = 4


def seen_in_words(scene: Scene) -> str:
    """What a photo shows, largest first, in a sentence.

    >>> import torch
    >>> shares = torch.zeros(9, 4, 4)
    >>> shares[1, :2], shares[6, 2:] = 0.9, 0.6  # sky above a building
    >>> seen_in_words(Scene(shares))
    'Seen: sky 45 %, building 30 %.'
    """
    found = [
        (name, share)
        for name, share in scene.by_name().items()
        if name != "other" and share >= (_LEAST_SKIN if name == "skin" else _LEAST)
    ]
    skin = [pair for pair in found if pair[0] == "skin"]
    named = [*(pair for pair in found if pair[0] != "skin")][: _MOST - len(skin)] + skin
    if not named:
        return "Seen: nothing that is known by name."
    named.sort(key=lambda pair: -pair[1])
    return f"Seen: {', '.join(f'{name} {100 * share:.0f} %' for name, share in named)}."
