"""Aliases and deprecations: a renamed plugin is found by its old id, with one warning;
what cannot be followed says why.
"""

import json
from pathlib import Path

import pytest
from distributions import OP, Site

DATA = Path(__file__).parents[2] / "data" / "plugins" / "fake"


@pytest.fixture
def site(tmp_path):
    """An op that was renamed: acme.fade was acme.fade_old."""
    found = Site(tmp_path)
    found.fade()
    found.alias("acme-names", "1.2", {"acme.fade_old": "acme.fade"})
    return found


def test_an_old_id_finds_the_op_and_warns_once_with_both_ids_and_the_cure(site):
    same, known, texts, kinds = site.see("""
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            same = catalogue.load("acme.fade_old") is catalogue.load("acme.fade_old") is catalogue.load("acme.fade")
        tell([same, "acme.fade_old" in catalogue, [str(w.message) for w in heard],
              [issubclass(w.category, DeprecationWarning) for w in heard]])
    """)
    assert same
    assert known
    assert texts == ["op 'acme.fade_old' is now 'acme.fade' (says acme-film 1.2). Use the new id."]
    assert kinds == [True]


def test_an_alias_is_read_from_metadata_alone_and_is_no_op_in_lists(site):
    imported, ids, now, facts = site.see("""
        now = catalogue.resolve("acme.fade_old")
        e = registry.aliases()["acme.fade_old"]
        tell(["acme_film" in sys.modules, catalogue.ids(), now, [e.owner, e.target, str(e.state)]])
    """)
    assert not imported
    assert "acme.fade_old" not in ids
    assert now == "acme.fade"
    assert facts == ["acme-names 1.2", "acme.fade", "available"]


PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "edits": {"acme.fade_old": {"version": 1, "from": "acme-film 1.0", "params": {"amount": 0.25}}},
}


def test_a_plan_with_an_old_id_is_carried_to_the_new_one_and_saved_so(site):
    edits, fingerprint, warned = site.see(f"""
        import veraretouch as vr
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            plan = vr.Plan.load({PLAN!r})
            again = vr.Plan.load({PLAN!r})
        schema = plan.schema() == vr.Schema.of([catalogue.load("acme.fade")])
        tell([json.loads(plan.json())["edits"], schema, len(heard)])
    """)
    assert list(edits) == ["acme.fade"]
    assert edits["acme.fade"]["params"] == {"amount": 0.25}
    assert fingerprint
    assert warned == 1


def test_an_old_version_under_an_old_id_is_migrated_by_the_new_op(tmp_path):
    site = Site(tmp_path)
    code = (
        OP.format(id="acme.fade").replace("version = 1", "version = 2")
        + "\n    @classmethod\n    def migrate(cls, values, version):\n        return {'amount': values['strength'] /"
        " 100}\n"
    )
    site.install("acme-film", "2", {"acme.fade": "acme_film:Fade"}, module="acme_film", code=code)
    site.alias("acme-names", "2", {"acme.fade_old": "acme.fade"})
    old = PLAN | {"edits": {"acme.fade_old": {"version": 1, "params": {"strength": 50}}}}
    edits = site.see(f"""
        import veraretouch as vr
        warnings.simplefilter("ignore")
        tell(vr.Plan.load({old!r}).document()["edits"])
    """)
    assert edits == {"acme.fade": {"version": 2, "params": {"amount": 0.5}}}


def test_a_plan_that_has_the_op_by_both_names_is_refused(site):
    both = PLAN | {"edits": PLAN["edits"] | {"acme.fade": {"version": 1, "params": {}}}}
    message = site.see(f"""
        import veraretouch as vr
        warnings.simplefilter("ignore")
        tell(error(vr.Plan.load, {both!r}))
    """)
    assert message.startswith("InvalidPlan plan.edits.acme.fade: op 'acme.fade' occurs twice, once by an old name")


def test_values_by_address_understand_the_old_id_and_refuse_one_given_twice(site):
    values, twice = site.see("""
        from veraretouch.planners.params import read_params
        warnings.simplefilter("ignore")
        read = read_params({"acme.fade_old.amount": 0.5})
        values = {op: {k: float(v) for k, v in s.items()} for op, s in read.items()}
        tell([values, error(read_params, {"acme.fade.amount": 0.1, "acme.fade_old.amount": 0.5})])
    """)
    assert values == {"acme.fade": {"amount": 0.5}}
    assert "acme.fade.amount is given twice, as 'acme.fade_old' is an old name of 'acme.fade'" in twice


