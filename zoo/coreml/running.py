"""Run a package: by Apple's runtime on macOS, elsewhere by the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ...core.errors import InvalidDocument
from ..bundles.bundle import Bundle
from ..extras import coremltools
from .interpretation.interpreter import Interpreter

Array = np.ndarray[Any, Any]


class Package:
    """An .mlpackage folder, ready to run.

    Args:
        folder: the package. `function`: of a package that has several.
        by: `apple` needs macOS; `interpreter` runs anywhere; `auto` takes Apple's runtime where it is.

    Raises:
        InvalidDocument, MissingExtra
    """

    def __init__(
        self, folder: Path, *, function: str | None = None, by: Literal["auto", "apple", "interpreter"] = "auto"
    ) -> None:
        self.apple = by == "apple" or (by == "auto" and sys.platform == "darwin")
        self.runner: Any
        if self.apple:
            self.runner = coremltools().models.MLModel(str(folder), function_name=function)
        else:
            self.runner = Interpreter(folder, function)

    def states(self) -> Any:
        """Fresh states for `predict`, None where there are none."""
        if self.apple:
            return self.runner.make_state() if self.runner.get_spec().description.state else None
        return self.runner.states() or None

    def predict(self, inputs: Mapping[str, Array], states: Any = None) -> dict[str, Array]:
        """Outputs by name; see `Interpreter.run` for inputs. States are moved on in place.

        Raises:
            InvalidDocument: an input that is missing or of another shape.
        """
        if not self.apple:
            found: dict[str, Array] = self.runner.run(inputs, states)
            return found
        made: dict[str, Array] = self.runner.predict(self._pictures(inputs), state=states)
        return made

    def _pictures(self, inputs: Mapping[str, Array]) -> dict[str, Any]:
        """Inputs with images as Apple's runtime takes them."""
        from PIL import Image

        images = {
            feature.name
            for feature in self.runner.get_spec().description.input
            if feature.type.WhichOneof("Type") == "imageType"
        }
        return {
            name: Image.fromarray(value[0].transpose(1, 2, 0).astype(np.uint8)) if name in images else value
            for name, value in inputs.items()
        }


def open_package(bundle: Bundle, name: str, *, function: str | None = None) -> Package:
    """A package of a bundle's Core ML variant, every file of it verified.

    Raises:
        InvalidDocument: the variant has no such package. TamperedBundle, MissingExtra
    """
    inside = f"/{name}.mlpackage/"
    own = [path for path in bundle.manifest.files(bundle.variant) if inside in f"/{path}"]
    if not own:
        known = bundle.manifest.document["variants"][bundle.variant].get("coreml", {}).get("packages", {})
        raise InvalidDocument(
            f"variant {bundle.variant!r} has no package {name!r}", cure=f"It has {', '.join(known) or 'none'}."
        )
    for path in own:
        bundle.open(path).close()
    folder = bundle.folder / own[0][: f"/{own[0]}".index(inside) + len(inside) - 2]
    return Package(folder, function=function)
