"""One hierarchy of errors, whose messages say problem, place and cure."""

from __future__ import annotations

import inspect

import pytest

from veraretouch.core import errors
from veraretouch.core.errors import InvalidDocument, InvalidRequest, VeraRetouchError, nearest


def test_problem_and_cure_are_two_sentences_and_kept_apart():
    error = InvalidRequest("strength 2 lies outside [0, 1]", cure="0 gives the input.")
    assert str(error) == "strength 2 lies outside [0, 1]. 0 gives the input."
    assert (error.problem, error.cure) == ("strength 2 lies outside [0, 1]", "0 gives the input.")
    assert str(InvalidRequest("nothing to do")) == "nothing to do"


def test_a_document_begins_with_its_path():
    error = InvalidDocument("is above 5", path="plan.edits", cure="Give less.")
    assert (str(error), error.path) == ("plan.edits: is above 5. Give less.", "plan.edits")
    assert str(InvalidDocument("is empty")) == "is empty"


@pytest.mark.parametrize(
    "name", [name for name, thing in vars(errors).items() if inspect.isclass(thing) and issubclass(thing, Exception)]
)
def test_every_error_is_caught_by_the_one_above_all_and_states_its_situation(name):
    error = getattr(errors, name)
    assert issubclass(error, VeraRetouchError | DeprecationWarning)
    assert error.__doc__.endswith(".")


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("exposre", ["exposure", "contrast"], " Did you mean 'exposure'?"),
        ("contarst", ("exposure", "contrast"), " Did you mean 'contrast'?"),
        ("xyz", ["exposure"], ""),
        ("exposure", [], ""),
        ("a.fade", iter(["a.face", "a.fades"]), " Did you mean 'a.fades'?"),
    ],
)
def test_the_nearest_name_is_suggested_and_none_that_is_far(name, known, said):
    assert nearest(name, known) == said
