"""contrib/aether: datasets are whole, deterministic, resumable, split by photo, and say what was left out."""

import csv
import hashlib
import io
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from veraretouch import Plan, Renderer, registry

aether = pytest.importorskip("veraretouch_aether", reason="pip install ./contrib/aether")

# Below, since without the package the whole file is skipped.
from veraretouch_aether.dataset import NothingToBuild, build  # noqa: E402
from veraretouch_aether.examples.asks import read_presets  # noqa: E402
from veraretouch_aether.examples.vlm import Writer  # noqa: E402
from veraretouch_aether.imported import import_pairs  # noqa: E402
from veraretouch_aether.run import LostWorker, processes  # noqa: E402
from veraretouch_aether.storage.folder import DifferentBuild  # noqa: E402

from veraretouch.ops.presets import write_preset  # noqa: E402

DATA = Path(__file__).parents[1] / "data" / "photos"
NAMES = ("kodak-02", "kodak-08", "kodak-12", "kodak-22", "skimage-chelsea")

pytestmark = pytest.mark.xdist_group("aether")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Five photos, a smaller copy of one of them, the same file again, and a corrupt one."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        shutil.copy(DATA / f"{name}.jpg", folder)
    with Image.open(DATA / "kodak-02.jpg") as image:
        image.resize((300, 200)).save(folder / "twin.jpg")
    shutil.copy(DATA / "kodak-08.jpg", folder / "zz-again.jpg")
    (folder / "corrupt.jpg").write_bytes((DATA / "kodak-08.jpg").read_bytes()[:4000])
    table = "file,source,path,licence\nkodak-02.jpg,Kodak,2,free for any use\n"
    (folder / "photos.csv").write_text(table)
    return folder


def made(photos, out, **options):
    return build([photos], out, **{"per_photo": 8, "size": 96, "per_shard": 10, "say": lambda text: None} | options)


