"""A run over photos in this process: what it asks of whom, what it refuses at once, and what one photo costs alone."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from broken_planners import Brighten

import veraretouch as vr
from veraretouch.core.cli.batch import planning, session
from veraretouch.core.cli.batch.pool import WorkerDied, cores
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.options import SeriesOptions, WriteOptions
from veraretouch.core.errors import InvalidPlan, InvalidRequest, UnknownPlugin, UnreadablePhoto, VeraRetouchError
from veraretouch.core.plugins.entry import PluginState
from veraretouch.core.testing.isolation import isolated_registry


class Heard(Brighten):
    """Note the mean of each photo that it plans for; fail for those darker than `refused`."""

    id = "acme.heard"
    asked: list[float]
    refused: float
    error: Exception

    def plan(self, photos, requests):
        self.asked.append(round(float(photos[0].working().mean()), 2))
        if self.asked[-1] < self.refused:
            raise self.error
        return super().plan(photos, requests)


@pytest.fixture
def planner(monkeypatch):
    for name, value in (("asked", []), ("refused", 0.0), ("error", None)):
        monkeypatch.setattr(Heard, name, value, raising=False)
    planning._retoucher.cache_clear()
    with isolated_registry():
        vr.registry.planners.add(Heard)
        yield Heard
    planning._retoucher.cache_clear()


@pytest.fixture
def shades(tmp_path, monkeypatch):
    """Three photos by name, darkest first, in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, level in (("a", 26), ("b", 128), ("c", 230)):
        vr.Photo(np.full((6, 8, 3), level, np.uint8)).save(tmp_path / f"{name}.png")
    return [tmp_path / f"{name}.png" for name in "abc"]


def run(paths, series=None, request=None, **options):
    request = request or BatchRequest("acme.heard")
    return session.retouch_all(paths, request, WriteOptions(**{"jobs": 1} | options), series)


def written(folder):
    return sorted(path.name for path in folder.glob("*.png"))


def test_a_run_succeeds_where_every_photo_does(planner, shades, tmp_path, capsys):
    assert run(shades) is True
    assert written(tmp_path / "retouched") == ["a.png", "b.png", "c.png"]
    assert planner.asked == [0.1, 0.5, 0.9]
    (tmp_path / "d.png").write_text("no picture")
    assert run([*shades[:1], tmp_path / "d.png"], out=tmp_path / "again") is False
    assert written(tmp_path / "again") == ["a.png"]
    assert "1 written, 1 failed" in capsys.readouterr().err


def test_a_folder_to_write_to_is_left_out_when_folders_are_searched(planner, shades, tmp_path):
    for _ in range(2):
        assert run([tmp_path], out=tmp_path / "done", recursive=True, overwrite=True)
    assert planner.asked == [0.1, 0.5, 0.9] * 2


