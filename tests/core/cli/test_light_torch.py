"""torch without its compiler's parts gives the same, and is whole once somebody needs it to be."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from veraretouch.core.cli.light_torch import TRIED, VARIABLE, is_enough_for, no_garbage_collected

PHOTO = Path(__file__).parents[2] / "data" / "photos" / "kodak-03.jpg"

pytestmark = pytest.mark.skipif(not torch.__version__.startswith(TRIED), reason="this torch is imported as a whole")

LIGHT = """
import json, sys
from veraretouch.core.cli import light_torch
light_torch.import_lightly()
import torch
later = lambda: sorted(n for n in light_torch.LATER if isinstance(sys.modules.get(n), light_torch._Later))
"""


def _played(script, begin=LIGHT):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", begin + script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def told():
    """What one process tells of itself as it asks more and more of torch."""
    return _played("""
told = {}
torch.nn.Conv2d(3, 4, 3)(torch.rand(1, 3, 8, 8)).sum().backward()
told["network"] = [later(), "torch._meta_registrations" in sys.modules, len(light_torch.LATER)]

normal = torch.distributions.Normal(0.0, 1.0)
from torch.distributions import kl
import torch.distributions.normal as module
whole = torch.distributions.__path__ != []
told["module"] = [type(normal) is module.Normal, "torch.distributions" in later(), whole]

made = torch.compile(lambda x: x * 2, backend="eager")(torch.ones(2)).tolist()
from torch._subclasses.fake_tensor import FakeTensorMode
with FakeTensorMode():
    shape = list(torch.linalg.lu_factor(torch.rand(4, 4))[0].shape)
told["compiler"] = [made, shape, later()]
print(json.dumps(told))
""")


def test_what_is_put_off_stays_so_while_a_network_runs(told):
    put_off, there, count = told["network"]
    assert there
    assert len(put_off) == count


def test_a_module_is_run_when_something_of_it_is_asked_for_and_is_itself_then(told):
    assert told["module"] == [True, False, True]


def test_the_compiler_and_tensors_without_data_get_a_whole_torch(told):
    assert told["compiler"] == [[2, 2], [4, 4], []]


def test_made_whole_it_has_every_module_and_kernel_of_an_ordinary_one():
    count = """
kernels = torch._C._dispatch_get_registrations_for_dispatch_key("Meta")
print(json.dumps([sorted(n for n in sys.modules if n.startswith("torch")), sorted(set(kernels))]))
"""
    modules, kernels = _played("light_torch.run_all()\n" + count)
    wanted_modules, wanted_kernels = _played(count, begin="import json, sys, torch\n")
    assert set(wanted_modules) <= set(modules)
    assert kernels == wanted_kernels


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the library has another name")
def test_a_thread_loads_the_largest_library_and_torch_is_imported_as_ever():
    script = """
import threading
light_torch.begin_loading()
for thread in threading.enumerate()[1:]:
    thread.join()
loaded, early = "libtorch_cpu" in open("/proc/self/maps").read(), "torch" in sys.modules
import torch
torch.nn.Conv2d(3, 4, 3)(torch.rand(1, 3, 8, 8))
print(json.dumps([loaded, early, len(later()) == len(light_torch.LATER)]))
"""
    assert _played(script, begin=LIGHT.replace("import_lightly()\nimport torch", "put_off()")) == [True, False, True]


def test_a_photo_that_cannot_be_read_is_refused_without_torch(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(PHOTO.read_bytes()[:2000])
    script = f"""
import sys
from veraretouch.core.cli.shell import main
sys.argv = ["veraretouch", "auto", {str(broken)!r}]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, "torch" in sys.modules]))
"""
    assert _played(script, begin="import json\n") == [1, False]


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_again_after_an_import_if_it_was_before(enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with no_garbage_collected():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_it_is_for_our_small_planners_alone():
    assert is_enough_for("tiny")
    assert is_enough_for("rules")
    assert not is_enough_for("vera")
    assert not is_enough_for("you/your-bundle")


def test_a_command_gives_the_same_picture(cli, tmp_path):
    shutil.copy(PHOTO, tmp_path / "a.jpg")
    cli("auto", "a.jpg", "--out", "light.jpg", anew=True)
    cli("auto", "a.jpg", "--out", "whole.jpg", anew=True, env={VARIABLE: "1"})
    assert (tmp_path / "light.jpg").read_bytes() == (tmp_path / "whole.jpg").read_bytes()
