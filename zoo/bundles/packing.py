"""Pack a retoucher into a folder that the zoo loads."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.contract.schema import Schema
from ...core.errors import BrokenPlugin, UnreachableBundle
from .card import model_card
from .configuration import check_configuration
from .manifest import DEFAULT_VARIANT, FORMAT, MANIFEST, Manifest
from .verified import sha256_of

if TYPE_CHECKING:
    from ...core.contract.planner import Planner
    from ...core.render.retoucher import Retoucher


def pack(
    retoucher: Retoucher,
    folder: str | os.PathLike[str],
    *,
    name: str,
    licence: Mapping[str, Any],
    version: str = "1.0.0",
    facts: Mapping[str, Any] | None = None,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
) -> Path:
    """Write a bundle of a retoucher's planner; the other arguments are those of `pack_planner`.

    Raises:
        As `pack_planner`.
    """
    return pack_planner(
        retoucher.planner, folder, name=name, licence=licence, version=version, facts=facts, files=files
    )


def pack_planner(
    planner: Planner,
    folder: str | os.PathLike[str],
    *,
    name: str,
    licence: Mapping[str, Any],
    version: str = "1.0.0",
    facts: Mapping[str, Any] | None = None,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
) -> Path:
    """Write a bundle: bundle.json, the planner's weights, further files, and a model card.

    Args:
        planner: it has `save_bundle(folder) -> configuration`, which writes weights as safetensors into the folder, and
            `schema`, the latents that it emits.
        name: lower-case letters, digits, '.', '-', '_'.
        licence: `spdx`, `commercial_use`, and `file` for the licence's text (also in `files`).
        facts: other keys of bundle.json, such as summary, citation, training_data, metrics, provenance.
        files: further files of every variant, name in the bundle -> path here.

    Raises:
        BrokenPlugin: the planner cannot be saved.
        InvalidDocument: a fact breaks a rule.
        UnreachableBundle: the folder is not empty or cannot be written to; nothing is left behind.
    """
    target = Path(folder)
    if not hasattr(planner, "save_bundle"):
        raise BrokenPlugin(f"planner {planner.id!r} has no save_bundle()", cure="See zoo.pack.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UnreachableBundle(f"{str(target)!r} is not an empty folder", cure="Name another one.")
    draft = target.with_name(f".{target.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        configuration = planner.save_bundle(draft)
        own = listed(draft)
        for inside, source in (files or {}).items():
            (draft / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, draft / inside)
        common = {name: facts for name, facts in listed(draft).items() if name not in own}
        document = {
            "schema": FORMAT,
            "name": name,
            "version": version,
            "kind": getattr(planner, "kind", "planner"),
            "planner": {"id": planner.id, "version": planner.version, "configuration": dict(configuration)},
            **_latents(planner),
            "licence": dict(licence),
            "provenance": _provenance(),
            **(facts or {}),
            "files": common,
            "variants": {DEFAULT_VARIANT: {"files": own}},
        }
        manifest = Manifest(document)
        check_configuration(manifest, planner)
        (draft / MANIFEST).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (draft / "README.md").write_text(model_card(manifest), encoding="utf-8")
        if target.exists():
            target.rmdir()
        draft.rename(target)
    except OSError as error:
        raise UnreachableBundle(
            f"{str(target)!r} cannot be written: {error.strerror}", cure="Check the path."
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def _latents(planner: Any) -> dict[str, Any]:
    schema = getattr(planner, "schema", None)
    return {"latents": schema.document()} if isinstance(schema, Schema) else {}


def _provenance() -> dict[str, Any]:
    return {"packed_by": f"veraretouch {version('veraretouch')}", "date": datetime.now(UTC).date().isoformat()}


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    """The files of a folder, by path, with their sizes and SHA-256, as bundle.json lists them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = {"size": path.stat().st_size, "sha256": sha256_of(file)}
    return found
