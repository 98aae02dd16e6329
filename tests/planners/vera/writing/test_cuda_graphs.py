"""Caches of a fixed size write what growing ones write; the CUDA graph itself needs a GPU."""

import pytest
import torch
from small_vera import ANSWER, END, model, words

from veraretouch.planners.vera.writing import cuda_graphs
from veraretouch.planners.vera.writing.cuda_graphs import GraphWriter
from veraretouch.planners.vera.writing.sampling import Forced, Sampled, Sampling
from veraretouch.planners.vera.writing.writer import StopCriterion, Writer

pytestmark = pytest.mark.xdist_group("vera")
PREFIX = "<|im_start|>system\n"


def stop(most=400):
    return StopCriterion(words().retouch, tuple(words().ids(END)), most)


def prompts(lengths=(3, 30)):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, 64, generator=generator) * 0.3 for length in lengths]


@pytest.mark.parametrize("room", [16, 1024])
def test_the_same_words_and_states_while_caches_grow_and_in_caches_used_before(monkeypatch, room):
    monkeypatch.setattr(cuda_graphs, "LEAST", room)
    ids = words().ids(PREFIX)
    ours, theirs = GraphWriter(model(), stop(60)), Writer(model(), stop(60))
    for seeds in ((1, 2), (3, 4)):
        samplers = [[Sampled(Sampling(temperature=3.0, top_p=1.0), seed) for seed in seeds] for _ in range(2)]
        one, other = (
            writer.write(ids, prompts(), chosen) for writer, chosen in zip((ours, theirs), samplers, strict=True)
        )
        assert [each.tokens for each in one] == [each.tokens for each in other]
    assert set(ours._caches) == ({16, 32, 64, 128} if room == 16 else {1024})


def test_the_states_of_retouch_tokens_are_kept():
    forced = [Forced(words().ids(ANSWER))] * 2
    ours, theirs = (
        writer(model(), stop()).write(words().ids(PREFIX), prompts(), forced) for writer in (GraphWriter, Writer)
    )
    for one, other in zip(ours, theirs, strict=True):
        assert len(one.states) == len(other.states) == 3
        for token, state in other.states.items():
            assert float((one.states[token] - state).abs().max()) < 1e-4 * float(state.abs().max())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="a CUDA graph needs a GPU")
def test_a_graph_writes_what_single_launches_write():
    import copy

    moved = copy.deepcopy(model()).cuda()
    forced = [Forced(words().ids(ANSWER))] * 2
    given = [prompt.cuda() for prompt in prompts()]
    ours, theirs = (writer(moved, stop()).write([], given, forced) for writer in (GraphWriter, Writer))
    for one, other in zip(ours, theirs, strict=True):
        for token, state in other.states.items():
            assert float((one.states[token] - state).abs().max()) < 1e-4 * float(state.abs().max())
