"""One example of a dataset: what the planner sees, what it should become,
and everything that is known of the way between.

An example depends on seed, photo and number alone, never on what was made before it or by whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from veraretouch import registry

from . import words
from .asks import GROUPS, draw_params, draw_preset, draw_style
from .draw import choice, generator
from .edits import Picture, as_edits, render
from .look import look_at
from .spoil import draw_spoiling, invert

FORMAT = "veraretouch.example/1"


def make_example(
    photo: Mapping[str, str],
    number: int,
    pixels: Picture,
    *,
    recipe: Mapping[str, Any],
    seed: int,
    transfers: Sequence[dict[str, Any]] = (),
    presets: Sequence[Mapping[str, Any]] = (),
) -> tuple[dict[str, Any], Picture, Picture]:
    """The document of an example, its input and its target.

    Args:
        photo: `id` and `split`; number: which of the photo's examples.
        presets: `name` and `values` of presets that style prompts may ask for.
        transfers: edits that turn a photo like this back into what an expert began with; drawn in place of spoilings.
    """
    rng = generator(seed, photo["id"], number)
    subset = choice(rng, recipe["subsets"])
    document = blank(photo, number, subset)
    look = look_at(pixels)
    before = after = pixels
    if subset == "style" and presets and rng.random() < recipe["style"]["presets"]:
        prompt, values = draw_preset(rng, presets)
        edits = as_edits(values)
        after = render(pixels, edits)
        document["request"]["prompt"], document["edits"] = prompt, edits
        reasoning = words.of_values(rng, values, _group_of(tuple(values)), GROUPS, f"Asked for: {prompt}.")
    elif subset == "style":
        prompt, reading = draw_style(rng, recipe["style"])
        edits = as_edits(reading.edits)
        after = render(pixels, edits)
        document["request"]["prompt"], document["edits"] = prompt, edits
        reasoning = {group: dict(reading.reasoning[group]) for group in GROUPS}
    elif subset == "param":
        values, groups = draw_params(rng, recipe["param"])
        edits = as_edits(values)
        after = render(pixels, edits)
        document["request"]["params"] = {f"{op}.{slot}": v for op, slots in values.items() for slot, v in slots.items()}
        document["edits"], document["groups"] = edits, groups
        reasoning = words.of_values(rng, values, _group_of(tuple(values)), groups)
    else:
        values, faults = draw_spoiling(rng, recipe["auto"], look.shares)
        if values and transfers:
            spoiling = transfers[int(rng.integers(len(transfers)))]
            faults, inverse = words.faults_of(spoiling), None
        else:
            spoiling, inverse = as_edits(values), invert(values)
        before = render(pixels, spoiling)
        document["spoiling"] = spoiling
        document["edits"] = None if inverse is None else as_edits(inverse)
        reasoning = words.of_spoiling(rng, faults, look_at(before))
    document["content"] = words.content((pixels.shape[0], pixels.shape[1]), look)
    document["reasoning"], document["written_by"] = reasoning, "template"
    return document, before, after


def blank(photo: Mapping[str, str], number: int, subset: str) -> dict[str, Any]:
    """The document of an example of which nothing is known but where it comes from."""
    return {
        "schema": FORMAT,
        "key": f"{photo['id']}-{number:04d}",
        "photo": photo["id"],
        "subset": subset,
        "request": {"mode": subset, "prompt": None, "params": None},
        "spoiling": None,
        "edits": None,
        "groups": list(GROUPS),
        "split": photo["split"],
    }


@lru_cache
def _group_of(ops: tuple[str, ...]) -> dict[str, str]:
    """Address of a slot -> its group."""
    return {f"{op}.{name}": slot.group for op in ops for name, slot in registry.ops.load(op).slots.items()}
