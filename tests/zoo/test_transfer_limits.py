"""A Hub that is slow, sends too much, or names files by what is no name: one error soon, and nothing left behind."""

import gzip
import time
from dataclasses import replace

import pytest
from bundles import bundle_files

from veraretouch.core.errors import TamperedBundle, UnreachableBundle, VeraRetouchError
from veraretouch.zoo.fetch import fetch
from veraretouch.zoo.testing.routes import Routes

SIZE = 300_000


@pytest.fixture
def impatient(hub):
    """The same Hub, given two seconds to bring two kibibytes."""
    return replace(hub, patience=2.0)


def left_behind(hub):
    """The files of the cache, but for the client's own tag."""
    return [path for path in hub.cache.rglob("*") if path.is_file() and path.name not in ("CACHEDIR.TAG", "main")]


@pytest.mark.parametrize("slow_head", [False, True])
def test_a_byte_now_and_then_is_given_up_in_the_body_and_in_the_head_of_an_answer(loopback, impatient, slow_head):
    loopback.publish("me/look", bundle_files())
    loopback.faults.seconds_per_byte, loopback.faults.slow_head = 0.3, slow_head
    began = time.monotonic()
    with pytest.raises(UnreachableBundle, match=r"of me/look@main from http.* came too slowly.*Try again later"):
        fetch("me/look", hub=impatient)
    assert time.monotonic() - began < 15
    assert [path for path in left_behind(impatient) if path.suffix != ".lock"] == []


def test_a_slow_answer_about_a_repository_is_given_up_as_well(loopback, impatient):
    from veraretouch.zoo.sources import HubRepository

    loopback.publish("me/look", bundle_files())
    loopback.faults.seconds_per_byte, loopback.faults.slow_head = 0.3, True
    with pytest.raises(UnreachableBundle, match="came too slowly"):
        impatient.names(HubRepository("me/look"))


def test_what_is_slow_but_moves_is_waited_for(loopback, impatient):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    loopback.faults.bytes_per_second = 60_000  # five seconds, more than twice the patience
    assert fetch("me/look", hub=impatient).manifest.name == "test-bundle"


@pytest.mark.parametrize("surplus", [1, 30_000_000])
def test_a_file_longer_than_its_manifest_says_is_cut_off_at_once(loopback, hub, surplus):
    files = bundle_files(filler=SIZE)
    commit = loopback.publish("me/look", files)
    fetch(f"me/look@{commit}", hub=hub)
    path = hub.cache / "models--me--look"
    for blob in (path / "blobs").iterdir():  # the large ones are fetched anew
        if blob.stat().st_size > 4096:
            blob.unlink()
    loopback.sent, loopback.faults.surplus = 0, surplus
    with pytest.raises(TamperedBundle, match=r"more\.safetensors of .* is longer than the \d+ bytes that it may have"):
        fetch(f"me/look@{commit}", hub=hub)
    assert loopback.sent < SIZE + 8_000_000  # what lay in the sockets' buffers
    assert not [blob for blob in (path / "blobs").iterdir() if blob.stat().st_size > 4096]


def test_a_manifest_of_many_megabytes_is_cut_off_at_one(loopback, hub):
    loopback.publish("me/look", bundle_files())
    loopback.faults.surplus = 30_000_000
    with pytest.raises(TamperedBundle, match=r"bundle\.json of me/look@main from .* is longer than the 1048576 bytes"):
        fetch("me/look", hub=hub)
    assert loopback.sent < 10_000_000


def test_an_answer_that_would_be_unpacked_behind_the_count_is_refused(loopback, hub, monkeypatch):
    bomb = gzip.compress(bytes(2**26))
    plain = Routes._send

    def send(self, status, data, headers, **how):
        packed = bool(how) and self.command == "GET"
        plain(self, status, bomb if packed else data, headers | ({"Content-Encoding": "gzip"} if packed else {}), **how)

    loopback.publish("me/look", bundle_files())
    monkeypatch.setattr(Routes, "_send", send)
    with pytest.raises(UnreachableBundle, match=r"bundle\.json of me/look@main .*sent it packed, by 'gzip'"):
        fetch("me/look", hub=hub)
    assert loopback.sent < 2**20
    assert [path for path in left_behind(hub) if path.suffix != ".lock"] == []


@pytest.mark.parametrize(
    "etag",
    [
        '""',
        "",
        '".."',
        '"."',
        '"../../../../escaped"',
        '"a/b"',
        '"/etc/passwd"',
        '"a\\b"',
        pytest.param(f'"{"x" * 300}"', id="300 letters"),
        '"a b"',
        "W/",
    ],
)
def test_an_etag_that_is_no_files_name_is_one_clear_error_and_leaves_nothing(loopback, hub, tmp_path, etag):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    loopback.faults.etag = etag
    with pytest.raises(
        UnreachableBundle, match=r"the server sent the ETag .*, which no file can be kept under.*HF_ENDPOINT"
    ):
        fetch("me/look", hub=hub)
    assert left_behind(hub) == []
    assert not list(tmp_path.rglob("escaped*"))


@pytest.mark.parametrize("commit", ["..", "../../x", "main", "A" * 40, "a" * 41])
def test_a_commit_that_is_none_is_refused_likewise(loopback, hub, commit):
    loopback.publish("me/look", bundle_files())
    loopback.faults.commit = commit
    with pytest.raises(UnreachableBundle, match="the server sent the commit"):
        fetch("me/look", hub=hub)
    assert left_behind(hub) == []


def test_requests_of_others_through_the_same_client_are_left_alone(loopback, hub):
    from huggingface_hub import get_session

    loopback.publish("me/look", bundle_files())
    fetch("me/look", hub=hub)
    loopback.faults.etag, loopback.faults.surplus = '".."', 2_000_000
    answer = get_session().get(f"{loopback.url}/me/look/resolve/main/LICENSE")
    assert len(answer.content) == 2_000_000 + len(b"Be kind.\n")


def test_after_an_error_the_same_hub_serves_again(loopback, impatient):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    loopback.faults.etag = '""'
    with pytest.raises(VeraRetouchError):
        fetch("me/look", hub=impatient)
    loopback.faults.etag = None
    assert fetch("me/look", hub=impatient).variant == "torch"
