"""Bundles from the loopback Hub through the real client: what arrives is verified,
what is wrong is refused and gone.
"""

import json

import pytest
from bundles import bundle_files, lay

from veraretouch import zoo
from veraretouch.core.errors import (
    InvalidDocument,
    TamperedBundle,
    UnknownBundle,
    UnreachableBundle,
)
from veraretouch.zoo.fetch import fetch

BIG = 300_000


def test_a_bundle_is_fetched_once_and_then_taken_from_the_cache(loopback, hub):
    commit = loopback.publish("me/look", bundle_files(filler=BIG) | {"huge.bin": b"not wanted" * 1000})
    bundle = fetch("me/look", hub=hub)
    assert (bundle.revision, bundle.variant) == (commit, "torch")
    assert bundle.tensors("weights.safetensors")["raw"].tolist() == pytest.approx([0.3, -0.2])
    assert not any("huge" in request.path for request in loopback.requests)
    before = len(loopback.downloads())
    fetch(f"me/look@{commit}", hub=hub)
    assert len(loopback.downloads()) == before


def test_only_the_files_of_the_wanted_variant_are_fetched(loopback, hub):
    files = bundle_files()
    document = json.loads(files["bundle.json"])
    document["variants"]["coreml-fp16"] = {"files": {"net.mlmodel": {"size": 3, "sha256": "0" * 64}}}
    loopback.publish("me/look", files | {"bundle.json": json.dumps(document).encode(), "net.mlmodel": b"abc"})
    fetch("me/look", hub=hub)
    assert not any("net.mlmodel" in request.path for request in loopback.requests)
    with pytest.raises(TamperedBundle, match=r"net\.mlmodel has SHA-256"):
        fetch("me/look", variant="coreml-fp16", hub=hub)
    with pytest.raises(UnknownBundle, match=r"no variant 'coreml-fp61'. Did you mean 'coreml-fp16'"):
        fetch("me/look", variant="coreml-fp61", hub=hub)


def test_a_connection_that_is_cut_goes_on_where_it_stopped(loopback, hub):
    loopback.publish("me/look", bundle_files(filler=25_000_000))
    loopback.faults.cut_after, loopback.faults.cuts = 12_000_000, 2
    fetch("me/look", hub=hub)
    ranges = [request.range for request in loopback.downloads() if request.range]
    # The client keeps whole chunks of ten mebibytes.
    assert ranges == ["bytes=10485760-", "bytes=20971520-"]


def test_a_hub_out_of_order_is_asked_again(loopback, hub):
    loopback.publish("me/look", bundle_files())
    loopback.faults.errors = 2
    assert fetch("me/look", hub=hub).manifest.name == "test-bundle"


@pytest.mark.parametrize("name", ["weights.safetensors", "more.safetensors", "LICENSE"])
@pytest.mark.parametrize("change", ["flip", "shorten", "lengthen"])
def test_a_file_that_is_not_what_the_manifest_says_is_refused_and_leaves_the_cache(loopback, hub, name, change):
    files = bundle_files(filler=BIG)
    data = bytearray(files[name])
    if change == "flip":
        data[len(data) // 2] ^= 1
    good = loopback.publish("me/good", files)
    loopback.publish(
        "me/look", files | {name: bytes(data[:-1] if change == "shorten" else data + b"x" * (change == "lengthen"))}
    )
    with pytest.raises(TamperedBundle, match=name):
        fetch("me/look", hub=hub)
    assert not list(hub.cache.glob(f"models--me--look/**/{name}"))
    assert fetch("me/good", hub=hub).revision == good


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../evil.safetensors", "leaves its folder"),
        ("/etc/evil.safetensors", "is absolute"),
        ("C:/evil.safetensors", "is absolute"),
        ("a\\b.safetensors", "backslash"),
        ("NUL.safetensors", "device on Windows"),
        ("weights.safetensors ", "Windows drops"),
        ("WEIGHTS.safetensors", "where case does not count"),
        ("LICENSE/a.safetensors", "lies within the file"),
        ("bundle.json", "manifest itself"),
        ("w\u202e.safetensors", "not every file system"),
        ("weights.pth", "may run code"),
        ("weights.PKL", "may run code"),
    ],
)
def test_names_that_no_bundle_may_have(loopback, hub, path, reason):
    files = bundle_files()
    document = json.loads(files["bundle.json"])
    document["variants"]["torch"]["files"][path] = {"size": 1, "sha256": "0" * 64}
    loopback.publish("me/look", {**files, "bundle.json": json.dumps(document).encode()})
    with pytest.raises(InvalidDocument, match=reason):
        fetch("me/look", hub=hub)
    assert len(loopback.downloads()) == 1  # the manifest alone


