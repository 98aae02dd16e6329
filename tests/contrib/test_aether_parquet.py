"""contrib/aether's Parquet files: what `datasets` reads of them is what the shards hold, and the card is true."""

import io
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from veraretouch.core.errors import MissingExtra

pytest.importorskip("veraretouch_aether", reason="pip install ./contrib/aether")

# Below, since without the package the whole file is skipped.
from veraretouch_aether.dataset import build
from veraretouch_aether.imported import import_pairs
from veraretouch_aether.storage.card import card

PHOTOS = Path(__file__).parents[1] / "data" / "photos"
NAMES = ("kodak-02", "kodak-08", "kodak-12", "kodak-22")

pytestmark = pytest.mark.xdist_group("aether")


def made(out, **options):
    folder = out.parent / "photos"
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    (folder / "photos.csv").write_text("file,source,licence\n" + "".join(f"{n}.jpg,Kodak,CC0-1.0\n" for n in NAMES))
    return build([folder], out, **{"per_photo": 60, "size": 32, "parquet": True, "say": lambda text: None} | options)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("parquet") / "data"
    made(out)
    return out


@pytest.fixture
def loaded(dataset, tmp_path, monkeypatch):
    """What Hugging Face's own library makes of the folder, by its card."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    datasets = pytest.importorskip("datasets")
    return datasets.load_dataset(str(dataset), cache_dir=str(tmp_path))


def examples(folder):
    """Key -> document and the two pictures' bytes, of every example of the shards."""
    found = {}
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard) as tar:
            files = {name: tar.extractfile(name).read() for name in tar.getnames()}
        for name in (name for name in files if name.endswith(".json")):
            key = name.removesuffix(".json")
            found[key] = json.loads(files[name]), files[f"{key}.input.jpg"], files[f"{key}.target.jpg"]
    return found


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_datasets_reads_the_rows_and_pictures_of_the_shards(dataset, loaded):
    wanted = examples(dataset)
    assert sum(len(rows) for rows in loaded.values()) == len(wanted) == 240
    for split, rows in loaded.items():
        for row in rows:
            document, before, after = wanted[row["key"]]
            assert document["split"] == split
            assert np.array_equal(row["before"], pixels(before))
            assert np.array_equal(row["after"], pixels(after))
            for name in ("photo", "subset", "content", "written_by"):
                assert row[name] == document[name]
            assert row["prompt"] == document["request"]["prompt"]
            told = {name: json.loads(row[name] or "null") for name in ("spoiling", "edits", "groups", "reasoning")}
            assert told == {name: document[name] for name in told}
            assert json.loads(row["params"] or "null") == document["request"]["params"]


def test_the_two_pictures_are_columns_of_the_feature_image_and_a_row_group_has_a_hundred_rows(dataset, loaded):
    from pyarrow.parquet import ParquetFile

    images = [name for name, feature in loaded["train"].features.items() if type(feature).__name__ == "Image"]
    assert images == ["before", "after"]
    with ParquetFile(dataset / "data" / "train-00000-of-00001.parquet") as file:
        about = file.metadata
        features = json.loads(file.schema_arrow.metadata[b"huggingface"])["info"]["features"]
    assert [about.row_group(i).num_rows for i in range(about.num_row_groups)] == [100, 20]
    assert features["before"] == features["after"] == {"_type": "Image"}


def test_the_card_says_what_the_files_hold(dataset, loaded):
    from huggingface_hub import DatasetCard

    front = DatasetCard.load(dataset / "README.md").data.to_dict()
    assert front["license"] == "cc0-1.0"
    assert "license_name" not in front
    assert front["size_categories"] == ["n<1K"]
    (config,) = front["configs"]
    for files in config["data_files"]:
        assert sum(path.name.startswith(files["split"]) for path in dataset.glob(files["path"])) == 1
    info = front["dataset_info"]
    assert {split["name"]: split["num_examples"] for split in info["splits"]} == loaded.num_rows
    assert info["download_size"] == sum(path.stat().st_size for path in (dataset / "data").iterdir())
    assert [feature["name"] for feature in info["features"]] == loaded["train"].column_names


@pytest.mark.parametrize(("examples", "category"), [(999, "n<1K"), (1000, "1K<n<10K"), (5 * 10**9, "n>1B")])
def test_the_size_category_is_one_of_the_hubs(dataset, examples, category):
    document = json.loads((dataset / "dataset.json").read_text())
    told = card(document | {"counts": {"train": examples}})
    assert f'size_categories: ["{category}"]' in told


def test_photos_of_several_licences_are_under_other(dataset):
    document = json.loads((dataset / "dataset.json").read_text())
    other = [document["photos"][0] | {"licence": "CC-BY-4.0"}, *document["photos"][1:]]
    assert 'license: "other"\nlicense_name: "by-photo"' in card(document | {"photos": other})


def test_parquet_files_of_a_build_that_broke_off_are_written_to_the_same_bytes(dataset, tmp_path, monkeypatch):
    import pyarrow.parquet

    written = []

    def until_the_second(table, file, **options):
        written.append(table)
        if len(written) == 2:
            raise KeyboardInterrupt
        return write(table, file, **options)

    write = pyarrow.parquet.write_table
    with monkeypatch.context() as patched:
        patched.setattr(pyarrow.parquet, "write_table", until_the_second)
        with pytest.raises(KeyboardInterrupt):
            made(tmp_path / "data")
    assert not (tmp_path / "data" / "dataset.json").exists()
    made(tmp_path / "data")
    for path in (dataset / "data").iterdir():
        assert (tmp_path / "data" / "data" / path.name).read_bytes() == path.read_bytes()
    assert (tmp_path / "data" / "README.md").read_text() == (dataset / "README.md").read_text()


def test_pairs_become_parquet_files_too(tmp_path):
    for side in ("before", "after"):
        (tmp_path / "pairs" / side).mkdir(parents=True)
        shutil.copy(PHOTOS / f"{NAMES[0]}.jpg", tmp_path / "pairs" / side / "a.jpg")
    document = import_pairs(tmp_path / "pairs", tmp_path / "data", size=64, parquet=True)
    assert [(made["file"], made["examples"]) for made in document["parquet"]] == [
        ("data/train-00000-of-00001.parquet", 1)
    ]


def test_without_pyarrow_nothing_is_begun_and_the_cure_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("veraretouch_aether.storage.parquet.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'veraretouch-aether\[parquet\]'"):
        made(tmp_path / "data")
    assert not (tmp_path / "data").exists()
