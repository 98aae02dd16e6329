"""torch, imported without what its compiler and its exporter need: half a second sooner, of the two that a photo takes.

The modules in `LATER` are there as ever, and are run when something of theirs is first asked for. Kernels for tensors
without data (`device="meta"`, `FakeTensor`), which `torch._meta_registrations` brings when it is run, are missing until
then; whoever imports the compiler gets them. So this is for commands whose own networks and ops do all the work.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any, Final

from ..plugins.registry import registry

VARIABLE: Final = "VERARETOUCH_WHOLE_TORCH"
"""Set to anything, torch is imported as a whole."""

TRIED: Final = ("2.13.",)
"""The versions whose parts are known; others are imported as a whole."""

LATER: Final = frozenset(
    (
        *("torch._meta_registrations", "torch.distributed._meta_registrations", "torch.distributed.config"),
        *("torch._native", "torch.ao", "torch.distributions", "torch.export", "torch.masked", "torch.quantization"),
        *("torch.nn.intrinsic", "torch.nn.qat", "torch.nn.quantizable", "torch.nn.quantized", "torch.utils.data"),
        *("torchgen.model", "unittest.mock"),  # which only tracing and its checks ask for
    )
)
_COMPILERS: Final = ("torch._dynamo", "torch._inductor", "torch._export", "torch.onnx")


def is_enough_for(planner: str) -> bool:
    """Whether such a torch is all that a planner needs: the small ones of ours."""
    found = registry.planners.find(planner)
    return found is not None and found.distribution == "veraretouch" and found.id in ("rules", "tiny")


def begin_loading() -> None:
    """Let another thread load torch's largest library, a sixth of a second on Linux, while this one imports what needs
    no torch. Python itself would let no other thread run meanwhile.
    """
    found = None if "torch" in sys.modules else find_spec("torch")
    if found is None or not found.submodule_search_locations:
        return
    library = Path(found.submodule_search_locations[0], "lib", "libtorch_cpu.so")
    if library.is_file():
        dlopen = ctypes.CDLL(None).dlopen  # a call lets other threads run, where `ctypes.CDLL(library)` does not
        dlopen.argtypes = ctypes.c_char_p, ctypes.c_int
        Thread(target=dlopen, args=(os.fsencode(library), os.RTLD_NOW), name="veraretouch-loader").start()


@contextmanager
def no_garbage_collected() -> Iterator[None]:
    """Within, nobody searches for garbage: importing makes many objects and next to none that could go."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def put_off() -> None:
    """Have torch imported so by whoever imports it first, unless it is imported already, or its version was not tried,
    or the variable `VERARETOUCH_WHOLE_TORCH` is set.
    """
    if "torch" in sys.modules or os.environ.get(VARIABLE) or not _version().startswith(TRIED):
        return
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def import_lightly() -> None:
    """Import torch, lightly where `put_off` has it so."""
    put_off()
    with no_garbage_collected():
        import torch  # noqa: F401  (for those who import it later)


class _Finder(MetaPathFinder):
    """Finds the modules in `LATER` as others do, and has them run later."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.startswith(_COMPILERS):
            run_all()
            return None
        parent = sys.modules.get(name.rpartition(".")[0])
        if isinstance(parent, _Later):
            parent.run()  # a package before what is in it
        spec = PathFinder.find_spec(name, path) if name in LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = _LaterLoader(spec.loader)
        return spec


class _LaterLoader(Loader):
    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Later(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing, for now."""


class _Later(ModuleType):
    """A module that is run when something of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.run()
        return getattr(self, name)

    def run(self) -> None:
        """Run it, and be an ordinary module from then on."""
        spec = self.__spec__
        object.__setattr__(self, "__class__", ModuleType)
        assert spec is not None
        assert isinstance(spec.loader, _LaterLoader)
        spec.loader = self.__loader__ = spec.loader.loader
        spec.loader.exec_module(self)


_finder: Final = _Finder()


def run_all() -> None:
    """Run all that was put off: torch is then whole."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in sorted(LATER):
        module = sys.modules.get(name)
        if isinstance(module, _Later):
            module.run()


def _version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""
