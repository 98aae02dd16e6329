"""Whether the packages of a Core ML variant give the golden values that came with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...core.errors import VeraRetouchError
from ...core.testing.verdict import advice
from ..bundles.bundle import Bundle
from .judging import farthest, kept, scaled
from .recipe import Feature
from .running import Package, open_package


def golden_failures(bundle: Bundle, facts: Mapping[str, Any]) -> Iterator[str]:
    """One line for each package that cannot be run, or whose outputs are further from golden ones than they may be.

    Args:
        facts: the variant's `coreml` of bundle.json.

    Raises:
        MissingExtra: coremltools is not installed. TamperedBundle, InvalidDocument
    """
    tensors: Mapping[str, Any] = {}
    place = next(
        (path for path in bundle.manifest.files(bundle.variant) if path.endswith(str(facts.get("golden")))), None
    )
    if place is not None:
        tensors = bundle.tensors(place)
    for name, package in facts["packages"].items():
        inputs = {key: f"{name}/inputs/{key}" for key in package["inputs"]}
        outputs = {key: f"{name}/outputs/{key}" for key in package["outputs"]}
        try:
            opened = open_package(
                bundle, name, function=package["functions"][0] if len(package["functions"]) > 1 else None
            )
            if not {*inputs.values(), *outputs.values()} <= tensors.keys():
                continue  # without golden values, as published packages are, it is opened and no more
            given = {key: _given(package["inputs"][key], tensors[stored].numpy()) for key, stored in inputs.items()}
            yield from _compared(
                opened, name, package, given, {key: tensors[at].numpy() for key, at in outputs.items()}
            )
        except VeraRetouchError as error:
            yield f"package {name!r}: {error}"


def _given(facts: Mapping[str, Any], stored: Any) -> Any:
    """A golden input as the package takes it."""
    photo = "scale" in facts
    feature = Feature(tuple(facts["shape"]), photo=photo, scale=facts.get("scale", 1.0), bias=facts.get("bias", 0.0))
    return scaled(feature, stored)


def _compared(
    opened: Package, name: str, facts: Mapping[str, Any], given: Mapping[str, Any], wanted: Mapping[str, Any]
) -> Iterator[str]:
    found = opened.predict(given, opened.states())
    allowed = facts.get("tolerance", {}).get("cpuOnly", 0.01)
    for output, golden in wanted.items():
        made = kept(found[output])
        if made.shape != golden.shape:
            yield advice(
                f"{golden.size} golden values", f"{made.size}", f"{name}.{output}", "Export the variant again."
            )
            continue
        apart = farthest(made, golden)
        if not apart <= allowed:
            yield advice(
                f"golden values within {allowed:g} of the largest",
                f"{apart:.3g}",
                f"{name}.{output}",
                "Export the variant again, or fetch it anew.",
            )
