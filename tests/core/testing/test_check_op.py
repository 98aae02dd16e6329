"""`check_op` passes sound ops and names the one promise that a broken op does not keep."""

from __future__ import annotations

import re
import subprocess
import sys

import broken_places
import broken_values
import broken_versions
import pytest
import torch
from broken_values import DividesByBlack
from sound_ops import FadedBlacks, Learned, LocalContrast, Sharpen, Tint, TwoGroups, Vignette
from torch import Tensor

from veraretouch.core.contract.op import Params
from veraretouch.core.plugins.registry import registry
from veraretouch.core.testing import CHECKS, ConformanceError, UnknownCheck, check_op


class Moved(FadedBlacks):
    """Lift the black point by what was a slot of another name, in hundredths."""

    id = "acme.moved"
    version = 3

    @classmethod
    def migrate(cls, values, version):
        return {{"lift": "amount"}[name]: value / 100 for name, value in values.items()} if version == 1 else None


class Scaled(FadedBlacks):
    """Lift the black point by what was a hundred times less."""

    id = "acme.scaled"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {name: 100 * value for name, value in values.items()}


@pytest.mark.parametrize(
    "op", [FadedBlacks, Vignette, Sharpen, LocalContrast, Tint, Learned, TwoGroups, Moved, Scaled], ids=lambda op: op.id
)
def test_a_sound_op_of_a_stranger_passes_and_leaves_the_registry_as_it_was(op):
    before = registry.ops.ids()
    check_op(op)
    assert registry.ops.ids() == before


def test_an_instance_and_an_installed_id_are_accepted():
    check_op(FadedBlacks())
    check_op("contrast")


BROKEN = [*broken_values.BROKEN, *broken_places.BROKEN, *broken_versions.BROKEN]


# Together they take most of the time: in `make test` an op that breaks another promise is spared them.
COSTLY = {"gradcheck", "functional", "engines", "smoothness", "preview"}


@pytest.mark.parametrize("costly", [set(), pytest.param(COSTLY, marks=pytest.mark.slow)], ids=["quick", "all"])
@pytest.mark.parametrize(("op", "check", "said"), BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_a_broken_op_fails_the_check_of_its_fault_and_no_other_with_advice(op, check, said, costly):
    with pytest.raises(ConformanceError) as caught:
        check_op(op, only={*CHECKS} - COSTLY | costly | {check})
    # What the renderer itself refuses fails the checks that render, too.
    refused = {"engines", "plan_round_trip"} if check in ("kinds", "inputs_untouched") else set()
    assert caught.value.checks[0] == check, str(caught.value)
    assert set(caught.value.checks) - {check} <= refused, str(caught.value)
    assert said in caught.value.failures[0].message
    for failure in caught.value.failures:
        assert re.fullmatch(r"expected .+; came .+, at .+\. [A-Z].+\.", failure.message)


def test_every_check_is_proven_by_a_broken_op():
    assert {check for _, check, _ in BROKEN} == set(CHECKS)


def test_an_op_that_raises_is_reported_by_every_check_that_calls_it():
    class Raises(FadedBlacks):
        """Raise an error."""

        id = "acme.raises"

        def apply(self, rgb: Tensor, p: Params) -> Tensor:
            raise ZeroDivisionError("one by zero")

    with pytest.raises(ConformanceError, match="ZeroDivisionError: one by zero") as caught:
        check_op(Raises)
    assert "declared" not in caught.value.checks
    assert "identity" in caught.value.checks


def test_an_id_that_an_installed_distribution_has_is_named_with_it():
    class Contrast(FadedBlacks):
        """Take the id of a built-in op."""

        id = "contrast"

    with pytest.raises(ConformanceError, match="provided by veraretouch"):
        check_op(Contrast)


def test_single_checks_can_be_asked_for_and_a_wrong_name_is_one_error():
    check_op(DividesByBlack, only=["declared", "identity", "tiling"])
    with pytest.raises(ConformanceError):
        check_op(DividesByBlack, only=["finite"])
    with pytest.raises(UnknownCheck, match=r"no check 'finit'\. Did you mean 'finite'"):
        check_op(DividesByBlack, only=["finit"])


def test_checking_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_op(FadedBlacks)
    assert torch.equal(torch.rand(3), expected)


def test_importing_the_testing_package_loads_no_torch():
    code = "import sys, veraretouch.core.testing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
