"""Look-up tables of other programs: curves, lattices and shapers render as OpenColorIO does,
and what is malformed is refused in time.
"""

import socket
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.lut.files import read_table
from veraretouch.core.lut.tables import LookUpTable

WHEEL = Path(find_spec("colour").origin).parent / "io" / "luts" / "tests" / "resources"
CUBES = sorted(WHEEL.glob("*/*.cube"))
OTHERS = sorted([*WHEEL.glob("*/*.csp"), *WHEEL.glob("*/*.spi1d"), *WHEEL.glob("*/*.spi3d")])
# OpenColorIO refuses them as well: a ragged table, and one that was made to be refused.
REFUSED = {"Explicit_Domain.csp", "Exception_Raising.spi1d"}


def colours():
    """Random colours, then greys, (64, 256, 3) in [0, 1]."""
    some = np.random.default_rng(1).random((64, 256, 3), dtype=np.float32)
    some[0] = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
    return some


def by_ocio(path):
    pixels = colours()
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_BEST)
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    processor.getOptimizedCPUProcessor(ocio.OptimizationFlags.OPTIMIZATION_LOSSLESS).applyRGB(pixels)
    return pixels.clip(0, 1)


def ours(path):
    return vr.retouch(colours(), params=read_table(path).params).image.clip(0, 1)


def apart(path, reference):
    """The largest difference, in codes of 8 bits."""
    return float(np.abs(ours(path) - by_ocio(reference)).max() * 255)


