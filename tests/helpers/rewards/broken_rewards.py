"""Rewards that break one promise each: each differs from a sound one in the one way its docstring states."""

from __future__ import annotations

import torch

from veraretouch import Reward, Rollouts


class Bright(Reward):
    """Judge how bright the picture is."""

    id = "acme.bright"
    version = 1

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return rollouts.pictures.mean(dim=(1, 2, 3))


class Any(Bright):
    """Judge any answer by its letters."""

    id = "acme.any"
    judges_malformed = True

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return torch.tensor([0.5 * ("<retouch_light>" in text) for text in rollouts.texts])


class NoVendor(Bright):
    """Go without a vendor's prefix."""

    id = "bright"


class Wordless(Bright):
    """Bright"""

    id = "acme.wordless"


class OneForAll(Bright):
    """Give one number for all answers."""

    id = "acme.one_for_all"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return rollouts.pictures.mean() * torch.ones(()) if len(rollouts) > 1 else super().score(rollouts)


class WholeNumbers(Bright):
    """Give whole numbers."""

    id = "acme.whole_numbers"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return super().score(rollouts).round().long()


class Minus(Bright):
    """Give an error as a negative number."""

    id = "acme.minus"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return -(rollouts.pictures - rollouts.targets).abs().mean(dim=(1, 2, 3))


class DividesBySpread(Bright):
    """Divide by a spread that a photo of one colour does not have."""

    id = "acme.divides_by_spread"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        spread = rollouts.photos.flatten(1).std(dim=1)
        return 0.5 * spread / spread


class Generous(Any):
    """Give full marks to what is no answer."""

    id = "acme.generous"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return torch.ones(len(rollouts))


class Stumbles(Any):
    """Expect a tag in every answer."""

    id = "acme.stumbles"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return torch.tensor([0.0 * text.index("<") for text in rollouts.texts])


class Dice(Bright):
    """Draw from the global random state."""

    id = "acme.dice"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        # Twice as loud as what batches may differ by, and the same wherever the seed is.
        return super().score(rollouts) * 0.5 + 0.1 * torch.rand(())


class Ranks(Bright):
    """Rank the answers of a batch, which is the trainer's business."""

    id = "acme.ranks"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        found = super().score(rollouts)
        return (found - found.min()) / (found.max() - found.min() + 1e-6)


class WritesPictures(Bright):
    """Write to the pictures."""

    id = "acme.writes_pictures"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        return rollouts.pictures.mul_(0.5).mean(dim=(1, 2, 3))


class WritesTexts(Bright):
    """Write to the texts."""

    id = "acme.writes_texts"

    def score(self, rollouts: Rollouts) -> torch.Tensor:
        rollouts.texts[0] = rollouts.texts[0].lower()  # type: ignore[index]
        return super().score(rollouts)


# The reward, the check that it fails, and what the failure says.
BROKEN = [
    (NoVendor, "declared", "came 'bright', at id"),
    (Wordless, "declared", "came 'Bright'"),
    (OneForAll, "shape", "came () float32, at 3 answers"),
    (WholeNumbers, "shape", "(3,) int64"),
    (Minus, "range", "expected scores from 0 to 1; came -0."),
    (DividesBySpread, "finite", "came [nan], at a photo of one black pixel"),
    (Generous, "malformed", "came [1.0], at an empty answer"),
    (Dice, "determinism", "expected the same scores twice"),
    (Ranks, "batch_independence", "of three ordinary answers"),
    (WritesPictures, "inputs_untouched", "expected pictures as they were"),
    (WritesTexts, "inputs_untouched", "expected texts as they were"),
]