def test_private_and_gated_repositories_say_what_to_do(loopback, hub, member):
    loopback.publish("me/secret", bundle_files(), private=True)
    loopback.publish("me/gated", bundle_files(), gated=True)
    with pytest.raises(UnreachableBundle, match=r"does not exist .* or is private\. .*HF_TOKEN"):
        fetch("me/secret", hub=hub)
    with pytest.raises(UnreachableBundle, match=r"me/gated is gated\. Ask for access at http"):
        fetch("me/gated", hub=hub)
    assert fetch("me/secret", hub=member).manifest.name == fetch("me/gated", hub=member).manifest.name


def test_what_is_not_there(loopback, hub):
    loopback.publish("me/plain", {"README.md": b"no bundle"})
    with pytest.raises(UnknownBundle, match=r"me/plain@main has no file 'bundle\.json'"):
        fetch("me/plain", hub=hub)
    with pytest.raises(UnknownBundle, match="has no revision 'v9'"):
        fetch("me/plain@v9", hub=hub)
    with pytest.raises(UnreachableBundle, match="me/nothing does not exist"):
        fetch("me/nothing", hub=hub)


def test_offline_takes_what_is_there_and_says_what_is_not(loopback, hub):
    from dataclasses import replace

    loopback.publish("me/look", bundle_files())
    offline = replace(hub, offline=True)
    with pytest.raises(UnreachableBundle, match=r"is not in .* HF_HUB_OFFLINE forbids"):
        fetch("me/look", hub=offline)
    fetch("me/look", hub=hub)
    asked = len(loopback.requests)
    assert fetch("me/look", hub=offline).manifest.version == "1.2.0"
    assert len(loopback.requests) == asked


def test_a_redirect_to_another_host_does_not_see_the_token(loopback, member):
    from veraretouch.zoo.testing import LoopbackHub

    files = bundle_files(filler=BIG)
    with LoopbackHub().running() as stranger:
        stranger.publish("me/look", files)
        loopback.faults.redirect_to = stranger.storage
        loopback.publish("me/look", files, private=True)
        fetch("me/look", hub=member)
        assert any(request.authorization for request in loopback.requests)
        assert stranger.requests
        assert not any(request.authorization for request in stranger.requests)


def test_a_foreign_endpoint_sees_the_token_only_where_its_name_is_repeated(loopback, monkeypatch):
    loopback.publish("me/look", bundle_files())
    monkeypatch.setenv("HF_ENDPOINT", loopback.url)
    monkeypatch.setenv("HF_TOKEN", loopback.token)
    fetch("me/look")
    assert not any(request.authorization for request in loopback.requests)
    loopback.publish("me/secret", bundle_files(), private=True)
    with pytest.raises(UnreachableBundle, match="set VERARETOUCH_TOKEN_ENDPOINT=http"):
        fetch("me/secret")
    monkeypatch.setenv("VERARETOUCH_TOKEN_ENDPOINT", loopback.url)
    assert fetch("me/secret").manifest.name == "test-bundle"


def test_a_cache_that_cannot_be_written_to_is_said_plainly(loopback, hub, tmp_path):
    from dataclasses import replace

    loopback.publish("me/look", bundle_files())
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnreachableBundle):
        fetch("me/look", hub=replace(hub, cache=tmp_path / "file" / "hub"))


# Folders.


def test_a_folder_loads(tmp_path, weighted):
    retoucher = zoo.load(str(lay(tmp_path / "look", bundle_files())))
    assert retoucher.planner.configuration == {"kind": "constant"}
    assert retoucher.origin == {"name": "test-bundle", "version": "1.2.0", "licence": "other"}


def test_a_file_too_many_is_refused(tmp_path, weighted):
    folder = lay(tmp_path / "look", bundle_files() | {"README.md": b"", "sub/extra.py": b"print()"})
    with pytest.raises(TamperedBundle, match=r"extra\.py is in no list"):
        zoo.load(str(folder))


def test_a_link_in_place_of_a_file_is_refused(tmp_path, weighted):
    folder = lay(tmp_path / "look", bundle_files())
    (folder / "LICENSE").rename(tmp_path / "elsewhere")
    (folder / "LICENSE").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperedBundle, match="is a link"):
        zoo.load(str(folder))
