"""The model card of a bundle: README.md with the front matter that the Hub reads.
Names and words of others are text there, nothing else.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .manifest import Manifest

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&$:])")


def model_card(manifest: Manifest) -> str:
    """The card's Markdown."""
    document, licence = manifest.document, manifest.licence
    front: dict[str, Any] = {
        "library_name": "veraretouch",
        "pipeline_tag": "image-to-image",
        "tags": ["photo-retouching", "veraretouch"],
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
        "```python",
        "from veraretouch import zoo",
        "",
        'retoucher = zoo.load("OWNER/REPOSITORY")',
        'retoucher("photo.jpg").save("retouched.jpg")',
        "```",
        "",
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


def _text(words: str) -> str:
    """Words as one line of plain Markdown text."""
    return _MARKUP.sub(r"\\\1", " ".join("".join(c if c.isprintable() else " " for c in words).split()))
