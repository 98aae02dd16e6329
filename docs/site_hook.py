"""What MkDocs does beside its own: the project's README, changelog and rules become pages,
and the navigation follows the folders.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# Page of the site -> file of the project.
BORROWED = {
    "start.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
    "releasing.md": "RELEASING.md",
    "conduct.md": "CODE_OF_CONDUCT.md",
}
# Who reads which guides, in this order.
GUIDES = {
    "Op authors": ("first-op", "own-area", "own-control", "testing", "plugins"),
    "Photographers": ("studio", "many-photos", "serve", "local", "framing", "presets", "fit", "assistants", "vera"),
    "Clusters": ("cluster", "scale"),
    "Planner researchers": (
        *("own-planner", "training-through-the-renderer", "training", "dapo", "own-reward", "data", "evaluating"),
    ),
    "Mobile teams": ("ios", "publishing-a-bundle", "zoo"),
    "Contributors": ("architecture",),
}
# Code, which is left as it is, or a link.
LINK = re.compile(r"^```.*?^```|`[^`\n]*`|(!?)\[([^\]]*)\]\(([^)\s]+)\)", re.DOTALL | re.MULTILINE)


def on_config(config: Any) -> Any:
    """Make the navigation."""
    docs = Path(config.docs_dir)
    guides = {path.stem: f"guide/{path.name}" for path in sorted((docs / "guide").glob("*.md"))}
    if left := set(guides) - {name for names in GUIDES.values() for name in names}:
        raise PluginError(f"docs/site_hook.py: GUIDES does not say who reads {', '.join(sorted(left))}")
    config.nav = [
        {"Home": "index.md"},
        {"Start": "start.md"},
        {"Guides": [{who: [guides[name] for name in names]} for who, names in GUIDES.items()]},
        {
            "Reference": [
                {"Ops": _section(docs, "ops")},
                {"Areas": _section(docs, "areas")},
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
                "status.md",
                "glossary.md",
                "contributing.md",
                "changelog.md",
                "releasing.md",
                "security.md",
                "conduct.md",
                {"Sample photos": "samples/README.md"},
                {"Example documents": "examples/README.md"},
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
