"""`veraretouch eval`, in a process of its own: the report, its files, and what is refused in one message."""

import csv
import json
import re

import pytest
from PIL import Image

from veraretouch.core.errors import InvalidRequest
from veraretouch.planners.eval.command import EvalOptions, report
from veraretouch.planners.eval.run_report import text
from veraretouch.planners.eval.tables import Section, Shown, html, markdown, plain


@pytest.fixture(scope="module")
def evaluated(pairs, tmp_path_factory, prepared_processes):
    """The rules, judged once with all peers."""
    import os
    import sys
    from pathlib import Path

    folder = tmp_path_factory.mktemp("evaluated")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    command = [Path(sys.executable).with_name("veraretouch"), "eval", "--planner", "rules", "--data", pairs, "--peers"]
    done = prepared_processes.run(
        [*map(str, command), "--out", str(folder / "out"), "--worst", "2", "--json"],
        cwd=folder,
        env=kept | {"XDG_CACHE_HOME": str(folder), "HF_HOME": str(folder), "TORCH_HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return folder / "out", json.loads(done.stdout)


def test_subsets_and_all_of_them_are_judged(evaluated):
    _, found = evaluated
    assert {name: part["photos"] for name, part in found["subsets"].items()} == {"all": 7, "auto": 4, "style": 3}
    assert found["data"] | {"layout": "pairs", "cases": 7, "photos": 7, "size": 512} == found["data"]


def test_the_rules_do_better_than_nothing_and_exactly_what_prompts_ask_for(evaluated):
    _, found = evaluated
    for name in ("auto", "style"):
        part = found["subsets"][name]
        assert part["gains"]["doing nothing"]["psnr"]["mean"] > 0
        ours = part["contestants"]["rules"]["psnr"]
        assert ours["low"] <= ours["mean"] <= ours["high"]
    assert found["subsets"]["style"]["contestants"]["rules"]["ciede2000"]["mean"] < 0.1
    assert found["style"]["follows"]


def test_every_peer_is_judged_or_said_to_be_missing_with_the_cure(evaluated):
    _, found = evaluated
    missing = {row["name"]: row["missing"] for row in found["peers"] if row["missing"]}
    judged = found["subsets"]["auto"]["contestants"].keys()
    assert judged & missing.keys() == set()
    assert {row["name"] for row in found["peers"]} | {"rules"} == judged | missing.keys()
    assert {"doing nothing", "constant correction", "Pillow autocontrast", "grey world", "scikit-image CLAHE"} <= judged
    assert all(": pip install" in why or ": apt-get install" in why for why in missing.values())
    assert {row["id"]: bool(row["missing"]) for row in found["metrics"]} | {"lpips": True, "aesthetic": True} == {
        row["id"]: bool(row["missing"]) for row in found["metrics"]
    }


def test_the_files_of_the_report_hold_what_was_printed(evaluated):
    out, found = evaluated
    assert json.loads((out / "report.json").read_text()) == found
    page = (out / "report.md").read_text()
    assert f"| rules | {found['subsets']['auto']['contestants']['rules']['psnr']['mean']:.2f} (" in page
    for file in ("report.md", "report.html"):
        text = (out / file).read_text()
        assert "Worst cases" in text
        assert "Missing here" in text
        shown = re.findall(r"worst/\d\d\.jpg", text)
        assert set(shown) == {"worst/01.jpg", "worst/02.jpg"}
    with Image.open(out / "worst" / "01.jpg") as beside:
        assert max((beside.width - 2 * 8) // 3, beside.height) == 96
    assert sorted(path.name for path in out.iterdir()) == [
        "cases.csv",
        "report.html",
        "report.json",
        "report.md",
        "worst",
    ]


def test_the_figures_are_the_means_of_the_cases(evaluated):
    out, found = evaluated
    with (out / "cases.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["contestant"] == "rules" and row["part"] == "auto"]
    mean = sum(float(row["ciede2000"]) for row in rows) / len(rows)
    assert found["subsets"]["auto"]["contestants"]["rules"]["ciede2000"]["mean"] == pytest.approx(mean, rel=1e-4)


def test_a_report_that_is_there_is_not_replaced_unasked(evaluated, pairs):
    out, found = evaluated
    with pytest.raises(InvalidRequest, match=r"holds a report already.*--overwrite"):
        report(EvalOptions(pairs, out=out))
    assert json.loads((out / "report.json").read_text()) == found


def test_data_that_are_none_are_one_error(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    said = cli("eval", "--data", tmp_path / "empty", code=1).stderr
    assert said.count("\n") == 1
    assert "no pairs" in said


def test_a_planner_without_the_mode_that_is_asked_for_is_one_error(pairs):
    with pytest.raises(InvalidRequest, match=r"has none of the modes auto, style.*It has reference"):
        report(EvalOptions(pairs, planner="fit"))


def test_the_terminal_gets_tables_and_a_warning_of_few_photos(evaluated):
    said = text(evaluated[1])
    assert "Subset style: 3 cases of 3 photos" in said
    assert "an interval is too narrow" in said
    assert re.search(r"^doing nothing +\d", said, re.MULTILINE)


def test_names_and_prompts_are_data_in_every_form_of_the_report():
    section = Section("a | b", ["<script>\n# no"], [("x_y*",), ("`|`",)], [Shown("worst/01.jpg", "[c](d)")])
    page = markdown([section])
    assert "a \\| b" in page
    assert "\\<script\\> # no" in page
    assert "| x\\_y\\* |" in page
    assert "\\[c\\](d)" in page
    assert "&lt;script&gt;" in html([section])
    assert "<script>" not in html([section])
    assert "\x1b" not in plain([Section("\x1b[31mred")])
