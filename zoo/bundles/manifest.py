"""bundle.json, the manifest of a bundle: it names every file with its size and SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import prod
from typing import Any

from ...core import strict_json
from ...core.contract.schema import Schema
from ...core.errors import InvalidDocument, UnknownBundle, nearest
from .paths import check_paths

MANIFEST = "bundle.json"
FORMAT = "veraretouch.bundle/1"
DEFAULT_VARIANT = "torch"
# Room for eight thousand files; a hostile document takes fifty times its bytes of memory.
LARGEST = 2**20
# The numbers of all latents, 65 points an edge for a lattice: a document of a hundred bytes could ask for terabytes.
MOST_LATENTS = 2**20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# The weights of a Core ML package are plain numbers, and named by Apple.
_COREML_WEIGHTS = re.compile(r".+\.mlpackage/Data/com\.apple\.CoreML/weights/[\w.\-]+\.bin")
# What would run code when it is opened by the usual means.
_PICKLES = (".pth", ".pt", ".ckpt", ".pkl", ".pickle", ".bin", ".npy", ".npz", ".joblib", ".h5", ".keras")


@dataclass(frozen=True)
class FileFacts:
    """What the manifest says of a file: bytes and SHA-256 in lower-case hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Licence:
    """Under which terms the weights come. `spdx` is an SPDX expression, or `other` with the text in `file`."""

    spdx: str
    commercial_use: bool
    file: str | None = None
    note: str = ""


class Manifest:
    """bundle.json, read and judged.

    Args:
        source: a path, JSON text or an object.

    Raises:
        InvalidDocument: it breaks its JSON Schema, names a file that could leave the folder, a pickle,
            or a hash that is none.
        InvalidSchema: its latent schema cannot be read.
    """

    def __init__(self, source: str | bytes | os.PathLike[str] | dict[str, Any]) -> None:
        _check_size(source)
        self.document: dict[str, Any] = strict_json.load(source, "bundle", name="bundle")
        self.name: str = self.document["name"]
        if not _NAME.fullmatch(self.name):
            raise InvalidDocument(
                f"{self.name!r} is no bundle's name", path="bundle.name", cure="Use a-z, 0-9, '.', '-', '_'."
            )
        self.version: str = self.document["version"]
        self.kind: str = self.document["kind"]
        self.licence = Licence(**self.document["licence"])
        self._common = _files(self.document.get("files", {}), "bundle.files")
        self._variants = {
            name: _files(variant["files"], f"bundle.variants.{name}.files")
            for name, variant in self.document["variants"].items()
        }
        # Together, since all of them lie in one repository.
        check_paths([*self._common, *chain(*self._variants.values())], where="bundle.variants")
        if self.kind == "planner" and "planner" not in self.document:
            raise InvalidDocument(
                "lacks 'planner'", path="bundle", cure="A bundle of kind 'planner' names its planner."
            )
        self._check_licence()

    def _check_licence(self) -> None:
        file = self.licence.file
        if self.licence.spdx == "other" and file is None:
            raise InvalidDocument(
                "is 'other' without a file", path="bundle.licence.spdx", cure="Name the licence's text in licence.file."
            )
        if file is not None and file not in self._common:
            raise InvalidDocument(
                f"{file!r} is not listed", path="bundle.licence.file", cure="List it in bundle.files."
            )

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the variants."""
        return tuple(self._variants)

    def variant(self, name: str | None = None) -> str:
        """The wanted variant, by default `torch`, else the only one.

        Raises:
            UnknownBundle: no such variant.
        """
        wanted = name or (DEFAULT_VARIANT if len(self._variants) > 1 else self.variants[0])
        if wanted not in self._variants:
            raise UnknownBundle(
                f"bundle {self.name!r} has no variant {wanted!r}",
                cure=f"{nearest(wanted, self._variants)} It has {', '.join(self._variants)}.".lstrip(),
            )
        return wanted

    def files(self, variant: str) -> dict[str, FileFacts]:
        """Every file of a variant, by path: its own and those of all variants."""
        return self._common | self._variants[variant]

    def content(self, variant: str) -> str:
        """SHA-256 of what decides a variant's edits: of the canonical JSON of its files' hashes and the planner's
        configuration.
        """
        hashes = {path: facts.sha256 for path, facts in self.files(variant).items()}
        facts = [hashes, self.planner.get("configuration", {})]
        return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def planner(self) -> Mapping[str, Any]:
        """The planner's id, version, distribution and configuration."""
        found: Mapping[str, Any] = self.document.get("planner", {})
        return found

    @cached_property
    def latents(self) -> Schema | None:
        """The latent schema it was made for."""
        document = self.document.get("latents")
        if document is None:
            return None
        _check_latents(document)
        return Schema.from_document(document)


def _check_size(source: str | bytes | os.PathLike[str] | dict[str, Any]) -> None:
    size = 0
    if isinstance(source, os.PathLike):
        with suppress(OSError):  # whoever reads it will say why it cannot be read
            size = os.stat(source).st_size
    elif not isinstance(source, dict):
        size = len(source)
    if size > LARGEST:
        raise InvalidDocument(
            f"{size} bytes are more than {LARGEST}", path="bundle", cure="A manifest is small; check the file."
        )


def _check_latents(document: Mapping[str, Any]) -> None:
    """Refuse slots whose arrays would fill the memory, before one is made."""
    ops = document.get("ops")
    count = sum(_numbers(op) for op in ops) if isinstance(ops, list) else 0
    if count > MOST_LATENTS:
        raise InvalidDocument(
            f"{strict_json.shorten(count)} numbers are more than {MOST_LATENTS}",
            path="bundle.latents",
            cure="Give slots smaller shapes.",
        )


def _numbers(op: Any) -> int:
    """How many numbers the slots of an op hold; what is no slot holds none, and is refused where it is read."""
    slots = op.get("slots") if isinstance(op, dict) else None
    shapes = [slot.get("shape") for slot in slots.values() if isinstance(slot, dict)] if isinstance(slots, dict) else []
    return sum(
        prod(side for side in shape if isinstance(side, int) and side > 0)
        for shape in shapes
        if isinstance(shape, list)
    )


def _files(listed: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, FileFacts]:
    check_paths(listed, where=where)
    for path, facts in listed.items():
        place = where + strict_json.step(path)
        if not _SHA256.fullmatch(facts["sha256"]):
            raise InvalidDocument(
                f"{facts['sha256']!r} is no SHA-256",
                path=f"{place}.sha256",
                cure="Give 64 lower-case hexadecimal digits.",
            )
        if path.lower().endswith(_PICKLES) and not _COREML_WEIGHTS.fullmatch(path):
            raise InvalidDocument("may run code when it is opened", path=place, cure="Weights are safetensors.")
    return {path: FileFacts(facts["size"], facts["sha256"]) for path, facts in listed.items()}
