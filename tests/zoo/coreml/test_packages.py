"""From torch to packages: the same bytes each time, few bits where they are wished, the same values."""

import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from veraretouch.core.errors import BrokenPlugin, MissingExtra
from veraretouch.zoo import extras
from veraretouch.zoo.coreml.interpretation.interpreter import Interpreter
from veraretouch.zoo.coreml.packages import compress, convert, multifunction, save
from veraretouch.zoo.coreml.translation.translate import program

pytestmark = pytest.mark.xdist_group("coreml")
SLOW = pytest.mark.slow  # one number of bits proves it for the others
ABOUT = {"author": "tests", "license": "none", "version": "1", "description": "A small network."}


def whole(operation):
    return True


def made(network, folder, bits=16, half=whole, name="small"):
    model = convert(program(network, {"x": (1, 3, 8, 8)}, ["y"]), half=half)
    return save(compress(model, bits), folder / f"{name}.mlpackage", about=ABOUT)


def content(package):
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def packed(small, tmp_path_factory):
    """The package of so many bits a weight, made once for all tests that only read it."""
    folder = tmp_path_factory.mktemp("packed")
    return cache(lambda bits: made(small, folder, bits, name=f"bits{bits}"))


@pytest.mark.parametrize("bits", [pytest.param(16, marks=SLOW), 8, pytest.param(4, marks=SLOW)])
def test_two_packages_of_one_network_are_byte_equal(small, packed, tmp_path, bits):
    one = content(packed(bits))
    assert one == content(made(small, tmp_path, bits, name="two"))
    assert set(one) == {
        "Manifest.json",
        "Data/com.apple.CoreML/model.mlmodel",
        "Data/com.apple.CoreML/weights/weight.bin",
    }


def test_a_manifest_names_what_is_there_and_apples_library_opens_it(packed):
    from coremltools.libmodelpackage import ModelPackage

    package = packed(16)
    manifest = json.loads((package / "Manifest.json").read_text())
    root = manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]
    assert (package / "Data" / root["path"]).is_file()
    assert Path(ModelPackage(str(package)).getRootModel().path()).name == "model.mlmodel"


def test_what_xcode_shows_is_ours_and_no_date(packed):
    spec = Interpreter(packed(16)).spec
    told = spec.description.metadata
    assert (told.author, told.license, told.shortDescription) == ("tests", "none", "A small network.")
    assert not any("date" in key for key in told.userDefined)
    assert spec.specificationVersion == 9


def test_a_package_computes_what_torch_does(small, packed, tmp_path, picture):
    with torch.no_grad():
        wanted = small(torch.from_numpy(picture)).numpy()
    errors = {}
    for bits in (32, 16, 8, 4):
        package = packed(bits) if bits < 32 else made(small, tmp_path, half=lambda operation: False)
        errors[bits] = np.abs(Interpreter(package).run({"x": picture})["y"].astype(float) - wanted).max()
    assert errors[32] < 1e-6
    assert errors[32] < errors[16] < 2e-3
    assert errors[16] < errors[8] < errors[4] < 0.1


def test_few_bits_make_a_small_file(packed):
    sizes = {}
    for bits in (16, 8, 4):
        package = packed(bits)
        sizes[bits] = (package / "Data/com.apple.CoreML/weights/weight.bin").stat().st_size
    assert sizes[16] > sizes[8] > sizes[4]


def test_constants_are_computed_in_float64_before_they_are_written(tmp_path):
    class Inverted(nn.Module):
        def forward(self, x):
            matrix = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
            return x @ torch.linalg.inv(matrix).float()

    model = convert(program(Inverted(), {"x": (1, 2)}, ["y"]))
    package = save(model, tmp_path / "inverted.mlpackage", about={})
    found = Interpreter(package).run({"x": np.float32([[1, 0]])})["y"]
    np.testing.assert_allclose(found, [[0.4, -0.2]], rtol=1e-6)
    assert not any(operation.op_type == "inverse" for operation in Interpreter(package).operations)


def test_values_of_six_axes_are_laid_out_in_a_line(tmp_path):
    class Wide(nn.Module):
        def forward(self, x):
            deep = x.reshape(1, 2, 3, 1, 1, 2)
            return deep[:, 1, :, 0, 0]

    given = np.arange(12, dtype=np.float32).reshape(1, 12)
    package = save(convert(program(Wide(), {"x": (1, 12)}, ["y"])), tmp_path / "wide.mlpackage", about={})
    np.testing.assert_array_equal(Interpreter(package).run({"x": given})["y"], given.reshape(1, 2, 3, 2)[:, 1])


