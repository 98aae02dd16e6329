"""From words to asks: degrees, negation, regions, colours that are kept, and what nothing was made of."""

from __future__ import annotations

import pytest

from veraretouch.planners.rules.grammar import STRONGEST, Understanding, understand
from veraretouch.planners.rules.lexicon import Lexicon, Region


def read(prompt: str) -> Understanding:
    return understand(prompt, Lexicon.builtin())


def factors(prompt: str) -> dict[str, float]:
    """What is asked for, by the name of the term or region, with its factor."""
    return {ask.what.name: ask.factor for ask in read(prompt).asks}


def one(prompt: str) -> float:
    (factor,) = factors(prompt).values()
    return factor


def test_a_term_alone_is_asked_for_in_full():
    (ask,) = read("warm").asks
    assert (ask.factor, ask.said, ask.region, ask.words, ask.moved) == (1.0, "warm", None, [], False)


def test_degrees_multiply_and_stop_at_the_strongest():
    assert 0 < one("slightly warm") < 1 < one("very warm") <= STRONGEST == 2.0
    assert one("very very very very warm") == STRONGEST
    assert one("not warm") < 0
    assert one("not very very very very warm") >= -STRONGEST


def test_a_degree_behind_a_term_is_worth_as_much_as_before_it():
    assert one("warm, slightly") == one("slightly warm")
    assert read("warm, slightly").asks[0].said == "warm slightly"


def test_a_degree_goes_to_the_next_term_alone():
    found = factors("very warm and bright")
    assert found["warm"] > 1
    assert found["bright"] == 1


def test_and_carries_a_negation_from_colour_to_colour_and_not_to_other_terms():
    found = [ask.factor for ask in read("less green and magenta").asks]
    assert len(found) == 2
    assert found[0] == found[1] < 0
    mixed = read("less green and bright").asks
    assert mixed[0].factor < 0 < mixed[1].factor


def test_or_carries_a_degree_to_any_term():
    found = [ask.factor for ask in read("not warm or bright").asks]
    assert found[0] == found[1] < 0


@pytest.mark.parametrize("prompt", ["teal shadows", "shadows teal"])
def test_a_tint_beside_a_region_is_said_of_it(prompt):
    asks = read(prompt).asks
    tinted = next(ask for ask in asks if ask.region is not None)
    assert isinstance(tinted.region, Region)
    assert "shadow" in tinted.region.name
    assert set(tinted.said.split()) == {"teal", "shadows"}


def test_a_verb_moves_a_region_up_or_down():
    (down,), (gently,) = read("reduce the shadows").asks, read("reduce the shadows slightly").asks
    assert (down.moved, down.what.name, down.said) == (True, "shadows", "reduce shadows")
    assert down.factor < gently.factor < 0
    assert factors("lift the shadows") == {"lift shadows": 1.0}


def test_a_colour_that_is_to_be_kept_is_protected_and_not_asked_for():
    found = read("warm, keep the sky blue")
    assert [ask.what.name for ask in found.asks] == ["warm"]
    assert len(found.protected) == 1


def test_unknown_words_are_listed_once_in_their_order_and_take_degrees_with_them():
    found = read("very flurbish warm gribble flurbish")
    assert list(found.unknown) == ["flurbish", "gribble"]
    assert [(ask.what.name, ask.factor) for ask in found.asks] == [("warm", 1.0)]


def test_what_colour_cannot_do_is_told_with_its_reason():
    found = read("warm and blurry")
    assert list(found.beyond) == ["blurry"]
    assert all(reason for reason in found.beyond.values())


def test_degrees_without_anything_to_go_to_are_idle():
    found = read("very")
    assert found.asks == []
    assert found.idle == ["very"]


def test_nothing_is_nothing():
    found = read("")
    assert (found.asks, found.protected, found.unknown, found.beyond, found.idle, found.restraint) == (
        [],
        {},
        {},
        {},
        [],
        1.0,
    )


def test_the_longest_phrase_of_the_vocabulary_wins():
    assert [ask.said for ask in read("black and white").asks] == ["black and white"]
    assert [ask.said for ask in read("teal and orange").asks] == ["teal and orange"]
