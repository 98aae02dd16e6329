"""The published Core ML packages as a bundle's variant.

Fetched, their inputs and outputs compared with the published app's.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .bundles.bundle import Bundle
from .bundles.fetch_options import FetchOptions
from .bundles.manifest import FORMAT, MANIFEST, Licence, Manifest
from .bundles.packing import listed
from .conversion import made_once, report
from .extras import coremltools
from .hub import Hub
from .licence import require_consent
from .names import Listing
from .sources import HubRepository

# Package -> input and output names with their shapes, where the published app's are known.
PUBLISHED: Final[Mapping[str, Mapping[str, tuple[int, ...] | None]]] = {
    "fastvithd": {"images": (1, 3, 1024, 1024), "image_features": (1, 256, 3072)},
    "retouch_head": {"input": (1, 2688), "output": None},
    "retouch_decoder": {"input_img": (1, 3, 512, 512), "retouch_latent": None, "output": None},
    "ref_retouch_encoder": {
        "ref_before_img": (1, 3, 512, 512),
        "ref_after_img": (1, 3, 512, 512),
        "mask": (1, 3),
        "retouch_latent": None,
    },
    "ref_retouch_decoder": {},
}
_PACKAGE: Final = re.compile(r"((?:.+/)?([^/]+)\.mlpackage)/.+")
_PICKLES: Final = (".pth", ".pt", ".pkl", ".pickle", ".npy", ".npz")
_LICENCES: Final = ("LICENSE", "LICENSE.txt", "LICENSE.md")
_SYSTEMS: Final = {6: "15.0", 7: "16.0", 8: "17.0", 9: "18.0", 10: "26.0"}


def fetch_packages(listing: Listing, source: HubRepository, options: FetchOptions, hub: Hub) -> Bundle:
    """The bundle of a repository of Core ML packages; its only variant is named for how its weights are stored.

    Raises:
        IncompatibleBundle: its packages are not those of the published app: what the repository holds is told.
        MissingExtra, UnreachableBundle, UnknownBundle, LicenceNotAccepted, TamperedBundle
    """
    coremltools()
    pinned = HubRepository(source.id, hub.commit(source))
    accept = options.accept_licence
    return made_once(listing, pinned, options, lambda folder: _gather(listing, pinned, folder, accept, hub))


def _gather(listing: Listing, source: HubRepository, folder: Path, accept: bool, hub: Hub) -> None:
    names = hub.names(source)
    found = {match[2]: match[1] for name in sorted(names) if (match := _PACKAGE.fullmatch(name))}
    if not PUBLISHED.keys() & found.keys():
        raise report(listing, source, hub, f"none of {', '.join(PUBLISHED)} is there")
    given = listing.licence or Licence("other", commercial_use=False)
    texts = [name for name in _LICENCES if name in names]
    text = hub.file(source, texts[0]).read_bytes() if texts else f"{given.note or given.spdx}\n".encode()
    require_consent(listing.name, given, text, accept=accept)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        for name in sorted(names):
            if name in (MANIFEST, *_LICENCES) or name.startswith(".") or name.lower().endswith(_PICKLES):
                continue
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(hub.file(source, name), draft / name)
        own = {name: facts for name, facts in listed(draft).items() if name != "README.md"}
        (draft / "LICENSE").write_bytes(text)
        specs = {name: _spec(listing, source, hub, draft / path) for name, path in found.items()}
        for name in PUBLISHED.keys() & specs.keys():
            _compare(listing, source, hub, name, specs[name])
        newest = max(spec.specificationVersion for spec in specs.values())
        facts = {
            "files": own,
            "minimum_os": {"iOS": _SYSTEMS.get(newest, "26.0")},
            "coreml": {
                "specification_version": newest,
                "converters": {},
                "weight_precision": "as published",
                "compute_precision": "as published",
                "packages": {name: _document(spec) for name, spec in sorted(specs.items())},
            },
        }
        licence = {"spdx": given.spdx, "commercial_use": given.commercial_use, "note": given.note, "file": "LICENSE"}
        document = {
            "schema": FORMAT,
            "name": listing.name,
            "version": source.revision[:12],
            "kind": "planner",
            "summary": listing.summary,
            "planner": {"id": "vera", "version": "0.1.0"},
            "licence": licence,
            "provenance": {"repository": source.id, "revision": source.revision},
            "files": {"LICENSE": listed(draft)["LICENSE"]},
            "variants": {f"coreml-{_precision(specs)}": facts},
        }
        Manifest(document)
        (draft / MANIFEST).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _spec(listing: Listing, source: HubRepository, hub: Hub, package: Path) -> Any:
    try:
        return coremltools().utils.load_spec(str(package))
    except Exception as error:  # coremltools' own, protobuf's or the file system's: none is documented
        raise report(listing, source, hub, f"{package.name} is no package: {error}") from None


def _features(spec: Any) -> dict[str, tuple[int, ...]]:
    described = spec.description
    return {feature.name: _shape(feature) for feature in (*described.input, *described.output)}


def _shape(feature: Any) -> tuple[int, ...]:
    """The shape of an array, and that of an image as planes."""
    if feature.type.WhichOneof("Type") == "imageType":
        return 1, 3, feature.type.imageType.height, feature.type.imageType.width
    return tuple(feature.type.multiArrayType.shape)


def _compare(listing: Listing, source: HubRepository, hub: Hub, name: str, spec: Any) -> None:
    """Refuse a package whose inputs and outputs are not the published app's."""
    found = _features(spec)
    for feature, shape in PUBLISHED[name].items():
        if feature not in found:
            raise report(listing, source, hub, f"{name} has {', '.join(found)} and no {feature!r}")
        if shape is not None and found[feature] != shape:
            raise report(listing, source, hub, f"{name}.{feature} has shape {found[feature]}, not {shape}")


def _document(spec: Any) -> dict[str, Any]:
    sides = {"inputs": spec.description.input, "outputs": spec.description.output}
    described = {side: {f.name: {"shape": list(_shape(f))} for f in features} for side, features in sides.items()}
    return {"functions": ["main"], **described, "compute_units": {"recommended": "all", "verified_on": []}}


def _precision(specs: Mapping[str, Any]) -> str:
    """How weights are stored: fp16, int8 or int4, by what unpacks them."""
    kinds: set[str] = set()
    for spec in specs.values():
        for function in spec.mlProgram.functions.values():
            for block in function.block_specializations.values():
                kinds |= {_bits(operation) for operation in block.operations if operation.type.startswith("constexpr")}
    return "int4" if "int4" in kinds else "int8" if kinds else "fp16"


def _bits(operation: Any) -> str:
    """Whether a weight has four bits or fewer, or eight."""
    few = {"INT4", "UINT4", "UINT3", "UINT2", "UINT1"}
    text = str(operation.attributes) + str(operation.inputs)
    return "int4" if any(f"dataType: {name}\n" in text for name in few) else "int8"
