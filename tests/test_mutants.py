"""Mutation testing: which tests meet a mutant, functions that get a mutant's code, processes that end unasked."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from code_swap import Functions
from mutant_tests import RoomTests
from mutant_workshop import Runner

SOURCE = """
from functools import cache, wraps

LIMIT = 3

def kept(function):
    @wraps(function)
    def wrapper(*arguments):
        return function(*arguments) + 0
    return wrapper

class Box:
    size = 5

    @property
    def twice(self):
        return self.size * 2

@kept
def limited(value, most=LIMIT):
    return min(value, most)
"""


@pytest.fixture
def module(tmp_path):
    file, made = tmp_path / "box.py", ModuleType("box")
    exec(compile(SOURCE, str(file), "exec"), vars(made))
    made.box = made.Box()
    return file, made


@pytest.mark.parametrize(
    ("before", "after", "call", "was", "becomes"),
    [
        ("self.size * 2", "self.size * 3", lambda made: made.box.twice, 10, 15),
        ("min(value", "max(value", lambda made: made.limited(9), 3, 9),
        ("(*arguments) + 0", "(*arguments) + 1", lambda made: made.limited(9), 3, 4),
    ],
    ids=["a property", "what is decorated", "what a decorator returned"],
)
def test_functions_that_are_imported_get_the_changed_code(module, before, after, call, was, becomes):
    file, made = module
    assert call(made) == was
    assert Functions([file]).exchange(file, SOURCE, SOURCE.replace(before, after))
    assert call(made) == becomes


@pytest.mark.parametrize(
    ("before", "after"),
    [("LIMIT = 3", "LIMIT = 4"), ("size = 5", "size = 6"), ("most=LIMIT", "most=7"), ("@kept\n", "")],
    ids=["a constant", "a class's attribute", "a default", "a decorator"],
)
def test_what_an_import_decides_is_told_and_changes_nothing(module, before, after):
    file, made = module
    assert not Functions([file]).exchange(file, SOURCE, SOURCE.replace(before, after))
    assert (made.limited(9), made.box.twice) == (3, 10)


ROOM = """LIMIT = 3

def low(value):
    return value < LIMIT

def high(
    value,
):
    return (
        value
        > LIMIT
    )
"""
OWN, OTHER = "tests/core/lut/test_cube.py", "tests/core/lut/test_files.py"


@pytest.fixture
def tests():
    lines = {
        "1": [""],
        "3": [""],
        "4": [f"{OWN}::low", f"{OTHER}::low"],
        "10": [f"{OWN}::high", OTHER],
        "11": [f"{OWN}::long"],
    }
    took = {"low": 0.2, "high": 0.1, "idle": 0.1, "long": 3.0}
    learned = {
        "took": {f"{file}::{name}": seconds for file in (OWN, OTHER) for name, seconds in took.items()},
        "starting": [f"{OTHER}::idle"],
        "reached": {"core/lut/cube.py": lines},
    }
    return RoomTests(learned, longest=2)


def chosen(tests, line, budget=9.0):
    return tests.of(SimpleNamespace(path="core/lut/cube.py", line=line), ROOM, budget)


def test_a_mutant_meets_the_tests_that_reach_its_line_and_its_module_s_own_first(tests):
    assert chosen(tests, 4)[:2] == [f"{OWN}::low", f"{OTHER}::low"]
    # The others of its own file may use what was made once, those that start processes reach unseen lines.
    assert set(chosen(tests, 4)[2:]) == {f"{OWN}::high", f"{OWN}::idle", f"{OTHER}::idle"}


def test_a_test_reaches_the_whole_statement_and_what_its_file_s_fixtures_reach(tests):
    for line in (9, 10, 11, 12):
        assert chosen(tests, line)[0] == f"{OWN}::high"
        assert set(chosen(tests, line)[1:4]) == {f"{OTHER}::low", f"{OTHER}::high", f"{OTHER}::idle"}


def test_what_runs_in_an_import_or_in_no_test_meets_whatever_reaches_its_module(tests):
    importing = SimpleNamespace(path="core/lut/cube.py", line=1)
    assert tests.at_import(importing, ROOM)
    assert set(chosen(tests, 1)) == set(tests.all())
    assert not tests.at_import(SimpleNamespace(path="core/lut/cube.py", line=4), ROOM)
    assert set(chosen(tests, 2)) == set(tests.all())


def test_one_case_of_each_test_comes_before_the_others_and_the_budget_ends_the_list():
    took = {f"{file}::{name}[{i}]": 0.1 for i in range(3) for name in ("low", "high") for file in (OWN, OTHER)}
    reached = {"core/lut/cube.py": {"4": list(took)}}
    tests = RoomTests({"took": took, "starting": [], "reached": reached}, longest=2)
    assert chosen(tests, 4)[:3] == [f"{OWN}::high[0]", f"{OWN}::low[0]", f"{OWN}::high[1]"]
    assert chosen(tests, 4)[6:8] == [f"{OTHER}::high[0]", f"{OTHER}::low[0]"]
    assert len(chosen(tests, 4)) == 12
    assert len(chosen(tests, 4, budget=0.75)) == 7


def test_tests_that_take_too_long_are_left_out(tests):
    assert not any(id.endswith("long") for id in [*tests.all(), *chosen(tests, 11)])


def test_a_process_that_ends_before_its_answer_is_replaced(tmp_path):
    """One mutant never ends the run."""
    answers = (
        "import sys\nfor line in sys.stdin:\n    if 'die' in line: sys.exit(1)\n    print(line, end='', flush=True)"
    )
    with Runner(tmp_path, [sys.executable, "-c", answers]) as runner:
        for _ in range(2):
            assert runner.ask({"outcome": "killed"}) == {"outcome": "killed"}
            assert runner.ask({"die": 1})["outcome"] == "lost"
        assert runner.ask({"outcome": "survived"}) == {"outcome": "survived"}


def test_the_source_is_put_back_where_a_process_has_ended_on_a_mutant(tmp_path):
    path = "core/lut/cube.py"
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("a mutant")
    with Runner(tmp_path, [sys.executable, "-c", ""]) as runner:
        assert runner.ask({"path": path})["outcome"] == "lost"
    assert (tmp_path / path).read_text() == (Path(__file__).parents[1] / path).read_text()
