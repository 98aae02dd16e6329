"""Whole plans by Core ML packages beside the planner's own: words, edits and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from phone import Greedy, Phone

from veraretouch import Photo, Request, open_photo
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.sampling import Forced
from veraretouch.zoo.coreml import Package
from veraretouch.zoo.coreml.language import context_of
from veraretouch.zoo.coreml.networks import OpsNetwork, Pixels

PHOTOS = sorted((Path(__file__).parents[3] / "docs" / "samples").glob("*.jpg"))[::2]
REQUESTS = {
    "auto": Request.of(),
    "style": Request.of(style="warm and moody"),
    "param": Request.of(params={"Exposure2012": {"value": 30}, "Vibrance": {"value": -20}}),
}
# Answers that have not ended by themselves end after so many tokens with those that edit.
LONGEST = 160
SIDE = 96  # pixels of the pictures that edits are compared on


def compared(folder: Path, planner: Vera) -> dict[str, dict[str, float]]:
    """Figures by kind of request, of the most probable words: `same_words` is the share of answers that are equal token
    by token. Edits and pictures are those of the planner's words, whatever the packages' own were; a slider's distance
    is a share of its range, of an angle the shorter way round, a picture's in CIEDE2000.

    Args:
        folder: the packages.
    """
    phone = Phone(
        lambda name, function: Package(folder / f"{name}.mlpackage", function=function),
        planner.model.config,
        planner.tokenizer,
        context=context_of(planner.model),
    )
    chain = OpsNetwork(planner.model.slot_schema)
    renderers = {"neural": Pixels(planner.neural.network, encoded=True).eval(), "sliders": chain}
    ranges = np.concatenate([np.full(slot.size, np.max(slot.high - slot.low)) for _, _, slot in chain.schema])
    turns = np.concatenate([np.full(slot.size, slot.period or np.inf) for _, _, slot in chain.schema])
    figures = {}
    for kind, request in REQUESTS.items():
        same, sliders, apart = [], [], {"neural": [], "sliders": []}
        for path in PHOTOS[:1] if kind == "param" else PHOTOS:  # exact values show no photo
            photo = open_photo(path)
            wanted, tokens = _planned(planner, photo, request)
            found = phone.plan(photo, request, _greedy(planner))
            same.append(found.tokens == tokens)
            if not same[-1]:
                found = phone.plan(photo, request, Forced(tokens))
            colours = _small(photo)
            if kind == "param":  # the sliders of exact values are these values
                del wanted["sliders"]
            else:
                moved = np.abs(found.latents["sliders"] - wanted["sliders"])
                sliders.append(float((np.minimum(moved, turns - moved) / ranges).max()))
            for head in wanted:
                with torch.no_grad():
                    shown = [
                        renderers[head](colours, torch.from_numpy(latents[head]).float()).clamp(0, 1)[0].flatten(1).T
                        for latents in (found.latents, wanted)
                    ]
                apart[head].append(ciede2000(*shown))
        figures[kind] = {"answers": len(same), "same_words": float(np.mean(same))}
        figures[kind] |= {"slider_max": max(sliders)} if sliders else {}
        for head in wanted:
            distances = torch.cat(apart[head])
            figures[kind] |= {
                f"{head}_ciede2000_mean": float(distances.mean()),
                f"{head}_ciede2000_p99": float(distances.quantile(0.99)),
            }
    return figures


def _greedy(planner: Vera) -> Greedy:
    return Greedy(LONGEST, planner.tokenizer.retouch)


def _planned(planner: Vera, photo: Photo, request: Request) -> tuple[dict[str, np.ndarray], Sequence[int]]:
    """The planner's packed latents by each head, and the words that it found most probable."""
    made, tokens = {}, []
    for head in ("neural", "sliders"):
        sampler = Forced(tokens) if tokens else _greedy(planner)
        # B023: each sampler is used in its own turn alone.
        desk = Vera(planner.model, planner.tokenizer, planner.neural, head=head, sampler=lambda request: sampler)  # noqa: B023
        made[head] = desk.plan([photo], [request]).latents.pack().numpy()
        tokens = tokens or sampler.tokens
    return made, tokens


def _small(photo: Photo) -> torch.Tensor:
    """Some colours of a photo, (1, 3, SIDE, SIDE) in [0, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(photo.pixels)).permute(2, 0, 1)[None].float() / 255
    return torch.nn.functional.interpolate(pixels, size=(SIDE, SIDE), mode="area")
