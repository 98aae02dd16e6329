"""Outcomes are told in the order of the photos, whatever the order in which they come."""

import json
from pathlib import Path

from veraretouch.core.cli.batch.console import BatchConsole, _bar, show_reasoning
from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.task import PhotoOutcome


def outcome(index, status="written", **facts):
    return PhotoOutcome(
        index, Path(f"{index}.jpg"), status=status, products=Products(Path(f"out/{index}.jpg")), **facts
    )


def test_lines_come_in_order_and_as_soon_as_they_can(capsys):
    with BatchConsole(4) as console:
        console.done(outcome(1))
        assert capsys.readouterr().out == ""
        console.done(outcome(0, "unchanged"))
        assert capsys.readouterr().out == "0.jpg is done: out/0.jpg\n1.jpg -> out/1.jpg\n"
        console.done(outcome(2, "failed", problem="it is torn", warnings=["odd"]))
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err == "Error: 2.jpg: it is torn\nWarning: 2.jpg: odd\n"
        console.done(outcome(3, "planned"))
    told = capsys.readouterr()
    assert told.out == "3.jpg would be written: out/3.jpg\n"
    assert told.err.startswith("1 written, 1 unchanged, 1 planned, 1 failed in ")


def test_one_photo_needs_no_name_and_no_sum(capsys):
    with BatchConsole(1) as console:
        console.done(outcome(0, "failed", problem="it is torn"))
    assert capsys.readouterr() == ("", "Error: it is torn\n")


def test_an_interrupted_run_tells_what_was_done(capsys):
    try:
        with BatchConsole(3) as console:
            console.done(outcome(2))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    told = capsys.readouterr()
    assert told.out == "2.jpg -> out/2.jpg\n"
    assert told.err == "Interrupted after: 1 written. --resume goes on.\n"


def test_json_is_one_line_each_and_reasoning_and_timings_come_only_where_asked_for(capsys):
    plan = {"reasoning": {"lighting": {"problem": "It is dark.", "plan": "Brighten."}}}
    facts = {"plan": plan, "engine": "lut", "timings": {"decode": 0.5, "encode": 0.0004}}
    with BatchConsole(1, json=True, reasoning=True, timings=True) as console:
        console.done(outcome(0, **facts))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["plan"] == plan
    with BatchConsole(1, reasoning=True, timings=True) as console:
        console.done(outcome(0, **facts))
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:] == ["  lighting: It is dark.", "    Brighten.", "  lut: decode 0.500 s"]
    with BatchConsole(1) as console:
        console.done(outcome(0, **facts))
    assert capsys.readouterr().out == "0.jpg -> out/0.jpg\n"
    show_reasoning({})
    assert capsys.readouterr().out == ""


def test_the_bar_goes_to_stderr_and_leaves_nothing():
    bar = _bar()
    assert bar.console.stderr
    assert bar.live.transient
