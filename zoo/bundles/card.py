"""The model card of a bundle: README.md with the front matter that the Hub reads.
Names and words of others are text there, nothing else.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .manifest import Manifest

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$:])")


_PYTHON = (
    "```python",
    "from veraretouch import zoo",
    "",
    'retoucher = zoo.load("OWNER/REPOSITORY")',
    'retoucher("photo.jpg").save("retouched.jpg")',
    "```",
    "",
)
_NETWORK = (
    "```python",
    "import veraretouch as vr",
    "from veraretouch.core.plugins.bundles import open_bundle",
    "from veraretouch.planners.scene.reader import SceneReader",
    "",
    'reader = SceneReader.from_bundle(open_bundle("OWNER/REPOSITORY"))',
    'reader.scene_of(vr.open_photo("photo.jpg")).share("sky")',
    "```",
    "",
)
COREML_LOADERS = ("zoo pull OWNER/REPOSITORY --variant", "open_package", "contrib/ios")
"""What a card names that loads Core ML packages: the command that fetches them, Python, and the Swift package."""


def model_card(manifest: Manifest) -> str:
    """The card's Markdown."""
    document, licence = manifest.document, manifest.licence
    coreml = [name for name, variant in document["variants"].items() if "coreml" in variant]
    loaded = [name for name in manifest.variants if name not in coreml]
    front: dict[str, Any] = {
        "library_name": "veraretouch" if loaded else "coreml",
        "pipeline_tag": "image-segmentation" if manifest.kind == "network" else "image-to-image",
        "tags": ["photo-retouching", "veraretouch", *(["coreml"] if coreml else [])],
        "license": licence.spdx.lower() if licence.spdx != "other" else "other",
    }
    lines = [
        "---",
        # JSON is YAML: no name can break out of its quotes.
        *(f"{key}: {json.dumps(value)}" for key, value in front.items()),
        "---",
        "",
        f"# {_text(manifest.name)} {_text(manifest.version)}",
        "",
        _text(document.get("summary", "")),
        "",
        *((_NETWORK if manifest.kind == "network" else _PYTHON) if loaded else ()),
        *(_phone(coreml) if coreml else ()),
        (
            f"Licence: {_text(licence.spdx)}; commercial use is"
            f" {'allowed' if licence.commercial_use else 'not allowed'}. {_text(licence.note)}"
        ),
        "",
    ]
    for title, key in (("Training data", "training_data"), ("Citation", "citation")):
        if document.get(key):
            lines += [f"## {title}", "", _text(document[key]), ""]
    if document.get("metrics"):
        lines += ["## Metrics", "", "| metric | value |", "| --- | --- |"]
        lines += [f"| {_text(name)} | {value:g} |" for name, value in document["metrics"].items()] + [""]
    lines += ["## Files", "", "| variant | file | bytes |", "| --- | --- | --- |"]
    lines += [
        f"| {_text(variant)} | {_text(name)} | {facts.size} |"
        for variant in manifest.variants
        for name, facts in manifest.files(variant).items()
    ]
    return "\n".join([*lines, ""])


def _phone(variants: list[str]) -> list[str]:
    """How Core ML variants are fetched and what loads them."""
    return [
        f"For iPhones and Macs: {', '.join(map(_text, variants))}. Fetch a variant for an app:",
        "",
        "```sh",
        *(f"veraretouch {COREML_LOADERS[0]} {name} --to Models/" for name in variants if _PLAIN.fullmatch(name)),
        "```",
        "",
        (
            f"The Swift package of veraretouch ({COREML_LOADERS[2]}) loads it by its bundle.json. In Python, on any"
            " system,"
        ),
        f"`veraretouch.zoo.coreml.{COREML_LOADERS[1]}(veraretouch.zoo.fetch.fetch(NAME, variant=VARIANT), PACKAGE)`",
        "runs a package.",
        "",
    ]


def _text(words: str) -> str:
    """Words as one line of plain Markdown text."""
    return _MARKUP.sub(r"\\\1", " ".join("".join(c if c.isprintable() else " " for c in words).split()))
