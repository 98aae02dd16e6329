"""The page on mutation testing: `python tests/helpers/repository/mutation_report.py [--records DIR]` writes it.

It is made from the records of `mutate.py`. Why a survivor may live stands in survivors.json beside this file, by its
file and a part of its name; one without a reason is listed as open.
"""

from __future__ import annotations

import argparse
import json
from itertools import takewhile
from pathlib import Path
from textwrap import wrap
from typing import Any

from mirror import ROOT
from mutate import rows_of

PAGE = ROOT / "docs" / "benchmarks" / "mutation.md"
AROUND = 30  # characters that are shown on either side of a change
REASONS = Path(__file__).with_name("survivors.json")
HEAD = """# Mutation testing

Written by `python tests/helpers/repository/mutation_report.py` from the records of `make mutate ROOM=...`. Of each room
200 mutants are drawn with a seed from all places that cosmic-ray's operators, and one that halves and doubles numbers,
can change; see `tests/helpers/repository/mutants.py`. They are judged in no order of files, so where fewer than 200
were judged, those stand for all. A mutant meets the tests of its room that reach its line and take less than a second,
until these would take a few seconds together; it dies where one fails. One that loops for ever counts as killed.
Survivors were judged again when tests had been added. Lines are shown as they were when they were judged.

| room | mutants judged | killed | of these, looping | share |
|---|---|---|---|---|
"""
NAMED = """
## Mutants named in advance

Changes that no test noticed once, judged by the tests of their own modules:

| module | was | became | outcome |
|---|---|---|---|
"""


def page(records: dict[str, list[dict[str, Any]]], reasons: dict[str, str]) -> str:
    """The page's Markdown."""
    named = records.get("named", [])
    rooms = {room: judged for room, judged in records.items() if room != "named"}
    rows, sections = [], []
    for room, judged in rooms.items():
        survivors = [row for row in judged if row["outcome"] not in ("killed", "timeout")]
        looping = sum(row["outcome"] == "timeout" for row in judged)
        killed = len(judged) - len(survivors)
        rows.append(f"| {room} | {len(judged)} | {killed} | {looping} | {killed / max(1, len(judged)):.0%} |")
        sections += ["", f"## Survivors in {room}", ""]
        for row in sorted(survivors, key=lambda row: (row["path"], row["line"])):
            why = reason_for(row["name"], reasons) or "open: a test is missing"
            said = f"- {row['path']}: {' became '.join(changed(row['before'], row['after']))}. {why}"
            sections += wrap(said, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        if not survivors:
            sections.append("None.")
    told = [
        " | ".join(
            [
                f"| {row['path']}",
                *(part.replace("|", "\\|") for part in changed(row["before"], row["after"])),
                f"{_outcome(row)} |",
            ]
        )
        for row in sorted(named, key=lambda row: row["path"])
    ]
    return HEAD + "\n".join(rows) + "\n" + (NAMED + "\n".join(told) + "\n" if told else "") + "\n".join([*sections, ""])


def reason_for(name: str, reasons: dict[str, str]) -> str:
    """Why a survivor may live; empty where nobody has said. Lines are left out, since they move."""
    path, _, change = name.partition(":")
    for part, reason in reasons.items():
        file, _, text = part.partition(": ")
        if file == path and text in change:
            return reason
    return ""


def _outcome(row: dict[str, Any]) -> str:
    test = row["by"].rpartition("::")[2].partition("[")[0]
    return f"killed by `{test}`" if row["outcome"] == "killed" else row["outcome"]


def changed(before: str, after: str) -> list[str]:
    """The parts of two lines that differ, as code, with what stands around them."""
    lines = [" ".join(text.split()) for text in (before, after)]
    start = _same(*lines)
    end = _same(*(line[:start:-1] for line in lines))
    parts = [line[max(0, start - AROUND) : len(line) - max(0, end - AROUND)].strip() for line in lines]
    return [f"`` {part} ``" if part else "a line" for part in parts]


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the page on mutation testing.")
    parser.add_argument("--records", type=Path, default=ROOT / "out" / "mutation")
    asked = parser.parse_args()
    records = {
        path.stem.rpartition("-")[0].replace(".", "/"): rows_of(path) for path in sorted(asked.records.glob("*.jsonl"))
    }
    reasons = json.loads(REASONS.read_text("utf-8")) if REASONS.is_file() else {}
    PAGE.write_text(page(records, reasons), "utf-8")


if __name__ == "__main__":
    main()
