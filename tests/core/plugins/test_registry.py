"""The registry: what is installed is listed without being imported, judged first, and loaded on first use."""

import pytest
from distributions import OP, Site


@pytest.fixture
def site(tmp_path):
    """A folder of installed distributions, and what a fresh process sees of it."""
    return Site(tmp_path)


def test_a_stranger_is_listed_beside_the_built_ins_and_nothing_is_imported(site):
    site.fade()
    ids, known, torch, module, facts = site.see(
        """
        ids = catalogue.ids()
        e = catalogue.entries()["acme.fade"]
        facts = [e.id, e.distribution, e.version, e.target, str(e.state)]
        tell([ids, "acme.fade" in catalogue, "torch" in sys.modules, "acme_film" in sys.modules, facts])
    """,
        anew=True,
    )
    assert "acme.fade" in ids
    assert "exposure" in ids
    assert ids == sorted(ids)
    assert known
    assert not torch
    assert not module
    assert facts == ["acme.fade", "acme-film", "1.2", "acme_film:Fade", "available"]


def test_a_plugin_is_imported_on_first_use_and_once(site):
    site.fade()
    state, seconds, same, registered = site.see("""
        op = catalogue.load("acme.fade")
        e = catalogue.entries()["acme.fade"]
        registered = catalogue.manager.get_plugin("acme.fade") is op
        tell([str(e.state), e.load_seconds, catalogue.load("acme.fade") is op, registered])
    """)
    assert state == "loaded"
    assert seconds > 0
    assert same
    assert registered


BROKEN = {
    "a module that is missing": ("acme_film:Fade", None, "ModuleNotFoundError: No module named 'acme_film'"),
    "a class that is missing": ("acme_film:Fdae", OP.format(id="acme.fade"), "AttributeError: "),
    "a target that is no name": ("acme film", OP.format(id="acme.fade"), "Error: "),
    "a syntax error": ("acme_film:Fade", "class Fade(", "SyntaxError: "),
    "an import that fails": (
        "acme_film:Fade",
        "import no_such_package",
        "ModuleNotFoundError: No module named 'no_such",
    ),
    "an import that raises": ("acme_film:Fade", "1 / 0", "ZeroDivisionError: division by zero"),
    "an import that ends the process": ("acme_film:Fade", "raise SystemExit(3)", "SystemExit: 3"),
    "another id": (
        "acme_film:Fade",
        OP.format(id="acme.other"),
        "the entry point is named 'acme.fade' but the op's id is",
    ),
    "no op": ("acme_film:Fade", "class Fade: id = 'acme.fade'", "is not a subclass of veraretouch.Op with an id"),
    "an instance": (
        "acme_film:fade",
        OP.format(id="acme.fade") + "\nfade = Fade()",
        "is not a subclass of veraretouch.Op",
    ),
    "an op without an id of its own": (
        "acme_film:Child",
        OP.format(id="acme.fade") + "\nclass Child(Fade): pass",
        "is not a subclass of veraretouch.Op with an id",
    ),
    "an op that breaks the contract": (
        "acme_film:Fade",
        OP.format(id="acme.fade").replace("pointwise = True", ""),
        "InvalidOp: Fade: pointwise is None. Give True or False",
    ),
}


