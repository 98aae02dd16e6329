"""Golden values of the published code, and the weights that they were recorded with;
see tests/data/golden/README.md.
"""

import json
import math
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

GOLDEN = Path(__file__).parents[2] / "data" / "golden"


@cache
def values(file="renderer.safetensors"):
    """The tensors of a file, by name; not to be changed."""
    return load_file(GOLDEN / file)


@cache
def document(file="renderer_keys.json"):
    """What a JSON file holds; not to be changed."""
    return json.loads((GOLDEN / file).read_text(encoding="utf-8"))


def filled(name, shape):
    """The tensor that a parameter's name and shape stand for."""
    value = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(size=shape)
    if name.endswith("running_var"):
        value = 1 + 0.1 * abs(value)
    elif len(shape) >= 2:
        value = value / math.sqrt(math.prod(shape[1:]))
    elif name.endswith(("weight", "gamma")):
        value = 1 + 0.1 * value
    else:
        value = 0.1 * value
    return torch.from_numpy(np.asarray(value, dtype=np.float32))


@cache
def _filled(file, part):
    return {name: filled(name, shape) for name, shape in document(file)[part].items()}


def weights(part, file="renderer_keys.json"):
    """Fresh weights by name: those that a part of a file of names stands for."""
    return {name: value.clone() for name, value in _filled(file, part).items()}
