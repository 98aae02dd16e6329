"""Areas that break one promise each.

Each differs from a sound area in the one way its docstring states, and fails the check it is listed under.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from sound_areas import Dusk, Wheel, slot
from torch import Tensor

from veraretouch import Params, Slot
from veraretouch.core.contract.area import positions


class NoVendor(Dusk):
    """Go without a vendor's prefix."""

    id = "dusk"


class Wordless(Dusk):
    """Explain a slot by one word."""

    id = "acme.wordless"
    reach = slot(doc="Reach")


class Coloured(Dusk):
    """Give a mask for each channel."""

    id = "acme.coloured"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p).expand(-1, 3, -1, -1)


class OneRow(Dusk):
    """Give one row for all."""

    id = "acme.one_row"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        x, _ = positions(p.frame, rgb)
        return (x * p.reach).to(rgb.dtype)


class BelowNothing(Dusk):
    """Take away more than there is."""

    id = "acme.below_nothing"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return 1.2 * super().mask(rgb, p) - 0.1


class BrightOnly(Dusk):
    """Cover by brightness, which may lie beyond 1."""

    id = "acme.bright_only"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return (p.reach * rgb.mean(dim=1, keepdim=True)).clamp(min=0)


class Doubles(Dusk):
    """Return double precision whatever came."""

    id = "acme.doubles"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p).double()


class Overflows(Dusk):
    """Pass through numbers that half precision does not have."""

    id = "acme.overflows"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p) * (1e5 * rgb[:, :1].clamp(0.1, 1) / (1e5 * rgb[:, :1].clamp(0.1, 1)))


class OnTheProcessor(Dusk):
    """Keep a constant on the CPU."""

    id = "acme.on_the_processor"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        weights = torch.tensor([0.2, 0.7, 0.1], dtype=rgb.dtype).reshape(1, 3, 1, 1)
        return super().mask(rgb, p) * (rgb * weights).sum(dim=1, keepdim=True).clamp(0, 1)


class IdleSlot(Wheel):
    """Declare a slot and forget it."""

    id = "acme.idle_slot"
    spare = slot()


class SharesBatch(Dusk):
    """Look at the other photos of the batch."""

    id = "acme.shares_batch"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p) * rgb.clamp(0, 1).mean(dim=(0, 1), keepdim=True)


class Dice(Dusk):
    """Draw from the global random state."""

    id = "acme.dice"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p) * torch.rand((), dtype=rgb.dtype)


class WritesPixels(Dusk):
    """Write to the pixels it is given."""

    id = "acme.writes_pixels"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb.mul_(0.9), p)


class WritesSlots(Dusk):
    """Write to the slots it is given."""

    id = "acme.writes_slots"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        done = super().mask(rgb, p)
        with torch.no_grad():
            p.reach.mul_(0.5)
        return done


class DividesByBlack(Dusk):
    """Divide a channel by itself."""

    id = "acme.divides_by_black"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p) * (rgb[:, :1] / rgb[:, :1]).clamp(0, 1)


class RootOfBlack(Dusk):
    """Take a root, whose slope at 0 is infinite."""

    id = "acme.root_of_black"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p) * rgb[:, :1].clamp(min=0).sqrt().clamp(max=1)


class Frozen(Dusk):
    """Keep gradients from a slot."""

    id = "acme.frozen"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, Params({"reach": p.reach.detach()}, p.frame))


class OfTheTile(Dusk):
    """Count rows from the tile's top."""

    id = "acme.of_the_tile"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        y = torch.linspace(0, 1, rgb.shape[2], dtype=rgb.dtype, device=rgb.device).reshape(1, 1, -1, 1)
        return torch.sigmoid(8 * (p.reach - y)).expand(len(rgb), 1, *rgb.shape[2:]).to(rgb.dtype)


class TileMean(Dusk):
    """Cover what is brighter than its tile."""

    id = "acme.tile_mean"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        grey = rgb.mean(dim=1, keepdim=True)
        return torch.sigmoid(2 * p.reach * (grey - grey.mean(dim=(2, 3), keepdim=True)))