def test_a_dry_run_asks_nobody_and_leaves_everything_as_it_is(planner, shades, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert run(shades, SeriesOptions(match=True), dry_run=True)
    assert planner.asked == []
    assert sorted(tmp_path.rglob("*")) == before
    assert capsys.readouterr().out.count("would be written: ") == 3


def test_what_a_killed_run_left_is_removed_by_one_that_goes_on_and_not_by_a_dry_one(
    planner, shades, tmp_path, monkeypatch
):
    cleaned = []
    monkeypatch.setattr(session, "remove_abandoned", cleaned.append)
    for options, times in (({"resume": True, "dry_run": True}, 0), ({}, 0), ({"resume": True}, 1)):
        run(shades, **options)
        assert len(cleaned) == times
    assert cleaned == [tmp_path / "retouched"]


def test_a_run_that_goes_on_does_what_is_not_done_and_nothing_twice(planner, shades, capsys):
    run(shades[:2], resume=True)
    run(shades, resume=True)
    assert planner.asked == [0.1, 0.5, 0.9]
    assert "1 written, 2 unchanged" in capsys.readouterr().err


def test_reasoning_is_shown_for_one_photo_and_where_it_is_asked_for(planner, shades, capsys):
    for paths, options, times in ((shades[:1], {}, 1), (shades, {}, 0), (shades, {"verbose": True}, 3)):
        run(paths, overwrite=True, **options)
        assert capsys.readouterr().out.count("lighting: It is dark.") == times


def test_one_plan_for_all_is_that_of_the_median_photo(planner, shades, tmp_path, capsys):
    run(shades, SeriesOptions(consistent=True), json=True)
    told = capsys.readouterr()
    plans = [json.loads(line)["plan"]["edits"] for line in told.out.splitlines()]
    assert planner.asked == [0.5]
    assert plans[0] == plans[1] == plans[2]
    assert f"Series: one plan for all, by {shades[1]}" in told.err
    assert "matched" not in told.err


@pytest.mark.parametrize("options", [{"match": True}, {"match_to": "c.png"}], ids=["median", "named"])
def test_photos_are_matched_to_the_median_photo_or_to_the_one_that_is_named(planner, shades, capsys, options):
    run(shades, SeriesOptions(**options), json=True)
    told = capsys.readouterr()
    chosen = options.get("match_to", shades[1])
    assert planner.asked == [0.9 if "match_to" in options else 0.5]
    assert f"one plan for all, by {chosen}" in told.err
    assert f"exposure and white balance matched to {chosen}" in told.err
    assert all("series" in json.loads(line)["plan"]["reasoning"] for line in told.out.splitlines())


def test_a_plan_that_is_given_is_the_series_own_and_may_be_matched(planner, shades, capsys):
    given = BatchRequest("", plan=vr.load("rules").plan(np.full((4, 4, 3), 99, np.uint8)).document())
    run(shades, SeriesOptions(consistent=True), given)
    assert "Series" not in capsys.readouterr().err
    run(shades, SeriesOptions(match=True), given, overwrite=True)
    told = capsys.readouterr().err
    assert "one plan for all" not in told
    assert f"matched to {shades[1]}" in told
    assert planner.asked == []


def test_without_series_options_each_photo_has_its_own_plan(planner, shades, capsys):
    run(shades, SeriesOptions())
    assert planner.asked == [0.1, 0.5, 0.9]
    assert "Series" not in capsys.readouterr().err


def test_a_series_of_which_no_photo_can_be_read_fails_photo_by_photo(planner, tmp_path, capsys):
    for name in "ab":
        (tmp_path / f"{name}.png").write_text("no picture")
    assert run([tmp_path], SeriesOptions(match=True)) is False
    assert "2 failed" in capsys.readouterr().err


def test_a_refused_request_ends_the_run_with_the_first_photo(planner, shades, monkeypatch):
    monkeypatch.setattr(planner, "refused", 1.0)
    monkeypatch.setattr(planner, "error", InvalidRequest("not so"))
    with pytest.raises(VeraRetouchError, match="not so"):
        run(shades)
    assert planner.asked == [0.1]


def test_a_request_that_was_carried_out_once_is_not_refused_for_all(planner, shades, monkeypatch, capsys):
    monkeypatch.setattr(planner, "refused", 0.3)
    monkeypatch.setattr(planner, "error", InvalidRequest("not so"))
    assert run(shades[::-1]) is False
    assert planner.asked == [0.9, 0.5, 0.1]
    assert "2 written, 1 failed" in capsys.readouterr().err


def test_a_bad_plan_is_each_photos_own_unless_the_values_are_the_users(planner, shades, monkeypatch, capsys):
    monkeypatch.setattr(planner, "refused", 1.0)
    monkeypatch.setattr(planner, "error", InvalidPlan("no plan"))
    assert run(shades) is False
    assert planner.asked == [0.1, 0.5, 0.9]
    with pytest.raises(VeraRetouchError, match="no plan"):
        run(shades, request=BatchRequest("acme.heard", params={"exposure.ev": 0.5}))
    assert len(planner.asked) == 4


def test_a_worker_that_died_costs_its_photo_and_says_what_may_help(planner, shades, monkeypatch, capsys):
    monkeypatch.setattr(session, "run", lambda work, tasks, **_: [(task, WorkerDied(-9)) for task in tasks])
    assert run(shades, json=True) is False
    errors = [json.loads(line)["error"] for line in capsys.readouterr().out.splitlines()]
    assert [error["kind"] for error in errors] == ["WorkerDied"] * 3
    assert "died (exit code -9); a lack of memory may be why. Use fewer --jobs." in errors[0]["message"]


@pytest.mark.parametrize(("jobs", "expected"), [(None, min(cores(), 3)), (2, 2), (9, 3)])
def test_photos_are_worked_on_by_as_many_as_asked_for_and_no_more_than_there_are(
    planner, shades, monkeypatch, jobs, expected
):
    seen = []
    monkeypatch.setattr(session, "run", lambda work, tasks, *, jobs, **_: seen.append(jobs) or [])
    run(shades, jobs=jobs)
    assert seen == [expected]


def test_a_planner_of_nobody_and_one_that_is_blocked_are_refused_before_any_photo(planner, shades, monkeypatch):
    with pytest.raises(UnknownPlugin, match="no planner or bundle 'acme-none'"):
        run(shades, request=BatchRequest("acme-none"))
    asked = []
    monkeypatch.setattr(vr.registry, "announce", lambda hook, **facts: asked.append((hook, facts)) or [True])
    session.check_planner(BatchRequest("acme/bundle"))
    session.check_planner(BatchRequest("acme.heard"))
    session.check_planner(BatchRequest("", plan={"mode": "auto"}))
    assert asked == [("prepare_retoucher", {"name": "acme/bundle"})]


@pytest.mark.parametrize("state", [state for state in PluginState if state != PluginState.AVAILABLE])
def test_a_planner_that_is_there_and_cannot_be_used_says_why_at_once(planner, shades, monkeypatch, state):
    monkeypatch.setattr(vr.registry.planners, "find", lambda id: SimpleNamespace(state=state))
    loaded = []
    monkeypatch.setattr(vr.registry.planners, "load", loaded.append)
    session.check_planner(BatchRequest("acme.heard"))
    assert loaded == ["acme.heard"]


def test_folders_that_are_missing_are_made(planner, shades, tmp_path):
    assert run(shades[:1], out=tmp_path / "one" / "two" / "three")
    assert written(tmp_path / "one" / "two" / "three") == ["a.png"]


def test_no_photos_are_an_error(planner, tmp_path):
    with pytest.raises(UnreadablePhoto, match="no photos in"):
        run([tmp_path])
