"""The parts of the resident process, each by itself."""

from __future__ import annotations

import json
import stat

import pytest
import typer
from typer.testing import CliRunner

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from veraretouch_serve.answers import Refused
from veraretouch_serve.resident.command import check_token, serve
from veraretouch_serve.resident.hosts import check_host, hosts_of, url_of
from veraretouch_serve.resident.places import Places
from veraretouch_serve.resident.state import noted
from veraretouch_serve.resident.tasks import known_weights
from veraretouch_serve.resident.uploads import plain_name

from veraretouch.core.errors import InvalidRequest, UnknownBundle


def test_there_are_as_many_places_as_workers_and_the_line_and_waiting_grows_with_what_work_takes():
    places = Places(2, 1)
    with places.taking(), places.taking(), places.taking():
        assert (places.taken, places.waiting) == (3, 1)
        with pytest.raises(Refused) as refused, places.taking():
            pass
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "2"})
        for _ in range(50):
            places.note(10.0)
        assert places.wait() == 15
    assert places.taken == 0
    places.stopping = True
    with pytest.raises(Refused, match="stops"), places.taking():
        pass


def test_a_state_file_is_whole_private_and_removed_by_whoever_wrote_it(tmp_path):
    path = tmp_path / "new" / "serve.json"
    with noted(path, url="http://first", token="x"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert json.loads(path.read_text())["url"] == "http://first"
        with noted(path, url="http://second", token="y"):
            assert json.loads(path.read_text())["url"] == "http://second"
        assert not path.exists()
        path.write_text("another server's")
    assert path.read_text() == "another server's"
    assert [each.name for each in path.parent.iterdir()] == ["serve.json"]


def test_other_machines_are_let_in_by_a_word_of_its_own_alone():
    for host in ("127.0.0.1", "127.0.0.5", "::1"):
        check_host(host, network=False)
    check_host("0.0.0.0", network=True)
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(InvalidRequest, match="lets other machines send requests"):
            check_host(host, network=False)
    with pytest.raises(InvalidRequest, match="is no address"):
        check_host("example.org", network=True)


def test_a_server_is_named_by_its_address_and_by_names_that_it_is_given():
    here = ["127.0.0.1:80", "localhost:80", "[::1]:80"]
    assert hosts_of("127.0.0.1", 80, ()) == here
    assert hosts_of("0.0.0.0", 80, ["a.example"]) == [*here, "a.example", "a.example:80"]
    assert hosts_of("2001:db8::1", 80, ()) == [*here, "[2001:db8::1]:80"]
    urls = {"127.0.0.1": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]", "2001:db8::1": "[2001:db8::1]"}
    assert {host: url_of(host, 80) for host in urls} == {host: f"http://{name}:80" for host, name in urls.items()}


@pytest.mark.parametrize("token", ["short", "x" * 15, "with spaces in it, long", "umlauts-äöü-and-more"], ids=range(4))
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token):
    with pytest.raises(InvalidRequest, match="VERARETOUCH_TOKEN has"):
        check_token(token)
    assert check_token("x" * 16) == "x" * 16


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.jpg", "a.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a b.CR2", "a b.CR2"),
        ("a\0\n\x1b.jpg", "a.jpg"),
        ("..", "photo"),
        ("", "photo"),
        ("ö" * 300 + ".jpg", "ö" * 98 + ".jpg"),
        ("\udcff.jpg", ".jpg"),
    ],
    ids=["plain", "path", "path of Windows", "control characters", "parent", "none", "long", "no text"],
)
def test_of_a_name_its_last_part_is_kept(sent, kept):
    assert plain_name(sent) == kept


def test_weights_that_plans_may_name_are_those_of_known_bundles(tmp_path):
    assert known_weights(["tiny", "rules"], []) == frozenset()
    with pytest.raises(UnknownBundle, match="no bundle 'nope'"):
        known_weights(["nope"], [])


def test_the_command_says_what_is_wrong_before_it_starts_anything():
    app = typer.Typer()
    app.command()(serve)
    for words in (["--host", "0.0.0.0"], ["--planner", "nope"]):
        with pytest.raises((InvalidRequest, UnknownBundle)):
            CliRunner().invoke(app, words, catch_exceptions=False)