@pytest.mark.parametrize(("target", "code", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_keeps_its_reason_and_the_rest_goes_on(site, target, code, reason):
    site.install("acme-film", "1.2", {"acme.fade": target}, module="acme_film", code=code)
    site.fade(name="good-film", id="good.fade", module="good_film")
    first, second, state, ids, other = site.see("""
        first, second = error(catalogue.load, "acme.fade"), error(catalogue.load, "acme.fade")
        tell([first, second, entry("acme.fade"), catalogue.ids(), catalogue.load("good.fade").id])
    """)
    assert first == second
    assert first.startswith("BrokenPlugin op 'acme.fade' of acme-film 1.2 is broken: ")
    assert reason in first
    assert first.endswith("Report it to its author, or uninstall it.")
    assert state[0] == "broken"
    assert reason in state[1]
    assert "acme.fade" not in ids
    assert "exposure" in ids
    assert other == "good.fade"


def test_two_distributions_that_claim_one_id_are_both_named_and_neither_is_imported(site):
    site.fade()
    site.fade(name="other-film", version="3.0", module="other_film")
    message, ids, modules, other = site.see("""
        message = error(catalogue.load, "acme.fade")
        modules = [name in sys.modules for name in ("acme_film", "other_film")]
        tell([message, catalogue.ids(), modules, entry("exposure")[0]])
    """)
    assert message.startswith("PluginCollision op 'acme.fade'")
    assert " is in collision: claimed by " in message
    assert "acme-film 1.2" in message
    assert "other-film 3.0" in message
    assert "Uninstall one of them, or name it in VERARETOUCH_BLOCK." in message
    assert "acme.fade" not in ids
    assert modules == [False, False]
    assert other == "available"


def test_a_stranger_cannot_take_a_built_in_ops_id(site):
    site.install("acme-film", "1.2", {"exposure": "acme_film:Fade"}, module="acme_film", code=OP.format(id="exposure"))
    message = site.see("tell(error(catalogue.load, 'exposure'))")
    assert message.startswith("PluginCollision ")
    assert "veraretouch" in message
    assert "acme-film 1.2" in message


@pytest.mark.parametrize("first", [True, False])
def test_blocking_one_of_two_claimants_ends_their_collision(site, first):
    site.fade()
    site.fade(name="other-film", version="3.0", module="other_film")
    blocked, kept = ("acme-film", "other_film") if first else ("other-film", "acme_film")
    module = site.see("tell(catalogue.load('acme.fade').__module__)", VERARETOUCH_BLOCK=blocked)
    assert module == kept


def test_the_same_distribution_seen_twice_is_no_collision(site):
    site.fade()
    # A stale egg-info beside an editable install, or a folder that stands twice on the path.
    egg = site.path / "acme_film.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: acme-film\nVersion: 1.2\n")
    (egg / "entry_points.txt").write_text("[veraretouch.ops]\nacme.fade = acme_film:Fade\n")
    assert site.see("sys.path.append(sys.path[0]); tell(catalogue.load('acme.fade').id)") == "acme.fade"


BLOCKS = ["acme.fade", "acme-film", "Acme_Film", " acme.fade , other", "x,acme-film"]


@pytest.mark.parametrize("names", BLOCKS)
def test_a_blocked_plugin_is_listed_with_its_reason_and_never_imported(site, names):
    site.fade()
    message, state, ids, imported = site.see(
        """
        message = error(catalogue.load, "acme.fade")
        tell([message, entry("acme.fade"), catalogue.ids(), "acme_film" in sys.modules])
        """,
        VERARETOUCH_BLOCK=names,
    )
    assert message.startswith("BlockedPlugin op 'acme.fade' of acme-film 1.2 is blocked: VERARETOUCH_BLOCK names it.")
    assert message.endswith("Change VERARETOUCH_BLOCK.")
    assert state == ["blocked", "VERARETOUCH_BLOCK names it"]
    assert "acme.fade" not in ids
    assert "exposure" in ids
    assert not imported


@pytest.mark.parametrize("names", ["acme", "acme.fad", "film", ",", ""])
def test_a_block_list_that_names_others_blocks_nothing(site, names):
    site.fade()
    assert site.see("tell(catalogue.load('acme.fade').id)", VERARETOUCH_BLOCK=names) == "acme.fade"


def test_a_built_in_op_can_be_blocked(site):
    assert site.see("tell(entry('exposure')[0])", VERARETOUCH_BLOCK="exposure") == "blocked"


def test_an_allow_list_lets_in_whom_it_names_and_the_built_ins(site):
    site.fade()
    site.fade(name="other-film", id="other.fade", module="other_film")
    states = site.see(
        "tell([entry(id) for id in ('acme.fade', 'other.fade', 'exposure')])", VERARETOUCH_ALLOW="acme_film,nobody"
    )
    assert [state for state, _ in states] == ["available", "blocked", "available"]
    assert states[1][1] == "VERARETOUCH_ALLOW does not name it"


def test_the_block_list_goes_before_the_allow_list(site):
    site.fade()
    state = site.see("tell(entry('acme.fade')[0])", VERARETOUCH_ALLOW="acme-film", VERARETOUCH_BLOCK="acme.fade")
    assert state == "blocked"


def test_damaged_metadata_does_not_hide_the_plugin(site):
    site.install(
        "nameless",
        "1",
        {"acme.fade": "acme_film:Fade"},
        module="acme_film",
        code=OP.format(id="acme.fade"),
        metadata="",
    )
    assert site.see("tell([catalogue.load('acme.fade').id, catalogue.entries()['acme.fade'].distribution])") == [
        "acme.fade",
        "(unknown)",
    ]


def test_a_distribution_installed_while_running_is_seen_after_refresh(site):
    site.fade()
    before, stale, after = site.see(f"""
        import pathlib
        before = "late.fade" in catalogue
        root = pathlib.Path({str(site.path)!r})
        info = root / "late_film-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: late-film\\nVersion: 1\\n")
        (info / "entry_points.txt").write_text("[veraretouch.ops]\\nlate.fade = late_film:Fade\\n")
        stale = "late.fade" in catalogue
        catalogue.load("acme.fade")
        catalogue.refresh()
        tell([before, stale, "late.fade" in catalogue and catalogue.load("acme.fade").id == "acme.fade"])
    """)
    assert (before, stale, after) == (False, False, True)


def test_planners_and_commands_are_judged_by_their_own_contracts(site):
    site.install(
        "acme-plan",
        "1",
        {"acme.half": "acme_plan:Half", "acme.wrong": "acme_plan:Whole", "acme.whole": "acme_plan:Whole"},
        group="veraretouch.planners",
        module="acme_plan",
        code="""
class Half:
    id, version = "acme.half", "1"

class Whole(Half):
    id, modes = "acme.whole", frozenset({"auto"})
    def plan(self, photos, requests): ...
""",
    )
    site.install(
        "acme-run", "1", {"five": "acme_run:five"}, group="veraretouch.commands", module="acme_run", code="five = 5"
    )
    half, wrong, whole, five = site.see("""
        catalogue = registry.planners
        tell([error(catalogue.load, id) for id in ("acme.half", "acme.wrong")] + [catalogue.load("acme.whole").id]
             + [error(registry.commands.load, "five")])
    """)
    assert "lacks modes, plan" in half
    assert "the entry point is named 'acme.wrong' but the planner's id is 'acme.whole'" in wrong
    assert whole == "acme.whole"
    assert "5 is neither a function nor a Typer app" in five


def test_many_strangers_are_listed_quickly(site):
    for i in range(50):
        site.install(f"acme-{i}", "1", {f"acme.fade{i}": f"acme_{i}:Fade"})
    seconds, count = site.see("""
        import time
        start = time.thread_time()
        count = len(catalogue.ids())
        tell([time.thread_time() - start, count])
    """)
    assert count >= 65
    assert seconds < 0.5


PLAN = {"schema": "veraretouch.plan/1", "mode": "param", "edits": {"acme.lost": {"version": 1, "params": {}}}}


@pytest.mark.parametrize(
    ("provider", "cure"),
    [
        ("gone-film 1.0", "(provided by 'gone-film 1.0'). pip install gone-film"),
        ("acme-film 1.0", "(provided by 'acme-film 1.0'; 1.2 is installed). pip install acme-film==1.0"),
        ("acme-film 1.0; rm", "(provided by 'acme-film 1.0; rm'; 1.2 is installed). pip install acme-film"),
    ],
    ids=["gone", "older", "no version"],
)
def test_a_plan_names_the_distribution_that_had_its_op_and_the_version_where_another_is_here(site, provider, cure):
    site.fade()
    plan = PLAN | {"edits": {"acme.lost": PLAN["edits"]["acme.lost"] | {"from": provider}}}
    message = site.see(f"import veraretouch as vr\ntell(error(vr.Plan.load, {plan!r}))")
    assert message.startswith("InvalidPlan plan.edits.acme.lost: op 'acme.lost' is not installed")
    assert message.endswith(cure)
