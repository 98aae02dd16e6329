"""What the zoo's benchmark times, each in a process of its own: `python zoo_contestants.py NAME FOLDER` prints seconds
and memory.

Modules are imported before the clock starts. `peak` is the whole process's memory, `imports` what it was before the
clock started.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

WEIGHTS = "weights.safetensors"
CHUNK = 2**22


def register() -> None:
    """A planner that keeps every tensor of its bundle."""
    import torch
    from bundles import Weighted

    from veraretouch import registry

    class Heavy(Weighted):
        id = "bench.heavy"

        @classmethod
        def from_bundle(cls, bundle: Any, *, device: Any, dtype: Any) -> Any:
            made = cls(torch.zeros(2))
            made.tensors = bundle.tensors(WEIGHTS)
            return made

    registry.planners.add(Heavy)


def load(folder: str, **options: Any) -> Any:
    from veraretouch import zoo

    return zoo.load(folder, **options)


def touch(folder: str) -> int:
    """Load, and read each weight once."""
    import torch

    tensors = load(folder).planner.tensors.values()
    return sum(int(tensor.view(torch.int64).sum()) for tensor in tensors)


def always(folder: str) -> Any:
    return load(folder, verify="always")


def read(folder: str) -> int:
    """Read the file's bytes into memory."""
    return len((Path(folder) / WEIGHTS).read_bytes())


def read_and_touch(folder: str) -> int:
    """The same, and read each weight once more from there."""
    import torch

    data = bytearray((Path(folder) / WEIGHTS).stat().st_size)
    with (Path(folder) / WEIGHTS).open("rb", buffering=0) as file:
        place, view = 0, memoryview(data)
        while count := file.readinto(view[place:]):
            place += count
    return int(torch.frombuffer(data, dtype=torch.int64).sum())


def stream(folder: str) -> int:
    """Read the file's bytes through a small buffer, and keep none."""
    buffer, total = bytearray(CHUNK), 0
    with (Path(folder) / WEIGHTS).open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            total += count
    return total


def digest(folder: str) -> str:
    """The file's SHA-256 alone."""
    with (Path(folder) / WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reference(folder: str) -> int:
    """The safetensors library's own reader, each weight read once."""
    import torch
    from safetensors.torch import load_file

    return sum(int(tensor.view(torch.int64).sum()) for tensor in load_file(Path(folder) / WEIGHTS).values())


def rules(modules: str) -> Any:
    """`zoo.load("rules")` where every module that it needs has been imported."""
    from veraretouch import zoo

    return zoo.load("rules")


def pull(where: str) -> Any:
    """Fetch a bundle from a Hub: `where` is `endpoint repository cache`."""
    from veraretouch.zoo.fetch import fetch
    from veraretouch.zoo.hub import Hub

    endpoint, repository, cache = where.split()
    return fetch(repository, hub=Hub(endpoint, Path(cache)))


def client(where: str) -> Any:
    """The same file by the Hub's client alone, not verified."""
    from huggingface_hub import hf_hub_download

    endpoint, repository, cache = where.split()
    return hf_hub_download(repository, WEIGHTS, endpoint=endpoint, cache_dir=cache, token=False)


CONTESTANTS: dict[str, tuple[Callable[[str], Any], str]] = {
    run.__name__: (run, modules)
    for run, modules in (
        (load, "veraretouch.zoo.bundles.tensors veraretouch.zoo.fetch"),
        (touch, "veraretouch.zoo.bundles.tensors veraretouch.zoo.fetch"),
        (always, "veraretouch.zoo.bundles.tensors veraretouch.zoo.fetch"),
        (read, ""),
        (read_and_touch, ""),
        (stream, ""),
        (digest, ""),
        (reference, "safetensors.torch"),
        (rules, ""),
        (pull, "veraretouch.zoo.fetch huggingface_hub.file_download"),
        (client, "huggingface_hub.file_download"),
    )
}


def main(name: str, where: str) -> None:
    run, modules = CONTESTANTS[name]
    if name == "rules":
        modules = Path(where).read_text()
    else:
        register()
    for module in ("torch", "veraretouch.zoo.retouchers", *modules.split()):
        with suppress(Exception):
            import_module(module)
    base = peak()
    began = time.perf_counter()
    kept = run(where)
    took = time.perf_counter() - began
    print(json.dumps({"seconds": took, "peak": peak(), "imports": base}))
    if name == "rules" and not modules:
        Path(where).write_text("\n".join(sorted(sys.modules)))
    del kept


def peak() -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
