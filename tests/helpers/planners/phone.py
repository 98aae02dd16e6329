"""A plan of `vera` made by its Core ML packages alone, as an app makes it: no network of torch runs.

Words and pictures are prepared by the planner's own code, where an app has swift-transformers and Core Image.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from veraretouch import Photo, Request
from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.model import VeraConfig
from veraretouch.planners.vera.picture import picture_of
from veraretouch.planners.vera.prompts import prompt_for
from veraretouch.planners.vera.tokenizer import Tokenizer
from veraretouch.planners.vera.writing.sampling import Sampler
from veraretouch.zoo.bundles.bundle import Bundle
from veraretouch.zoo.coreml import Package, open_package

Array = np.ndarray[Any, Any]


@dataclass
class Greedy:
    """Takes the most probable token, with `anew` of those that it has not taken yet; after so many the given ones.
    Remembers what it took, and how clearly: how far the second was behind, as a share of the first one's logit.
    """

    after: int = 4096
    then: Sequence[int] = ()
    anew: bool = False
    tokens: list[int] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)

    def next(self, logits: torch.Tensor, written: Sequence[int]) -> int:
        if self.anew:
            logits = logits.index_fill(0, torch.tensor(written, dtype=torch.long), -1e4)
        if len(written) >= self.after:
            token = self.then[len(written) - self.after]
        else:
            (first, second), (token, _) = (each.tolist() for each in logits.float().topk(2))
            self.margins.append((first - second) / abs(first))
        self.tokens.append(int(token))
        return int(token)


@dataclass
class Planned:
    """An answer's tokens, and packed latents (1, D) by each head: `neural` and `sliders`."""

    tokens: list[int]
    latents: dict[str, Array]


class Phone:
    """Plans by packages.

    Args:
        opened: a package by its name and function. `context`: tokens that the decoder's cache holds.
    """

    def __init__(
        self, opened: Callable[[str, str | None], Package], config: VeraConfig, tokenizer: Tokenizer, *, context: int
    ) -> None:
        self.config, self.tokenizer, self.context = config, tokenizer, context
        plain = ("tower", "projector", "embedding", "lm_head", "retouch_head", "slot_head")
        self.packages = {name: opened(name, None) for name in plain}
        self.packages |= {name: opened("decoder", name) for name in ("prefill", "step")}
        self.prefill = self._shape("prefill", "embeddings")[1]

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Phone:
        """By the Core ML variant that a bundle was opened with."""
        place = f"coreml/{bundle.variant}/tokenizer.json"
        with bundle.open(place) as file:
            tokenizer = Tokenizer(file.read().decode())
        packages = bundle.manifest.document["variants"][bundle.variant]["coreml"]["packages"]
        return cls(
            lambda name, function: open_package(bundle, name, function=function),
            VeraConfig.of(bundle.configuration["model"]),
            tokenizer,
            context=packages["decoder"]["states"]["keys"]["shape"][2],
        )

    def plan(self, photo: Photo, request: Request, sampler: Sampler) -> Planned:
        """The answer to a request, and what the heads make of it."""
        prompt = prompt_for(request)
        parts = [self._embedded(self.tokenizer.ids(prompt.before))]
        if prompt.after is not None:
            shown = picture_of(photo, self.config.picture_side).unsqueeze(0).numpy()
            tokens = self._run("tower", images=shown)["image_features"]
            parts += [
                self._run("projector", image_features=tokens)["embeddings"],
                self._embedded(self.tokenizer.ids(prompt.after)),
            ]
        states, tokens, found = self.packages["step"].states(), [], {}
        hidden, position = self._through(np.concatenate(parts, axis=1), states, 0)
        while len(found) < len(RETOUCH_TOKENS) and position < self.context:
            logits = self._run("lm_head", hidden=hidden)
            whole = np.concatenate([logits[f"logits_{place}"] for place in range(len(logits))], axis=-1)
            token = sampler.next(torch.from_numpy(whole).ravel(), tokens)
            tokens.append(token)
            if token in self.tokenizer.retouch:
                found.setdefault(token, hidden)
            if token in self.config.eos_token_id:
                break
            hidden, position = self._through(self._embedded([token]), states, position)
        return Planned(tokens, self._latents(found, prompt.groups))

    def _latents(self, found: dict[int, Array], groups: Collection[str]) -> dict[str, Array]:
        """What both heads make of the states that predicted retouch tokens; zeros for one that was not written."""
        none = np.zeros((1, 1, self.config.hidden_size), np.float32)
        states = np.concatenate([found.get(token, none) for token in self.tokenizer.retouch], axis=2)[0]
        on = [
            float(token in found and group in groups)
            for token, group in zip(self.tokenizer.retouch, RETOUCH_TOKENS.values(), strict=True)
        ]
        mask = np.asarray([on], np.float32)
        latents = self._run("retouch_head", input=states)["output"]
        sliders = self._run("slot_head", input=states, mask=mask)["latents"]
        return {"neural": (latents.reshape(len(on), -1) * mask.T).reshape(1, -1), "sliders": sliders}

    def _embedded(self, ids: Sequence[int]) -> Array:
        """(1, length, width), so many ids a call as the package takes, padded with 0."""
        size = self._shape("embedding", "ids")[1]
        rows = [np.asarray([ids[at : at + size]], np.int32) for at in range(0, len(ids), size)]
        padded = [np.pad(row, ((0, 0), (0, size - row.shape[1]))) for row in rows]
        made = [self._run("embedding", ids=row)["embeddings"] for row in padded]
        return np.concatenate(made, axis=1)[:, : len(ids)]

    def _through(self, embedded: Array, states: Any, position: int) -> tuple[Array, int]:
        """The last hidden state (1, 1, width) after these embeddings, and the next one's place."""
        hidden, end = None, position + embedded.shape[1]
        while position < end:
            left = embedded[:, embedded.shape[1] - (end - position) :]
            name, rows = "step", 1
            if left.shape[1] > 1 and position + self.prefill <= self.context:
                name, rows = "prefill", self.prefill
            taken = left[:, :rows]
            given = np.pad(taken, ((0, 0), (0, rows - taken.shape[1]), (0, 0)))
            made = self._run(name, states, embeddings=given, position=np.asarray([position]))["hidden"]
            hidden, position = made[:, taken.shape[1] - 1 : taken.shape[1]], position + taken.shape[1]
        assert hidden is not None
        return hidden, position

    def _shape(self, package: str, name: str) -> tuple[int, ...]:
        found: tuple[int, ...] = self.packages[package].runner.inputs[name]
        return found

    def _run(self, package: str, states: Any = None, **inputs: Array) -> dict[str, Array]:
        return self.packages[package].predict(inputs, states)
