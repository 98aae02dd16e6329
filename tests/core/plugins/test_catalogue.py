"""The registry within one process: what is added by hand, and what cannot be."""

import pytest
from fade import fade

from veraretouch import Op, Slot, registry
from veraretouch.core.errors import BrokenPlugin, InvalidOp, PluginCollision, UnknownPlugin
from veraretouch.core.plugins.registry import Catalogue, PluginState


@pytest.fixture
def added():
    """A fade in the catalogue for the length of a test."""
    op = registry.ops.add(fade())
    yield op
    registry.ops.remove("test.registry_fade")


def test_an_op_added_by_hand_is_on_the_catalogue_until_it_is_removed():
    op = fade()
    assert registry.ops.add(op) is op
    assert registry.ops.load("test.registry_fade") is op
    assert "test.registry_fade" in list(registry.ops)
    assert registry.ops.entries()["test.registry_fade"].state is PluginState.LOADED
    registry.ops.remove("test.registry_fade")
    assert "test.registry_fade" not in registry.ops
    assert registry.ops.manager.get_plugin("test.registry_fade") is None
    registry.ops.remove("test.registry_fade")


def test_adding_an_op_of_the_same_id_again_replaces_it(added):
    again = registry.ops.add(fade(version=2))
    assert registry.ops.load("test.registry_fade") is again
    assert registry.ops.add(again) is again


def test_what_was_added_by_hand_survives_a_refresh(added):
    registry.ops.refresh()
    assert registry.ops.load("test.registry_fade") is added
    assert registry.ops.load("exposure").id == "exposure"


def test_an_installed_id_cannot_be_added_by_hand():
    with pytest.raises(PluginCollision, match=r"op 'exposure' is provided by veraretouch. Use another id"):
        registry.ops.add(fade(id="exposure"))
    assert registry.ops.load("exposure").__module__ == "veraretouch.ops.exposure"


def test_removing_does_not_touch_what_is_installed():
    registry.ops.remove("exposure")
    assert registry.ops.load("exposure").id == "exposure"


@pytest.mark.parametrize("thing", [None, 5, "exposure", object(), Op, Slot], ids=lambda thing: type(thing).__name__)
def test_what_is_no_op_cannot_be_added(thing):
    with pytest.raises(InvalidOp, match=r"is not a subclass of veraretouch.Op with an id. State id = "):
        registry.ops.add(thing)


def test_an_op_without_id_cannot_be_added():
    with pytest.raises(InvalidOp, match="with an id"):
        registry.ops.add(fade(id=None))


def test_an_op_cannot_be_added_under_another_id():
    with pytest.raises(InvalidOp, match=r"named 'test.other' but the op's id is 'test.registry_fade'"):
        registry.ops.add(fade(), id="test.other")


def test_a_plugin_without_id_needs_one():
    catalogue = Catalogue("bundle", "test.bundles", lambda id, plugin: None)
    with pytest.raises(BrokenPlugin, match=r"has no id. Give one: add"):
        catalogue.add(object())
    assert catalogue.add(5, id="five") == 5
    assert catalogue.load("five") == 5


def test_an_unknown_id_is_refused_with_the_nearest_name_and_all_others():
    with pytest.raises(UnknownPlugin, match=r"no op 'exposre' is installed. Did you mean 'exposure'\?") as caught:
        registry.ops.load("exposre")
    assert "calibration, cdl, " in str(caught.value)
    with pytest.raises(UnknownPlugin, match=r"no bundle 'x' is installed\. Install .* choose one of: none\.$"):
        Catalogue("bundle", "test.bundles", lambda id, plugin: None).load("x")


def test_every_catalogue_can_be_listed():
    assert set(registry.catalogues()) == {
        "ops",
        "areas",
        "planners",
        "rewards",
        "scorers",
        "bundles",
        "commands",
        "hooks",
        "checks",
        "examinations",
        "lexicons",
    }
    assert all(isinstance(id, str) for catalogue in registry.catalogues().values() for id in catalogue)
