"""Whatever goes wrong with a photo becomes words in its outcome; Ctrl-C alone passes."""

import asyncio
import warnings
from pathlib import Path

import pytest

from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.task import PhotoOutcome, reported
from veraretouch.core.errors import DeprecatedPlugin, InvalidRequest


def outcome_of(error):
    outcome = PhotoOutcome(0, Path("a.jpg"), status="written")
    with reported(outcome):
        raise error
    return outcome


@pytest.mark.parametrize(
    ("error", "kind", "problem"),
    [
        (InvalidRequest("it is wrong", cure="Mend it."), "InvalidRequest", "it is wrong. Mend it."),
        (MemoryError(), "MemoryError", "not enough memory for this photo. Use fewer --jobs, or free some."),
        (OSError(28, "No space left", "x.jpg"), "OSError", "No space left: 'x.jpg'"),
        (OSError("odd"), "OSError", "odd"),
        (ZeroDivisionError("by 0"), "ZeroDivisionError", "retouching failed: ZeroDivisionError: by 0"),
        (SystemExit(3), "SystemExit", "retouching failed: it called sys.exit(3)"),
        (asyncio.CancelledError(), "CancelledError", "retouching failed: CancelledError: "),
    ],
    ids=repr,
)
def test_an_error_is_told_by_its_kind_and_problem(error, kind, problem):
    outcome = outcome_of(error)
    assert (outcome.status, outcome.kind, outcome.problem) == ("failed", kind, problem)
    assert kind in outcome.trace


def test_ctrl_c_passes():
    with pytest.raises(KeyboardInterrupt):
        outcome_of(KeyboardInterrupt())


def test_warnings_for_users_are_kept_once_each_and_others_are_not():
    outcome = PhotoOutcome(0, Path("a.jpg"), status="written")
    with reported(outcome):
        for _ in range(2):
            warnings.warn("the profile is odd", UserWarning, stacklevel=1)
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        warnings.warn("an old id", DeprecatedPlugin, stacklevel=1)
        warnings.warn("for authors", DeprecationWarning, stacklevel=1)
    assert outcome.warnings == ["the profile is odd", "overflow", "an old id"]
    assert outcome.status == "written"
    assert 0 < outcome.seconds < 60


def test_the_document_has_the_files_of_a_success_and_the_error_of_a_failure():
    products = Products(Path("o.jpg"), compare=Path("o_compare.jpg"), plan=Path("o.plan.json"))
    outcome = PhotoOutcome(0, Path("a.jpg"), status="written", products=products, engine="lut", error=0.12345)
    outcome.timings = {"decode": 0.123456}
    document = outcome.document()
    assert (document["output"], document["compare"], document["plan_file"]) == ("o.jpg", "o_compare.jpg", "o.plan.json")
    assert (document["engine"], document["color_error"], document["error"]) == ("lut", 0.123, None)
    assert document["timings"] == {"decode": 0.1235}
    failed = outcome_of(ZeroDivisionError("by 0"))
    failed.products = products
    assert failed.document()["output"] is None
    assert failed.document()["error"]["kind"] == "ZeroDivisionError"


def test_seconds_are_told_to_the_thousandth_and_stages_to_a_tenth_of_one():
    outcome = PhotoOutcome(0, Path("a.jpg"), seconds=1.23456, error=0.98765, timings={"decode": 0.123456})
    told = outcome.document()
    assert (told["seconds"], told["color_error"], told["timings"]) == (1.235, 0.988, {"decode": 0.1235})
    assert PhotoOutcome(0, Path("a.jpg")).document()["seconds"] == 0
