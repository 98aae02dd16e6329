"""Which server does the work: the one that is named, the one that this user has started, or none."""

import json
import os

import pytest
import residents

from veraretouch.core.cli.batch.remote import server as module
from veraretouch.core.cli.batch.remote.server import TOKEN_VARIABLE, Server, chosen_server, sent_name, state_file
from veraretouch.core.cli.shell import VIA_VARIABLE
from veraretouch.core.errors import UnreachableServer


@pytest.fixture
def started(resident, tmp_path, monkeypatch):
    """The file that a server leaves for `auto`, and nothing else that names it."""
    monkeypatch.setenv(VIA_VARIABLE, "auto")
    monkeypatch.delenv(TOKEN_VARIABLE)
    path = tmp_path / "run" / "serve.json"
    path.parent.mkdir()
    path.touch(0o600)
    path.write_text(json.dumps({"url": resident.url, "token": residents.TOKEN, "pid": 1}))
    monkeypatch.setattr(module, "state_file", lambda: path)
    return path


def test_without_a_name_the_work_is_done_here(monkeypatch):
    monkeypatch.delenv(VIA_VARIABLE, raising=False)
    assert chosen_server() is None


def test_a_server_that_is_named_is_asked_how_much_it_does_at_a_time(resident):
    server = chosen_server()
    assert (server.url, server.workers()) == (resident.url, 2)


def test_a_server_of_other_versions_is_taken_where_it_is_named_and_left_by_auto(started, resident, monkeypatch, capsys):
    resident.versions = "others"
    assert chosen_server() is None
    assert "the work is done here" in capsys.readouterr().err
    monkeypatch.setenv(VIA_VARIABLE, resident.url)
    assert chosen_server().url == resident.url
    assert "its pictures count" in capsys.readouterr().err


def test_auto_takes_the_server_that_this_user_started(started, resident):
    assert chosen_server().url == resident.url


def test_a_url_needs_no_token_where_this_user_started_it(started, resident, monkeypatch):
    monkeypatch.setenv(VIA_VARIABLE, f"{resident.url}/")
    assert chosen_server().url == resident.url
    monkeypatch.setenv(VIA_VARIABLE, "http://127.0.0.1:9")
    with pytest.raises(UnreachableServer, match="there is no token"):
        chosen_server()


@pytest.mark.parametrize("how", ["absent", "readable", "link", "text", "list", "ended"])
def test_auto_does_without_a_server_that_cannot_be_trusted_or_is_not_there(started, resident, how, tmp_path):
    if how == "readable":
        started.chmod(0o644)
    elif how == "link":
        started.rename(tmp_path / "other.json")
        started.symlink_to(tmp_path / "other.json")
    elif how == "ended":
        resident.stop()
    else:
        started.unlink()
        if how != "absent":
            started.touch(0o600)
            started.write_text({"text": "no JSON", "list": "[]"}[how])
    assert chosen_server() is None


def test_a_file_of_another_user_is_not_trusted(started, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert chosen_server() is None


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://127.0.0.1:9", "x", "nothing answers at"),
        ("{}", "wrong", "does not take the token"),
        ("nonsense", "x", "is no URL"),
        ("ftp://127.0.0.1", "x", "is no URL"),
        ("http://user@127.0.0.1:9", "x", "is no URL"),
        ("http://127.0.0.1:99999", "x", "is no URL"),
        ("http://127.0.0.1:9/?a=b", "x", "is no URL"),
    ],
    ids=["nobody", "token", "words", "scheme", "user", "port", "query"],
)
def test_a_server_that_is_named_and_does_not_answer_is_an_error(resident, monkeypatch, url, token, said):
    monkeypatch.setenv(VIA_VARIABLE, url.format(resident.url))
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(UnreachableServer, match=said):
        chosen_server()


def test_another_server_is_none_of_ours(resident, monkeypatch):
    resident.versions = None
    with pytest.raises(UnreachableServer, match="is no `veraretouch serve`"):
        chosen_server()


def test_of_a_photos_name_only_a_plain_suffix_is_told(tmp_path):
    names = ("a.JPG", "secret name.tif", "x", 'x."; filename=', "x.jp\u00e9g")
    assert [sent_name(tmp_path / name) for name in names] == ["photo.JPG", "photo.tif", "photo", "photo", "photo"]


def test_a_server_that_stays_busy_is_given_up(resident, photos, monkeypatch, tmp_path):
    from veraretouch.core.cli.batch.remote.wire import order_for
    from veraretouch.core.cli.batch.request import BatchRequest

    monkeypatch.setattr(module, "_PATIENCE", 0.3)
    resident.faults = [503] * 50
    with (tmp_path / "made").open("w+b") as made, pytest.raises(UnreachableServer, match="was busy for"):
        Server(resident.url, residents.TOKEN).retouch(order_for(BatchRequest("rules")), photos[0], made)


def test_the_file_of_a_started_server_is_the_users_own():
    assert state_file().name == "serve.json"
    assert "veraretouch" in state_file().parts
