"""`veraretouch ray eval`: the report of `veraretouch eval`, whoever judges the cases."""

import json
import shutil
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from veraretouch.core.errors import UnreadablePhoto
from veraretouch.planners.eval.command import evaluate

pytest.importorskip("veraretouch_aether", reason="pip install ./contrib/aether")
pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

PHOTOS = Path(__file__).parents[2] / "data" / "photos"

pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.filterwarnings("ignore")]  # Ray's own, about itself


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Cases of every subset, of four photos."""
    from veraretouch_aether.dataset import build

    photos = tmp_path_factory.mktemp("photos")
    for name in ("kodak-02", "kodak-08", "kodak-12", "kodak-22"):
        shutil.copy(PHOTOS / f"{name}.jpg", photos)
    out = tmp_path_factory.mktemp("dataset") / "data"
    build([photos], out, per_photo=8, size=64, say=lambda text: None)
    return out


def run(command, *arguments):
    """Run a command in this process, and demand that it succeeds."""
    app = Typer()
    app.command()(command)
    done = CliRunner().invoke(app, [str(word) for word in arguments])
    assert done.exit_code == 0, done.output + str(done.exception)


def test_the_report_is_that_of_one_process(dataset, tmp_path):
    from veraretouch_ray.evaluating import evaluate as over_ray

    asked = ("--data", dataset, "--split", "train", "--planner", "tiny", "--peers", "--limit", "8", "--worst", "1")
    run(evaluate, *asked, "--out", tmp_path / "here")
    run(over_ray, *asked, "--out", tmp_path / "ray", "--workers", "2")
    here, ray = (sorted(path for path in (tmp_path / side).rglob("*") if path.is_file()) for side in ("here", "ray"))
    assert [path.name for path in here] == [path.name for path in ray]
    assert [path.read_bytes() for path in here] == [path.read_bytes() for path in ray]
    found = json.loads((tmp_path / "ray" / "report.json").read_text())
    assert found["data"]["cases"] == 8
    assert {"auto", "style", "param"} <= set(found["subsets"])
    assert "constant correction" in {peer["name"] for peer in found["peers"]}


def _unreadable(case):
    raise UnreadablePhoto(f"{case} is torn", cure="Take it out.")


def test_a_picture_that_cannot_be_read_is_the_error_that_it_is_in_one_process():
    from veraretouch_ray.evaluating import OverRay
    from veraretouch_ray.session import ClusterOptions, session

    with session(ClusterOptions(workers=2)) as workers, pytest.raises(UnreadablePhoto) as raised:
        OverRay("tiny", workers, lambda *progress: None)("judging", _unreadable, ["a.jpg"])
    assert (raised.value.problem, raised.value.cure) == ("a.jpg is torn", "Take it out.")
