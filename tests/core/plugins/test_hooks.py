"""Hooks: listeners are heard, a failing one is reported and the rest go on."""

import json
import threading
import warnings

import pluggy
import pytest
import torch
from distributions import Site

from veraretouch import Latents, Renderer, Schema, hookimpl, registry
from veraretouch.core.errors import BrokenPlugin
from veraretouch.core.plugins.hooks import HookSpecs, call
from veraretouch.core.plugins.registry import Registry


@pytest.fixture
def hooks():
    """A registry of its own, so that no listener of this machine is heard."""
    own = Registry()
    own.hooks._found = {}
    return own


class Listener:
    """Notes what it hears."""

    def __init__(self):
        self.heard = []

    @hookimpl
    def plan_made(self, plan):
        self.heard.append(("plan_made", plan))

    @hookimpl
    def render_begins(self, size):
        self.heard.append(("render_begins", size))

    @hookimpl
    def render_done(self, latents, report):
        self.heard.append(("render_done", report.engine))


class Failing:
    """Fails at everything."""

    @hookimpl
    def plan_made(self, plan):
        raise KeyError("no such plan")

    @hookimpl
    def open_asset(self, asset):
        raise OSError("no network")


class Opener:
    """Opens assets of one bundle."""

    def __init__(self, bundle, answer):
        self.bundle, self.answer, self.asked = bundle, answer, 0

    @hookimpl
    def open_asset(self, asset):
        self.asked += 1
        return self.answer if asset["bundle"] == self.bundle else None


def test_every_listener_hears_what_it_asks_for(hooks):
    first, second = Listener(), Listener()
    hooks.hooks.add(first, id="first")
    hooks.hooks.add(second, id="second")
    assert hooks.announce("plan_made", plan="P") == []
    hooks.announce("render_begins", latents="L", size=(2, 3))
    assert first.heard == second.heard == [("plan_made", "P"), ("render_begins", (2, 3))]


@pytest.mark.parametrize("order", [("failing", "listener"), ("listener", "failing")])
def test_a_failing_listener_becomes_a_warning_that_names_it_and_the_rest_go_on(hooks, order):
    listener = Listener()
    for name in order:
        hooks.hooks.add({"failing": Failing(), "listener": listener}[name], id=name)
    with pytest.warns(RuntimeWarning, match=r"hook plan_made: listener 'failing' failed: KeyError\('no such plan'\)"):
        hooks.announce("plan_made", plan="P")
    assert listener.heard == [("plan_made", "P")]


def test_listeners_that_do_not_fail_give_no_warning(hooks):
    hooks.hooks.add(Listener(), id="listener")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hooks.announce("plan_made", plan="P")


def test_a_listener_that_is_removed_hears_nothing(hooks):
    listener = Listener()
    hooks.hooks.add(listener, id="listener")
    hooks.hooks.remove("listener")
    hooks.announce("plan_made", plan="P")
    assert listener.heard == []


def test_the_first_to_open_an_asset_ends_the_search(hooks):
    late, early = Opener("vera", "weights"), Opener("vera", "others")
    hooks.hooks.add(early, id="early")
    hooks.hooks.add(late, id="late")
    assert hooks.announce("open_asset", asset={"bundle": "vera"}) == ["weights"]
    # Who was registered last is asked first.
    assert (late.asked, early.asked) == (1, 0)


def test_an_asset_that_one_leaves_to_others_is_opened_by_them(hooks):
    hooks.hooks.add(Opener("vera", "weights"), id="vera")
    hooks.hooks.add(Opener("tiny", "others"), id="tiny")
    assert hooks.announce("open_asset", asset={"bundle": "vera"}) == ["weights"]
    assert hooks.announce("open_asset", asset={"bundle": "nobody"}) == []


def test_an_asset_is_opened_where_another_opener_fails(hooks):
    hooks.hooks.add(Opener("vera", "weights"), id="vera")
    hooks.hooks.add(Failing(), id="failing")
    with pytest.warns(RuntimeWarning, match="listener 'failing' failed: OSError"):
        assert hooks.announce("open_asset", asset={"bundle": "vera"}) == ["weights"]


class Typo:
    """Listens to what nobody says."""

    @hookimpl
    def plan_mad(self, plan): ...


class Greedy:
    """Asks for what the hook does not say."""

    @hookimpl
    def plan_made(self, plan, photo): ...


@pytest.mark.parametrize(
    ("listener", "message"), [(Typo(), "unknown hook 'plan_mad'"), (Greedy(), "'photo'")], ids=["typo", "greedy"]
)
def test_a_listener_that_could_never_be_called_is_refused_and_leaves_nothing(hooks, listener, message):
    with pytest.raises(pluggy.PluginValidationError, match=message):
        hooks.hooks.add(listener, id="broken")
    assert hooks.hooks.manager.get_plugin("broken") is None
    assert "broken" not in hooks.hooks
    good = Listener()
    hooks.hooks.add(good, id="good")
    hooks.announce("plan_made", plan="P")
    assert good.heard == [("plan_made", "P")]


class Wrapping:
    """Wraps others, which only pluggy's own calls can do."""

    @hookimpl(wrapper=True)
    def plan_made(self, plan):
        return (yield)


def test_a_wrapper_is_reported_as_not_called(hooks):
    hooks.hooks.add(Wrapping(), id="wrapping")
    with pytest.warns(RuntimeWarning, match=r"'wrapping' failed: TypeError\(.*use a plain @hookimpl"):
        assert hooks.announce("plan_made", plan="P") == []


