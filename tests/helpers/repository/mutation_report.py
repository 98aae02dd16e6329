"""The page on mutation testing: `python tests/helpers/repository/mutation_report.py [--records DIR]` writes it.

It is made from the records of `mutate.py`. Why a survivor may live stands in survivors.json beside this file, by the
beginning of its name; one without a reason is listed as open.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mirror import ROOT
from mutate import rows_of

PAGE = ROOT / "docs" / "benchmarks" / "mutation.md"
REASONS = Path(__file__).with_name("survivors.json")
HEAD = """# Mutation testing

Written by `python tests/helpers/repository/mutation_report.py` from the records of `make mutate ROOM=...`. Mutants are
drawn with a seed from all places that cosmic-ray's operators, and one that halves and doubles numbers, can change; see
`tests/helpers/repository/mutants.py`. A mutant dies where a test of its module or of its room fails. Mutants that would
run for ever count as killed. Two hundred are drawn a room: where fewer are judged, the run was cut short (of core/lut,
those in the first files by name are judged).

| room | mutants judged | killed | share |
|---|---|---|---|
"""


def reason_for(name: str, reasons: dict[str, str]) -> str:
    """Why a survivor may live; empty where nobody has said."""
    return next((reason for start, reason in reasons.items() if name.startswith(start)), "")


def page(records: dict[str, list[dict[str, Any]]], reasons: dict[str, str]) -> str:
    """The page's Markdown."""
    rows, sections = [], []
    for room, judged in records.items():
        survivors = [row for row in judged if row["outcome"] == "survived"]
        killed = len(judged) - len(survivors)
        rows.append(f"| {room} | {len(judged)} | {killed} | {killed / max(1, len(judged)):.0%} |")
        sections += ["", f"## Survivors in {room}", ""]
        for row in survivors:
            why = reason_for(row["name"], reasons) or "open: a test is missing"
            before, after = (_code(row[part]) for part in ("before", "after"))
            sections.append(f"- {row['path']}, line {row['line']}: {before} became {after}. {why}")
        if not survivors:
            sections.append("None.")
    return HEAD + "\n".join([*rows, *sections, ""])


def _code(text: str) -> str:
    return f"`` {text if len(text) <= 60 else text[:57] + '...'} ``" if text else "a line"


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