def bare(path, folder):
    """A copy without title, comments and blank lines, which OpenColorIO refuses in Resolve's dialect."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith(("#", "TITLE"))]
    copy = folder / path.name
    copy.write_text("\n".join(lines) + "\n")
    return copy


def test_the_cube_files_of_the_wheel_are_there():
    assert len(CUBES) == 16
    assert {path.parent.name for path in CUBES} == {"iridas_cube", "resolve_cube"}


@pytest.mark.parametrize("path", CUBES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_real_cube_file_renders_as_opencolorio_does(path, tmp_path):
    reference = bare(path, tmp_path) if path.parent.name == "resolve_cube" else path
    assert apart(path, reference) < 0.5


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_other_forms_of_tables_render_as_opencolorio_does(path):
    if path.name in REFUSED:
        with pytest.raises(InvalidDocument, match="holds no look-up table"):
            read_table(path)
    else:
        assert apart(path, path) < 0.5


@pytest.mark.parametrize("domain", ["", "DOMAIN_MAX 1.00001 1.00001 1.00001\n"])
def test_steep_curves_of_many_points_are_kept(tmp_path, domain):
    steep = tmp_path / "steep.cube"
    values = np.linspace(0, 1, 4096) ** (1 / 2.4)
    steep.write_text(f"LUT_1D_SIZE 4096\n{domain}" + "\n".join(f"{v:.6f} {v:.6f} {v:.6f}" for v in values))
    codes = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    done = vr.retouch(codes, params=read_table(steep).params, engine="exact").image
    wanted = np.interp(codes / 255, np.linspace(0, 1, 4096), values) * 255
    assert np.abs(done - wanted).max() <= 0.51


def test_a_file_that_was_changed_is_read_anew(tmp_path):
    path = tmp_path / "a.csp"
    for name in ("Unit", "RGB_1_0.5_0.25"):
        path.write_bytes((WHEEL / "cinespace" / f"{name}.csp").read_bytes())
        assert apart(path, WHEEL / "cinespace" / f"{name}.csp") < 0.5


CLF = (
    '<?xml version="1.0"?>{}<ProcessList id="a" compCLFversion="3"><Matrix inBitDepth="32f" outBitDepth="32f"><Array'
    ' dim="3 3">{}</Array></Matrix></ProcessList>'
)


def test_a_clf_that_mixes_channels_is_baked_and_one_with_entities_is_refused(tmp_path):
    path = tmp_path / "a.clf"
    path.write_text(CLF.format("", "0 1 0  1 0 0  0 0 1"))
    table = read_table(path)
    assert table.curves is None
    assert np.allclose(table.lattice[0, 0, -1], [0, 1, 0])
    path.write_text(CLF.format('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"))
    with pytest.raises(InvalidDocument, match="has a document type"):
        read_table(path)


ROWS = "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
SPELLINGS = {
    "a byte order mark": "\ufeffLUT_3D_SIZE 2\n" + ROWS,
    "Windows' line ends": "LUT_3D_SIZE 2\r\n" + ROWS.replace("\n", "\r\n"),
    "small letters, tabs, comments between rows": (
        "lut_3d_size\t2\n" + ROWS.replace("\n", "  \n# a comment\n\n").replace(" ", "\t")
    ),
    "a title of another alphabet": 'TITLE "Пленка"\nLUT_3D_SIZE 2\n' + ROWS,
    "exponents": "LUT_3D_SIZE 2\n" + ROWS.replace("1", "1.0E+00"),
}


@pytest.mark.parametrize("case", SPELLINGS)
def test_spellings_that_mean_the_same_are_read(case, tmp_path):
    path = tmp_path / "a.cube"
    path.write_bytes(SPELLINGS[case].encode())
    assert np.allclose(read_table(path).lattice, vr.Lattice(2, group="look", doc="Look.").identity)


HEAD = "LUT_3D_SIZE 2\n"
MALFORMED = {
    "nothing": (b"", "neither LUT_1D_SIZE nor LUT_3D_SIZE"),
    "no size": (ROWS.encode(), "neither LUT_1D_SIZE nor LUT_3D_SIZE"),
    "a size of 100,000": (
        b"LUT_3D_SIZE 100000\n0 0 0\n",
        "line 1: LUT_3D_SIZE '100000' is no whole number from 2 to 129",
    ),
    "a curve too long": (b"LUT_1D_SIZE 100000\n0 0 0\n", "65,536"),
    "a size below 2": (b"LUT_3D_SIZE 1\n0 0 0\n", "from 2 to 129"),
    "a size in full-width digits": (("LUT_3D_SIZE ２\n" + ROWS).encode(), "is no whole number"),
    "a size with an underscore": (f"LUT_3D_SIZE 1_0\n{ROWS}".encode(), "'1_0' is no whole number"),
    "a size twice": ((HEAD + HEAD + ROWS).encode(), "line 2: LUT_3D_SIZE stands there twice"),
    "NaN": ((HEAD + ROWS.replace("1 1 1", "1 nan 1")).encode(), "line 9: '1 nan 1' is not three numbers"),
    "infinity": ((HEAD + ROWS.replace("1 1 1", "1 inf 1")).encode(), "not three numbers"),
    "beyond every range": ((HEAD + ROWS.replace("1 1 1", "1 1e99 1")).encode(), "beyond every range"),
    "an underscore": ((HEAD + ROWS.replace("1 1 1", "1 1_0 1")).encode(), "not three numbers"),
    "full-width digits": ((HEAD + ROWS.replace("1 1 1", "1 １ 1")).encode(), "not three numbers"),
    "hexadecimals": ((HEAD + ROWS.replace("1 1 1", "1 0x1 1")).encode(), "not three numbers"),
    "two numbers": ((HEAD + ROWS.replace("1 1 1", "1 1")).encode(), "line 9: '1 1' is not three numbers"),
    "cut off": ((HEAD + ROWS)[:-6].encode(), "8 rows of numbers are announced and 7 are there"),
    "a row too many": ((HEAD + ROWS + "\n1 1 1").encode(), "8 rows of numbers are announced and more are"),
    "a keyword among the rows": (
        (HEAD + ROWS[:-6] + "\nDOMAIN_MIN 0 0 0").encode(),
        "line 9: 'DOMAIN_MIN 0 0 0' is not three numbers",
    ),
    "an unknown keyword": (
        (HEAD + "LUT_IN_VIDEO_RANGE\n" + ROWS).encode(),
        "'LUT_IN_VIDEO_RANGE' is neither a keyword",
    ),
    "a domain without room": ((HEAD + "DOMAIN_MAX 0 1 1\n" + ROWS).encode(), "has no room"),
    "a domain of NaN": ((HEAD + "DOMAIN_MAX NaN 1 1\n" + ROWS).encode(), "DOMAIN_MAX 'NaN 1 1' is not 3 numbers"),
    "binary": (bytes(range(256)) * 40, "characters|keyword"),
    "binary of 50 MB": (lambda: b"\x00\xff\n" * 17_000_000, "neither a keyword"),
    "one line of 50 MB": (lambda: b"1 " * 25_000_000, "line 1: more than 4096 characters"),
    "rows of 50 MB": (lambda: HEAD.encode() + b"0 0 0\n" * 8_400_000, "8 rows of numbers are announced"),
    "100 MB": (lambda: b"0 0 0\n" * 17_000_000, "more than 100,663,296 bytes"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_cube_is_refused_in_one_line_and_in_time(case, tmp_path, monkeypatch):
    data, said = MALFORMED[case]
    path = tmp_path / "broken.cube"
    path.write_bytes(data() if callable(data) else data)
    monkeypatch.setattr(socket, "socket", None)
    start = time.process_time()
    with pytest.raises(InvalidDocument, match=said) as caught:
        read_table(path)
    assert time.process_time() - start < 5
    assert "broken.cube" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("beyond", "beside", "cut"), [(20, 1.0, 16), (-20, 0.0, -16), (-20, -3.0, -16)])
def test_values_beyond_the_ops_are_cut_among_whites_and_among_blacks_alone(beyond, beside, cut):
    among = np.full((2, 2, 2, 3), beside, np.float32)
    among[1, 1, 1, 0] = beyond
    held = LookUpTable(lattice=among).within_bounds("a.cube").lattice
    assert held[1, 1, 1, 0] == cut
    held[1, 1, 1, 0] = among[1, 1, 1, 0]
    assert np.array_equal(held, among)
    among[1, 1, 0, 0] = 0.5
    with pytest.raises(InvalidDocument, match=r"holds 20; the ops' values lie from -16 to 16"):
        LookUpTable(lattice=among).within_bounds("a.cube")


def test_a_lattice_of_which_curves_reach_the_first_cell_alone_is_that_cell():
    lattice = np.zeros((3, 3, 3, 3), np.float32)
    lattice[1:, 1:, 1:], lattice[2, 2, 2] = 1, 40
    curves = np.repeat(np.linspace(0, 0.5, 9, dtype=np.float32)[:, None], 3, axis=1)
    narrow = LookUpTable(curves, lattice).within_bounds("a.cube")
    assert np.array_equal(narrow.lattice, lattice[:2, :2, :2])
    assert np.array_equal(narrow.curves, 2 * curves)
    for other in (1.5 * curves, curves - 0.1, 0 * curves):  # further, below, nowhere
        assert LookUpTable(other, lattice)._of_one_cell() is None
