"""Bundles that were changed: each byte, each file. What is wrong is refused; nothing in a bundle is ever run.

bundle.json vouches for every other file. For bundle.json itself vouch: the `sha256` of an index's entry; on the Hub the
name that the Hub gave it, which is its Git hash; for a plain folder nobody. There a changed byte is refused, or it
changes words, versions or the planner's configuration, which the folder's owner is free to write; weights and latents
stay what they were.
"""

import hashlib
import io
import json
import os
import pickle
import random
import re

import pytest
import torch
from bundles import SCHEMA, bundle_files, facts_of, lay

from veraretouch import zoo
from veraretouch.core.errors import InvalidDocument, TamperedBundle, UnknownBundle, VeraRetouchError
from veraretouch.zoo.fetch import fetch
from veraretouch.zoo.sources import HubRepository

FILES = bundle_files()
RAW = torch.tensor([0.3, -0.2])


def flipped(data, place, bit=0):
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


class Payload:
    """What a pickle runs when it is read: it makes a folder."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path):
    """Where a payload would leave its mark; it has not."""
    place = tmp_path / "the payload ran"
    yield place
    assert not place.exists()


def pickles(mark):
    zipped = io.BytesIO()
    torch.save(Payload(mark), zipped)
    return {"pickle": pickle.dumps(Payload(mark)), "torch.save": zipped.getvalue()}


def test_the_payload_would_leave_its_mark(tmp_path):
    for name, data in pickles(tmp_path / "mark").items():
        load = pickle.loads if name == "pickle" else lambda data: torch.load(io.BytesIO(data), weights_only=False)
        load(data)
        (tmp_path / "mark").rmdir()


# A folder.


@pytest.mark.parametrize("name", ["LICENSE", "weights.safetensors"])
def test_every_byte_of_a_file_flipped_in_turn_is_refused(tmp_path, weighted, name):
    folder = lay(tmp_path / "look", FILES)
    zoo.load(str(folder))
    for place in range(len(FILES[name])):
        (folder / name).write_bytes(flipped(FILES[name], place, bit=place % 8))
        with pytest.raises(TamperedBundle, match=f"{name} has SHA-256"):
            zoo.load(str(folder))


def test_every_byte_of_a_manifest_that_an_index_names_by_its_hash_flipped_in_turn_is_refused(
    tmp_path, weighted, monkeypatch
):
    data = FILES["bundle.json"]
    folder = lay(tmp_path / "look", FILES)
    entry = {"source": str(folder), "sha256": hashlib.sha256(data).hexdigest()}
    (tmp_path / "index.json").write_text(json.dumps({"schema": "veraretouch.index/1", "bundles": {"look": entry}}))
    monkeypatch.setenv("VERARETOUCH_INDEX", str(tmp_path / "index.json"))
    zoo.load("look")
    for place in range(0, len(data), 5):
        (folder / "bundle.json").write_bytes(flipped(data, place, bit=place % 8))
        with pytest.raises(TamperedBundle, match=r"bundle\.json of .* is not the one"):
            zoo.load("look")


def test_bytes_of_a_folders_manifest_flipped_in_turn_are_refused_or_change_words_alone(tmp_path, weighted):
    data = FILES["bundle.json"]
    folder = lay(tmp_path / "look", FILES)
    refused, changed = 0, set()
    for place in range(0, len(data), 3):
        (folder / "bundle.json").write_bytes(flipped(data, place, bit=place % 8))
        try:
            retoucher = zoo.load(str(folder))
        except VeraRetouchError:
            refused += 1
            continue
        manifest = fetch(str(folder)).manifest
        assert torch.equal(retoucher.planner.raw, RAW)
        assert (manifest.latents, manifest.planner["id"], manifest.licence.commercial_use) == (
            SCHEMA,
            "test.weighted",
            True,
        )
        changed |= {path for path, _ in set(leaves(json.loads(data))) ^ set(leaves(manifest.document))}
    assert refused > 200
    free = r"name|version|planner\.(version|configuration\..*)|licence\.spdx|latents\..*\.(doc|unit)|variants\..*"
    assert [path for path in changed if not re.fullmatch(free, path)] == []


def leaves(document, path=""):
    """Every value of a document with its path; slots' names left out."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from leaves(value, f"{path}.{key}".lstrip("."))
    if not items:
        yield path, document


