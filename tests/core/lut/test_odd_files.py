"""Look-up tables that other programs read, by OpenColorIO's measure: odd numbers, wide domains, HALD levels."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest
from PIL import Image

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.lut.files import read_table

CASES = Path(__file__).parents[2] / "data" / "cases"


def photo() -> np.ndarray:
    return np.random.default_rng(2).random((24, 32, 3), dtype=np.float32)


def by_opencolorio(path: Path, rgb: np.ndarray) -> np.ndarray:
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    done = np.ascontiguousarray(rgb)
    processor = ocio.Config.CreateRaw().getProcessor(transform)
    processor.getOptimizedCPUProcessor(ocio.OptimizationFlags.OPTIMIZATION_LOSSLESS).applyRGB(done)
    return done


def ours(path: Path, rgb: np.ndarray) -> np.ndarray:
    return vr.retouch(rgb, params=read_table(path).params, engine="exact").image


@pytest.mark.parametrize("name", ["exp3-tiny", "many-digits", "trail-ctrlz"])
def test_what_opencolorio_reads_gives_the_same_picture(name):
    path = CASES / f"{name}.cube"
    assert np.abs(ours(path, photo()) - by_opencolorio(path, photo()).clip(0, 1)).max() < 2e-5


ROWS = [f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1)]


def cube(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "a.cube"
    path.write_text("\n".join(lines))
    return path


def test_long_comments_and_odd_numbers_are_read_as_opencolorio_reads_them(tmp_path):
    rows = [ROWS[0].replace("0", "-0.0e-000", 1), "1.5E-0001 +0 .0", *ROWS[2:-1], "9.9e-001 1.e+000 " + "0" * 900 + "1"]
    path = cube(tmp_path, "# " + "x" * 9000, "LUT_3D_SIZE 2", rows[0], "# " + "y" * 5000, *rows[1:], "")
    assert np.abs(ours(path, photo()) - by_opencolorio(path, photo()).clip(0, 1)).max() < 2e-5


@pytest.mark.parametrize("end", ["", "\n", "\n\0\0\0", "\n\x1a"], ids=["none", "line", "zeros", "Ctrl-Z"])
@pytest.mark.parametrize("between", [" ", ", ", "\t"], ids=["blank", "comma", "tab"])
def test_separators_and_ends_are_read_as_opencolorio_reads_them(tmp_path, between, end):
    path = cube(tmp_path, "LUT_3D_SIZE 2", *[row.replace("1", "0.75").replace(" ", between) for row in ROWS])
    path.write_text(path.read_text() + end)
    assert np.abs(ours(path, photo()) - by_opencolorio(path, photo()).clip(0, 1)).max() < 2e-5


def test_a_lattice_over_0_to_100_leaves_the_photo_unchanged(tmp_path):
    assert np.abs(ours(CASES / "3d-domain100.cube", photo()) - photo()).max() < 2e-6
    rows = [f"{r} {g} {b}" for b in (0, 50, 100) for g in (0, 50, 100) for r in (0, 50, 100)]
    path = cube(tmp_path, "LUT_3D_SIZE 3", "DOMAIN_MAX 100 100 100", *rows)
    assert np.abs(ours(path, photo()) - photo()).max() < 2e-6


def test_a_look_in_the_first_cell_of_a_wide_domain_is_kept_exactly(tmp_path):
    look = np.random.default_rng(4).random((8, 3)) * 40
    look[0] = 0.1
    path = cube(tmp_path, "LUT_3D_SIZE 2", "DOMAIN_MAX 50 50 50", *(" ".join(map(str, row)) for row in look))
    assert np.abs(ours(path, photo()) - by_opencolorio(path, photo()).clip(0, 1)).max() < 2e-5


@pytest.mark.parametrize(
    "lines",
    [
        ["LUT_3D_SIZE 2", *ROWS[:-1], "1 1 17"],
        ["LUT_3D_SIZE 2", "DOMAIN_MAX 1.5 1.5 1.5", *ROWS[:-1], "1 -40 1"],
        ["LUT_1D_SIZE 2", "0 0 0", "1 1 1000"],
    ],
)
def test_values_that_the_ops_cannot_hold_are_refused_and_never_cut(tmp_path, lines):
    with pytest.raises(InvalidDocument, match=r"a\.cube: holds .*from -16 to 16"):
        read_table(cube(tmp_path, *lines))


def test_values_beyond_among_whites_give_opencolorios_picture(tmp_path):
    curve = np.where(np.arange(64) < 40, np.linspace(-1, 1.02, 64), np.linspace(1, 900, 64))
    curve[39:41] = 1.0, 1.5
    path = cube(tmp_path, "LUT_1D_SIZE 64", *(f"{v} {v} {v}" for v in curve))
    assert np.abs(ours(path, photo()) - by_opencolorio(path, photo()).clip(0, 1)).max() < 2e-5


def hald(level: int, dtype: type) -> np.ndarray:
    axis = np.linspace(0, np.iinfo(dtype).max, level**2)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.rint(np.stack((red, green, blue), -1)).astype(dtype).reshape(level**3, level**3, 3)


@pytest.mark.parametrize(
    ("suffix", "level"),
    [*((kind, level) for kind in (".png", ".tif") for level in (2, 5, 8)), (".jpg", 8), (".webp", 8)],
)
def test_hald_pictures_of_many_kinds_are_read(tmp_path, level, suffix):
    path = tmp_path / f"hald{suffix}"
    Image.fromarray(hald(level, np.uint8)).save(path, **({"quality": 100} if suffix in (".jpg", ".webp") else {}))
    lossless = suffix in (".png", ".tif")
    wrong = np.abs(ours(path, photo()) - photo())
    assert wrong.max() < 0.003 if lossless else wrong.mean() < 0.04


@pytest.mark.parametrize("level", [12, 16])
def test_hald_pictures_of_the_largest_levels_are_read(tmp_path, level):
    path = CASES / "hald-level12.png"
    if level == 16:
        path = tmp_path / "hald.png"
        Image.fromarray(hald(level, np.uint8)).save(path, compress_level=1)
    lattice = read_table(path).lattice
    assert lattice.shape == (129, 129, 129, 3)
    points = np.linspace(0, 1, 129, dtype=np.float32)
    assert np.abs(lattice[..., 0] - points).max() < 0.003
    assert np.abs(lattice[..., 2] - points[:, None, None]).max() < 0.003


def test_a_level_beyond_is_refused(tmp_path):
    Image.new("RGB", (17**3, 17**3)).save(tmp_path / "hald.png")
    with pytest.raises(InvalidDocument, match="8 to 4096"):
        read_table(tmp_path / "hald.png")


def test_megabytes_of_digits_take_seconds_at_most(tmp_path):
    for body in ("1" * 4000, "1 " * 2000, "." * 4000, "1e" * 2000, "-" * 4000):
        path = cube(tmp_path, "LUT_3D_SIZE 2", *[body] * 500)
        start = time.process_time()
        with pytest.raises(InvalidDocument):
            read_table(path)
        assert time.process_time() - start < 1 + 2 * path.stat().st_size / 1e6
