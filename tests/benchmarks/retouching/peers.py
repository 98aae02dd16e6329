"""What stands beside the planner in the undo test: four automatic corrections that need no understanding."""

from __future__ import annotations

from spoilings import Picture

from veraretouch.planners.eval.peers import autocontrast, equalize_adapthist, grey_world


def nothing(rgb: Picture) -> Picture:
    """The photo as it is."""
    return rgb


PEERS = {
    "doing nothing": nothing,
    "Pillow autocontrast": autocontrast,
    "skimage equalize_adapthist": equalize_adapthist,
    "grey world": grey_world,
}