def test_an_installed_listener_is_imported_on_first_use_and_a_broken_one_is_a_warning_once(
    hooks, tmp_path, monkeypatch
):
    info = tmp_path / "acme_hooks-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-hooks\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[veraretouch.hooks]\nacme = acme_hooks_of_test\nacme_broken = acme_hooks_that_are_missing\n"
    )
    (tmp_path / "acme_hooks_of_test.py").write_text(
        "from veraretouch import hookimpl\nheard = []\n@hookimpl\ndef plan_made(plan):\n    heard.append(plan)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    hooks.hooks.refresh()
    with pytest.warns(RuntimeWarning, match="hook 'acme_broken' of acme-hooks 1 is broken: ModuleNotFoundError"):
        hooks.announce("plan_made", plan="P")
    hooks.announce("plan_made", plan="Q")
    assert hooks.hooks.load("acme").heard == ["P", "Q"]
    with pytest.raises(BrokenPlugin):
        hooks.hooks.load("acme_broken")


def test_a_render_is_announced_before_and_after():
    listener = Listener()
    registry.hooks.add(listener, id="test.listener")
    try:
        latents = Latents.identity(Schema.of([registry.ops.load("exposure")]))
        Renderer().render(torch.rand(3, 4, 5), latents)
    finally:
        registry.hooks.remove("test.listener")
    assert listener.heard == [("render_begins", (4, 5)), ("render_done", "exact")]


def test_call_works_on_any_manager_with_these_hooks():
    manager = pluggy.PluginManager("veraretouch")
    manager.add_hookspecs(HookSpecs)
    manager.register(Opener("vera", 1))
    manager.register(Opener("vera", 2))
    assert call(manager, "open_asset", asset={"bundle": "vera"}) == [2]


class Ending:
    """Ends with whatever it was made with."""

    def __init__(self, error):
        self.error = error

    @hookimpl
    def plan_made(self, plan):
        raise self.error


class Panic(BaseException):
    """What extensions in other languages raise, past `except Exception`."""


@pytest.mark.parametrize("error", [SystemExit(3), Panic("index out of range"), GeneratorExit()], ids=repr)
def test_a_listener_that_would_end_the_process_is_contained(hooks, error):
    listener = Listener()
    hooks.hooks.add(listener, id="listener")
    hooks.hooks.add(Ending(error), id="ending")
    with pytest.warns(RuntimeWarning, match=f"listener 'ending' failed: {type(error).__name__}"):
        hooks.announce("plan_made", plan="P")
    assert listener.heard == [("plan_made", "P")]


def test_the_users_own_interrupt_passes_through_a_listener(hooks):
    hooks.hooks.add(Ending(KeyboardInterrupt()), id="ending")
    with pytest.raises(KeyboardInterrupt):
        hooks.announce("plan_made", plan="P")


def test_listeners_are_heard_and_contained_in_every_thread(hooks):
    listener = Listener()
    hooks.hooks.add(listener, id="listener")
    hooks.hooks.add(Failing(), id="failing")
    escaped = []

    def announce(i):
        try:
            hooks.announce("plan_made", plan=i)
        except BaseException as error:
            escaped.append(error)

    def announce_at_once():
        threads = [threading.Thread(target=announce, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with pytest.warns(RuntimeWarning, match="listener 'failing' failed: KeyError"):
        announce_at_once()
    assert escaped == []
    assert sorted(plan for _, plan in listener.heard) == list(range(8))


LISTENING = """
import os
from pathlib import Path
from veraretouch import hookimpl

@hookimpl
def plan_made(plan):
    raise SystemExit(7)

@hookimpl
def render_begins(latents, size):
    with open("heard", "a") as heard:
        heard.write(f"{os.getpid()}\\n")

@hookimpl
def render_done(latents, report):
    raise ValueError("the log is full")
"""


def test_a_batch_with_a_failing_listener_writes_every_photo_and_reports_the_listener(cli, photos, tmp_path):
    site = Site(tmp_path / "site")
    site.path.mkdir()
    site.install(
        "acme-log", "1", {"acme.log": "acme_log"}, group="veraretouch.hooks", module="acme_log", code=LISTENING
    )
    told = cli("auto", *photos, "--jobs", "2", "--json", env={"PYTHONPATH": str(site.path)})
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    written = [line for line in lines if line.get("status") == "written"]
    assert len(written) == 2
    for line in written:
        assert "hook plan_made: listener 'acme.log' failed: SystemExit(7)" in line["warnings"]
        assert "hook render_done: listener 'acme.log' failed: ValueError('the log is full')" in line["warnings"]
    workers = (tmp_path / "heard").read_text().split()
    assert len(workers) == 2
    assert len(set(workers)) == 2


def test_a_plugins_command_is_a_sub_command_with_help_and_options(cli, tmp_path):
    site = Site(tmp_path / "site")
    site.path.mkdir()
    code = (
        "import typer\n\n\ndef count(folder: str, twice: bool = False):\n"
        '    """Count what lies in a folder."""\n    typer.echo(f"{folder} {1 + twice}")\n'
    )
    site.install(
        "acme-count", "1", {"count": "acme_count:count"}, group="veraretouch.commands", module="acme_count", code=code
    )
    env = {"PYTHONPATH": str(site.path)}
    assert "Count what lies in a folder." in cli("--help", env=env).stdout
    assert "--twice" in cli("count", "--help", env=env).stdout
    assert cli("count", "here", "--twice", env=env).stdout == "here 2\n"
