"""The command line of runs: places last, the plain commands' options, what a request becomes. No run is made."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

from veraretouch_ray import pipeline

from veraretouch.core.cli.shell import app

LAKE = Path(__file__).parents[3] / "docs" / "samples" / "lake.jpg"


@pytest.fixture
def asked(monkeypatch):
    """What runs were asked for; from the second on, photos fail."""
    runs = []

    def note(given, out, request, options, running, cluster):
        runs.append((given, out, request, options, running, cluster))
        return pipeline.Report(written=2, failed=len(runs) - 1)

    monkeypatch.setattr(pipeline, "retouch_places", note)
    return runs


def test_places_and_options_reach_the_run(asked, tmp_path):
    words = ["--quality", "91", "--xmp", "--device", "cuda", "--batch", "8", "--workers", "3", "--resume"]
    done = CliRunner().invoke(app, ["ray", "style", "warm", "a", "s3://b/c", str(tmp_path), *words])
    assert done.exit_code == 0, done.output
    ((given, out, request, options, running, cluster),) = asked
    assert (given, out, request.style, request.planner) == (["a", "s3://b/c"], str(tmp_path), "warm", "tiny")
    assert (options.quality, options.resume, options.out) == (91, True, None)
    assert (running.xmp, running.pictures, running.device, running.batch) == (True, True, "cuda", 8)
    assert (cluster.workers, cluster.address) == (3, None)
    assert done.stdout.startswith("2 written, 0 failed in 0.0 s")


def test_exact_values_and_a_plan_are_read_as_the_plain_commands_read_them(asked, tmp_path):
    run = CliRunner().invoke
    assert (
        run(
            app, ["ray", "param", "a", "b", "--set", "exposure.ev=.5", "--in", "sky", "--set", "exposure.ev=-1"]
        ).exit_code
        == 0
    )
    request = asked[0][2]
    assert (request.params, request.local) == ({"exposure.ev": 0.5}, {"sky": {"exposure.ev": -1}})
    plan = tmp_path / "plan.json"
    plan.write_text(run(app, ["plan", str(LAKE), "--set", "exposure.ev=1"]).stdout)
    done = run(app, ["ray", "render", "a", "b", "--plan", str(plan), "--json"])
    assert asked[1][2].plan["edits"]["exposure"]["params"]["ev"] == 1
    assert done.exit_code == 1  # since a photo failed
    assert '"failed": 1' in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["auto", "only-one"], "name what is to be retouched"),
        (["param", "a", "b"], "no values are given"),
        (["style", " ", "a", "b"], "it is empty"),
        (["auto", "a", "b", "--jobs", "2"], "No such option"),
    ],
)
def test_what_is_wrong_is_said_before_ray_starts(asked, words, said):
    done = CliRunner().invoke(app, ["ray", *words], env={"COLUMNS": "200", "TERM": "dumb"})
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert asked == []
