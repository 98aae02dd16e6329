"""The command `plugins`: every plugin of every kind from metadata; with --check,
each imported where it can do no harm.
"""

import json
import os
import time

import pytest
from distributions import BROKEN, OP, Site, crowd
from typer.testing import CliRunner

from veraretouch.core.cli.shell import app
from veraretouch.core.plugins.entry import PluginState
from veraretouch.core.plugins.trial import NOT_TRIED, Tried


@pytest.fixture
def site(tmp_path):
    """A folder of installed distributions."""
    (tmp_path / "site").mkdir()
    return Site(tmp_path / "site")


@pytest.fixture
def plugins(cli, site):
    """What `plugins --json` says, by kind and id."""

    def run(*arguments, code=0, env=None):
        env = {"PYTHONPATH": str(site.path)} | (env or {})
        told = json.loads(cli("plugins", "--json", *arguments, code=code, env=env).stdout)
        return {(row["kind"], row["id"]): row for row in told["plugins"]}

    return run


def test_fifty_strangers_are_listed_and_none_is_imported(site, cli):
    crowd(site)
    env = {"PYTHONPATH": str(site.path), "PYTHONPROFILEIMPORTTIME": "1"}
    for arguments, ids in ((["ops"], 50), (["plugins"], 50), (["--help"], 0)):
        done = cli(*arguments, env=env)
        modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line}
        assert "veraretouch.core.plugins.registry" in modules  # the proof that this test sees imports at all
        assert not {name for name in modules if name.startswith("acme_")}
        assert not modules & {"torch", "numpy"}
        assert sum(line.startswith("acme.") for line in done.stdout.splitlines()) == ids


def test_no_plugin_is_in_sys_modules_after_a_list(site):
    crowd(site)
    found, count = site.see(
        """
        from veraretouch.core.cli.plugins import plugin_rows
        rows = plugin_rows()
        tell([[name for name in sys.modules if name.startswith(("acme_", "torch"))], len(rows)])
    """,
        anew=True,
    )
    assert found == []
    assert count > 80


def test_every_kind_is_in_one_list_with_its_distribution(site, plugins):
    site.fade()
    site.install("acme-more", "2", {"acme.log": "acme_log"}, group="veraretouch.hooks")
    site.alias("acme-names", "3", {"acme.old": "acme.fade"})
    rows = plugins()
    ours = {"op", "area", "planner", "reward", "command", "hook", "alias", "check", "examination"}
    assert {kind for kind, _ in rows} - {"scorer"} == ours, "scorers come with contrib/dapo alone"
    op = rows["op", "acme.fade"]
    assert (op["distribution"], op["version"], op["state"], op["load_seconds"]) == (
        "acme-film",
        "1.2",
        "available",
        None,
    )
    assert rows["alias", "acme.old"]["target"] == "acme.fade"
    assert rows["planner", "rules"]["distribution"] == "veraretouch"
    assert rows["command", "plugins"]["state"] == "loaded"
    assert rows["command", "plugins"]["load_seconds"] > 0


def test_a_list_is_narrowed_by_kind_and_by_distribution_in_any_spelling(site, plugins, cli):
    site.fade()
    assert set(plugins("--distribution", "Acme_Film")) == {("op", "acme.fade")}
    assert {kind for kind, _ in plugins("--kind", "planner")} == {"planner"}
    assert "'opp' is none of alias, area, bundle, check, command, examination, hook, lexicon, op, planner" in " ".join(
        cli("plugins", "--kind", "opp", code=2).stderr.replace("│", " ").split()
    )


def test_the_table_shows_state_and_reason(site, cli):
    site.fade()
    site.alias("acme-names", "3", {"acme.old": "acme.fade"})
    env = {"PYTHONPATH": str(site.path), "VERARETOUCH_BLOCK": "acme.fade"}
    lines = [" ".join(line.split()) for line in cli("plugins", env=env).stdout.splitlines()]
    assert "acme.fade op acme-film 1.2 blocked VERARETOUCH_BLOCK names it" in lines
    assert "acme.old alias acme-names 3 available now acme.fade" in lines


