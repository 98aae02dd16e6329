"""From a MIL program to an .mlpackage: few bits a weight where wished, and the same bytes each time."""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from ..extras import coremltools

# Variant -> bits of a weight.
BITS: Final = {"coreml-fp16": 16, "coreml-int8": 8, "coreml-int4": 4}
BLOCK: Final = 32
# Of coremltools' ninety passes those that our programs gain by: the rest took a minute on the chain of ops, and one of
# them fails on it.
_PASSES: Final = (
    "noop_elimination",
    "const_elimination",
    "fuse_linear_bias",
    "fuse_conv_batchnorm",
    "fuse_conv_bias",
    "add_fp16_cast",
    "cast_optimization",
    "const_elimination",
    "dead_code_elimination",
)
_DATA: Final = "com.apple.CoreML"
# Of what coremltools writes about itself, the date changes from day to day.
_DATED: Final = "com.github.apple.coremltools.conversion_date"
# Weights of fewer numbers than this stay in half precision.
_FEWEST: Final = 2048


def convert(program: Any, *, half: Callable[[Any], bool] | None = None, inputs: Sequence[Any] | None = None) -> Any:
    """The ML program for iOS 18 of a MIL program.

    Args:
        half: which operations compute in half precision; None: they are written as they should be.
        inputs: coremltools' types of inputs, where one is an image.
    """
    tools = coremltools()
    passes = tools.PassPipeline(pass_names=[f"common::{name}" for name in _PASSES], pipeline_name="veraretouch")
    precision = tools.precision.FLOAT32 if half is None else tools.transform.FP16ComputePrecision(op_selector=half)
    with _quiet():
        return tools.convert(
            program,
            convert_to="mlprogram",
            minimum_deployment_target=tools.target.iOS18,
            compute_precision=precision,
            pass_pipeline=passes,
            inputs=None if inputs is None else list(inputs),
            skip_model_load=True,
        )


def compress(model: Any, bits: int, *, block: int = BLOCK, kinds: Sequence[str] = ("conv", "linear")) -> Any:
    """The model with weights of 8 or 4 bits, linear and symmetric, a scale for each block of inputs; 16 bits: as it is.

    Args:
        kinds: weights of these operations; a weight whose inputs do not divide into blocks stays in half precision.
    """
    if bits == 16:
        return model
    optimize = coremltools().optimize.coreml
    rule = optimize.OpLinearQuantizerConfig(
        mode="linear_symmetric", dtype=f"int{bits}", granularity="per_block", block_size=block, weight_threshold=_FEWEST
    )
    config = optimize.OptimizationConfig(op_type_configs=dict.fromkeys(kinds, rule))
    with _quiet():
        return optimize.linear_quantize_weights(model, config)


def save(model: Any, folder: Path, *, about: Mapping[str, str]) -> Path:
    """Write a package; equal models give equal bytes.

    Args:
        folder: ends in .mlpackage and does not exist. `about`: what Xcode shows: author, license, short_description,
            version.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        draft = Path(place) / "draft.mlpackage"
        with _quiet():
            model.save(str(draft))
        make_canonical(draft, about=about)
        draft.rename(folder)
    return folder


def make_canonical(package: Path, *, about: Mapping[str, str]) -> None:
    """Take dates and random names out of a package: identifiers follow from what they name."""
    path = package / "Data" / _DATA / "model.mlmodel"
    spec = coremltools().utils.load_spec(str(path))
    metadata = spec.description.metadata
    metadata.userDefined.pop(_DATED, None)
    metadata.author, metadata.license = about.get("author", ""), about.get("license", "")
    metadata.shortDescription, metadata.versionString = about.get("description", ""), about.get("version", "")
    path.write_bytes(spec.SerializeToString(deterministic=True))
    entries = {"model.mlmodel": "CoreML Model Specification", "weights": "CoreML Model Weights"}
    items = {
        str(uuid5(NAMESPACE_URL, f"{_DATA}/{name}")): {
            "author": _DATA,
            "description": description,
            "name": name,
            "path": f"{_DATA}/{name}",
        }
        for name, description in entries.items()
        if (package / "Data" / _DATA / name).exists()
    }
    manifest = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": dict(sorted(items.items())),
        "rootModelIdentifier": str(uuid5(NAMESPACE_URL, f"{_DATA}/model.mlmodel")),
    }
    (package / "Manifest.json").write_text(json.dumps(manifest, indent=4) + "\n", encoding="utf-8")


def multifunction(packages: Mapping[str, Path], folder: Path, *, default: str, about: Mapping[str, str]) -> Path:
    """Write one package with several functions, function -> package; weights that are equal are stored once."""
    tools = coremltools()
    described = tools.utils.MultiFunctionDescriptor()
    for name, package in packages.items():
        described.add_function(str(package), src_function_name="main", target_function_name=name)
    described.default_function_name = default
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        draft = Path(place) / "draft.mlpackage"
        with _quiet():
            tools.utils.save_multifunction(described, str(draft))
        make_canonical(draft, about=about)
        shutil.move(draft, folder)
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars, and without coremltools' remarks on casts in its own code."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        yield
