"""timm and transformers import torchvision, which does not load beside every torch: both ways."""

import os
from pathlib import Path

import pytest
from prepared import prepared

MODULE = "from veraretouch.planners.vera.torchvision_operators import make_torchvision_importable, _declared; "
STAND_IN = (
    "import sys, types, importlib.machinery as m\n"
    "class Finder:\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        return m.ModuleSpec(name, self) if name == 'torchvision' else None\n"
    "    def create_module(self, spec): return types.ModuleType('torchvision')\n"
    "    def exec_module(self, module):\n"
    "        import torch\n"
    "        {body}\n"
    "sys.meta_path.insert(0, Finder())\n"
)


def run(code, *, strict=True):
    words = "import warnings; warnings.simplefilter('error')\n" + code if strict else code
    return prepared().run(
        ["-c", words], cwd=Path.cwd(), env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    )


@pytest.mark.parametrize("package", ["timm", "transformers.models.qwen2.modeling_qwen2"])
def test_with_it_the_packages_are_imported(package):
    code = f"{MODULE}make_torchvision_importable(); make_torchvision_importable(); import {package}"
    done = run(code, strict=False)  # the packages' own warnings are not ours
    assert done.returncode == 0, done.stderr[-800:]


def test_it_does_nothing_where_torchvision_loads_by_itself():
    code = (
        STAND_IN.format(body="module.loaded = True")
        + MODULE
        + "make_torchvision_importable(); import torchvision; assert torchvision.loaded and not _declared"
    )
    assert (done := run(code)).returncode == 0, done.stderr


def test_it_declares_what_is_missing_and_leaves_the_import_to_come():
    body = "torch.library.register_fake('torchvision::nms')(lambda *a: a[0]); module.loaded = True"
    code = (
        STAND_IN.format(body=body)
        + MODULE
        + "make_torchvision_importable(); assert _declared; import torchvision; assert torchvision.loaded"
    )
    assert (done := run(code)).returncode == 0, done.stderr


def test_other_faults_are_not_hidden():
    code = STAND_IN.format(body="raise RuntimeError('another fault')") + MODULE + "make_torchvision_importable()"
    done = run(code)
    assert done.returncode == 1
    assert "another fault" in done.stderr


def test_the_planner_is_listed_and_loaded_without_these_packages():
    code = (
        "import sys, veraretouch as vr; assert 'vera' in vr.registry.planners.ids(); vr.registry.planners.load('vera');"
        " assert not {'timm', 'transformers', 'torchvision', 'tokenizers'} & set(sys.modules)"
    )
    assert (done := run(code)).returncode == 0, done.stderr
