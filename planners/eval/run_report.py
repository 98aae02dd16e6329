"""The report of a run: what was measured in words and tables, the files of it, the worst cases as pictures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...core.atomic_write import write_file
from ...core.errors import InvalidRequest, UnusableAnswer
from ...core.render.retoucher import Retoucher
from ..training.data import eight_bit
from .data import Picture
from .peers import NOTHING, nothing
from .run import UNSPOILT, CaseOutcome, Evaluation, retouched
from .summary import ALL
from .tables import Section, Shown, html, markdown, plain

PROTOCOLS: Final = {
    "aether": "A dataset of aether: its own input and target pictures, 8 bit, in its split by source photo.",
    "fivek": (
        "MIT-Adobe FiveK (Bychkovsky et al. 2011) in the files and the split of Zeng et al. (2020): 8-bit sRGB inputs"
        " and targets."
    ),
    "fivek-archive": (
        "MIT-Adobe FiveK (Bychkovsky et al. 2011) from its archive: the DNG files developed by LibRaw, photos beyond"
        " number 4500. Tables of papers use inputs that Lightroom exported: these figures are not comparable with"
        " theirs."
    ),
    "ppr10k": (
        "PPR10K (Liang et al. 2021), val against train, pictures as they are (360p). With masks, PSNR and CIE 1976 are"
        " also given with the background halved, as published; GLC is the consistency of groups."
    ),
    "pairs": "Pairs of before and after.",
}
_DECIMALS: Final = {"psnr": 2, "psnr_hc": 2, "ciede2000": 2, "cie1976": 2, "cie1976_hc": 2, "histogram": 1, "glc": 2}
_PANEL: Final = 400  # pixels across, of each of three
_GAP: Final = 8
_LISTED: Final = 12
_FEW: Final = 20


def check_out(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that could not be written before minutes are spent on what would go into it.

    Raises:
        InvalidRequest
    """
    if out.exists() and not out.is_dir():
        raise InvalidRequest(f"--out {str(out)!r} is a file", cure="Name a folder.")
    if (out / "report.json").exists() and not overwrite:
        raise InvalidRequest(f"{str(out)!r} holds a report already", cure="Name another folder, or allow --overwrite.")


