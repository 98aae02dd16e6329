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
        several = len(package["functions"]) > 1
        for function in package["functions"]:
            try:
                opened = open_package(bundle, name, function=function if several else None)
                yield from _judged(opened, name, package, tensors, function if several else "")
            except VeraRetouchError as error:
                yield f"package {name!r}: {error}"


def _judged(
    opened: Package, name: str, package: Mapping[str, Any], tensors: Mapping[str, Any], function: str
) -> Iterator[str]:
    """A package, or one of its several functions, whose inputs and outputs then begin with its name and a dot."""
    stored, before = (f"{name}_{function}", f"{function}.") if function else (name, "")
    features = {
        kind: {key.removeprefix(before): key for key in package[kind] if key.startswith(before)}
        for kind in ("inputs", "outputs")
    }
    places = {kind: {key: f"{stored}/{kind}/{key}" for key in found} for kind, found in features.items()}
    if not {*places["inputs"].values(), *places["outputs"].values()} <= tensors.keys():
        return  # without golden values, as published packages are, it is opened and no more
    given = {
        key: _given(package["inputs"][features["inputs"][key]], tensors[at].numpy())
        for key, at in places["inputs"].items()
    }
    yield from _compared(
        opened, stored, package, given, {key: tensors[at].numpy() for key, at in places["outputs"].items()}
    )


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
