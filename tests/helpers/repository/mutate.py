"""Mutation testing: does a test fail when a room's source is changed? `make mutate ROOM=core/lut` runs it and prints
the survivors.

    python tests/helpers/repository/mutate.py ROOM... [--draw 200] [--seed 0] [--longest 1] [--budget 4] [--again]

A copy of the repository is changed, in an environment that borrows this one's packages; the repository itself stays as
it is. All tests of the room run once, to learn which reach which line; then each mutant meets those that reach its own.
A run that was cut off goes on where it was, and `--again` judges survivors anew, after tests were added.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from mirror import ROOT, named_tests
from mutant_tests import RoomTests
from mutant_workshop import Runner, workshop
from mutants import Mutant, draw, named

HERE = Path(__file__).parent
NAMED = HERE / "named_mutants.json"
# Seconds of processor time: a test that takes more has met a mutant that loops for ever.
PATIENCE, PATIENCE_FACTOR = 10.0, 10
# Seconds that all tests of a mutant may take, however little of the processor they get.
LONGEST_WAIT = 600.0


@dataclass(frozen=True)
class Limits:
    """Seconds of processor time: of a test, for longer ones are left out; of all that a mutant meets."""

    longest: float
    budget: float


class Judge:
    """Judges a room's mutants by its tests, once these have passed without any."""

    def __init__(
        self, sources: list[str], files: list[str], limits: Limits, out: Path, anew: Runner, swapped: Runner
    ) -> None:
        self._anew, self._swapped, self._budget = anew, swapped, limits.budget
        digest = sha256(b"".join((ROOT / path).read_bytes() for path in [*sources, *files])).hexdigest()
        kept = out / "learned" / f"{digest}.json"
        if kept.is_file():
            self.tests = RoomTests(json.loads(kept.read_text("utf-8")), limits.longest)
            return
        self._demand(anew, {"learn": files, "sources": sources, "wait": float("inf")})
        learned = (anew.copy.parent / "learned.json").read_text("utf-8")
        self.tests = RoomTests(json.loads(learned), limits.longest)
        # The source as it is has to pass in this way too, or every mutant would seem to die.
        self._demand(swapped, self._order(sources[0], (ROOT / sources[0]).read_text("utf-8"), self.tests.all()))
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(learned, "utf-8")

    def _demand(self, runner: Runner, order: dict[str, Any]) -> None:
        answer = runner.ask(order)
        if answer["outcome"] != "survived":
            said = (runner.copy.parent / "pytest.log").read_text("utf-8", "replace")[-3000:]
            sys.exit(f"{said}\nThe tests fail without any mutant: {answer}")

    def _order(self, path: str, source: str, tests: Sequence[str]) -> dict[str, Any]:
        limits = [(id, PATIENCE + PATIENCE_FACTOR * self.tests.took[id]) for id in tests]
        return {"path": path, "source": source, "tests": limits, "wait": LONGEST_WAIT}

    def outcome(self, mutant: Mutant) -> dict[str, Any]:
        """What becomes of a mutant, and which test kills it."""
        source = (ROOT / mutant.path).read_text("utf-8")
        order = self._order(mutant.path, mutant.source, self.tests.of(mutant, source, self._budget))
        if not self.tests.at_import(mutant, source):
            answer = self._swapped.ask(order)
            if answer["outcome"] not in ("anew", "lost"):
                return answer
        return self._anew.ask(order)


def judge(mutants: Sequence[Mutant], files: list[str], record: Path, limits: Limits, *, again: bool) -> None:
    """Judge the mutants that the record does not hold yet, and add them to it."""
    known = rows_of(record)
    if again:
        known = [row for row in known if row["outcome"] in ("killed", "timeout")]
    judged = {row["name"] for row in known}
    # In no order of files, so that those of a run that is cut off stand for all.
    left = sorted((m for m in mutants if m.name not in judged), key=lambda m: zlib.crc32(m.name.encode()))
    if not left:
        return
    record.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted({mutant.path for mutant in mutants})
    with workshop() as (copy, python):
        command = [python, HERE / "mutant_runner.py"]
        with Runner(copy, command) as anew, Runner(copy, [*command, *files]) as swapped:
            judge = Judge(sources, files, limits, record.parent, anew, swapped)
            for number, mutant in enumerate(left, 1):
                answer = judge.outcome(mutant)
                row = {"name": mutant.name, "path": mutant.path, "line": mutant.line, **answer}
                with record.open("a", encoding="utf-8") as file:
                    print(json.dumps(row | {"before": mutant.before, "after": mutant.after}), file=file)
                print(
                    f"{number}/{len(left)} {answer['outcome']:8} {answer['seconds']:5.1f} s  {mutant.name}", flush=True
                )


def rows_of(record: Path) -> list[dict[str, Any]]:
    """What is known of mutants that were judged before, of each the last."""
    lines = record.read_text("utf-8").splitlines() if record.is_file() else []
    return list({row["name"]: row for row in map(json.loads, lines)}.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="Does a test fail when a room's source is changed?")
    parser.add_argument("rooms", nargs="+", help="Folders of the package, such as core/lut; modules; or `named`.")
    parser.add_argument("--draw", type=int, default=200, help="How many mutants of each room.")
    parser.add_argument("--seed", type=int, default=0, help="Random seed of the draw.")
    parser.add_argument("--tests", nargs="+", help="RoomTests to run, in place of the room's own.")
    parser.add_argument("--longest", type=float, default=1.0, help="Seconds; tests that take more are left out.")
    parser.add_argument("--budget", type=float, default=4.0, help="Seconds of tests that each mutant meets.")
    parser.add_argument("--again", action="store_true", help="Judge the mutants again that were not killed.")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutation", help="Folder of the records.")
    asked = parser.parse_args()
    for room in (room.rstrip("/") for room in asked.rooms):
        mutants = named(ROOT, NAMED) if room == "named" else draw(ROOT, room, asked.draw, asked.seed)
        if room == "named":
            found = [test for mutant in mutants for test in named_tests(Path(mutant.path))]
        else:
            folder = ROOT / "tests" / room
            found = (folder if folder.is_dir() else folder.parent).glob("test_*.py")
        files = asked.tests or sorted({str(path.relative_to(ROOT)) for path in found})
        record = asked.out / f"{room.removesuffix('.py').replace('/', '.')}-{asked.seed}.jsonl"
        judge(mutants, files, record, Limits(asked.longest, asked.budget), again=asked.again)
        drawn = {mutant.name for mutant in mutants}
        rows = [row for row in rows_of(record) if row["name"] in drawn]
        survivors = [row["name"] for row in rows if row["outcome"] == "survived"]
        print(f"{room}: {len(rows) - len(survivors)} of {len(rows)} mutants die; survivors:")
        print("\n".join(map(str, survivors)) or "none")


if __name__ == "__main__":
    main()