@pytest.mark.parametrize("place", ["folder", "hub"])
@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("change", ["truncated", "renamed", "pickle", "torch.save"])
def test_a_file_that_is_cut_renamed_or_a_pickle_is_refused(
    tmp_path, weighted, loopback, hub, mark, place, name, change
):
    files = dict(FILES)
    data = files.pop(name)
    if change == "truncated":
        files[name] = data[: len(data) // 2]
    elif change == "renamed":
        files[f"{name}.old"] = data
    else:
        files[name] = pickles(mark)[change]
    if place == "hub":
        loopback.publish("me/look", files)
    with pytest.raises((TamperedBundle, InvalidDocument, UnknownBundle), match=name.partition(".")[0]):
        fetch("me/look", hub=hub) if place == "hub" else zoo.load(str(lay(tmp_path / "look", files)))


@pytest.mark.parametrize("kind", ["pickle", "torch.save"])
def test_a_pickle_that_the_manifest_vouches_for_is_not_run_either(tmp_path, weighted, mark, kind):
    data = pickles(mark)[kind]
    variants = {"torch": {"files": {"weights.safetensors": facts_of(data)}}}
    folder = lay(tmp_path / "look", bundle_files(variants=variants) | {"weights.safetensors": data})
    assert fetch(str(folder)).check()
    with pytest.raises(InvalidDocument, match="is no safetensors file"):
        zoo.load(str(folder))


@pytest.mark.parametrize("kind", ["pickle", "torch.save"])
def test_a_licence_that_is_a_pickle_is_only_read(tmp_path, weighted, mark, kind):
    data = pickles(mark)[kind]
    folder = lay(tmp_path / "look", bundle_files(files={"LICENSE": facts_of(data)}) | {"LICENSE": data})
    assert torch.equal(zoo.load(str(folder)).planner.raw, RAW)


# The Hub: in transit, and in the cache.


def test_bytes_flipped_on_the_way_are_refused_and_the_next_fetch_is_right(loopback, hub):
    commit = loopback.publish("me/look", FILES)
    total = sum(map(len, FILES.values()))
    for place in random.Random(0).sample(range(total), 40):
        loopback.sent, loopback.faults.flip_at = 0, place
        with pytest.raises((TamperedBundle, InvalidDocument)):
            fetch("me/look", hub=hub)
        loopback.faults.flip_at = None
        assert torch.equal(fetch("me/look", hub=hub).tensors("weights.safetensors")["raw"], RAW)
        for path in hub.cache.glob(f"*/snapshots/{commit}/*"):
            hub.discard(HubRepository("me/look", commit), path)


@pytest.mark.parametrize("name", sorted(FILES))
def test_bytes_flipped_in_the_cache_are_refused_and_fetched_again(loopback, hub, name):
    commit = loopback.publish("me/look", FILES)
    path = fetch("me/look", hub=hub).folder / name
    for place in random.Random(1).sample(range(len(FILES[name])), min(20, len(FILES[name]))):
        path.write_bytes(flipped(FILES[name], place, bit=place % 8))
        with pytest.raises(TamperedBundle, match=name):
            fetch(f"me/look@{commit}", hub=hub)
        fetch(f"me/look@{commit}", hub=hub)
        assert path.read_bytes() == FILES[name]


def test_a_link_of_the_cache_that_leads_out_of_it_is_refused(loopback, hub, tmp_path):
    commit = loopback.publish("me/look", FILES)
    path = fetch("me/look", hub=hub).folder / "bundle.json"
    (tmp_path / "elsewhere").write_bytes(FILES["bundle.json"])
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperedBundle, match=r"bundle\.json is not what http.* announced"):
        fetch(f"me/look@{commit}", hub=hub)
    assert fetch(f"me/look@{commit}", hub=hub).revision == commit
    assert (tmp_path / "elsewhere").exists()