def write(out: Path, evaluation: Evaluation, document: Mapping[str, Any], retoucher: Retoucher, *, worst: int) -> None:
    """Write the worst cases, cases.csv, report.md, report.html and, last, report.json."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(f"{str(out)!r} cannot be made: {error.strerror}", cure="Check the path.") from None
    pictures = _worst_cases(out, evaluation, retoucher, worst)
    write_file(out / "cases.csv", _cases(evaluation).encode())
    found = sections(document, pictures)
    write_file(out / "report.md", markdown(found).encode())
    write_file(out / "report.html", html(found).encode())
    write_file(out / "report.json", (json.dumps(document, indent=1, allow_nan=False) + "\n").encode())


def text(document: Mapping[str, Any]) -> str:
    """The report for the terminal."""
    return plain(sections(document, ()))


def sections(document: Mapping[str, Any], pictures: Sequence[Shown]) -> list[Section]:
    """The report in its parts."""
    found = [_heading(document)]
    for name, part in document["subsets"].items():
        found.append(_subset(document, name, part))
        if part["regions"]:
            found.append(_by_region(name, part))
    found += [_leakage(document["leakage"]), _style(document["style"]), _reasoning(document["reasoning"])]
    missing = [(row["title"], row["missing"]) for row in document["metrics"] if row["missing"]]
    missing += [(row["name"], row["missing"]) for row in document["peers"] if row["missing"]]
    if missing:
        found.append(Section("Missing here", rows=[("what", "why, and the cure"), *missing]))
    if document["failures"]:
        rows = [(row["case"], row["reason"]) for row in document["failures"]]
        about = f"{len(rows)} cases count as doing nothing, since the planner gave no edit."
        found.append(Section("Failures", [about], [("case", "reason"), *rows[:_LISTED]]))
    if pictures:
        found.append(Section("Worst cases", ["Before, by the planner, wanted."], pictures=pictures))
    made = [(name, str(value)) for name, value in document["made_with"].items()]
    return [*found, Section("Made with", rows=[("package", "version"), *made])]


def _heading(document: Mapping[str, Any]) -> Section:
    planner, data = document["planner"], document["data"]
    size = "as they are" if data["size"] is None else f"long side at most {data['size']} pixels"
    split = f", split {data['split']}" if data["split"] else ""
    lines = [
        PROTOCOLS[data["layout"]],
        (
            f"{data['cases']} cases of {data['photos']} photos{split}; {size}. Results are rendered by the ops"
            " themselves and rounded to 8 bit."
        ),
        (
            "A photo's value is the mean of its cases, a figure the mean over photos; in brackets the 95 % interval of"
            " a bootstrap over photos."
        ),
    ]
    for subset, count in data["unjudged"].items():
        lines.append(f"{count} cases of {subset} are not judged: the planner has no such mode.")
    return Section(f"{planner['name']} {planner['version']}, judged", lines)


def _subset(document: Mapping[str, Any], name: str, part: Mapping[str, Any]) -> Section:
    columns = [row for row in document["metrics"] if not row["missing"]]
    columns = [row for row in columns if any(row["id"] in found for found in part["contestants"].values())]
    if any("glc" in found for found in part["contestants"].values()):
        columns.append({"id": "glc", "title": "GLC", "unit": "", "better": "down"})
    head = [""] + [f"{c['title']}{', ' + c['unit'] if c['unit'] else ''} {_arrow(c['better'])}" for c in columns]
    ordered = sorted(part["contestants"].items(), key=lambda item: -item[1]["psnr"]["mean"])
    rows = [[who, *(_number(c["id"], found.get(c["id"])) for c in columns)] for who, found in ordered]
    gains = [
        f"{'Gain' if rival == NOTHING else 'Lead'} over"
        f" {rival}{'' if rival != part['best_peer'] else ', the best peer'}: PSNR {_signed(gain['psnr'])} dB, CIEDE2000"
        f" {_signed(gain['ciede2000'])}."
        for rival, gain in part["gains"].items()
    ]
    title = "All subsets" if name == ALL else f"Subset {name}"
    if name == UNSPOILT:
        title = "Photos that need nothing"
        gains = [
            "Before and after are the same picture: CIEDE2000 is how far a photo is moved that should stay. In no mean"
            " above."
        ]
    if part["photos"] < _FEW:
        gains.append(f"Of fewer than {_FEW} photos an interval is too narrow: take it as a hint.")
    return Section(f"{title}: {part['cases']} cases of {part['photos']} photos", gains, [head, *rows])


def _by_region(name: str, part: Mapping[str, Any]) -> Section:
    """CIEDE2000 of each contestant, region by region of the targets."""
    about = (
        "Mean CIEDE2000 of the pixels that the scene network takes for a region of the wanted picture, over the photos"
        " that show it. What it is unsure of is in no region."
    )
    ordered = sorted(part["contestants"], key=lambda who: -part["contestants"][who]["psnr"]["mean"])
    rows = [
        (
            region,
            str(found["photos"]),
            *(_number("ciede2000", found["contestants"][who]["ciede2000"]) for who in ordered),
        )
        for region, found in part["regions"].items()
    ]
    title = {ALL: "all subsets", UNSPOILT: "photos that need nothing"}.get(name, f"subset {name}")
    return Section(f"By region: {title}", [about], [("region", "photos", *ordered), *rows])


def _leakage(leakage: Mapping[str, Any]) -> Section:
    about = (
        "What a group alone moves of what is another's: of lighting the share of colour in its move, of the colour"
        " groups the share of light (0: none, 1: nothing but); over the cases in which the group moves anything."
    )
    rows = [(group, _number("", found), str(found["photos"])) for group, found in leakage.items()]
    if not rows:
        return Section("Leakage between groups", [about, "No group moved anything."])
    return Section("Leakage between groups", [about], [("group", "leakage", "photos"), *rows])


def _style(style: Mapping[str, Any]) -> Section:
    title = "Adherence to the prompt"
    if "missing" in style:
        return Section(title, [f"Not judged: {style['missing']}."])
    verdict = "It follows the prompt." if style["follows"] else "It was not shown to follow the prompt."
    return Section(
        title,
        [
            f"With another case's prompt CIEDE2000 to the target is {_signed(style['worse'])} worse; worse in "
            f"{style['share']['mean']:.0%} of {style['cases']} cases (ties count half). {verdict}"
        ],
    )


def _reasoning(reasoning: Mapping[str, Any]) -> Section:
    title = "Agreement of words and picture"
    if "missing" in reasoning:
        return Section(title, [f"Not judged: {reasoning['missing']}."])
    rows = [("measure", "claims", "hold")]
    rows += [
        (measure, str(found["claims"]), _share(found["holds"])) for measure, found in reasoning["by_measure"].items()
    ]
    rows.append(("all", str(reasoning["claims"]), _share(reasoning["holds"])))
    lines = ["Directions that a group's plan names, against what that group alone does to the photo."]
    failing = [f"{row['words']} ({row['case']}: {row['measure']} {row['moved']:+.4f})" for row in reasoning["failing"]]
    if failing:
        more = f", and {len(failing) - _LISTED} more" if len(failing) > _LISTED else ""
        lines.append(f"Not so: {'; '.join(failing[:_LISTED])}{more}.")
    return Section(title, lines, rows)


def _arrow(better: str) -> str:
    return "↑" if better == "up" else "↓"


def _number(metric: str, found: Mapping[str, Any] | None) -> str:
    if found is None or found["mean"] is None:
        return "-"
    places = _DECIMALS.get(metric, 3)
    if found.get("low") is None:
        return f"{found['mean']:.{places}f}"
    return f"{found['mean']:.{places}f} ({found['low']:.{places}f} to {found['high']:.{places}f})"


def _signed(found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return f"{found['mean']:+.2f}"
    return f"{found['mean']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})"


def _share(found: Mapping[str, Any]) -> str:
    interval = "" if found["low"] is None else f" ({found['low']:.0%} to {found['high']:.0%})"
    return f"{found['mean']:.0%}{interval}"


def _cases(evaluation: Evaluation) -> str:
    """Every case and contestant on a line."""
    file = io.StringIO()
    metrics = [metric.id for metric in evaluation.metrics if not metric.missing]
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["case", "photo", "part", "prompt", "contestant", *metrics])
    for outcome in evaluation.outcomes:
        case = outcome.case
        for name, scores in outcome.scores.items():
            values = [f"{scores[metric]:.6g}" if metric in scores else "" for metric in metrics]
            table.writerow([case.name, case.photo, outcome.part, case.prompt or "", name, *values])
    return file.getvalue()


def _worst_cases(out: Path, evaluation: Evaluation, retoucher: Retoucher, count: int) -> list[Shown]:
    """Write the pictures of the cases that lie farthest from their targets."""

    def error(outcome: CaseOutcome) -> float:
        return outcome.scores[evaluation.planner]["ciede2000"]

    worst = sorted(evaluation.outcomes, key=error, reverse=True)[:count]
    if worst:
        (out / "worst").mkdir(exist_ok=True)
    found = []
    for place, outcome in enumerate(worst, start=1):
        case = outcome.case
        pictures = case.read(evaluation.data.size)
        try:
            done = retouched(retoucher, case, pictures)[0]
        except UnusableAnswer:
            done = nothing(case, pictures)
        file = f"worst/{place:02}.jpg"
        write_file(out / file, _jpeg(_beside(eight_bit(pictures.before), done, pictures.after)))
        asked = f", {case.prompt!r}" if case.prompt else ""
        by = outcome.scores[NOTHING]["ciede2000"]
        found.append(
            Shown(file, f"{case.name} ({case.subset}{asked}): CIEDE2000 {by:.1f} before, {error(outcome):.1f} after")
        )
    return found


def _beside(*pictures: Picture) -> Picture:
    """Pictures of one size side by side, shrunk where they are large."""
    from PIL import Image

    height, width = pictures[0].shape[:2]
    scale = min(1.0, _PANEL / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    gap = np.full((size[1], _GAP, 3), 255, dtype=np.uint8)
    panels = [np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)) for picture in pictures]
    return np.hstack([part for panel in panels for part in (panel, gap)][:-1])


def _jpeg(picture: Picture) -> bytes:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=88)
    return held.getvalue()
