"""Decoding: sampling as published, answers alone and side by side, where they end, and what is told on the way."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_vera import ANSWER, END, model, planner, words

from veraretouch.planners.vera.writing.sampling import Forced, Sampled, Sampling, kept
from veraretouch.planners.vera.writing.writer import StopCriterion, Writer

# One worker makes the networks for all.
pytestmark = pytest.mark.xdist_group("vera")


def writer(most=40):
    return Writer(model(), StopCriterion(words().retouch, tuple(words().ids(END)), most))


def prompts(lengths=(3, 9, 30)):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, 64, generator=generator) * 0.3 for length in lengths]


def sampled(seeds=(1, 2, 3), **options):
    return [Sampled(Sampling(**{"temperature": 3.0, "top_p": 1.0} | options), seed) for seed in seeds]


def test_a_batch_writes_what_each_writes_alone():
    prefix = words().ids("<|im_start|>system\n")
    together = writer().write(prefix, prompts(), sampled())
    assert len({tuple(one.tokens) for one in together}) == 3
    for prompt, sampler, written in zip(prompts(), sampled(), together, strict=True):
        (alone,) = writer().write(prefix, [prompt], [sampler])
        assert alone.tokens == written.tokens
        assert alone.states.keys() == written.states.keys()
        for token, state in alone.states.items():
            assert float((written.states[token] - state).abs().max()) < 1e-4


def test_a_prompt_that_stands_there_several_times_is_read_once_and_answered_each_time(monkeypatch):
    short, long, _ = prompts()
    asked, samplers = [long, short, long, long], (4, 1, 2, 3)
    own = writer()
    alone = [own.write([], [prompt], sampled([seed]))[0] for prompt, seed in zip(asked, samplers, strict=True)]
    language, read = own.model.language.forward, []
    monkeypatch.setattr(
        own.model.language,
        "forward",
        lambda **given: read.append(given["inputs_embeds"].shape[:2]) or language(**given),
    )
    together = own.write([], asked, sampled(samplers))
    assert [one.tokens for one in together] == [one.tokens for one in alone]
    assert read[:2] == [(2, 9), (4, 1)]


def test_a_prefix_that_is_kept_changes_nothing():
    ids = words().ids("<|im_start|>system\nYou are a helpful assistant.")

    def told(shared):
        rest = [torch.cat([model().embed(ids[shared:])[0], prompt]) for prompt in prompts()]
        kept_on = writer(most=20)
        kept_on.write(ids[:shared], rest[:1], sampled()[:1])
        return [one.tokens for one in kept_on.write(ids[:shared], rest, sampled())]

    assert told(0) == told(1) == told(len(ids) - 1)


def test_the_same_seed_writes_the_same_and_another_another():
    one, same, other = (writer().write([], prompts()[:1], sampled([seed]))[0].tokens for seed in (5, 5, 6))
    assert one == same != other


def test_an_answer_ends_with_the_third_retouch_token_the_end_or_the_limit():
    light, color, mixer = words().retouch
    end = words().ids(END)[0]
    forced = [Forced([9, light, 9, color, light, mixer, 9, 9]), Forced([9, end, 9]), Forced([9, 9])]
    written = writer(most=12).write([], prompts(), forced)
    assert [one.tokens for one in written] == [[9, light, 9, color, light, mixer], [9, end], [9] * 12]
    assert [set(one.states) for one in written] == [{light, color, mixer}, set(), set()]


def test_the_first_occurrence_of_a_retouch_token_counts():
    light, color, mixer = words().retouch
    once = writer().write([], prompts()[:1], [Forced([9, light, color, mixer])])[0]
    twice = writer().write([], prompts()[:1], [Forced([9, light, light, color, mixer])])[0]
    assert torch.equal(once.states[light], twice.states[light])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([(0.2, 50, 0.8), (1.0, 5, 0.5), (0.7, 50, 1.0), (2.0, 3, 0.01)]))
def test_the_tokens_that_may_be_drawn_are_those_of_transformers(seed, wanted):
    from transformers.generation.logits_process import (
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    temperature, k, p = wanted
    logits = 4 * torch.randn(200, generator=torch.Generator().manual_seed(seed))
    warped = logits.unsqueeze(0)
    for warper in (TemperatureLogitsWarper(temperature), TopKLogitsWarper(k), TopPLogitsWarper(p)):
        warped = warper(None, warped)
    shares, tokens = kept(logits, Sampling(temperature, k, p))
    expected = torch.softmax(warped[0], dim=0)
    assert set(tokens.tolist()) == set(expected.nonzero().flatten().tolist())
    torch.testing.assert_close(shares / shares.sum(), expected[tokens], rtol=1e-4, atol=1e-6)


def test_tokens_are_drawn_by_their_probability():
    logits = torch.log(torch.tensor([0.1, 0.6, 0.3]))
    sampler = Sampled(Sampling(1.0, 50, 1.0), 0)
    counts = torch.bincount(torch.tensor([sampler.next(logits, []) for _ in range(4000)])) / 4000
    assert counts.tolist() == pytest.approx([0.1, 0.6, 0.3], abs=0.03)
    assert Sampled(Sampling(temperature=0), 0).next(logits, []) == 1


def test_words_are_told_as_they_are_written():
    import numpy as np

    from veraretouch import Photo, Request

    heard = []
    requests = [Request.of(params={"exposure.ev": ev}) for ev in (0.5, 1.0)]
    photos = [Photo(np.zeros((4, 4, 3), np.uint8))] * 2
    planner().plan(photos, requests, on_text=lambda row, text: heard.append((row, text)))
    assert len(heard) > 40
    for row in (0, 1):
        assert "".join(text for place, text in heard if place == row) == ANSWER
