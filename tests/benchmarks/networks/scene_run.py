"""How well scene networks see pictures of sources that they were not trained on: as a library for `scene_report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from veraretouch.core.color.cielab import cielab
from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.planners.scene.network import CLASSES, SIDE, SceneNetwork
from veraretouch.planners.scene.scene import shares_of
from veraretouch.planners.training.scene.labels import PERSON, SKIN, Labelled

# Individual typology angle in degrees, from which a skin is called so (Chardon et al. 1991).
TONES = {"light": 41.0, "intermediate": 28.0, "tan": 10.0, "dark": -90.0}
FALSE = 0.05


@dataclass
class Counts:
    """Pixels of one class: found where it is, found, there."""

    hits: int = 0
    taken: int = 0
    wanted: int = 0

    def document(self) -> dict[str, float]:
        """Intersection over union, recall and precision."""
        union = self.taken + self.wanted - self.hits
        found = {
            "iou": self.hits / union,
            "recall": self.hits / self.wanted,
            "precision": self.hits / max(self.taken, 1),
        }
        return {name: round(value, 3) for name, value in found.items()}


@dataclass
class Skin:
    """Shares of skin at labelled places: of those that are none, and of those that are, by the tone of the skin."""

    others: list[np.ndarray] = field(default_factory=list)
    by_tone: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Recall at 5 % false, of all and by tone, and how many pictures each tone has."""
        threshold = float(np.quantile(np.concatenate(self.others), 1 - FALSE))
        threshold = max(threshold, 1e-3)
        every = np.concatenate([part for parts in self.by_tone.values() for part in parts])
        recall = {tone: float((np.concatenate(parts) > threshold).mean()) for tone, parts in self.by_tone.items()}
        half = np.concatenate(self.others) > 0.5
        return {
            "threshold at 5 % false": round(threshold, 3),
            "recall at 5 % false": round(float((every > threshold).mean()), 3),
            "recall at a share of a half": round(float((every > 0.5).mean()), 3),
            "false at a share of a half": round(float(half.mean()), 3),
            "by tone": {tone: round(recall[tone], 3) for tone in TONES if tone in recall},
            "pictures": {tone: len(self.by_tone[tone]) for tone in TONES if tone in self.by_tone},
        }


def judged(network: SceneNetwork, items: Sequence[Labelled]) -> tuple[dict[str, Counts], Skin]:
    """Count pixels of each class that the source knows, and gather skin.

    Only places whose label says whether they are of the class count; where skin is not known, it is the person's.
    """
    counts, skin = {}, Skin()
    for item in items:
        labels, allowed = item.labels(), item.allowed()
        rgb = torch.from_numpy(item.picture().copy()).permute(2, 0, 1)[None].float() / 255
        shares = interpolate(shares_of(rgb, network=network), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        best = shares[0].argmax(dim=0).numpy()
        for each in item.known - {0}:
            it_is = labels == each
            sure = (it_is | (allowed & (1 << each) == 0)) & (allowed != 0)
            merged = each == PERSON and SKIN not in item.known
            found = np.isin(best, (PERSON, SKIN)) if merged else best == each
            count = counts.setdefault(CLASSES[each], Counts())
            count.hits += int((it_is & found).sum())
            count.taken += int((found & sure).sum())
            count.wanted += int(it_is.sum())
        if SKIN in item.known and (labels == SKIN).sum() > 100:
            share = shares[0, SKIN].numpy()
            known = (allowed != 0) & (labels != SKIN) & (allowed & (1 << SKIN) == 0)
            skin.others.append(share[known][::5])
            tone = tone_of(item.picture()[labels == SKIN])
            skin.by_tone.setdefault(tone, []).append(share[labels == SKIN][::5])
    return counts, skin


def tone_of(pixels: np.ndarray) -> str:
    """The name of the tone of skin pixels (N, 3), uint8, by their median individual typology angle."""
    light = srgb_to_linear(torch.from_numpy(pixels).float() / 255)
    lightness, _, b = (plane.numpy() for plane in cielab(light.unbind(dim=1)))
    angle = float(np.degrees(np.arctan2(np.median(lightness) - 50, np.median(b))))
    return next(name for name, least in TONES.items() if angle > least)
