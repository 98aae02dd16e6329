"""What MkDocs does beside its own: the project's README, changelog and rules become pages, and the navigation follows the folders."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# Page of the site -> file of the project.
BORROWED = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
# The order in which guides are read; others follow by name.
GUIDES = (
    "presets",
    "fit",
    "first-op",
    "own-planner",
    "publishing-a-bundle",
    "training-through-the-renderer",
    "training",
    "evaluating",
    "plugins",
    "testing",
    "zoo",
    "vera",
)
# Code, which is left as it is, or a link.
LINK = re.compile(r"^```.*?^```|`[^`\n]*`|(!?)\[([^\]]*)\]\(([^)\s]+)\)", re.DOTALL | re.MULTILINE)


def on_config(config: Any) -> Any:
    """Make the navigation."""
    docs = Path(config.docs_dir)
    guides = {path.stem: f"guide/{path.name}" for path in sorted((docs / "guide").glob("*.md"))}
    ordered = [guides.pop(name) for name in GUIDES if name in guides]
    architecture = guides.pop("architecture")
    config.nav = [
        {"Home": "index.md"},
        {"Guides": [*ordered, *guides.values()]},
        {
            "Reference": [
                {"Ops": _section(docs, "ops")},
                {"Planners": _section(docs, "planners")},
                {"Commands": "reference/commands.md"},
                {"Python": _section(docs, "api")},
                {"Conformance checks": "reference/checks.md"},
                {"Schema documents": _section(docs, "schemas")},
            ]
        },
        {"Benchmarks": _pages(docs, "benchmarks")},
        {
            "Project": [
                architecture,
                {"Sample photos": "samples/README.md"},
                {"Example documents": "examples/README.md"},
                {"Contributing": "contributing.md"},
                {"Changes": "changelog.md"},
            ]
        },
    ]
    return config


def _section(docs: Path, name: str) -> list[str]:
    return [f"reference/{name}.md", *_pages(docs, f"reference/{name}")]


def _pages(docs: Path, folder: str) -> list[str]:
    return [f"{folder}/{path.name}" for path in sorted((docs / folder).glob("*.md"))]


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie in the root of the project."""
    for page, source in BORROWED.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links to files of the project lead to their pages; those that have none become plain text."""
    borrowed = page.file.src_uri in BORROWED
    here = "" if borrowed else posixpath.join("docs", posixpath.dirname(page.file.src_uri))
    page_of = {source: name for name, source in BORROWED.items()}

    def moved(link: re.Match[str]) -> str:
        mark, words, target = link.groups()
        if target is None or "://" in target or target.startswith(("#", "mailto:")):
            return link.group()
        path, _, anchor = target.partition("#")
        place = posixpath.normpath(posixpath.join(here, path))
        uri = page_of.get(place, place.removeprefix("docs/") if place.startswith("docs/") else None)
        if uri is None or (found := files.get_file_from_path(uri)) is None or found.inclusion.is_excluded():
            return words if words != path else f"`{words}`"
        relative = posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")
        return f"{mark}[{words}]({relative}{'#' + anchor if anchor else ''})"

    return LINK.sub(moved, markdown)