FATES = {
    "raises": ("1 / 0", "broken", "ZeroDivisionError: division by zero"),
    "exits": ("raise SystemExit(3)", "broken", "SystemExit: 3"),
    "exits_at_once": ("import os\nos._exit(4)", "broken", "its import ended the process with exit code 4"),
    "exits_well": ("import os\nos._exit(0)", "broken", "its import ended the process with exit code 0"),
    "crashes": (
        (
            "import os, signal, sys\nprint('bad pointer', file=sys.stderr, flush=True)\nos.kill(os.getpid(),"
            " signal.SIGSEGV)"
        ),
        "broken",
        "its import ended the process by signal SIGSEGV: bad pointer",
    ),
    "hangs": ("import time\ntime.sleep(60)", "broken", "its import did not end within 4 s"),
    "deaf": (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass",
        "broken",
        "its import did not end within 4 s",
    ),
    "late": ("import time\ntime.sleep(4.2)", "broken", "its import did not end within 4 s"),
    "interrupts": ("raise KeyboardInterrupt", "broken", "its import raises KeyboardInterrupt"),
    "asks": ("input()", "broken", "EOFError"),
    "prints": ("print('hello', 'x' * 100_000)\n" + OP, "loaded", "it prints on stdout when it is imported: 'hello xxx"),
    "writes": ("import os\nos.write(1, b'{}\\n' * 50_000)\n" + OP, "loaded", ""),
    "threads": ("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n" + OP, "loaded", ""),
    "works": (OP, "loaded", ""),
    "deprecated": (
        OP.replace("version = 1", 'version = 1\n    deprecated = "Use acme.works."'),
        "loaded",
        "Use acme.works.",
    ),
    "later": (OP.replace("version = 1", 'version = 1\n    requires = {{"contract": ">=9"}}'), "incompatible", ">=9"),
}


FEW = ("crashes", "hangs", "works")  # each is tried in a process of its own, which imports torch


@pytest.fixture(params=[FEW, pytest.param(tuple(FATES), marks=pytest.mark.slow)], ids=["few", "all"])
def fates(request, site):
    """A distribution for each fate; where all are tried, one more in which the second of three plugins ends the
    process.
    """
    for name in request.param:
        code = FATES[name][0]
        code = code.replace("{id}", f"acme.{name}").replace("{{", "{").replace("}}", "}")
        site.install(f"acme-{name}", "1", {f"acme.{name}": f"acme_{name}:Fade"}, module=f"acme_{name}", code=code)
    if request.param == FEW:
        return FEW
    site.install(
        "trio", "1", {"trio.a": "trio_a:Fade", "trio.b": "trio_b:Fade", "trio.c": "trio_c:Fade"}, module="trio_b",
        code="import os\nos._exit(9)",
    )  # fmt: skip
    for name in "ac":
        (site.path / f"trio_{name}.py").write_text(OP.format(id=f"trio.{name}"))
    return request.param


def test_a_check_says_of_each_plugin_what_became_of_it_and_fails(fates, plugins):
    start = time.monotonic()
    rows = plugins("--check", "--timeout", "4", "--kind", "op", code=1)
    assert time.monotonic() - start < 120  # one hangs for ever; the others share a busy machine
    for name in fates:
        _, state, reason = FATES[name]
        row = rows["op", f"acme.{name}"]
        assert (name, row["state"]) == (name, state)
        assert reason in row["reason"], name
        assert bool(row["reason"]) == bool(reason), name
        if state == "loaded":
            assert 0 < row["load_seconds"] < 1, name  # its own: torch alone takes longer
    if fates != FEW:
        assert [rows["op", f"trio.{name}"]["state"] for name in "abc"] == ["loaded", "broken", "loaded"]
    assert rows["op", "exposure"]["state"] == "loaded"


