"""Mutation testing: does a test fail when a room's source is changed? `make mutate ROOM=core/lut` runs it and prints
the survivors.

    python tests/helpers/repository/mutate.py ROOM... [--draw 200] [--seed 0] [--tests PATH...] [--out out/mutation]

A copy of the repository is changed, in an environment that borrows this one's packages; the repository itself stays as
it is. For each mutant the tests of its module run first, then those of the room, the quickest first in both. A run that
was cut off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mirror import ROOT, named_tests
from mutants import Mutant, draw

HERE = Path(__file__).parent
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "out", "site", "*.egg-info")
QUIET = ["-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark"]
# A mutant that loops for ever counts as killed after so many times what the tests take.
PATIENCE = 8
SLOWEST = 3600.0


@contextmanager
def workshop() -> Iterator[tuple[Path, Path]]:
    """A copy of the repository, and the Python of an environment in which it, and nothing else, is `veraretouch`."""
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        copy, environment = Path(folder) / "veraretouch", Path(folder) / "environment"
        shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        python = environment / "bin" / "python"
        ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        site = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
        # A path file inside a path file's folder is not read, so the editable install stays behind.
        (Path(site) / "mutate.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
        command = environment / "bin" / "veraretouch"
        command.write_text(f"#!{python}\nfrom veraretouch.core.cli.shell import main\nmain()\n")
        command.chmod(0o755)
        yield copy, python


def runs_for(mutant: Mutant, tests: Sequence[str]) -> list[list[str]]:
    """What pytest is asked, one run after the other: the module's own tests, then the room's."""
    own = [str(path.relative_to(ROOT)) for path in named_tests(Path(mutant.path))]
    others = [path for path in tests if path not in own]
    return [[*paths, *QUIET] for paths in (own, others) if paths]


def judge(room: str, mutants: Sequence[Mutant], tests: Sequence[str], record: Path, *, longest: float) -> None:
    """Judge the mutants that the record does not hold yet, and add them to it."""
    known = {row["name"] for row in rows_of(record)}
    # In no order of files, so that those of a run that is cut off stand for all.
    left = sorted((m for m in mutants if m.name not in known), key=lambda m: zlib.crc32(m.name.encode()))
    if not left:
        return
    record.parent.mkdir(parents=True, exist_ok=True)
    with workshop() as (copy, python):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        runner = subprocess.Popen(
            [python, HERE / "mutant_runner.py"],
            cwd=copy,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

        def ask(mutant: Mutant, seconds: float) -> dict[str, Any]:
            order = {"path": mutant.path, "source": mutant.source, "runs": runs_for(mutant, tests)}
            assert runner.stdin is not None
            assert runner.stdout is not None
            print(json.dumps(order | {"seconds": seconds, "longest": longest}), file=runner.stdin, flush=True)
            found: dict[str, Any] = json.loads(runner.stdout.readline())
            return found

        # The source as it is has to pass in the same way, or every mutant would seem to die.
        same = replace(left[0], source=(ROOT / left[0].path).read_text("utf-8"))
        # Once all of them, and once without the long ones.
        ask(same, SLOWEST)
        control = ask(same, SLOWEST)
        if control["outcome"] != "survived":
            said = (copy.parent / "pytest.log").read_text("utf-8", "replace")[-3000:]
            sys.exit(f"{said}\nThe tests of {room} fail without any mutant.")
        limit = 30 + PATIENCE * control["seconds"]
        for number, mutant in enumerate(left, 1):
            answer = ask(mutant, limit)
            row = {"name": mutant.name, "path": mutant.path, "line": mutant.line, **answer}
            with record.open("a", encoding="utf-8") as file:
                print(json.dumps(row | {"before": mutant.before, "after": mutant.after}), file=file)
            print(f"{number}/{len(left)} {answer['outcome']:8} {answer['seconds']:5.1f} s  {mutant.name}", flush=True)
        runner.communicate()


def rows_of(record: Path) -> list[dict[str, object]]:
    """What is known of mutants that were judged before."""
    return [json.loads(line) for line in record.read_text("utf-8").splitlines()] if record.is_file() else []


def main() -> None:
    parser = argparse.ArgumentParser(description="Does a test fail when a room's source is changed?")
    parser.add_argument("rooms", nargs="+", help="Folders of the package, such as core/lut, or modules.")
    parser.add_argument("--draw", type=int, default=200, help="How many mutants of each room.")
    parser.add_argument("--seed", type=int, default=0, help="Random seed of the draw.")
    parser.add_argument("--tests", nargs="+", help="Tests to run, in place of the room's own.")
    parser.add_argument("--longest", type=float, default=5.0, help="Seconds; tests that take more are left out.")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutation", help="Folder of the records.")
    asked = parser.parse_args()
    for room in (room.rstrip("/") for room in asked.rooms):
        mutants = draw(ROOT, room, asked.draw, asked.seed)
        folder = ROOT / "tests" / room
        own = folder if folder.is_dir() else folder.parent
        files = sorted(str(path.relative_to(ROOT)) for path in own.glob("test_*.py"))
        record = asked.out / f"{room.removesuffix('.py').replace('/', '.')}-{asked.seed}.jsonl"
        judge(room, mutants, asked.tests or files, record, longest=asked.longest)
        drawn = {mutant.name for mutant in mutants}
        rows = [row for row in rows_of(record) if row["name"] in drawn]
        survivors = [row["name"] for row in rows if row["outcome"] == "survived"]
        print(f"{room}: {len(rows) - len(survivors)} of {len(rows)} mutants die; survivors:")
        print("\n".join(map(str, survivors)) or "none")


if __name__ == "__main__":
    main()
