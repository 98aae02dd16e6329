"""A page a planner: modes, ops, weights and their licence, an example, and what its reasoning looks like."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any

import veraretouch as vr
from veraretouch.core.contract.request import MODES
from veraretouch.core.photo import as_photo

from .markdown import ROOT, fence, page, quoted, summary, table

PHOTO = ROOT / "docs" / "samples" / "portrait.jpg"
COMMANDS = {
    "auto": "veraretouch auto photo.jpg --planner {} --out auto.jpg",
    "style": 'veraretouch style "warm golden film" photo.jpg --planner {} --out style.jpg',
    "param": "veraretouch param photo.jpg --set exposure.ev=0.3 --planner {} --out param.jpg",
}
REFERENCE = """\
from veraretouch import zoo

zoo.load("{}")("photo.jpg", reference=("before.jpg", "after.jpg")).save("reference.jpg")
"""


def pages(distribution: str) -> dict[str, str]:
    """The page of each planner of a distribution, and their index."""
    entries = vr.registry.planners.entries().values()
    found = [vr.registry.planners.load(entry.id) for entry in entries if entry.distribution == distribution]
    if not found:
        return {}
    rows = [(f"[{each.id}](planners/{each.id}.md)", ", ".join(modes(each)), summary(each)) for each in found]
    index = page(
        "# Planners",
        "Who looks at a photo and says what to do. `veraretouch planners` lists those that are installed.",
        "",
        *table(("planner", "modes", "what it does"), rows),
    )
    return {"planners.md": index, **{f"planners/{each.id}.md": text(each) for each in found}}


def modes(planner: Any) -> list[str]:
    """Its modes in the usual order."""
    return [mode for mode in MODES if mode in planner.modes]


def text(planner: Any) -> str:
    """The page of one planner."""
    bundles = weights(planner.id)
    name = next(iter(bundles), planner.id)
    return page(
        f"# {planner.id}",
        summary(planner),
        "",
        *table(("version", "modes"), [(planner.version, ", ".join(modes(planner)))]),
        "",
        "## How it works",
        "",
        *quoted(inspect.getdoc(sys.modules[planner.__module__]) or ""),
        "",
        "## Its latents",
        "",
        *latents(planner),
        "",
        "## Weights and licence",
        "",
        *licences(bundles),
        "",
        "## Example",
        "",
        *example(planner, name),
        "",
        "## Reasoning",
        "",
        *reasoning(planner, bundles),
    )


def latents(planner: Any) -> Iterator[str]:
    """The ops that it uses, from its schema, its own list or a proposal for a photo."""
    schema = getattr(planner, "schema", None)
    if not isinstance(schema, vr.Schema):
        try:
            photo = as_photo(PHOTO)
            proposal = planner().plan([photo], [vr.Request.of()])
        except vr.errors.VeraRetouchError:
            yield "Its schema is that of the bundle that it is loaded from; see `Retoucher.planner.schema`."
            return
        schema = proposal.latents.schema
    yield "Ops: " + ", ".join(f"[{op}](../ops/{op}.md)" if "." not in op else op for op in schema.specs) + "."
    yield ""
    yield f"Schema fingerprint: `{schema.fingerprint}`."


def weights(id: str) -> dict[str, dict[str, Any]]:
    """The bundles of the zoo's own index that this planner reads."""
    index = json.loads((ROOT / "zoo" / "index.json").read_text(encoding="utf-8"))
    return {name: entry for name, entry in index["bundles"].items() if entry.get("published") == id}


def licences(bundles: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Where the weights are and what their licence allows."""
    if not bundles:
        yield "No bundle of the zoo's index is made for it; it comes with the licence of its distribution."
        return
    rows = []
    for name, entry in bundles.items():
        licence = entry.get("licence", {})
        use = "commercial use too" if licence.get("commercial_use") else "no commercial use"
        rows.append((name, f"`{entry['source']}`", f"{licence.get('spdx', '?')}, {use}", licence.get("note", "")))
    yield from table(("bundle", "source", "licence", "note"), rows)


def example(planner: Any, name: str) -> Iterator[str]:
    """The commands; those that need weights are not run by our tests, and say so."""
    if name != planner.id:
        yield "<!-- not run: it fetches weights -->"
    commands = [COMMANDS[mode].format(name) for mode in modes(planner) if mode in COMMANDS]
    if commands:
        yield from fence("sh", "\n".join(commands))
    if "reference" in planner.modes:
        if commands:
            yield ""
        yield from fence("python" if name == planner.id else "text", REFERENCE.format(name))


def reasoning(planner: Any, bundles: dict[str, Any]) -> Iterator[str]:
    """What it says of a sample photo, in each mode that needs no second photo."""
    if bundles:
        yield (
            "Group -> problem and plan, as `Result.reasoning` gives them: here the answer's words, which the weights"
            " decide."
        )
        return
    wishes: dict[str, dict[str, Any]] = {
        "auto": {},
        "style": {"style": "warm golden film"},
        "param": {"params": {"exposure.ev": 0.3}},
    }
    told: dict[str, Any] = {}
    try:
        for mode in modes(planner):
            if mode in wishes:
                result = vr.Retoucher(planner()).plan(PHOTO, **wishes[mode])
                told[mode] = {group: dict(thought) for group, thought in result.reasoning.items()}
    except vr.errors.VeraRetouchError as error:
        yield f"It needs more than a photo: {error}"
        return
    yield "Of `docs/samples/portrait.jpg`:"
    for mode, thoughts in told.items():
        yield ""
        yield f"`{mode}`" + (f", {json.dumps(next(iter(wishes[mode].values())))}:" if wishes[mode] else ":")
        yield ""
        rows = [(group, each.get("problem", ""), each.get("plan", "")) for group, each in thoughts.items()]
        yield from table(("group", "problem", "plan"), rows)
