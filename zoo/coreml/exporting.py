"""Make a bundle's Core ML variant: packages, golden tensors, and what bundle.json says of them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np

from ...core.errors import InvalidRequest, UnknownBundle, UnreachableBundle, nearest
from ...core.plugins.registry import registry
from ...planners.scene.reader import SceneReader
from ..bundles.bundle import Bundle
from ..bundles.card import model_card
from ..bundles.manifest import MANIFEST, Manifest
from ..bundles.packing import listed
from ..extras import coremltools
from ..fetch import fetch
from ..manage import NETWORKS, installed_bundle
from ..retouchers import open_bundle
from . import judging, styles
from .devices import device_support
from .interpretation.interpreter import Interpreter
from .language import DECODER, context_of
from .packages import BITS, compress, convert, multifunction, save
from .recipe import PackageRecipe
from .recipes import recipes, reference

MINIMUM_OS: Final = {"iOS": "18.0", "macOS": "15.0", "visionOS": "2.0"}
GOLDEN: Final = "golden.safetensors"

Decoder = Literal["one", "two", "both"]

Progress = Callable[[str], None]
"""Told what is done next."""


def export(
    name: str,
    *,
    variant: str,
    out: str | os.PathLike[str],
    only: Collection[str] | None = None,
    decoder: Decoder = "one",
    target: str = "iOS18",
    accept_licence: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a bundle's Core ML variant into a folder, which may hold other variants of the same bundle.

    Args:
        name: a bundle, as `zoo.load` takes it, whose planner has Core ML packages.
        variant: `coreml-fp16`, `coreml-int8` or `coreml-int4`, or what follows the hyphen.
        only: these packages and no others.
        decoder: of a language model: `one` package with the functions `prefill` and `step`, `two` packages, or `both`
            ways.
        target: the system that the packages are for, from iOS18.

    Returns:
        The folder: `bundle.json`, a model card, and `coreml/VARIANT/` with the packages.

    Raises:
        InvalidRequest: no such variant or package, or a system that is too old.
        MissingExtra: coremltools is not installed.
        UnknownBundle, IncompatibleBundle: no bundle of that name, or its planner has no Core ML packages.
        UnreachableBundle: the folder holds something else, has the variant already, or cannot be written; it stays as
            it was.
        And what `zoo.load` raises.
    """
    chosen = variant_of(variant)
    if decoder not in get_args(Decoder):
        raise InvalidRequest(f"decoder {decoder!r} is not known", cure=f"There are {', '.join(get_args(Decoder))}.")
    _check_target(target)
    coremltools()
    bundle = _source(name, accept_licence)
    planner = SceneReader.from_bundle(bundle) if bundle.manifest.kind == "network" else open_bundle(bundle).planner
    wanted = _wanted(recipes(planner), only)
    folder = Path(out)
    document = _document(bundle, folder, chosen)
    draft = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        own = draft / "coreml" / chosen
        own.mkdir(parents=True)
        packages = _packages(wanted, own, BITS[chosen], document, progress or (lambda what: None))
        packages = _joined(wanted, packages, own, decoder, document)
        _write_tokenizer(planner, own)
        _write_styles(planner, wanted, own)
        document["variants"][chosen] = {
            "files": {f"coreml/{chosen}/{path}": facts for path, facts in listed(own).items()},
            "minimum_os": MINIMUM_OS,
            "devices": ["neural-engine", "gpu", "cpu"],
            "coreml": _facts(chosen, packages, planner.id),
        }
        _finish(bundle, document, draft, folder, _parameters(planner))
    except OSError as error:
        raise UnreachableBundle(
            f"{str(folder)!r} cannot be written: {error.strerror}", cure="Check the path."
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def variant_of(given: str) -> str:
    """The whole name of a variant, of which `coreml-` may be left out.

    Raises:
        InvalidRequest: there is none.
    """
    name = given if given.startswith("coreml-") else f"coreml-{given}"
    if name not in BITS:
        raise InvalidRequest(f"no Core ML variant {given!r}", cure=f"These are known: {', '.join(BITS)}.")
    return name


def _check_target(target: str) -> None:
    known = coremltools().target
    system = getattr(known, target, None)
    if system is None or system < known.iOS18:
        raise InvalidRequest(
            f"target {target!r} is too old or not known",
            cure="States and weights of 4 bits in blocks need iOS18, which is macOS15.",
        )


def _wanted(made: list[PackageRecipe], only: Collection[str] | None) -> list[PackageRecipe]:
    names = [recipe.name for recipe in made]
    for name in only or ():
        if name not in names:
            raise InvalidRequest(
                f"no package {name!r}", cure=f"{nearest(name, names)} There are {', '.join(names)}.".lstrip()
            )
    return [recipe for recipe in made if only is None or recipe.name in only]


def _source(name: str, accept: bool) -> Bundle:
    """The bundle; a planner or network that comes with weights has one beside its module."""
    if name not in registry.planners and name not in NETWORKS:
        return fetch(name, accept_licence=accept)
    folder = installed_bundle(name)
    if folder is None:
        raise UnknownBundle(f"planner {name!r} has no weights", cure="Name a bundle: zoo.list() shows them.")
    return fetch(folder, accept_licence=accept)


def _document(bundle: Bundle, folder: Path, variant: str) -> dict[str, Any]:
    """What the folder's bundle.json says so far, or the bundle's own without its variants."""
    if folder.is_dir() and any(folder.iterdir()):
        path = folder / MANIFEST
        held = Manifest(path) if path.is_file() else None
        if held is None or (held.name, held.version) != (bundle.manifest.name, bundle.manifest.version):
            raise UnreachableBundle(f"{str(folder)!r} holds something else", cure="Name another folder.")
        if variant in held.variants:
            raise UnreachableBundle(
                f"{str(folder)!r} has {variant!r} already", cure="Remove it, or name another folder."
            )
        return held.document
    own = {key: value for key, value in bundle.manifest.document.items() if key not in ("variants", "files")}
    licence = bundle.manifest.licence.file
    files = bundle.manifest.document.get("files", {})
    shared = {licence: files[licence]} if licence is not None else {}
    return {**own, "files": shared, "device_support": [], "variants": {}}


def _packages(
    wanted: list[PackageRecipe], folder: Path, bits: int, document: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    from safetensors.numpy import save_file

    found: dict[str, Any] = {}
    golden: dict[str, Any] = {}
    for recipe in wanted:
        progress(recipe.name)
        path = make(recipe, folder, bits, about=_about(document))
        facts, tensors = judged(recipe, path)
        found[recipe.name] = facts
        golden |= {f"{recipe.name}/{key}": value for key, value in tensors.items()}
    save_file(dict(sorted(golden.items())), folder / GOLDEN)
    return found


def _about(document: Mapping[str, Any]) -> dict[str, str]:
    licence = document["licence"]
    return {
        "author": f"veraretouch {version('veraretouch')}",
        "license": licence["spdx"] if licence["commercial_use"] else f"{licence['spdx']}; no commercial use",
        "version": document["version"],
    }


def _joined(
    wanted: list[PackageRecipe], packages: dict[str, Any], folder: Path, decoder: Decoder, document: Mapping[str, Any]
) -> dict[str, Any]:
    """The packages with those that share weights as functions of one."""
    shared: dict[str, list[PackageRecipe]] = {}
    for recipe in wanted:
        if recipe.joined is not None:
            shared.setdefault(recipe.joined.name, []).append(recipe)
    for name, parts in shared.items():
        kept = decoder if name == DECODER.name else "one"
        if len(parts) == 1 or kept == "two":
            continue
        packages = {**packages, name: _one_package(parts, packages, folder, document)}
        for part in parts if kept == "one" else ():
            del packages[part.name]
            shutil.rmtree(folder / f"{part.name}.mlpackage")
    return packages


def _one_package(
    parts: list[PackageRecipe], packages: Mapping[str, Any], folder: Path, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Write packages as functions of one, of which the last is the default; what bundle.json says of it."""
    joined = parts[-1].joined
    assert joined is not None
    functions = {part.name.removeprefix(f"{joined.name}_"): packages[part.name] for part in parts}
    paths = {name: folder / f"{part.name}.mlpackage" for name, part in zip(functions, parts, strict=True)}
    about = {**_about(document), "description": joined.about}
    package = multifunction(paths, folder / f"{joined.name}.mlpackage", default=list(functions)[-1], about=about)
    size = sum(path.stat().st_size for path in package.rglob("*") if path.is_file())
    last = packages[parts[-1].name]
    features = {
        kind: {f"{name}.{key}": value for name, facts in functions.items() for key, value in facts[kind].items()}
        for kind in ("inputs", "outputs")
    }
    return {
        **last,
        "about": joined.about,
        "functions": list(functions),
        **features,
        "bytes": size,
        "memory_bytes": size + max(facts["memory_bytes"] - facts["bytes"] for facts in functions.values()),
        "golden": {"strides": {key: n for each in functions.values() for key, n in each["golden"]["strides"].items()}},
        **{kind: _worst([facts[kind] for facts in functions.values()]) for kind in ("tolerance", "deviation")},
    }


def _worst(figures: list[dict[str, float]]) -> dict[str, float]:
    """The largest of each figure."""
    names = dict.fromkeys(name for each in figures for name in each)
    return {name: max(each[name] for each in figures if name in each) for name in names}


def make(recipe: PackageRecipe, folder: Path, bits: int, *, about: Mapping[str, str]) -> Path:
    """Write one package with weights of so many bits."""
    inputs = None
    if recipe.image:
        tools = coremltools()
        inputs = [
            tools.ImageType(name=name, shape=feature.shape, color_layout=tools.colorlayout.RGB)
            if feature.photo
            else tools.TensorType(name=name, shape=feature.shape)
            for name, feature in recipe.inputs.items()
        ]
    model = compress(
        convert(recipe.write(), half=recipe.half, inputs=inputs), bits, block=recipe.block, kinds=recipe.kinds
    )
    return save(model, folder / f"{recipe.name}.mlpackage", about={**about, "description": recipe.about})


def judged(recipe: PackageRecipe, package: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What bundle.json says of a package, and its golden tensors."""
    stored = judging.golden_inputs(recipe)
    given = judging.as_given(recipe, stored)
    wanted = reference(recipe, given)
    interpreter = Interpreter(package)
    found = interpreter.run(given, interpreter.states())
    apart = judging.deviation(recipe, found, wanted)
    size = sum(path.stat().st_size for path in package.rglob("*") if path.is_file())
    facts = {
        "functions": ["main"],
        "about": recipe.about,
        "inputs": {name: feature.document() for name, feature in recipe.inputs.items()},
        "outputs": {name: feature.document() for name, feature in recipe.outputs.items()},
        "compute_units": {"recommended": recipe.units, "verified_on": []},
        "bytes": size,
        "memory_bytes": size + interpreter.peak_bytes(),
        "golden": {"strides": {name: judging.stride(value.size) for name, value in wanted.items()}},
        "tolerance": judging.tolerances(recipe, apart["share_max"]),
        "deviation": judging.document(apart),
        **recipe.facts,
    }
    tensors = {f"inputs/{name}": value for name, value in stored.items()}
    tensors |= {f"outputs/{name}": judging.kept(value) for name, value in wanted.items()}
    return facts, {name: np.ascontiguousarray(value) for name, value in tensors.items()}


def _facts(variant: str, packages: Mapping[str, Any], planner: str) -> dict[str, Any]:
    return {
        "specification_version": 9,
        "converters": {name: version(name) for name in ("coremltools", "torch", "veraretouch")},
        "weight_precision": {16: "float16", 8: "int8 in blocks", 4: "int4 in blocks"}[BITS[variant]],
        "compute_precision": "float16, colour in float32",
        "golden": GOLDEN,
        "packages": dict(packages),
    }


def _write_tokenizer(planner: Any, folder: Path) -> None:
    """The tokenizer, for a planner that has one, as swift-transformers reads it."""
    tokenizer = getattr(planner, "tokenizer", None)
    if tokenizer is None:
        return
    (folder / "tokenizer.json").write_text(tokenizer.json(), encoding="utf-8")
    facts = {
        "tokenizer_class": "Qwen2Tokenizer",
        "model_max_length": context_of(planner.model),
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _write_styles(planner: Any, wanted: list[PackageRecipe], folder: Path) -> None:
    """The table of styles, where a package takes one."""
    if any("style" in recipe.inputs for recipe in wanted):
        styles.write(folder, planner.schema)


def _parameters(planner: Any) -> int:
    """How many numbers the model of a planner holds; 0 for one without a model, which is small."""
    model = getattr(planner, "model", None)
    return 0 if model is None else sum(tensor.numel() for tensor in model.parameters())


def _finish(bundle: Bundle, document: dict[str, Any], draft: Path, folder: Path, parameters: int) -> None:
    """Move the draft's variant into the folder; bundle.json comes last, so that a folder without it is no bundle."""
    document["device_support"] = device_support(list(document["variants"]), parameters)
    manifest = Manifest(document)
    for name in document["files"]:
        if not (folder / name).exists():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            with bundle.open(name) as source, (draft / name).open("xb") as copy:
                shutil.copyfileobj(source, copy)
    (draft / "README.md").write_text(model_card(manifest), encoding="utf-8")
    (draft / MANIFEST).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not folder.is_dir():
        draft.rename(folder)
        return
    (folder / "coreml").mkdir(exist_ok=True)
    for path in (draft / "coreml").iterdir():
        path.rename(folder / "coreml" / path.name)
    for name in (*document["files"], "README.md", MANIFEST):
        if (draft / name).exists():
            os.replace(draft / name, folder / name)
