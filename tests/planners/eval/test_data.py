"""What is judged: datasets of aether, FiveK, PPR10K and pairs, in their layouts; and what is wrong with others,
in one message.
"""

import io
import json
import tarfile

import numpy as np
import pytest
from judged import pixels, write
from PIL import Image

from veraretouch.core.errors import InvalidDocument, InvalidPhoto, InvalidRequest, UnreadablePhoto
from veraretouch.planners.eval.data import read_cases
from veraretouch.planners.eval.folders import UnknownLayout, collection_in

GOOD = pixels("lake")


def layout(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("a0002-b\n")
        else:
            Image.new("RGB", (4, 4)).save(path.with_suffix(".png"))
            path.with_suffix(".png").rename(path)


def test_fivek_as_zeng_publishes_it_is_read(tmp_path):
    names = [f"{side}/JPG/480p/{name}.jpg" for side in ("input", "expertC") for name in ("a0001-a", "a0002-b")]
    layout(tmp_path, *names, "test.txt")
    found = collection_in(tmp_path).pairs
    assert [(pair.name, pair.split) for pair in found] == [("a0001-a", "train"), ("a0002-b", "test")]
    assert found[0].after == tmp_path / "expertC/JPG/480p/a0001-a.jpg"


def test_fiveks_archive_is_split_by_number(tmp_path):
    names = ("a0001-a", "a4501-b")
    layout(tmp_path, *(f"raw_photos/HQa1to700/photos/{n}.dng" for n in names), *(f"tiff16_c/{n}.tif" for n in names))
    assert [pair.split for pair in collection_in(tmp_path).pairs] == ["train", "test"]


def test_ppr10k_keeps_its_groups_and_its_split(tmp_path):
    names = [
        f"{part}/{side}/{name}.tif"
        for part, name in (("train", "0_1"), ("val", "1356_0"))
        for side in ("source", "target_a", "target_b")
    ]
    layout(tmp_path, *names)
    assert [(pair.group, pair.split) for pair in collection_in(tmp_path).pairs] == [("0", "train"), ("1356", "test")]
    assert collection_in(tmp_path, expert="b").pairs[0].after.parent.name == "target_b"


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(UnknownLayout, match="no pairs"):
        collection_in(tmp_path)


def example(subset="auto", **request):
    return {
        "schema": "veraretouch.example/1",
        "photo": "p1",
        "subset": subset,
        "request": {"mode": subset, "prompt": None, "params": None} | request,
    }


def shard(path, examples):
    """A shard of (key, document, members by suffix)."""
    with tarfile.open(path, "w") as tar:
        for key, about, pictures in examples:
            held = {f"{key}.json": json.dumps(about).encode()}
            for name, picture in pictures.items():
                file = io.BytesIO()
                Image.fromarray(picture).save(file, "PNG")
                held[f"{key}.{name}.png"] = file.getvalue()
            for name, data in held.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "dataset.json").write_text('{"schema": "veraretouch.dataset/1"}')
    both = {"input": GOOD // 2, "target": GOOD}
    asked = [
        ("a-0000", example(), both),
        ("a-0001", example("style", prompt="warmer"), both),
        ("a-0002", example("param", params={"exposure.ev": 1.0}), both),
    ]
    shard(tmp_path / "test-000000.tar", asked)
    shard(tmp_path / "train-000000.tar", asked[:1])
    return tmp_path


def test_a_dataset_of_aether_gives_its_split_subset_by_subset(dataset):
    data = read_cases(dataset)
    assert [(case.name, case.subset) for case in data.cases] == [
        ("a-0000", "auto"),
        ("a-0001", "style"),
        ("a-0002", "param"),
    ]
    assert (data.cases[1].prompt, data.cases[2].params) == ("warmer", {"exposure.ev": 1.0})
    pictures = data.cases[0].read(512)
    assert (pictures.after == GOOD).all()
    assert np.abs(pictures.before * 255 - GOOD // 2).max() < 1e-3
    assert len(read_cases(dataset, split="train").cases) == 1


def test_the_limit_is_spread_evenly(dataset):
    assert [case.name for case in read_cases(dataset, limit=2).cases] == ["a-0000", "a-0001"]
    assert len(read_cases(dataset, limit=9).cases) == 3


def test_pictures_are_shrunk_and_never_enlarged(dataset):
    case = read_cases(dataset).cases[0]
    assert case.read(48).after.shape[:2] == case.read(48).before.shape[:2] == (27, 48)
    assert case.read(5000).before.shape == case.read(None).before.shape == GOOD.shape


def test_an_after_of_another_size_is_brought_to_the_befores(tmp_path):
    write(tmp_path / "before" / "a.png", GOOD)
    write(tmp_path / "after" / "a.png", np.asarray(Image.fromarray(GOOD).resize((191, 107))))
    assert read_cases(tmp_path).cases[0].read(512).after.shape == GOOD.shape


def test_masks_of_people_come_with_ppr10k_whose_pictures_stay_as_they_are(tmp_path):
    mask = np.zeros(GOOD.shape[:2], np.uint8)
    mask[:10] = 255
    for side in ("source", "target_a"):
        write(tmp_path / "val" / side / "7_0.png", GOOD)
    write(tmp_path / "val" / "masks" / "7_0.png", mask)
    data = read_cases(tmp_path, size=20)
    people = data.cases[0].read(data.size).people
    assert (data.layout, data.size, people.shape) == ("ppr10k", None, GOOD.shape[:2])
    assert people[:10].all()
    assert not people[10:].any()


def broken_example(dataset):
    """is no veraretouch.example/1"""
    shard(dataset / "test-000000.tar", [("a", {"schema": "other"}, {})])


def no_target(dataset):
    """with input and target"""
    shard(dataset / "test-000000.tar", [("a", example(), {"input": GOOD})])


def cut_short(dataset):
    """is no whole archive"""
    path = dataset / "test-000000.tar"
    path.write_bytes(path.read_bytes()[:700])


def no_json(dataset):
    """not JSON"""
    (dataset / "dataset.json").write_text("{")


def another_format(dataset):
    """is no veraretouch.dataset/1"""
    (dataset / "dataset.json").write_text('{"schema": "veraretouch.dataset/9"}')


def unfinished(dataset):
    """Build it to its end"""
    (dataset / "dataset.json").unlink()


@pytest.mark.parametrize("spoil", [broken_example, no_target, cut_short, no_json, another_format, unfinished])
def test_a_dataset_that_cannot_be_read_is_one_error(dataset, spoil):
    spoil(dataset)
    with pytest.raises(InvalidDocument, match=spoil.__doc__):
        read_cases(dataset)


def test_a_split_that_is_not_there_names_those_that_are(dataset):
    with pytest.raises(InvalidRequest, match=r"no split 'validation'\. It has: test, train"):
        read_cases(dataset, split="validation")


def test_a_folder_that_is_not_there_is_one_error(tmp_path):
    with pytest.raises(InvalidRequest, match="is no folder"):
        read_cases(tmp_path / "nowhere")


def test_a_pair_of_two_frames_is_refused_by_name(tmp_path):
    write(tmp_path / "x-before.png", GOOD)
    write(tmp_path / "x-after.png", GOOD[:, :40])
    with pytest.raises(InvalidPhoto, match=r"x: before and after are 96x54 and 40x54"):
        read_cases(tmp_path).cases[0].read(512)


def test_a_photo_that_cannot_be_read_is_named(tmp_path):
    write(tmp_path / "x-before.png", GOOD)
    (tmp_path / "x-after.png").write_bytes(b"no picture")
    with pytest.raises(UnreadablePhoto, match=r"x-after\.png"):
        read_cases(tmp_path).cases[0].read(512)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name;prompt\nx;warmer\n", "is no table"),
        ("name,prompt\nx,\n", "is no table"),
        ("name,prompt\ny,warmer\n", "'y'"),
    ],
)
def test_a_table_of_prompts_that_cannot_be_used_is_one_error(tmp_path, table, said):
    for side in ("before", "after"):
        write(tmp_path / f"x-{side}.png", GOOD)
    (tmp_path / "prompts.csv").write_text(table)
    with pytest.raises(InvalidDocument, match=said):
        read_cases(tmp_path)