class InPixels(Dusk):
    """Reach down by so many pixels."""

    id = "acme.in_pixels"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        _, y = positions(p.frame, rgb)
        down = torch.sigmoid((40 * p.reach - y * p.frame.height) / 8)
        return down.expand(len(rgb), 1, *rgb.shape[2:]).to(rgb.dtype)


class Hides(Dusk):
    """Use the small view where it is there, without asking for it."""

    id = "acme.hides"

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        return {"middle": small.mean() if small.numel() else 0.5}

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return super().mask(rgb, p) * p.middle


class Needless(Dusk):
    """Ask for the small view and leave it."""

    id = "acme.needless"
    view = True


class PlacedAfterAll(Dusk):
    """Say that places do not count, and count them."""

    id = "acme.placed_after_all"
    placed = False


class TurnsBack(Dusk):
    """Say that the mask never turns back, and follow colours."""

    id = "acme.turns_back"
    monotonic = True


class OutOfBounds(Dusk):
    """Cover more than its bounds say."""

    id = "acme.out_of_bounds"

    def bounds(self, p: Params) -> tuple[float, float, float, float]:
        return 0.0, float(p.reach), 0.0, 1.0


class CutHue(Wheel):
    """Count degrees from one end to the other."""

    id = "acme.cut_hue"

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        _, y = positions(p.frame, rgb)
        whole = torch.sigmoid(8 * (p.reach - y) + p.hue / 360)
        return whole.expand(len(rgb), 1, *rgb.shape[2:]).to(rgb.dtype)


class ForgetsNames(Dusk):
    """Migrate to a slot that is gone."""

    id = "acme.forgets_names"
    version = 2

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        return {"depth": 0.1}


class Whole(Slot):
    """A slot that rounds what a plan says."""

    def check(self, value: Any, *, path: str) -> Any:
        return super().check(value, path=path).round(1)


class RoundsPlans(Dusk):
    """Round its values on the way into a plan."""

    id = "acme.rounds_plans"
    reach = Whole(0.5, low=0.0, high=1.0, group="area", doc="How far it reaches.")


# The area, the check, and words of its failure: what was expected, what came, or the input that shows it.
BROKEN = [
    (NoVendor, "declared", "an id of the form 'vendor.area'; came 'dusk'"),
    (Wordless, "declared", "a doc that is a sentence"),
    (Coloured, "shape", "a mask of (2, 1, 1, 1); came (2, 3, 1, 1)"),
    (OneRow, "shape", "a mask of (2, 1, 5, 1); came (2, 1, 1, 1)"),
    (BelowNothing, "range", "a mask from 0 to 1; came"),
    (BrightOnly, "range", "a mask from 0 to 1; came"),
    (Doubles, "kinds", "a mask in float32; came float64"),
    (Overflows, "kinds", "finite values in float16"),
    (OnTheProcessor, "device", 'at pixels on "meta". Make constants with device=rgb.device'),
    (IdleSlot, "effects", "a picture that changes with slot 'spare'"),
    (SharesBatch, "batch_independence", "each row as if it were alone"),
    (Dice, "determinism", "the same picture twice"),
    (WritesPixels, "inputs_untouched", "rgb untouched"),
    (WritesSlots, "inputs_untouched", "reach untouched"),
    (DividesByBlack, "finite", "finite values; came nan"),
    (RootOfBlack, "finite_gradients", "finite gradients to pixels"),
    (Frozen, "gradcheck", "gradients to reach as finite differences give them"),
    (OfTheTile, "place", "tiles to have the mask of the whole"),
    (TileMean, "place", "what lies around a pixel from the small view"),
    (InPixels, "preview", "a photo of 1/4 of the size to have the same mask"),
    (Hides, "view", "Declare view = True"),
    (PlacedAfterAll, "place", "the same mask wherever a colour lies"),
    (TurnsBack, "place", "rise or fall without turning back"),
    (OutOfBounds, "place", "no mask beyond its bounds"),
    (Needless, "view", "Leave view out"),
    (CutHue, "period", "one picture at both ends of the period 360 of slot 'hue'"),
    (ForgetsNames, "migration", "slots of version 2 (reach); came 'depth', at migrate({}, 1)"),
    (RoundsPlans, "document", "the values that were written, after a trip through JSON"),
]