def test_padding_goes_to_the_side_that_torch_pads(tmp_path, picture):
    class Padded(nn.Module):
        def forward(self, x):
            return nn.functional.pad(x, (0, 1, 2, 3), value=0.5)

    package = Interpreter(made(Padded(), tmp_path, half=lambda operation: False))
    wanted = np.pad(picture, ((0, 0), (0, 0), (2, 3), (0, 1)), constant_values=0.5)
    np.testing.assert_array_equal(package.run({"x": picture})["y"], wanted)


def test_a_line_that_is_level_beyond_its_ends_is_torchs(tmp_path, picture):
    class Level(nn.Module):
        def forward(self, x):
            return nn.functional.relu6(12 * x - 3) + nn.functional.hardtanh(4 * x - 2)

    package = Interpreter(made(Level(), tmp_path, half=lambda operation: False))
    wanted = np.clip(12 * picture - 3, 0, 6) + np.clip(4 * picture - 2, -1, 1)
    np.testing.assert_allclose(package.run({"x": picture})["y"], wanted, atol=1e-5)


def test_what_is_asked_for_twice_is_written_once_and_nothing_that_is_zero(tmp_path):
    class Wasteful(nn.Module):
        def forward(self, x):
            return torch.where(x > 0, torch.sin(x), torch.sin(x)) + x * torch.zeros(2) + torch.zeros(2) / x

    package = save(convert(program(Wasteful(), {"x": (1, 2)}, ["y"])), tmp_path / "wasteful.mlpackage", about={})
    interpreter = Interpreter(package)
    assert [operation.op_type for operation in interpreter.operations] == ["sin", "identity"]
    np.testing.assert_allclose(interpreter.run({"x": np.float32([[1, -2]])})["y"], np.sin([[1, -2]]), rtol=1e-6)


def test_a_way_between_two_values_is_written_in_one_form(tmp_path):
    class Between(nn.Module):
        def forward(self, x):
            return torch.lerp(x, x * x, x + 0.2)

    given = np.float32([[0.1, 0.9]])
    package = save(convert(program(Between(), {"x": (1, 2)}, ["y"])), tmp_path / "between.mlpackage", about={})
    interpreter = Interpreter(package)
    assert not [operation for operation in interpreter.operations if operation.op_type == "select"]
    wanted = Between()(torch.from_numpy(given)).numpy()
    np.testing.assert_allclose(interpreter.run({"x": given})["y"], wanted, rtol=1e-6)


@pytest.mark.parametrize(("y", "x"), [(0, 0), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1), (0, 1)])
def test_an_angle_is_that_of_torch_on_the_axes_too(tmp_path, y, x):
    class Angle(nn.Module):
        def forward(self, pair):
            return torch.atan2(pair[:, :1], pair[:, 1:])

    package = save(convert(program(Angle(), {"pair": (1, 2)}, ["angle"])), tmp_path / "angle.mlpackage", about={})
    found = Interpreter(package).run({"pair": np.float32([[y, x]])})["angle"]
    np.testing.assert_allclose(found, [[np.arctan2(y, x)]], atol=1e-6)


def test_an_operation_without_translation_is_named():
    class Odd(nn.Module):
        def forward(self, x):
            return torch.special.i0(x)

    with pytest.raises(BrokenPlugin, match=r"aten\.\w*i0.* has no translation"):
        program(Odd(), {"x": (1, 2)}, ["y"])


def test_two_functions_share_one_package_and_its_weights(packed, tmp_path, picture):
    parts = {"first": packed(16), "second": shutil.copytree(packed(16), tmp_path / "second.mlpackage")}
    both = [multifunction(parts, tmp_path / f"{name}.mlpackage", default="second", about=ABOUT) for name in "ab"]
    assert content(both[0]) == content(both[1])
    weights = "Data/com.apple.CoreML/weights/weight.bin"
    assert (both[0] / weights).stat().st_size == (parts["first"] / weights).stat().st_size
    for function in (*parts, None):
        found = Interpreter(both[0], function).run({"x": picture})["y"]
        np.testing.assert_array_equal(found, Interpreter(parts["first"]).run({"x": picture})["y"])


def test_without_coremltools_the_extra_is_named(monkeypatch):
    extras.coremltools.cache_clear()
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'veraretouch\[coreml\]'"):
        extras.coremltools()
    extras.coremltools.cache_clear()
