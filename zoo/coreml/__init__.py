"""Core ML: bundles for the iPhone, made and proven on any machine.

`networks` are what a phone runs, as torch modules of fixed shapes; `translate` turns their ATen ops into Core ML's
intermediate language (MIL), `language` writes the language model in it; `packages` makes .mlpackage folders of them,
the same bytes each time; `interpreter` runs a package without Apple's runtime; `exporting` puts it all into a bundle's
variant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from .exporting import export
    from .running import Package, open_package

__all__ = ["Package", "export", "open_package"]

# Commands and the zoo's list of names import this room; coremltools and torch come with the first use of a name.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__, submod_attrs={"exporting": ["export"], "running": ["Package", "open_package"]}
)
