"""Small folders of pairs, and ops of these tests' own."""

from pathlib import Path

import pytest
from judged import PROMPTS, Light, Mixing, pixels, spoilt, write

from veraretouch import registry, retouch
from veraretouch.core.testing.samples import SAMPLES


@pytest.fixture(scope="session")
def pairs(tmp_path_factory) -> Path:
    """Four photos spoilt, three in the styles of PROMPTS as the rules read them."""
    folder = tmp_path_factory.mktemp("pairs")
    table = ["name,prompt"]
    for seed, name in enumerate(SAMPLES):
        good = pixels(name)
        write(folder / f"{name}-before.png", spoilt(good, seed))
        write(folder / f"{name}-after.png", good)
    for name, prompt in zip(SAMPLES, PROMPTS, strict=False):
        good = pixels(name)
        write(folder / f"{name}-styled-before.png", good)
        write(folder / f"{name}-styled-after.png", retouch(good, style=prompt, planner="rules", engine="exact").image)
        table.append(f"{name}-styled,{prompt}")
    (folder / "prompts.csv").write_text("\n".join([*table, ""]))
    return folder


@pytest.fixture
def ops():
    for op in (Light, Mixing):
        registry.ops.add(op)
    yield
    for op in (Light, Mixing):
        registry.ops.remove(op.id)