def test_latents_of_a_schema_with_the_old_id_are_rendered_and_planned_by_the_new_op(site):
    darker, edits = site.see("""
        import torch, veraretouch as vr
        from veraretouch.core.contract.schema import OpSpec
        warnings.simplefilter("ignore")
        op = catalogue.load("acme.fade")
        schema = vr.Schema([OpSpec("acme.fade_old", 1, 400, op.slots)])
        latents = vr.Latents(schema, {"acme.fade_old": {"amount": torch.tensor([0.5])}})
        picture = vr.Renderer().render(torch.ones(3, 2, 2), latents)
        plan = vr.Plan.of(latents)
        tell([float(picture.mean()), plan.document()["edits"]])
    """)
    assert darker == pytest.approx(0.5)
    assert edits == {"acme.fade": {"version": 1, "from": "acme-film 1.2", "params": {"amount": 0.5}}}


def test_the_command_line_takes_an_old_id_and_says_the_new_one_once(site, cli, photos):
    env = {"PYTHONPATH": str(site.path)}
    told = cli("param", photos[0], "--set", "acme.fade_old.amount=0.5", "--save-plan", "--json", env=env)
    plan = json.loads((photos[0].parent / "retouched" / "a.plan.json").read_text())
    assert list(plan["edits"]) == ["acme.fade"]
    assert told.stderr.count("op 'acme.fade_old' is now 'acme.fade'") == 1


def test_a_renamed_planner_is_found_on_the_command_line(tmp_path, cli, photos):
    site = Site(tmp_path)
    site.alias("fake-names", "1", {"fake.lighten": "fake.brighten", "fake.oldest": "fake.lighten"})
    folders = f"{site.path}:{DATA}"
    told = cli("auto", photos[0], "--planner", "fake.oldest", env={"PYTHONPATH": folders})
    assert "planner 'fake.oldest' is now 'fake.brighten'" in told.stdout + told.stderr
    assert (photos[0].parent / "retouched" / "a.jpg").is_file()


WRONG = {
    "a circle": (
        {"acme.a": "acme.b", "acme.b": "acme.a"},
        "acme.a",
        "broken",
        "acme.a -> acme.b goes round in a circle",
    ),
    "itself": ({"acme.a": "acme.a"}, "acme.a", "broken", "acme.a -> acme.a goes round in a circle"),
    "nothing": ({"acme.a": "acme.gone"}, "acme.a", "broken", "no plugin 'acme.gone' is installed"),
    "nothing, by two steps": ({"acme.a": "acme.b", "acme.b": "acme.gone"}, "acme.a", "broken", "no plugin 'acme.gone'"),
}


@pytest.mark.parametrize(("names", "old", "state", "reason"), WRONG.values(), ids=WRONG.keys())
def test_an_alias_that_leads_nowhere_has_its_reason_and_whoever_asks_is_told(site, names, old, state, reason):
    site.alias("wrong-names", "3", names)
    found, message, good = site.see(f"""
        e = registry.aliases()[{old!r}]
        warnings.simplefilter("ignore")
        tell([[str(e.state), e.reason], error(catalogue.load, {old!r}), catalogue.load("acme.fade_old").id])
    """)
    assert found[0] == state
    assert reason in found[1]
    assert message.startswith(
        f"UnknownPlugin no op {old!r} is installed (wrong-names 3 has it as an alias that is broken"
    )
    assert reason in message
    assert good == "acme.fade"


def test_an_alias_never_hides_a_plugin_and_both_are_named(site):
    site.alias("thief", "3", {"exposure": "acme.fade"})
    state, reason, op = site.see("""
        e = registry.aliases()["exposure"]
        tell([str(e.state), e.reason, catalogue.load("exposure").__module__])
    """)
    assert state == "collision"
    assert "claimed by veraretouch" in reason
    assert "(op) and thief 3 (alias); the op stands" in reason
    assert op == "veraretouch.ops.exposure"


def test_two_distributions_that_claim_one_alias_collide_and_a_blocked_one_is_not_followed(site):
    site.alias("other-names", "3", {"acme.fade_old": "exposure"})
    code = """
        warnings.simplefilter("ignore")
        e = registry.aliases()["acme.fade_old"]
        tell([str(e.state), e.reason, "acme.fade_old" in catalogue and catalogue.load("acme.fade_old").id])
    """
    state, reason, found = site.see(code)
    assert state == "collision"
    assert sorted(reason.removeprefix("claimed by ").split(" and ")) == ["acme-names 1.2", "other-names 3"]
    assert not found
    assert site.see(code, VERARETOUCH_BLOCK="other-names") == ["available", "", "acme.fade"]
    state, _, found = site.see(code, VERARETOUCH_BLOCK="acme-names,other-names")
    assert (state, found) == ("blocked", False)


def test_an_op_that_its_author_deprecates_warns_once_and_works(tmp_path):
    site = Site(tmp_path)
    code = OP.format(id="acme.fade").replace("version = 1", 'version = 1\n    deprecated = "Use acme.better."')
    site.install("acme-film", "2", {"acme.fade": "acme_film:Fade"}, module="acme_film", code=code)
    texts = site.see("""
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            catalogue.load("acme.fade"), catalogue.load("acme.fade")
        tell([str(w.message) for w in heard])
    """)
    assert texts == ["op 'acme.fade' of acme-film 2 is deprecated: Use acme.better."]
