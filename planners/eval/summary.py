"""What a run amounts to: the document of report.json."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from .data import SUBSETS
from .metrics import group_consistency
from .peers import NOTHING, ORACLE
from .run import UNSPOILT, CaseOutcome, Evaluation
from .statistics import figure

SCHEMA: Final = "veraretouch.evaluation/1"
ALL: Final = "all"
PARTS: Final = (*SUBSETS, UNSPOILT)
# The measures of gains, beside the absolute figures.
GAINS: Final = ("psnr", "ciede2000")
_PACKAGES: Final = ("veraretouch", "torch", "numpy", "pillow", "scikit-image", "torchmetrics")


def document(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that was measured, subset by subset and overall, but for single cases."""
    data, outcomes = evaluation.data, evaluation.outcomes
    parts: dict[str, list[CaseOutcome]] = {part: [found for found in outcomes if found.part == part] for part in PARTS}
    work = [found for found in outcomes if found.part != UNSPOILT]
    if sum(bool(parts[subset]) for subset in SUBSETS) > 1:
        parts = {ALL: work} | parts
    return {
        "schema": SCHEMA,
        "planner": {"name": evaluation.planner, "version": evaluation.version},
        "data": {
            "layout": data.layout,
            "split": data.split,
            "size": data.size,
            "cases": len(outcomes),
            "photos": len({outcome.case.photo for outcome in outcomes}),
            "unjudged": dict(evaluation.unjudged),
        },
        "metrics": [
            {"id": m.id, "title": m.title, "unit": m.unit, "better": m.better, "about": m.about, "missing": m.missing}
            for m in evaluation.metrics
            if m.missing or any(m.id in scores for found in outcomes for scores in found.scores.values())
        ],
        "peers": [{"name": peer.name, "missing": peer.missing} for peer in evaluation.peers],
        "subsets": {name: _part(evaluation, found) for name, found in parts.items() if found},
        "leakage": _figures((found.case.photo, found.leakage) for found in outcomes),
        "style": _style(evaluation),
        "reasoning": _reasoning(outcomes),
        "failures": [{"case": found.case.name, "reason": found.failure} for found in outcomes if found.failure],
        "made_with": {name: _version(name) for name in _PACKAGES} | {"python": platform.python_version()},
    }


def _part(evaluation: Evaluation, outcomes: Sequence[CaseOutcome]) -> dict[str, Any]:
    """Each contestant's figures, and the planner's gains over doing nothing and over the best peer by PSNR;
    the oracle is no peer.
    """
    names = list(outcomes[0].scores)
    contestants: dict[str, Any] = {
        name: _figures((found.case.photo, found.scores[name]) for found in outcomes) for name in names
    }
    if any(found.colours for found in outcomes):
        for name in names:
            scenes: dict[str, list[tuple[float, float]]] = {}
            for found in outcomes:
                scenes.setdefault(found.case.scene, []).append(found.colours[name])
            contestants[name]["glc"] = {"mean": group_consistency(scenes)}
    rivals = [name for name in names if name not in (evaluation.planner, ORACLE)]
    best = max(rivals, key=lambda name: contestants[name]["psnr"]["mean"])
    return {
        "cases": len(outcomes),
        "photos": len({found.case.photo for found in outcomes}),
        "contestants": contestants,
        "regions": _regions(outcomes, names),
        "best_peer": best,
        "gains": {
            rival: _figures((found.case.photo, _gain(found, evaluation.planner, rival)) for found in outcomes)
            for rival in dict.fromkeys((NOTHING, best))
        },
    }


def _regions(outcomes: Sequence[CaseOutcome], names: Sequence[str]) -> dict[str, Any]:
    """Region -> photos that show it, and each contestant's CIEDE2000 there; the most frequent region first."""
    seen: dict[str, set[str]] = {}
    for found in outcomes:
        for region in found.regions[names[0]]:
            seen.setdefault(region, set()).add(found.case.photo)
    figures = {name: _figures((found.case.photo, found.regions[name]) for found in outcomes) for name in names}
    return {
        region: {
            "photos": len(photos),
            "contestants": {name: {"ciede2000": figures[name][region]} for name in names},
        }
        for region, photos in sorted(seen.items(), key=lambda item: (-len(item[1]), item[0]))
    }


def _gain(found: CaseOutcome, name: str, rival: str) -> dict[str, float]:
    return {metric: found.scores[name][metric] - found.scores[rival][metric] for metric in GAINS}


def _style(evaluation: Evaluation) -> dict[str, Any]:
    """How much worse another prompt scores, in CIEDE2000, and the share of cases in which it does; ties count half."""
    judged = [(found.case.photo, found.adherence) for found in evaluation.outcomes if found.adherence is not None]
    if not judged:
        asked = evaluation.prompts
        return {"missing": "no case asks for a style" if asked == 0 else "all style cases ask for the same"}
    worse = _figure(judged)
    return {
        "cases": len(judged),
        "worse": worse,
        "share": _figure((photo, 0.5 if apart == 0 else float(apart > 0)) for photo, apart in judged),
        "follows": worse["low"] is not None and worse["low"] > 0,
    }


def _reasoning(outcomes: Sequence[CaseOutcome]) -> dict[str, Any]:
    """The share of the words' claims that hold, overall and by measure, and the claims that fail."""
    made = [(found.case, claim) for found in outcomes for claim in found.claims]
    if not made:
        return {"missing": "the reasoning's plans claim no direction"}
    return {
        "claims": len(made),
        "holds": _figure((case.photo, float(claim.holds)) for case, claim in made),
        "by_measure": {
            measure: {
                "claims": sum(claim.measure == measure for _, claim in made),
                "holds": _figure((case.photo, float(claim.holds)) for case, claim in made if claim.measure == measure),
            }
            for measure in sorted({claim.measure for _, claim in made})
        },
        "failing": [
            {
                "case": case.name,
                "group": claim.group,
                "words": claim.words,
                "measure": claim.measure,
                "moved": claim.moved,
            }
            for case, claim in made
            if not claim.holds
        ],
    }


def _figures(rows: Iterable[tuple[str, Mapping[str, float]]]) -> dict[str, dict[str, Any]]:
    """The figure of each named value, from photos and their values."""
    by_name: dict[str, list[tuple[str, float]]] = {}
    for photo, values in rows:
        for name, value in values.items():
            by_name.setdefault(name, []).append((photo, value))
    return {name: _figure(found) for name, found in by_name.items()}


def _figure(rows: Iterable[tuple[str, float]]) -> dict[str, Any]:
    by_photo: dict[str, list[float]] = {}
    for photo, value in rows:
        by_photo.setdefault(photo, []).append(value)
    return figure(by_photo).document()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
