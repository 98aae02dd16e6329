"""Tiles: the same bits however many threads compute them, and torch's own settings as they were."""

import os
import subprocess
import sys
import threading

import pytest
import torch

from veraretouch import Latents, Op, Renderer, Schema, Slot, Stage, registry
from veraretouch.core import threads


class Busy(Op):
    """Say which thread computes a tile, with how many of torch's and in which mode."""

    id = "test.busy"
    version = 1
    stage = Stage.EXPOSURE
    pointwise = True
    amount = Slot(group="lighting", doc="Nothing.")
    seen: list = []  # noqa: RUF012
    weight = torch.zeros(())

    def apply(self, rgb, p):
        self.seen.append((threading.get_ident(), torch.get_num_threads(), torch.is_grad_enabled()))
        if p.frame.top == 3 and float(p.amount.flatten()[0]) == 1:
            raise ZeroDivisionError("tile 3")
        return rgb + self.weight


@pytest.fixture
def set_threads():
    """Set torch's threads for a test, and set them back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture
def busy(monkeypatch):
    monkeypatch.setattr("veraretouch.core.render.chain.TILE_PIXELS", 8)
    monkeypatch.setattr(Busy, "seen", [])
    return Renderer([Busy])


def latents(amount=0.5):
    return Latents(Schema.of([Busy]), {"test.busy": {"amount": torch.tensor([amount])}})


def photo():
    return torch.rand(1, 3, 16, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("id", ["exposure", "white_balance", "hsl", "color_grading"])
@pytest.mark.parametrize("size", [(400, 301), (150, 301)], ids=["many tiles", "one tile"])
def test_the_bits_do_not_depend_on_the_number_of_threads(set_threads, id, size):
    schema = Schema.of([registry.ops.load(id)])
    rgb = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    values = Latents.squash(schema, 0.3 * torch.randn(1, schema.size, generator=torch.Generator().manual_seed(0)))
    pictures = []
    for count in (1, 2, 3):
        set_threads(count)
        pictures.append(Renderer()(rgb, values))
    assert torch.equal(pictures[0], pictures[1])
    assert torch.equal(pictures[0], pictures[2])


def test_each_tile_has_one_thread_of_torchs_and_torch_keeps_its_number(set_threads, busy):
    set_threads(3)
    busy(photo(), latents())
    assert len(Busy.seen) == 16
    assert {count for _, count, _ in Busy.seen} == {1}
    assert threading.get_ident() not in {thread for thread, _, _ in Busy.seen}
    assert torch.get_num_threads() == 3
    counts = []
    stranger = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    stranger.start()
    stranger.join()
    assert counts == [3]


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_a_tile_is_computed_in_the_gradient_mode_of_its_caller(set_threads, busy, mode):
    set_threads(2)
    with mode():
        done = busy(photo(), latents())
    assert torch.equal(done, photo())
    assert {grad for _, _, grad in Busy.seen} == {mode is torch.enable_grad}


def test_weights_of_an_op_are_trained_through_tiles(set_threads, busy, monkeypatch):
    set_threads(2)
    weight = torch.zeros((), requires_grad=True)
    monkeypatch.setattr(Busy, "weight", weight)
    busy(photo(), latents(), clamp=False).sum().backward()
    assert float(weight.grad) == 3 * 16 * 8


def test_an_error_in_a_tile_is_the_callers(set_threads, busy):
    set_threads(2)
    with pytest.raises(ZeroDivisionError, match="tile 3"):
        busy(photo(), latents(1.0))
    assert torch.equal(busy(photo(), latents()), photo())


def test_several_threads_may_render_at_once(set_threads, busy):
    set_threads(2)
    found = []
    callers = [threading.Thread(target=lambda: found.append(busy(photo(), latents()))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [torch.equal(done, photo()) for done in found] == [True] * 4


FORKED = """
import os, sys, torch
from veraretouch.core.errors import ForkedProcess
from veraretouch.core.threads import fill
torch.set_num_threads(2)
def go():
    return fill(torch.empty(1, 3, 4, 4), [slice(0, 2), slice(2, 4)], lambda rows: torch.ones(1, 3, 2, 4))
go()
child = os.fork()
if child == 0:
    torch.set_num_threads(int(sys.argv[1]))
    try:
        os._exit(0 if bool((go() == 1).all()) else 1)
    except ForkedProcess as error:
        print(error, flush=True)
        os._exit(3)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize(("number", "code"), [(1, 0), (2, 3)])
def test_a_forked_process_renders_with_one_thread_and_is_refused_with_the_reason_with_more(number, code):
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(number)], timeout=120, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert ("spawn" in done.stdout) is (number > 1)


def test_new_threads_get_the_common_number_while_another_has_one():
    numbers = []
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads.one_thread():
            assert torch.get_num_threads() == 1
            for ask in (torch.get_num_threads, threads.own_threads):
                thread = threading.Thread(target=lambda ask=ask: numbers.append(ask()))
                thread.start()
                thread.join()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert numbers == [2, 2]


def test_strips_cover_all_rows_once():
    for height, row, pixels in [(1, 1, 1), (10, 3, 7), (10, 100, 7), (7, 1, 100)]:
        rows = [y for part in threads.strips(height, row, pixels) for y in range(part.start, part.stop)]
        assert rows == list(range(height))