def test_what_a_plugin_starts_is_killed_with_it(site, plugins, tmp_path):
    code = (
        "import subprocess, sys, time\nfrom pathlib import Path\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\ntime.sleep(60)\n"
    )
    site.install("acme-film", "1", {"acme.fade": "acme_film:Fade"}, module="acme_film", code=code)
    rows = plugins("--check", "--timeout", "1", "--distribution", "acme-film", code=1)
    assert "did not end within 1 s" in rows["op", "acme.fade"]["reason"]
    pid = int((tmp_path / "pid").read_text())
    for _ in range(50):
        if not _runs(pid):
            return
        time.sleep(0.1)
    raise AssertionError(f"process {pid} still runs")


def _runs(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_check_without_faults_succeeds_and_blocked_plugins_are_not_imported(site, cli):
    site.fade()
    site.install("acme-film-2", "1", {"acme.hangs": "acme_hangs:Fade"}, module="acme_hangs", code=BROKEN["raises"])
    env = {"PYTHONPATH": str(site.path), "VERARETOUCH_BLOCK": "acme.hangs"}
    told = cli("plugins", "--check", "--distribution", "acme-film", env=env).stdout
    assert told.endswith("All 1 are in order.\n")
    told = cli("plugins", "--check", "--distribution", "acme-film-2", env=env).stdout
    assert "blocked" in told
    assert "ZeroDivisionError" not in told


def test_a_check_that_could_not_try_a_plugin_says_so_and_fails(monkeypatch):
    def try_none(names, *, timeout):
        tried = dict.fromkeys(names, Tried(PluginState.LOADED, seconds=0.1))
        return tried | {("ops", "exposure"): Tried(PluginState.AVAILABLE, f"{NOT_TRIED}: no process", "Try again.")}

    monkeypatch.setattr("veraretouch.core.plugins.trial.try_plugins", try_none)
    shown = CliRunner().invoke(app, ["plugins", "--check", "--kind", "op", "--distribution", "veraretouch"])
    assert shown.exit_code == 1
    assert shown.stdout.endswith("\n1 of 26 were not tried.\n")


def test_a_check_finds_collisions_and_aliases_that_lead_nowhere(site, plugins):
    site.fade()
    site.fade(name="other-film", version="3.0", module="other_film")
    site.alias("acme-film-names", "1", {"acme.old": "acme.gone"})
    rows = plugins("--check", "--distribution", "acme-film-names", code=1)
    assert rows["alias", "acme.old"]["state"] == "broken"
    rows = plugins("--kind", "op")
    reason = rows["op", "acme.fade"]["reason"]
    assert sorted(reason.removeprefix("claimed by ").split(" and ")) == ["acme-film 1.2", "other-film 3.0"]


def test_doctor_shows_the_file_the_policy_and_the_plugins_that_cannot_be_used(site, tmp_path):
    site.install("acme-film", "1", {"acme.fade": "acme_film:Fade"}, module="acme_film", code="import os\nos._exit(4)")
    site.fade(name="other-film", id="other.fade", module="other_film")
    config = tmp_path / "config.toml"
    config.write_text('[plugins]\nblock = ["other-film"]\n')
    findings = site.see(
        """
        from veraretouch.core.cli.doctor import _policy, _plugins
        tell([vars(finding) for look in (_policy, _plugins) for finding in look()])
        """,
        VERARETOUCH_CONFIG=str(config),
        VERARETOUCH_ALLOW="acme-film,other-film",
    )
    found = {finding["part"]: finding for finding in findings}
    assert found["config"]["text"] == str(config)
    assert found["block list"]["text"] == f"plugins.block in {config}: other-film"
    assert found["allow list"]["text"] == "VERARETOUCH_ALLOW: acme-film, other-film"
    assert found["op acme.fade"]["level"] == "broken"
    assert "acme-film 1" in found["op acme.fade"]["text"]
    assert "ended the process with exit code 4" in found["op acme.fade"]["text"]
    assert found["op other.fade"]["level"] == "note"
    assert f"plugins.block in {config} names it" in found["op other.fade"]["text"]
