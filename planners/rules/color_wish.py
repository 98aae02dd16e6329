"""Whether the words of a prompt ask for colour, so that even a photo without gets some."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from ...core.contract.latents import Latents
from ...core.contract.schema import Schema
from ...core.plugins.registry import registry
from ...core.render.renderer import Renderer
from .lexicon import Lexicon
from .style import read_style

_TINT: Final = 1 / 255  # between a pixel's channels


def asks_for_color(prompt: str | None, lexicon: Lexicon | None = None) -> bool:
    """Whether what the lexicon reads in a prompt gives colour to greys: "sepia" does, "more contrast" and "vivid" do
    not.
    """
    edits = read_style(prompt or "", lexicon).edits
    if not edits:
        return False
    schema = Schema.of(registry.ops.load(id) for id in edits)
    values = {
        op: {name: torch.tensor(np.asarray(value), dtype=torch.float32).unsqueeze(0) for name, value in slots.items()}
        for op, slots in edits.items()
    }
    greys = torch.linspace(0, 1, 17).expand(1, 3, 1, 17)
    with torch.no_grad():
        done = Renderer()(greys, Latents(schema, values))
    return bool((done.amax(dim=1) - done.amin(dim=1)).max() > _TINT)
