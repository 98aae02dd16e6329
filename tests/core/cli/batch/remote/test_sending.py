"""What a resident process does for a command leaves the same files as the command's own work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from veraretouch.core.cli.batch import session
from veraretouch.core.cli.batch.journal import NAME
from veraretouch.core.cli.batch.remote import server as module
from veraretouch.core.cli.batch.remote.sending import plan_via
from veraretouch.core.cli.batch.remote.server import chosen_server
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.options import SeriesOptions, WriteOptions
from veraretouch.core.cli.shell import VIA_VARIABLE
from veraretouch.core.errors import VeraRetouchError

pytestmark = pytest.mark.xdist_group("via")  # one worker begins the process that works
WARM = BatchRequest("rules", style="warm")


def run(photos, out, request=WARM, series=None, **options):
    return session.retouch_all(photos, request, WriteOptions(**{"out": out, "jobs": 2} | options), series)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != NAME}


def journal(folder):
    return sorted((folder / NAME).read_text().split("\n"))


def test_files_and_journal_are_those_of_a_run_without_it(resident, photos, tmp_path, monkeypatch):
    beside = {"compare": True, "save_plan": True, "max_size": 10}
    assert run(photos, tmp_path / "there", **beside)
    monkeypatch.delenv(VIA_VARIABLE)
    assert run(photos, tmp_path / "here", jobs=1, **beside)
    assert files(tmp_path / "there") == files(tmp_path / "here")
    assert len(files(tmp_path / "here")) == 9
    assert journal(tmp_path / "there") == journal(tmp_path / "here")
    assert resident.sent == ["photo.png"] * 3


def test_a_command_whose_work_is_done_there_loads_no_pixels_library(resident, photos, tmp_path):
    words = ["auto", str(photos[0]), "--planner", "rules", "--out", str(tmp_path / "made.png")]
    script = (
        f"import sys; sys.argv = {['veraretouch', *words]!r}; from veraretouch.core.cli.shell import app\n"
        "try: app()\nfinally: print('loaded:', *sorted({'numpy', 'PIL', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "loaded:"
    assert (tmp_path / "made.png").is_file()


def test_a_run_that_goes_on_sends_what_is_not_done(resident, photos, tmp_path, capsys):
    run(photos[:2], tmp_path / "out")
    run(photos, tmp_path / "out", resume=True)
    assert len(resident.orders) == 3
    assert "1 written, 2 unchanged" in capsys.readouterr().err


def test_a_dry_run_sends_nothing(resident, photos, tmp_path):
    assert run(photos, tmp_path / "out", dry_run=True)
    assert resident.orders == []


def test_a_photo_that_fails_is_named_as_the_user_named_it_and_the_others_go_on(resident, photos, tmp_path, capsys):
    photos[1].write_text("no picture")
    assert not run(photos, tmp_path / "out", json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["status"] for each in told] == ["written", "failed", "written"]
    assert told[1]["error"]["kind"] == "UnreadablePhoto"
    assert told[1]["error"]["message"].startswith(f"{str(photos[1])!r} is text")


def test_what_the_server_says_of_the_request_ends_the_run(resident, photos, tmp_path):
    with pytest.raises(VeraRetouchError, match="no bundle 'nowhere'"):
        run(photos, tmp_path / "out", BatchRequest("nowhere"))


def test_nothing_is_replaced_that_is_there(resident, photos, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("mine")
    assert not run(photos, tmp_path / "out")
    assert (tmp_path / "out" / "a.png").read_text() == "mine"
    assert "exists already" in capsys.readouterr().err
    assert len(resident.orders) == 2


def test_a_photo_is_not_replaced_by_less_than_it_holds(resident, photos, tmp_path, capsys):
    before = photos[0].read_bytes()
    cropped = BatchRequest("rules", style="warm", frame={"crop": [0, 0, 0.5, 1]})
    for request, options in ((WARM, {"max_size": 5}), (cropped, {})):
        assert not run(photos[:1], photos[0], request, overwrite=True, **options)
        assert "would be replaced by less than it holds" in capsys.readouterr().err
        assert photos[0].read_bytes() == before
    assert run(photos[:1], photos[0], overwrite=True)
    assert photos[0].read_bytes() != before


def test_a_busy_server_is_asked_again(resident, photos, tmp_path):
    resident.faults = [503, 503]
    assert run(photos, tmp_path / "out", jobs=1)
    assert len(resident.orders) == 3


def test_a_server_that_hangs_up_is_asked_again_and_one_that_ended_is_named(
    resident, photos, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(module, "sleep", lambda seconds: None)

    def hang_up(handler):
        handler.close_connection = True

    def end(handler):
        resident.stop()
        handler.close_connection = True

    resident.faults = [hang_up]
    assert run(photos[:1], tmp_path / "out", jobs=1)
    resident.faults = [hang_up] * 50
    with pytest.raises(VeraRetouchError, match="hung up 20 times"):
        plan_via(chosen_server(), WARM, photos[0])
    resident.faults = [None, end]
    assert not run(photos, tmp_path / "more", jobs=1)
    assert "nothing answers" in capsys.readouterr().err


def test_an_answer_that_breaks_off_leaves_no_file(resident, photos, tmp_path, capsys):
    def break_off(handler):
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"PK")
        handler.close_connection = True

    resident.faults = [break_off]
    with pytest.raises(VeraRetouchError, match="99,998 bytes are missing"):
        run(photos[:1], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_plan_for_a_series_is_made_there(resident, photos, tmp_path, capsys):
    assert run(photos, tmp_path / "out", BatchRequest("rules"), SeriesOptions(consistent=True), jobs=1)
    assert [order["plan"] is None for order in resident.orders] == [True, False, False, False]
    assert f"one plan for all, by {photos[1]}" in capsys.readouterr().err


def test_a_plan_is_that_of_the_plain_command(resident, photos):
    from veraretouch.core.cli.batch.planning import make_plan
    from veraretouch.core.photo import open_photo

    server = chosen_server()
    assert plan_via(server, WARM, photos[0]) == json.loads(
        json.dumps(make_plan(WARM, open_photo(photos[0])).document())
    )
    Path("text.png").write_text("no picture")
    with pytest.raises(VeraRetouchError, match=r"'text\.png' is text"):
        plan_via(server, WARM, Path("text.png"))


def test_a_server_that_ends_before_anything_is_written_ends_the_run(resident, photos, tmp_path, monkeypatch):
    resident.faults = [lambda handler: (resident.stop(), setattr(handler, "close_connection", True))]
    with pytest.raises(VeraRetouchError, match="nothing answers"):
        run(photos, tmp_path / "out", jobs=1)
    assert not (tmp_path / "out").exists()
