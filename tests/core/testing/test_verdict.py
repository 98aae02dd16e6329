"""What a check finds: advice, where an exception came from, which checks were chosen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from veraretouch.core.testing.verdict import (
    CheckOutcome,
    ConformanceError,
    Failure,
    UnknownCheck,
    advice,
    chosen,
    demand,
    findings,
    judge,
    raised,
    shown,
    shown_by,
)


def test_advice_is_one_sentence_and_a_cure():
    assert (
        advice("3 rows", "2 rows.", "a batch of 3", "Keep all.")
        == "expected 3 rows; came 2 rows, at a batch of 3. Keep all."
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [(ValueError("one\ntwo"), "ValueError: one"), (KeyError(), "KeyError"), (RuntimeError("  x  "), "RuntimeError: x")],
)
def test_an_exception_is_said_on_one_line(error, said):
    assert raised(error) == said


def test_the_innermost_input_is_noted_and_made_only_where_something_was_raised():
    made = []

    def fail():
        with shown_by("outer"), shown_by(lambda: made.append(1) or "inner"):
            raise ValueError("x")

    with pytest.raises(ValueError, match="x") as caught:
        fail()
    assert shown(caught.value) == "inner"
    assert made == [1]
    with shown_by(lambda: made.append(2) or ""):
        pass
    assert made == [1]
    assert shown(ValueError()) is None


class Plugin:
    """A plugin that fails."""

    def run(self):
        raise ZeroDivisionError("by nothing")


def test_a_plugin_that_fails_in_a_check_becomes_a_finding_with_its_line():
    plugin = Plugin()

    def check(given):
        yield "said before"
        plugin.run()

    (said,) = findings(check, SimpleNamespace(op=plugin, latest="a photo of 2 x 2"), "op")
    line = Plugin.run.__code__.co_firstlineno + 1
    assert said == (
        "expected the op to run; came ZeroDivisionError: by nothing, at a photo of 2 x 2. "
        f"Look at line {line} of test_verdict.py."
    )
    (said,) = findings(check, SimpleNamespace(op=plugin), "op")
    assert "at the op as it is. " in said


def test_an_outcome_holds_what_was_said_and_the_time():
    good = judge("finite", lambda given: iter(()), None, "op")
    bad = judge("finite", lambda given: iter(["a", "b"]), None, "op")
    assert (good.passed, good.said, bad.passed, bad.said) == (True, (), False, ("a", "b"))
    assert good.seconds >= 0


def test_checks_are_chosen_in_their_own_order_and_unknown_ones_refused():
    checks = {"declared": 1, "identity": 2, "finite": 3}
    assert chosen(checks, None) == ["declared", "identity", "finite"]
    assert chosen(checks, ["finite", "declared"]) == ["declared", "finite"]
    assert chosen(checks, []) == []
    with pytest.raises(
        UnknownCheck, match=r"no check 'finit'. Did you mean 'finite'\? There are declared, identity, finite\."
    ):
        chosen(checks, ["finit"])


def test_everything_that_was_said_is_one_error():
    outcomes = [CheckOutcome("a", ("x", "y"), 0), CheckOutcome("b", (), 0), CheckOutcome("c", ("z",), 0)]
    with pytest.raises(ConformanceError) as caught:
        demand("acme.fade", iter(outcomes))
    assert caught.value.failures == (Failure("a", "x"), Failure("a", "y"), Failure("c", "z"))
    assert caught.value.checks == ("a", "c")
    assert str(caught.value) == "acme.fade fails 2 of the conformance checks:\n  a: x\n  a: y\n  c: z"
    demand("acme.fade", iter(outcomes[1:2]))
