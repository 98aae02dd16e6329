"""Compiled ops: the same pixels and gradients, and the ops as they are where nothing can be compiled."""

import shutil
import warnings
from types import SimpleNamespace

import pytest
import torch
from renderings import Add, Double, latents_of, photos

from veraretouch import Latents, Renderer, Schema
from veraretouch.core.render import chain
from veraretouch.core.render.compiled import compiled
from veraretouch.ops.contrast import Contrast
from veraretouch.ops.white_balance import WhiteBalance

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
OPS = [WhiteBalance, Contrast]


@pytest.fixture(autouse=True)
def forget():
    compiled.cache_clear()
    yield
    compiled.cache_clear()


# The C++ compiler takes half a minute; torch's own graphs, forwards and backwards, seconds for each op.
@pytest.mark.parametrize(
    ("backend", "ops"),
    [
        ("aot_eager", [Contrast]),
        pytest.param("aot_eager", OPS, marks=pytest.mark.slow),
        pytest.param("inductor", OPS, marks=[needs_compiler, pytest.mark.slow]),
    ],
    ids=["aot_eager-one", "aot_eager-two", "inductor-two"],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # torch's own, within the compiler
def test_pixels_and_gradients_are_those_of_the_ops(monkeypatch, backend, ops):
    compile, schema = torch.compile, Schema.of(ops)
    monkeypatch.setattr(torch, "compile", lambda function, **options: compile(function, backend=backend, **options))
    monkeypatch.setattr(chain, "FUSED_PIXELS", 1000)
    raw = 0.5 * torch.randn(2, schema.size, generator=torch.Generator().manual_seed(1))
    present = torch.tensor([[True, True], [False, True]])[:, : len(ops)]
    found = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", RuntimeWarning)
        for fused in (False, True):
            renderer, leaf = Renderer(ops, fused=fused), raw.clone().requires_grad_()
            rgb = photos(2, 37, 41).requires_grad_()
            with torch.no_grad():
                still = renderer(rgb, Latents.squash(schema, raw, present=present))
            moved = renderer(rgb, Latents.squash(schema, leaf, present=present), clamp=False)
            moved.square().mean().backward()
            found.append((still, moved.detach(), leaf.grad, rgb.grad))
    assert not [str(w.message) for w in warned if "uncompiled" in str(w.message)]
    assert not torch.equal(found[0][0], photos(2, 37, 41))
    for plain, fused in zip(*found, strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-4, atol=2e-6)


def test_without_a_compiler_the_ops_run_as_they_are_and_say_so_once(monkeypatch):
    def broken(function, **options):
        def call(*args):
            raise RuntimeError("no working compiler\nand a long story")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    renderer, latents = Renderer([Add, Double], fused=True), latents_of(add=0.25)
    with pytest.warns(RuntimeWarning, match=r"Add.apply runs uncompiled: no working compiler$"):
        assert torch.equal(renderer(photos(), latents, clamp=False), photos() + 0.25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        renderer(photos(), latents)


def test_the_warning_names_the_line_that_asked_and_an_error_without_words_its_class(monkeypatch):
    def broken(function, **options):
        def call(*args):
            raise NotImplementedError

        return call

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.warns(RuntimeWarning, match=r"Add.apply runs uncompiled: NotImplementedError$") as warned:
        compiled(Add.apply)(Add(), photos(), SimpleNamespace(amount=0.25))
    assert warned[0].filename == __file__


def test_an_error_of_the_op_itself_is_the_ops_own(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    monkeypatch.setattr(Add, "apply", lambda self, rgb, p: rgb + torch.zeros(7))
    with pytest.raises(RuntimeError, match="size of tensor"):
        Renderer([Add], fused=True)(photos(), latents_of(add=0.25))
