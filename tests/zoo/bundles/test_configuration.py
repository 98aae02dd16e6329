"""A bundle's configuration is judged by its planner's schema before anything is built of it."""

import json
import tracemalloc
from types import MappingProxyType

import pytest
from bundles import Weighted, bundle_files, lay

from veraretouch import registry, zoo
from veraretouch.core.errors import BrokenPlugin, InvalidDocument
from veraretouch.core.render.retoucher import Retoucher


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The installed `tiny`, packed."""
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    folder = tmp_path_factory.mktemp("tiny") / "bundle"
    return zoo.pack(Retoucher(registry.planners.load("tiny")()), folder, name="own-tiny", licence=licence)


def changed(packed, tmp_path, change):
    """A copy of the packed bundle whose configuration has been changed."""
    files = {path.name: path.read_bytes() for path in packed.iterdir() if path.name != "README.md"}
    document = json.loads(files["bundle.json"])
    change(document["planner"]["configuration"])
    return lay(tmp_path / "changed", files | {"bundle.json": json.dumps(document).encode()})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["shape"].update(hidden=20_000), r"configuration\.shape\.hidden: 20000 is above the maximum 4096"),
        (lambda c: c["shape"].update(hidden="192"), r"configuration\.shape\.hidden"),
        (lambda c: c["shape"].update(members=17), r"configuration\.shape\.members"),
        (lambda c: c["shape"].update(members=10**9), r"configuration\.shape\.members: 1000000000 is above"),
        (lambda c: c["shape"].pop("outputs"), r"configuration\.shape: lacks 'outputs'"),
        (lambda c: c.pop("repairs"), r"configuration: lacks 'repairs'"),
        (lambda c: c["shape"].update(code="import os"), r"configuration\.shape"),
    ],
)
def test_a_configuration_that_breaks_the_schema_is_refused_by_its_path_and_costs_nothing(
    packed, tmp_path, change, message
):
    folder = changed(packed, tmp_path, change)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidDocument, match=message):
            zoo.load(folder)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()


def test_a_size_that_the_schema_allows_and_the_weights_have_not_is_refused_before_it_is_allocated(packed, tmp_path):
    from peak import peak_memory

    folder = changed(packed, tmp_path, lambda c: c["shape"].update(hidden=4096, members=15))
    script = (
        "import sys; from veraretouch import zoo\n"
        "from veraretouch.core.errors import InvalidDocument\n"
        "try: zoo.load(sys.argv[1])\n"
        "except InvalidDocument as error: assert 'size mismatch' in str(error)\n"
        "else: raise AssertionError"
    )
    assert peak_memory(script, folder) < 7 * 10**8


@pytest.mark.parametrize("side", [15, 10**9, "512", 1.5])
def test_the_reference_planners_side_is_judged(tmp_path, side):
    configuration = {"id": "reference", "version": "0.1.0", "configuration": {"side": side}}
    folder = lay(tmp_path / "look", bundle_files(planner=configuration))
    with pytest.raises(InvalidDocument, match=r"planner\.configuration\.side"):
        zoo.load(folder)


@pytest.mark.parametrize(("key", "value"), [("num_hidden_layers", 10**9), ("hidden_size", 0), ("vocab_size", True)])
def test_the_language_models_sizes_are_judged(tmp_path, key, value):
    planner = {"id": "vera", "version": "0.1.0", "configuration": {"model": {key: value}}}
    with pytest.raises(InvalidDocument, match=rf"configuration\.model\.{key}"):
        zoo.load(lay(tmp_path / "look", bundle_files(planner=planner)))


class Judged(Weighted):
    """A planner of a stranger, with a schema."""

    configuration_schema = MappingProxyType({"type": "object", "properties": {"kind": {"const": "constant"}}})


class Misjudged(Weighted):
    """A planner whose schema is none."""

    configuration_schema = MappingProxyType({"type": "no type"})


@pytest.mark.parametrize(("plugin", "error"), [(Judged, InvalidDocument), (Misjudged, BrokenPlugin)])
def test_a_planner_of_others_declares_a_schema_as_well(tmp_path, plugin, error):
    registry.planners.add(plugin)
    try:
        planner = {"id": "test.weighted", "version": "1", "configuration": {"kind": "other"}}
        with pytest.raises(error, match="configuration"):
            zoo.load(lay(tmp_path / "look", bundle_files(planner=planner)))
        if plugin is Judged:
            assert zoo.load(lay(tmp_path / "right", bundle_files())).planner.configuration == {"kind": "constant"}
    finally:
        registry.planners.remove(plugin.id)