def examples(folder):
    """Every example of a dataset: its document and its two pictures."""
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard) as tar:
            files = {name: tar.extractfile(name).read() for name in tar.getnames()}
        for name in (name for name in files if name.endswith(".json")):
            key = name.removesuffix(".json")
            pictures = [files.get(f"{key}.{side}.png") or files[f"{key}.{side}.jpg"] for side in ("input", "target")]
            yield json.loads(files[name]), *(np.asarray(Image.open(io.BytesIO(data))) for data in pictures)


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def dataset(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("dataset") / "data"
    made(photos, out, lossless=True)
    return out


def test_a_dataset_says_what_it_holds_and_what_was_left_out(dataset):
    document = json.loads((dataset / "dataset.json").read_text())
    assert document["schema"] == "veraretouch.dataset/1"
    assert sum(document["counts"].values()) == 6 * 8 == len(list(examples(dataset)))
    assert {row["file"]: row["reason"] for row in document["skipped"]}.keys() == {"corrupt.jpg", "zz-again.jpg"}
    assert {p["file"]: p["licence"] for p in document["photos"]}["kodak-02.jpg"] == "free for any use"
    assert document["recipe"]["auto"]["families"]["exposure"]["slots"]["exposure.ev"]["cut"] > 0
    card = (dataset / "README.md").read_text()
    assert card.startswith("---\nlicense:")
    assert "free for any use" in card


def test_twins_share_a_group_and_every_split_has_photos(dataset):
    photos = {p["file"]: p for p in json.loads((dataset / "dataset.json").read_text())["photos"]}
    assert photos["twin.jpg"]["group"] == photos["kodak-02.jpg"]["group"]
    assert len({p["group"] for p in photos.values()}) == 5
    by_group = {}
    for photo in photos.values():
        by_group.setdefault(photo["group"], set()).add(photo["split"])
    assert all(len(splits) == 1 for splits in by_group.values())
    assert {split for splits in by_group.values() for split in splits} == {"train", "validation", "test"}


def test_the_edits_of_an_example_lead_from_input_to_target(dataset):
    checked = {"auto": 0, "style": 0, "param": 0}
    for document, before, after in examples(dataset):
        spoilt = document["spoiling"]
        source, edits, result = (after, spoilt, before) if spoilt is not None else (before, document["edits"], after)
        plan = Plan.load({"schema": "veraretouch.plan/1", "mode": "param", "edits": edits})
        assert np.array_equal(Renderer().render(source, plan, engine="exact"), result)
        checked[document["subset"]] += 1
    assert all(checked.values())


def test_some_photos_are_left_unspoilt_and_most_are_not(dataset):
    auto = [(d, np.array_equal(a, b)) for d, a, b in examples(dataset) if d["subset"] == "auto"]
    clean = [same for document, same in auto if document["spoiling"] == {}]
    assert clean
    assert all(clean)
    assert sum(not same for _, same in auto) > len(clean) / 2


def test_params_keep_to_the_groups_that_are_on(dataset):
    from veraretouch import registry

    for document, _, _ in examples(dataset):
        if document["subset"] == "param":
            assert document["request"]["params"]
            for address in document["request"]["params"]:
                op, _, slot = address.rpartition(".")
                assert registry.ops.load(op).slots[slot].group in document["groups"]


def test_the_words_on_exposure_say_what_was_done(dataset):
    seen = 0
    for document, _, _ in examples(dataset):
        ev = (document["spoiling"] or {}).get("exposure", {}).get("params", {}).get("ev", 0)
        if abs(ev) > 0.3:
            said = document["reasoning"]["lighting"]["plan"].lower()
            wanted = ("lower", "take", "darken") if ev > 0 else ("raise", "give", "brighten")
            assert f"{abs(ev):.1f}" in said
            assert any(word in said for word in wanted)
            seen += 1
    assert seen


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # webdataset leaves files to the collector
def test_webdataset_reads_the_shards(dataset):
    import webdataset

    shard = next(dataset.glob("train-*.tar"))
    # To its end, since webdataset closes a shard there.
    samples = list(webdataset.WebDataset(str(shard), shardshuffle=False).decode("rgb8"))
    sample = samples[0]
    assert sample["input.png"].shape == sample["target.png"].shape
    assert sample["json"]["schema"] == "veraretouch.example/1"


def test_the_seed_decides_everything_and_the_machine_nothing(photos, tmp_path):
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    made(photos, first, per_photo=2)
    made(photos, second, per_photo=2)
    made(photos, other, per_photo=2, seed=1)
    assert digests(first) == digests(second)
    assert digests(first).keys() == digests(other).keys()
    assert digests(first) != digests(other)


@pytest.mark.slow
def test_a_build_that_was_killed_goes_on_to_the_same_bytes(photos, tmp_path):
    script = (
        "import sys; from veraretouch_aether import build; "
        "build([sys.argv[1]], sys.argv[2], per_photo=8, size=96, per_shard=10, lossless=True)"
    )
    begun = tmp_path / "begun"
    child = subprocess.Popen([sys.executable, "-c", script, photos, begun], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(begun.glob("*.tar")) and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert list(begun.glob("*.tar"))
    assert not (begun / "dataset.json").exists()
    made(photos, begun, lossless=True)
    whole = tmp_path / "whole"
    made(photos, whole, lossless=True)
    assert digests(begun) == digests(whole)


def test_a_folder_that_was_begun_otherwise_is_refused(photos, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("veraretouch_aether.dataset.make_shard", stop)
        with pytest.raises(KeyboardInterrupt):
            made(photos, tmp_path / "out")
    with pytest.raises(DifferentBuild, match="seed"):
        made(photos, tmp_path / "out", seed=5)


def test_nothing_but_corrupt_photos_is_an_error_that_names_them(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"not a photo")
    told = []
    with pytest.raises(NothingToBuild, match="none of 1 files"):
        build([tmp_path], tmp_path / "out", say=told.append)
    assert "bad.jpg" in told[0]


def test_the_command_builds_and_reports_the_corrupt_photo(cli, photos, tmp_path):
    done = cli("aether", "build", photos, "--out", tmp_path / "data", "--per-photo", "1", "--size", "64", "-j", "1")
    assert "skipped corrupt.jpg" in done.stderr
    assert (tmp_path / "data" / "dataset.json").exists()


def test_two_processes_build_the_same_bytes_as_one(cli, photos, tmp_path):
    made(photos, tmp_path / "one", per_photo=2, per_shard=250)
    cli("aether", "build", photos, "--out", tmp_path / "two", "--per-photo", "2", "--size", "96", "--jobs", "2")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_a_worker_that_dies_is_an_error_that_says_how_to_go_on(monkeypatch):
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr("veraretouch_aether.run.nursery", lambda planner: spawn)
    with pytest.raises(LostWorker, match=r"exit code 9\. Give the command again"):
        list(processes(2)(os._exit, [9, 9]))


def test_a_finished_dataset_is_not_touched(dataset, photos):
    before = digests(dataset)
    with pytest.raises(DifferentBuild, match="holds a dataset already"):
        made(photos, dataset, seed=3)
    assert digests(dataset) == before


def test_presets_become_prompts_with_their_own_values(photos, tmp_path):
    folder = tmp_path / "presets"
    folder.mkdir()
    settings = 'crs:ProcessVersion="11.0" crs:Exposure2012="+0.50" crs:Saturation="-30"'
    namespaces = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
    )
    (folder / "faded.xmp").write_text(
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {namespaces}><rdf:Description rdf:about=""'
        f" {settings}/></rdf:RDF></x:xmpmeta>"
    )
    made(photos, tmp_path / "data", presets=folder)
    asked = [
        document
        for document, _, _ in examples(tmp_path / "data")
        if document["subset"] == "style" and document["edits"].keys() == {"exposure", "saturation"}
    ]
    assert asked
    assert asked[0]["edits"]["exposure"]["params"]["ev"] == pytest.approx(0.5)
    assert all(
        any(w in d["request"]["prompt"] for w in ("faded", "bright", "airy", "muted", "desaturated")) for d in asked
    )


def test_a_preset_with_masks_is_left_out_and_said_so(tmp_path):
    top = {"full_x": 0.5, "full_y": 0.0, "zero_x": 0.5, "zero_y": 0.4}
    darker = {"name": "top", "area": [{"id": "linear", "version": 1, "params": top}]}
    darker["edits"] = {"exposure": {"version": 1, "params": {"ev": -0.5}}}
    whole = {"saturation": {"version": 1, "params": {"amount": -0.3}}}
    plan = Plan.load({"schema": "veraretouch.plan/2", "mode": "param", "edits": whole, "local": [darker]})
    write_preset(plan, tmp_path / "sky.xmp")
    write_preset(Plan.load(plan.document() | {"local": []}), tmp_path / "pale.xmp")
    found, refused = read_presets(tmp_path)
    assert [preset["name"] for preset in found] == ["pale"]
    assert refused == ["sky.xmp: it has local adjustments (top), which examples do not hold"]


def test_examples_are_drawn_with_pointwise_ops_alone(dataset):
    named = {id for document, _, _ in examples(dataset) for id in document["edits"] or ()}
    assert {"exposure", "hsl"} <= named
    assert all(registry.ops.load(id).pointwise for id in named)


def expert_pairs(root):
    """Two pairs as FiveK is published: the befores are the afters, darkened by an exposure."""
    plan = {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {"exposure": {"version": 1, "params": {"ev": -1.0}}},
    }
    for side in ("input", "expertC"):
        (root / side / "JPG" / "480p").mkdir(parents=True)
    for name, photo in (("a0001-x", "kodak-02"), ("a4502-y", "kodak-08")):
        with Image.open(DATA / f"{photo}.jpg") as image:
            small = np.asarray(image.convert("RGB").resize((120, 80)))
        dark = np.asarray(Renderer().render(small, Plan.load(plan), engine="exact"))
        for side, pixels in (("input", dark), ("expertC", small)):
            Image.fromarray(pixels).save(root / side / "JPG" / "480p" / f"{name}.jpg", quality=97)
    return root


def test_an_experts_pairs_become_a_dataset_in_the_published_split(tmp_path):
    document = import_pairs(expert_pairs(tmp_path / "FiveK"), tmp_path / "data", size=100)
    assert document["counts"] == {"train": 1, "validation": 0, "test": 1}
    for _, before, after in examples(tmp_path / "data"):
        assert before.shape == after.shape == (67, 100, 3)
        assert before.mean() < after.mean() - 10


@pytest.mark.slow
def test_an_experts_work_is_undone_on_other_photos(photos, tmp_path):
    document = made(photos, tmp_path / "data", per_photo=2, pairs=expert_pairs(tmp_path / "FiveK"))
    for row in document["made_with"]["transfers"]:
        assert row["edits"]["exposure"]["params"]["ev"] == pytest.approx(-1.0, abs=0.4)
    spoilt = [d["spoiling"] for d, _, _ in examples(tmp_path / "data") if d["spoiling"]]
    assert spoilt
    assert all(edits in [row["edits"] for row in document["made_with"]["transfers"]] for edits in spoilt)


class _Chat(BaseHTTPRequestHandler):
    """A chat API that answers as asked, and every third time with something else."""

    asked: list = []  # noqa: RUF012

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        thought = {"problem": "seen by the model", "plan": "do it"}
        answer = {"content": "A thing."} | dict.fromkeys(("lighting", "global_color", "specific_color"), thought)
        text = "I cannot." if len(self.asked) % 3 == 0 else f"```json\n{json.dumps(answer)}\n```"
        data = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def test_a_model_writes_the_reasoning_and_the_template_where_it_fails(photos, tmp_path):
    server = HTTPServer(("127.0.0.1", 0), _Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = []
    try:
        writer = Writer(f"http://127.0.0.1:{server.server_port}/v1", "tiny-vlm")
        made(photos, tmp_path / "data", per_photo=1, writer=writer, say=told.append)
    finally:
        server.shutdown()
        server.server_close()
    written = [document["written_by"] for document, _, _ in examples(tmp_path / "data")]
    assert sorted(written) == ["template"] * 2 + ["tiny-vlm"] * 4
    assert any("2 examples have the template's words" in line for line in told)
    assert _Chat.asked[0]["model"] == "tiny-vlm"
    assert [part["type"] for part in _Chat.asked[0]["messages"][1]["content"]] == ["image_url", "image_url", "text"]


def test_the_lists_of_photos_name_no_file_twice_and_say_why():
    folder = Path(aether.__file__).parent / "data"
    with (folder / "photos.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len({(row["package"], row["path"]) for row in rows}) == len(rows)
    assert all(row["reason"] and row["licence"] and len(row["sha256"]) == 64 for row in rows)
    assert {row["verdict"] for row in rows} == {"keep", "drop"}
    assert len((folder / "everyday.csv").read_text().splitlines()) > 600


def test_photos_are_collected_from_an_installed_package(tmp_path):
    from veraretouch_aether.photos.collect import collect

    told = []
    count = collect(tmp_path, only="pypi:scikit-image", size=128, say=told.append)
    with (tmp_path / "photos.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert count == len(rows) >= 4, told
    assert all((tmp_path / row["file"]).exists() and row["licence"] for row in rows)
