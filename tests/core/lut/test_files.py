"""Look-up tables as files, read by OpenColorIO and ffmpeg's own rules, and read back."""

import shutil
import subprocess

import numpy as np
import PyOpenColorIO as ocio
import pytest
from PIL import Image

from veraretouch.core.errors import InvalidDocument, InvalidRequest, UnwritablePhoto
from veraretouch.core.lut import Cube, files
from veraretouch.core.lut.files import read_table, write_cube, write_hald


def look(colours):
    """A curve, a cast and a swap that no symmetry of the file can hide."""
    curved = colours**0.8
    return np.stack([curved[..., 0], 0.9 * curved[..., 1] + 0.1 * curved[..., 2], 0.7 * curved[..., 2]], axis=-1)


def pixels():
    return np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [2, 17, 33])
def test_a_cube_file_renders_the_same_in_opencolorio(tmp_path, size):
    cube = Cube.of(look, size)
    path = write_cube(cube, tmp_path / "look.cube", title="a look")
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    colours = np.ascontiguousarray(pixels() / np.float32(255), dtype=np.float32)
    wanted = colours.copy()
    ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor().applyRGB(wanted)
    assert np.abs(cube.apply(colours) - wanted).max() < 1e-5


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_a_cube_file_renders_the_same_in_ffmpeg(tmp_path):
    cube, source = Cube.of(look, 33), pixels()
    path = write_cube(cube, tmp_path / "look.cube")
    Image.fromarray(source).save(tmp_path / "before.png")
    command = [
        "ffmpeg",
        "-loglevel",
        "error",
        "-i",
        tmp_path / "before.png",
        "-vf",
        f"format=gbrp,lut3d={path}:interp=tetrahedral",
    ]
    subprocess.run([*command, "-pix_fmt", "rgb24", tmp_path / "after.png"], check=True)
    with Image.open(tmp_path / "after.png") as picture:
        after = np.array(picture).astype(int)
    assert np.abs(after - cube.apply(source)).max() <= 1


@pytest.mark.parametrize("size", [2, 9, 33])
def test_a_cube_file_is_read_back(tmp_path, size):
    cube = Cube.of(look, size)
    table = read_table(write_cube(cube, tmp_path / "look.cube"))
    assert table.curves is None
    lattice = table.lattice
    assert lattice.shape == (size, size, size, 3)
    assert np.abs(lattice - cube.values).max() < 1e-6


def test_a_hald_picture_is_read_back(tmp_path):
    cube = Cube.of(look, 16)
    lattice = read_table(write_hald(cube, tmp_path / "look.png")).lattice
    with Image.open(tmp_path / "look.png") as picture:
        assert picture.size == (64, 64)
    assert np.abs(lattice - cube.values).max() < 1e-5


def test_the_identity_of_a_hald_picture_runs_red_first(tmp_path):
    write_hald(Cube.of(lambda colours: colours, 4), tmp_path / "identity.png")
    read = read_table(tmp_path / "identity.png").lattice
    assert read[0, 0, -1].tolist() == [1, 0, 0]
    assert read[-1, 0, 0].tolist() == [0, 0, 1]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidDocument, match="is no file"):
        read_table(tmp_path / "none.cube")


def test_a_picture_that_is_no_hald_is_refused(tmp_path):
    Image.fromarray(pixels()).save(tmp_path / "photo.png")
    with pytest.raises(InvalidDocument, match="96x64"):
        read_table(tmp_path / "photo.png")


@pytest.mark.parametrize("side", [30, 26, 1])
def test_a_square_picture_whose_side_is_no_cube_is_refused_by_the_sides_that_are(tmp_path, side):
    Image.new("RGB", (side, side)).save(tmp_path / "photo.png")
    with pytest.raises(InvalidDocument, match=rf"{side}x{side}; a HALD picture's sides are a cube, 8 to 4096"):
        read_table(tmp_path / "photo.png")


def test_a_finer_lattice_is_thinned_along_the_straight_lines_between_its_points(monkeypatch):
    fine = np.stack(np.meshgrid(*[np.linspace(0, 1, 9, dtype=np.float32) ** 2] * 3, indexing="ij"), axis=-1)
    monkeypatch.setattr(files, "_LARGEST_LATTICE", 5)
    assert np.array_equal(files._thinned(fine), fine[::2, ::2, ::2])
    monkeypatch.setattr(files, "_LARGEST_LATTICE", 7)  # the second point lies at 8 / 6
    middle = fine[1, 0, 0] + np.float32(1 / 3) * (fine[2, 0, 0] - fine[1, 0, 0])
    assert np.allclose(files._thinned(fine)[1, 0, 0], middle)
    assert np.array_equal(files._thinned(fine)[-1, -1, -1], fine[-1, -1, -1])


@pytest.mark.parametrize("title", ['a "look"', "two\nlines"])
def test_a_title_that_would_break_the_file_is_refused(tmp_path, title):
    with pytest.raises(InvalidRequest, match="title"):
        write_cube(Cube.of(look, 2), tmp_path / "look.cube", title=title)
    assert not list(tmp_path.iterdir())


def test_existing_files_stay_unless_that_is_wished(tmp_path):
    cube, path = Cube.of(look, 4), tmp_path / "look.cube"
    path.write_text("mine")
    with pytest.raises(InvalidRequest, match="exists"):
        write_cube(cube, path, overwrite=False)
    assert path.read_text() == "mine"
    (tmp_path / "look.png").write_text("mine")
    with pytest.raises(UnwritablePhoto):
        write_hald(cube, tmp_path / "look.png", overwrite=False)
    for replaced in (write_cube(cube, path), write_hald(cube, tmp_path / "look.png")):
        assert read_table(replaced).lattice.shape == (4, 4, 4, 3)


def test_a_hald_of_no_square_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="33 points"):
        write_hald(Cube.of(look, 33), tmp_path / "look.png")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="cannot be written"):
        write_cube(Cube.of(look, 2), tmp_path / "none" / "look.cube")
