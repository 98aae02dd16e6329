"""The authors' own weights of encoder and renderer: a pickle, of which tensors are read and nothing is run."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from ...core.errors import IncompatibleBundle, InvalidDocument, MissingExtra, UnreachableBundle
from ...core.strict_json import shorten
from ...ops.neural import RetouchNetwork
from .encoder import ReferenceEncoder

STATE: Final = "model_state_dict"
# torch counts the batches of training beside each normalisation's mean; the count is no weight.
DROPPED: Final = "num_batches_tracked"
# Before it, such a file could run code even with weights_only=True: CVE-2025-32434, CVE-2026-24747.
SAFE_TORCH: Final = (2, 10)
_CURE: Final = "Fetch encoder_renderer.pth of Gyh68/VeraRetouch.Encoder_Renderer again."
_LISTED: Final = 10


def pick_published(names: Collection[str]) -> str:
    """The one pickle among the names of a repository's files.

    Raises:
        IncompatibleBundle: none, or more than one.

    >>> pick_published(["README.md", "encoder_renderer.pth"])
    'encoder_renderer.pth'
    """
    found = sorted(name for name in names if name.endswith(".pth"))
    if len(found) != 1:
        raise IncompatibleBundle(
            f"{len(found)} *.pth files ({', '.join(found)}), and one is read" if found else "no *.pth file",
            cure="The published weights of encoder and renderer are one file, encoder_renderer.pth.",
        )
    return found[0]


def read_published(path: Path, *, name: str = "") -> tuple[ReferenceEncoder, RetouchNetwork]:
    """Encoder and renderer out of the published checkpoint, in float32, without gradients.

    The key `model_state_dict` holds tensors by name. Before the names of each network stands a prefix, which is not
    known for sure and therefore read from the file: what stands before most of the names that are this network's.

    Args:
        name: what errors call the file; the path's own name by default.

    Raises:
        InvalidDocument: no such pickle, or one that asks for code;
            one error that counts and names the tensors that are missing, left over or of another kind.
        MissingExtra: a torch that a pickle could make run code. UnreachableBundle: the file cannot be read.
    """
    called = name or path.name
    left = _state(path, called)
    with torch.device("meta"):
        encoder, renderer = ReferenceEncoder(), RetouchNetwork()
    parts: tuple[tuple[nn.Module, str], ...] = ((encoder, "encoder."), (renderer, "decoder."))
    missing: list[str] = []
    wrong: list[str] = []
    for network, usual in parts:
        wanted = network.state_dict()
        prefix = _prefix(wanted, left) or usual
        found = {}
        for own, like in wanted.items():
            key = prefix + own
            if own.endswith(".running_mean"):
                left.pop(key.removesuffix("running_mean") + DROPPED, None)
            if key not in left:
                missing.append(key)
            elif flaw := _flaw(value := left.pop(key), like):
                wrong.append(f"{key}: {flaw}")
            else:
                # A copy, so that the file may go.
                found[own] = value.detach().to(torch.float32, copy=True).contiguous()
        network.load_state_dict(found, strict=False, assign=True)
        network.requires_grad_(False).eval()
    problems = (("missing", missing), ("left over", [shorten(key) for key in left]), ("of another kind", wrong))
    if said := [f"{len(names)} {what}: {_some(names)}" for what, names in problems if names]:
        raise InvalidDocument(f"its tensors are not these networks': {'; '.join(said)}", path=called, cure=_CURE)
    return encoder, renderer


def _state(path: Path, called: str) -> dict[Any, Any]:
    """What the pickle holds under `model_state_dict`."""
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < SAFE_TORCH:
        raise MissingExtra(
            f"torch {torch.__version__} can be made to run code by a pickle",
            cure="Install torch 2.10 or later, or take a bundle, which holds no pickle.",
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # torch warns of pickles that it then refuses
            # The old format cannot be mapped.
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise UnreachableBundle(f"{path} cannot be read: {error.strerror}", cure="Check the path.") from None
    except pickle.UnpicklingError as error:
        # torch's own message explains how to let the code run.
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"asks for {asked[1]}, which no weights need" if asked else "is no pickle of weights"
        raise InvalidDocument(f"{what}; nothing was run", path=called, cure=_CURE) from None
    except Exception as error:
        # A spoiled pickle fails with anything at all.
        raise InvalidDocument(f"cannot be read: {type(error).__name__}", path=called, cure=_CURE) from None
    if not isinstance(content, Mapping) or not isinstance(content.get(STATE), Mapping):
        raise InvalidDocument(f"has no mapping {STATE!r}", path=called, cure=_CURE)
    return dict(content[STATE])


def _prefix(names: Collection[str], keys: Collection[Any]) -> str:
    """What stands before most of the names, down to a dot; an empty text where none of them is there."""
    texts = [key for key in keys if isinstance(key, str)]
    before = (key.removesuffix(name) for name in names for key in texts if key.endswith(name))
    common = Counter(prefix for prefix in before if prefix.endswith(".")).most_common(1)
    return common[0][0] if common else ""


def _flaw(value: Any, like: Tensor) -> str:
    """In what a value is not a plain tensor of floats of this shape."""
    if not isinstance(value, Tensor):
        return type(value).__name__
    if value.layout != torch.strided or value.device.type != "cpu" or not value.is_floating_point():
        return f"{value.layout}, {value.dtype}, {value.device.type}"
    return "" if value.shape == like.shape else f"{tuple(value.shape)}, not {tuple(like.shape)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
