"""Words of things that a photo has become local adjustments in their areas."""

import json

import pytest

from veraretouch.core.testing.isolation import isolated_registry
from veraretouch.planners.rules.lexicon import Lexicon
from veraretouch.planners.rules.places import by_place, regions_in
from veraretouch.planners.rules.style import read_style


def placed(prompt, *seen):
    """Names, areas and edits of the adjustments of a prompt where these regions are seen; what is left for all."""
    reading = read_style(prompt, seen=seen)
    made, _ = by_place(reading)
    local = {
        entry.name: (
            [(part.id, part.combine, part.invert) for part in entry.area],
            {f"{op}.{slot}": value.tolist() for op, e in entry.edits.items() for slot, value in e.params.items()},
        )
        for entry in made
    }
    return local, reading.edits


def test_what_is_asked_of_a_thing_that_is_seen_applies_where_it_is():
    local, rest = placed("darker sky", "sky")
    area, edits = local["sky"]
    assert area == [("sky", "add", False)]
    assert edits["exposure.ev"] < 0
    assert rest == {}
    assert read_style("darker sky").local == {}
    assert read_style("darker sky").edits["hsl"]  # by its usual hues, as ever


def test_only_what_is_said_of_the_thing_is_local():
    local, rest = placed("brighter faces, more contrast", "skin")
    assert local["skin"][1]["exposure.ev"] > 0
    assert "contrast" in rest
    assert "exposure" not in rest


def test_what_is_to_be_kept_is_spared_by_everything_else():
    local, _ = placed("teal and orange, darker sky, keep skin natural", "skin", "sky")
    assert local["all but skin"][0] == [("skin", "subtract", False)]
    assert local["sky"][0] == [("sky", "add", False), ("skin", "subtract", False)]
    asked = read_style("teal and orange")
    assert read_style("teal and orange, keep skin natural", seen=("skin",)).edits == asked.edits


def test_what_is_kept_and_not_seen_is_still_told_by_its_hues():
    reading = read_style("teal and orange, keep skin and sky natural", seen=("sky",))
    assert (reading.spared, reading.kept) == (("sky",), ("skin",))


def test_a_word_of_a_lexicon_may_name_an_area_of_a_plug_in(tmp_path):
    from simple_areas import Top

    lexicon = tmp_path / "mine.json"
    region = {"id": "ceiling", "names": ["ceiling"], "doc": "The top.", "area": "acme.top"}
    lexicon.write_text(json.dumps({"schema": "veraretouch.lexicon/1", "regions": [region]}))
    read = Lexicon.load(lexicon)
    with isolated_registry() as registry:
        assert "ceiling" not in regions_in(_Everything(), read)
        registry.areas.add(Top)
        assert "ceiling" in regions_in(_Everything(), read)
        made, thoughts = by_place(read_style("darker ceiling", read, seen=("ceiling",)), read)
    assert [part.id for part in made[0].area] == ["acme.top"]
    assert thoughts["in ceiling"]["plan"].startswith("There exposure.ev -")


class _Everything:
    """A scene that has everything."""

    def share(self, name):
        return 1.0


@pytest.mark.parametrize("share", [0.001, 0.5])
def test_a_thing_that_fills_next_to_nothing_is_not_seen(share):
    with isolated_registry() as registry:
        from simple_areas import Top

        registry.areas.add(type("Sky", (Top,), {"__doc__": "Sky.", "id": "acme.sky", "version": 1}))

        class Scene:
            def share(self, name):
                return share

        found = regions_in(Scene())
        expected = {"sky", "water", "skin", "foliage"} & set(registry.areas.ids())
        assert found == (expected if share > 0.01 else frozenset())


def test_without_a_scene_nothing_is_seen():
    assert regions_in(None) == frozenset()
