"""What an import costs: looking at veraretouch, its ops and its help loads no torch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import veraretouch

HEAVY = ("torch", "jsonschema", "PIL", "scipy", "tifffile", "imagecodecs")


def loaded(code, names=HEAVY):
    """Which of the heavy packages a fresh process has loaded after some code."""
    script = f"{code}\nimport sys\nprint('LOADED', *[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.rpartition("LOADED")[2].split()


LIGHT = {
    "the package": "import veraretouch",
    "its names": "import veraretouch; dir(veraretouch)",
    "the registry": "import veraretouch; veraretouch.registry",
    "the ops' ids": "import veraretouch; assert 'exposure' in veraretouch.registry.ops.ids()",
    "every catalogue": (
        "import veraretouch\nfor catalogue in veraretouch.registry.catalogues().values(): catalogue.entries()"
    ),
    "slots": "from veraretouch import Slot, Bands, Curve, Matrix, Embedding, Lattice",
    "the op class": "from veraretouch import Op, Stage, Frame",
    "schemas": "from veraretouch import Schema",
    "requests": "from veraretouch import Request; Request.of(style='warm')",
    "plans": "from veraretouch import Plan; Plan().document()",
    "hooks": "from veraretouch import hookimpl",
    "errors": "from veraretouch.core.errors import VeraRetouchError",
}


@pytest.mark.parametrize("code", LIGHT.values(), ids=LIGHT.keys())
def test_no_torch_is_loaded_by(code):
    assert "torch" not in loaded(code)


def test_nothing_heavy_is_loaded_by_the_package_itself():
    assert loaded("import veraretouch") == []


def test_a_third_partys_op_is_declared_without_torch():
    code = """
from veraretouch import Op, Slot, Stage
class Fade(Op):
    "Fade a photo."
    id = "test.fade"; version = 1; stage = Stage.TONE; pointwise = True
    amount = Slot(group="lighting", doc="How far.")
    def apply(self, rgb, p): return rgb * (1 - p.amount)
"""
    assert "torch" not in loaded(code)


@pytest.mark.parametrize("code", ["import torch", "import veraretouch; veraretouch.Renderer"])
def test_the_test_itself_notices_torch(code):
    assert "torch" in loaded(code)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Retuocher"):
        veraretouch.Retuocher  # noqa: B018


@pytest.mark.parametrize("name", ["errors", "zoo"])
def test_a_submodule_of_the_face_can_be_imported_in_a_fresh_process(name):
    assert "torch" not in loaded("from veraretouch import errors")
    subprocess.run([sys.executable, "-c", f"from veraretouch import {name}; {name}.__doc__"], check=True)


@pytest.mark.parametrize("name", veraretouch.__all__)
def test_each_name_of_the_face_can_be_imported_first(name, request):
    """One process tries all names, each as if it were the first: what others have imported is forgotten before."""
    assert request.getfixturevalue("first_imports")[name] == ""


@pytest.fixture(scope="module")
def first_imports(prepared_processes):
    """What goes wrong, by name, where it is the first name that is taken from the package."""
    script = """
import json, sys, veraretouch
import numpy, torch
failed = {}
for name in veraretouch.__all__:
    for module in [m for m in sys.modules if m.split(".")[0] == "veraretouch"]:
        del sys.modules[module]
    import veraretouch
    try:
        getattr(veraretouch, name)
        failed[name] = ""
    except Exception as error:
        failed[name] = repr(error)
print("FAILED", json.dumps(failed))
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = prepared_processes.run(["-c", script], cwd=Path.cwd(), env=kept)
    return json.loads(done.stdout.rpartition("FAILED")[2])
