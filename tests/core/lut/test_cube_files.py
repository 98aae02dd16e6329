"""What a .cube file's head says of its rows: sizes, domains, ranges, shapers, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from veraretouch.core.errors import InvalidDocument
from veraretouch.core.lut.cube_files import LARGEST_CURVE, LARGEST_LATTICE, read_cube
from veraretouch.core.lut.tables import LookUpTable, ramp

# Red fastest: eight rows, each of which is found in one place alone.
EIGHT = "\n".join(f"0.{number} 0.{number}5 0.{9 - number}" for number in range(8))


def read(folder: Path, text: str) -> LookUpTable:
    path = folder / "a.cube"
    path.write_text(text)
    return read_cube(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(InvalidDocument) as caught:
        read(folder, text)
    assert "a.cube" in str(caught.value)
    assert str(caught.value).endswith("Export it again.")
    return str(caught.value)


def test_red_runs_fastest_and_blue_slowest(tmp_path):
    table = read(tmp_path, f"LUT_3D_SIZE 2\n{EIGHT}\n")
    assert table.curves is None
    assert table.lattice.dtype == np.float32
    assert table.lattice[0, 0, 1].tolist() == pytest.approx([0.1, 0.15, 0.8])
    assert table.lattice[0, 1, 0].tolist() == pytest.approx([0.2, 0.25, 0.7])
    assert table.lattice[1, 0, 0].tolist() == pytest.approx([0.4, 0.45, 0.5])


def test_a_curve_over_the_unit_is_kept_as_it_is(tmp_path):
    table = read(tmp_path, "LUT_1D_SIZE 3\n0 0 0\n.2 .5 .8\n1 1 1\n")
    assert table.lattice is None
    assert table.curves[:, 0].tolist() == pytest.approx([0, 0.2, 1])
    assert table.curves[:, 2].tolist() == pytest.approx([0, 0.8, 1])


@pytest.mark.parametrize(
    "head",
    ["DOMAIN_MIN 0.2 0.2 0.2\nDOMAIN_MAX 0.6 0.6 0.6", "LUT_1D_INPUT_RANGE 0.2 0.6", "lut_1d_input_range 2e-1 .6"],
)
def test_a_curve_over_another_domain_rests_outside_it(tmp_path, head):
    table = read(tmp_path, f"{head}\nLUT_1D_SIZE 3\n0.1 0.1 0.1\n.5 .5 .5\n0.9 0.9 0.9\n")
    found = np.interp([0.0, 0.2, 0.3, 0.4, 0.6, 1.0], ramp(), table.curves[:, 1])
    assert found.tolist() == pytest.approx([0.1, 0.1, 0.3, 0.5, 0.9, 0.9], abs=1e-4)


def test_each_channel_may_have_its_own_domain(tmp_path):
    table = read(tmp_path, "DOMAIN_MIN 0 0 0.5\nDOMAIN_MAX 1 2 1\nLUT_1D_SIZE 2\n0 0 0\n1 1 1\n")
    assert np.interp(0.5, ramp(), table.curves[:, 0]) == pytest.approx(0.5, abs=1e-4)
    assert np.interp(0.5, ramp(), table.curves[:, 1]) == pytest.approx(0.25, abs=1e-4)
    assert np.interp([0.4, 0.75], ramp(), table.curves[:, 2]).tolist() == pytest.approx([0, 0.5], abs=1e-4)


@pytest.mark.parametrize("head", ["DOMAIN_MIN 0.2 0.2 0.2\nDOMAIN_MAX 0.7 0.7 0.7", "LUT_3D_INPUT_RANGE 0.2 0.7"])
def test_a_lattice_over_another_domain_gets_a_straight_curve_before_it(tmp_path, head):
    table = read(tmp_path, f"{head}\nLUT_3D_SIZE 2\n{EIGHT}\n")
    found = np.interp([0.1, 0.2, 0.45, 0.7, 0.9], ramp(), table.curves[:, 0])
    assert found.tolist() == pytest.approx([0, 0, 0.5, 1, 1], abs=1e-3)
    assert table.lattice.shape == (2, 2, 2, 3)


def test_a_shaper_stands_before_the_lattice_and_each_has_its_own_range(tmp_path):
    text = (
        f"LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 1\nLUT_3D_SIZE 2\nLUT_3D_INPUT_RANGE 0 0.5\n0 0 0\n.25 .25 .25\n{EIGHT}\n"
    )
    table = read(tmp_path, text)
    # The shaper gives a quarter of what it gets, and the lattice's range makes a half of that.
    assert table.curves[:, 0].tolist() == pytest.approx([0, 0.5])
    assert table.lattice[1, 1, 1].tolist() == pytest.approx([0.7, 0.75, 0.2])


def test_a_domain_beside_a_shaper_is_the_shapers_alone(tmp_path):
    text = f"LUT_1D_SIZE 2\nLUT_3D_SIZE 2\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 0.5 0.5 0.5\n0 0 0\n1 1 1\n{EIGHT}\n"
    table = read(tmp_path, text)
    assert np.interp([0.25, 0.5], ramp(), table.curves[:, 0]).tolist() == pytest.approx([0.5, 1], abs=1e-3)


def test_the_largest_sizes_are_taken_and_one_more_is_not(tmp_path):
    rows = "0 0 0\n" * (LARGEST_CURVE - 1) + "1 1 1\n"
    assert len(read(tmp_path, f"LUT_1D_SIZE {LARGEST_CURVE}\n{rows}").curves) == LARGEST_CURVE == 65_536
    assert f"from 2 to {LARGEST_CURVE:,}" in refused(tmp_path, f"LUT_1D_SIZE {LARGEST_CURVE + 1}\n{rows}0 0 0\n")
    assert LARGEST_LATTICE == 129
    assert "from 2 to 129" in refused(tmp_path, "LUT_3D_SIZE 130\n0 0 0\n")


WRONG = {
    "line 4: LUT_3D_SIZE stands there twice": "LUT_3D_SIZE 2\n\n# a comment\nLUT_3D_SIZE 2\n" + EIGHT,
    "line 2: DOMAIN_MIN stands there twice": "DOMAIN_MIN 0 0 0\nDOMAIN_MIN 0 0 0\nLUT_3D_SIZE 2\n" + EIGHT,
    "line 1: LUT_3D_SIZE '2 2' is no whole number from 2 to 129": "LUT_3D_SIZE 2 2\n" + EIGHT,
    "line 1: LUT_3D_INPUT_RANGE '0 1 2' is not 2 numbers": "LUT_3D_INPUT_RANGE 0 1 2\nLUT_3D_SIZE 2\n" + EIGHT,
    "line 1: DOMAIN_MAX '1 1' is not 3 numbers": "DOMAIN_MAX 1 1\nLUT_3D_SIZE 2\n" + EIGHT,
    "a range from [1.0, 1.0, 1.0] to [0.0, 0.0, 0.0] has no room": "LUT_3D_INPUT_RANGE 1 0\nLUT_3D_SIZE 2\n" + EIGHT,
    "has no room": "LUT_1D_INPUT_RANGE 0 0\nLUT_1D_SIZE 2\n0 0 0\n1 1 1",
    "states neither LUT_1D_SIZE nor LUT_3D_SIZE": "TITLE only\n",
    "line 2: 'GREETING' is neither a keyword nor the first of three numbers": "\nGREETING 1\nLUT_3D_SIZE 2\n" + EIGHT,
    "8 rows of numbers are announced and 7 are there": "LUT_3D_SIZE 2\n" + EIGHT.rpartition("\n")[0],
    "8 rows of numbers are announced and more are there": "LUT_3D_SIZE 2\n" + EIGHT + "\n0 0 0",
    "line 5: '0.3 0.35 blue' is not three numbers": "LUT_3D_SIZE 2\n" + EIGHT.replace("0.3 0.35 0.6", "0.3 0.35 blue"),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_is_said_with_its_line(tmp_path, said):
    assert said in refused(tmp_path, WRONG[said])


@pytest.mark.parametrize(("characters", "ends"), [(4096, True), (4097, False)])
def test_a_line_may_have_4096_characters_and_no_more(tmp_path, characters, ends):
    text = f"TITLE {'a' * (characters - 6)}\nLUT_3D_SIZE 2\n{EIGHT}\n"
    if ends:
        assert read(tmp_path, text).lattice.shape == (2, 2, 2, 3)
    else:
        assert "line 1: more than 4096 characters" in refused(tmp_path, text)
