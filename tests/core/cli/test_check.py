"""The command `check`: one line a check, advice under those that fail, and names that mean several things."""

import json
import subprocess
import sys

import pytest
from bundles import Weighted, bundle_files, lay
from typer.testing import CliRunner

from veraretouch import Op, Slot, Stage
from veraretouch.core.cli.shell import app
from veraretouch.core.testing import AREA_CHECKS, CHECKS, PLANNER_CHECKS, REWARD_CHECKS, CheckOutcome
from veraretouch.core.testing.suites import CheckSuite
from veraretouch.planners.rules.testing.lexicon import LEXICON_CHECKS
from veraretouch.zoo.testing import BUNDLE_CHECKS


class Nan(Op):
    """Divide a channel by itself."""

    id = "acme.nan"
    version = 1
    stage = Stage.TONE
    pointwise = True
    amount = Slot(low=0.0, group="lighting", doc="How much of it.")

    def apply(self, rgb, p):
        return rgb + 0.1 * p.amount * (rgb / rgb)


@pytest.fixture
def check():
    """Run the command here, where a test's own plugins are in the catalogue."""

    def run(*words, code=0):
        done = CliRunner().invoke(app, ["check", *map(str, words)])
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_sound_op_is_one_line_a_check_on_the_real_command_line(cli):
    lines = cli("check", "exposure", anew=True).stdout.splitlines()
    assert lines == [*(f"passed  {name}" for name in CHECKS), f"op exposure passes all {len(CHECKS)} checks."]


def test_a_broken_op_fails_with_advice_under_its_check(check, veraretouch_registry):
    veraretouch_registry.ops.add(Nan)
    lines = check("acme.nan", code=1).splitlines()
    place = lines.index("FAILED  finite")
    assert lines[place + 1].startswith("        expected finite values; came rgb (nan, nan, nan), at rgb (0, 0, 0)")
    assert lines[-1] == f"op acme.nan fails 1 of {len(CHECKS)} checks."


def test_the_same_as_json(check, veraretouch_registry):
    veraretouch_registry.ops.add(Nan)
    told = json.loads(check("acme.nan", "--only", "finite", "--only", "declared", "--json", code=1))
    assert (told["id"], told["kind"], told["failed"]) == ("acme.nan", "op", 1)
    assert [(row["check"], row["passed"]) for row in told["checks"]] == [("declared", True), ("finite", False)]
    assert told["checks"][1]["said"][0].startswith("expected finite values")


def test_a_planner_and_a_bundle_are_known_by_their_names(check, veraretouch_registry, tmp_path):
    assert check("rules", "--only", "declared") == "passed  declared\nplanner rules passes all 1 checks.\n"
    veraretouch_registry.planners.add(Weighted)
    folder = lay(tmp_path / "look", bundle_files())
    assert f"passes all {len(BUNDLE_CHECKS)} checks." in check(folder)
    (folder / "LICENSE").write_bytes(b"Be evil.\n")
    assert "FAILED  files" in check(folder, code=1)


def test_a_name_of_two_kinds_asks_for_the_kind(check, veraretouch_registry, cli):
    class Exposure:
        """Plan an exposure."""

        id, version, modes, plan = "exposure", "1", frozenset(), None

    veraretouch_registry.planners.add(Exposure)
    done = CliRunner().invoke(app, ["check", "exposure"])
    assert done.exit_code == 1
    assert "'exposure' is an op and a planner. Say which: --kind op or --kind planner." in done.output
    assert "FAILED  declared" in check("exposure", "--kind", "planner", "--only", "declared", code=1)


def test_an_unknown_name_is_one_error_with_the_nearest(cli):
    assert (
        "no op, area, planner, reward, lexicon or bundle 'exposre' is known. Did you mean 'exposure'?"
        in cli("check", "exposre", code=1).stderr
    )
    assert "no check 'finit'. Did you mean 'finite'?" in cli("check", "exposure", "--only", "finit", code=1).stderr
    assert "name an op, an area, a planner, a reward, a lexicon or a bundle" in cli("check", code=2).stderr


def test_the_list_has_every_check_with_its_promise(check):
    rows = json.loads(check("--list", "--json"))["checks"]
    expected = {"op": CHECKS, "area": AREA_CHECKS, "planner": PLANNER_CHECKS, "reward": REWARD_CHECKS}
    expected |= {"lexicon": LEXICON_CHECKS, "bundle": BUNDLE_CHECKS}
    assert [(row["kind"], row["check"]) for row in rows] == [
        (kind, name) for kind, checks in expected.items() for name in checks
    ]
    assert all(row["promise"].endswith(".") for row in rows)


def test_help_and_list_import_no_torch():
    code = "from typer.testing import CliRunner; from veraretouch.core.cli.shell import app; import sys\n"
    code += "for word in ('--help', '--list'): assert CliRunner().invoke(app, ['check', word]).exit_code == 0\n"
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_strangers_kind_is_judged_by_its_own_suite(check, veraretouch_registry):
    def outcomes(id, only, accept_licence):
        yield CheckOutcome("polite", (), 0.0)

    suite = CheckSuite(
        knows=lambda id: id == "acme.critic",
        ids=lambda: ["acme.critic"],
        promises=lambda: {"polite": "It greets."},
        outcomes=outcomes,
    )
    veraretouch_registry.checks.add(suite, id="critic")
    assert check("acme.critic") == "passed  polite\ncritic acme.critic passes all 1 checks.\n"
    assert "It greets." in check("--list", "--kind", "critic")
    assert "no op, area, planner, reward, lexicon, bundle or critic 'acme.critc' is known" in check(
        "acme.critc", code=1
    )
