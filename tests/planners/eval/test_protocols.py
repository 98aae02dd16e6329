"""FiveK and PPR10K, in small folders of their layouts made from free photos, judged to the end of the report."""

import numpy as np
import pytest
import tifffile
from judged import Light, One, pixels, write
from PIL import Image

from veraretouch import Retoucher
from veraretouch.planners.eval import metrics
from veraretouch.planners.eval.data import read_cases
from veraretouch.planners.eval.run import evaluate
from veraretouch.planners.eval.run_report import text
from veraretouch.planners.eval.summary import document

pytestmark = pytest.mark.usefixtures("ops")


def judged(data):
    return document(evaluate(Retoucher(One("test.one", Light, stops=0.4)), data))


def darker(picture):
    return (picture * 0.7).astype(np.uint8)


def test_fivek_is_judged_on_the_photos_of_its_test(tmp_path):
    for name, photo in (("a0001-x", "lake"), ("a0002-y", "night"), ("a0003-z", "flower")):
        for side, picture in (("input", darker(pixels(photo, 200))), ("expertC", pixels(photo, 200))):
            write(tmp_path / side / "JPG" / "480p" / f"{name}.jpg", picture)
    (tmp_path / "test.txt").write_text("a0002-y\na0003-z\n")
    found = judged(read_cases(tmp_path, size=128))
    assert found["data"] | {"layout": "fivek", "split": "test", "size": 128, "photos": 2} == found["data"]
    assert found["subsets"]["auto"]["gains"]["doing nothing"]["psnr"]["low"] > 1
    said = text(found)
    assert "Bychkovsky" in said
    assert "long side at most 128 pixels" in said
    assert "CIE 1976" in said


def test_another_expert_of_fivek_is_another_target(tmp_path):
    for side in ("input", "expertC", "expertE"):
        write(
            tmp_path / side / "JPG" / "480p" / "a4501-x.jpg",
            pixels("lake") if side != "expertE" else darker(pixels("lake")),
        )
    scores = [judged(read_cases(tmp_path, expert=expert))["subsets"] for expert in ("", "e")]
    assert [list(found) for found in scores] == [["unspoilt"], ["auto"]]


def test_ppr10k_weighs_people_and_measures_how_alike_the_photos_of_a_group_are(tmp_path):
    people = {}
    for name, photo in (("7_0", "portrait"), ("7_1", "lake"), ("9_0", "flower")):
        good = pixels(photo, 120)
        people[name] = np.zeros(good.shape[:2], np.uint8)
        people[name][20:60, 30:70] = 255
        # As published: 16-bit sources, 8-bit targets.
        (tmp_path / "val" / "source").mkdir(parents=True, exist_ok=True)
        deep = (darker(good).astype(np.uint16) * 257).astype(np.uint16)
        tifffile.imwrite(tmp_path / "val" / "source" / f"{name}.tif", deep, photometric="rgb")
        write(tmp_path / "val" / "target_a" / f"{name}.tif", good)
        write(tmp_path / "val" / "masks" / f"{name}.png", people[name])
    data = read_cases(tmp_path, size=16)
    found = judged(data)["subsets"]["auto"]["contestants"]
    nothing = found["doing nothing"]
    case = data.cases[0]
    pictures = case.read(data.size)
    assert pictures.after.shape == np.asarray(Image.open(tmp_path / "val" / "target_a" / "7_0.tif")).shape
    by_hand = [
        metrics.weighted_psnr(darker(case.read(None).after), case.read(None).after, people[case.name] > 0)
        for case in data.cases
    ]
    assert nothing["psnr_hc"]["mean"] == pytest.approx(np.mean(by_hand), abs=0.01)
    assert nothing["psnr_hc"]["mean"] > nothing["psnr"]["mean"]
    assert nothing["cie1976_hc"]["mean"] < nothing["cie1976"]["mean"]
    colours = [np.array(metrics.mean_colour(darker(case.read(None).after))) for case in data.cases]
    spread = np.var(colours[:2], axis=0, ddof=1).mean() / 2  # two scenes, of which one has a single photo
    assert nothing["glc"]["mean"] == pytest.approx(spread, rel=1e-3)
