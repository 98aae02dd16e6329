"""Collections by source are laid out fold by fold; recipes of a few sections take the rest from the package's own."""

import csv
import io
import json
import tarfile

import pytest
from PIL import Image
from veraretouch_aether.dataset import _recipe
from veraretouch_aether.photos.unpack import NothingUnpacked, unpack

from veraretouch.planners.training.cases.sources import fold_of


def _jpeg(shade):
    held = io.BytesIO()
    Image.new("RGB", (24, 16), (shade, 90, 40)).save(held, "JPEG")
    return held.getvalue()


@pytest.fixture
def collection(tmp_path):
    folder = tmp_path / "collection"
    folder.mkdir()
    rows = []
    with tarfile.open(folder / "some.tar", "w") as tar:
        for number in range(12):
            name, data = f"somebody{number}/0.jpg", _jpeg(number * 20)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
            rows.append([name, f"somebody{number}/site@1", "CC0-1.0", "retouched" if number % 2 else "ordinary"])
    (folder / "loose.jpg").write_bytes(_jpeg(250))
    rows.append(["loose.jpg", "another/one", "MIT", "retouched"])
    with (folder / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "source", "licence", "tier"], *rows])
    return folder


def test_folds_share_no_source_and_leave_none_out(collection, tmp_path):
    seen = []
    for name, folds in (("some", (0, 1)), ("rest", (2, 3, 4))):
        out = tmp_path / name
        count = unpack(collection, out, folds=folds)
        with (out / "photos.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert count == len(rows) == len(list(out.rglob("*.jpg")))
        assert {fold_of(row["source"]) for row in rows} <= set(folds)
        assert all((out / row["file"]).is_file() for row in rows)
        seen += [row["source"] for row in rows]
    assert len(seen) == len(set(seen)) == 13
    assert {row["licence"] for row in rows} <= {"CC0-1.0", "MIT"}


def test_a_tier_is_kept_alone_and_none_at_all_is_said(collection, tmp_path):
    assert unpack(collection, tmp_path / "retouched", tier="retouched") == 7
    with pytest.raises(NothingUnpacked, match="tier finished"):
        unpack(collection, tmp_path / "none", tier="finished")


def test_a_recipe_of_one_section_keeps_the_others(tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({"subsets": {"param": 1.0}}))
    assert _recipe(file) == _recipe(None) | {"subsets": {"param": 1.0}}
