"""A vocabulary that is learnt: prompts take few tokens, and whatever is written comes back."""

import pytest

from veraretouch import Request
from veraretouch.planners.training.vera.vocabulary import END, learn_vocabulary
from veraretouch.planners.vera.answer import RETOUCH_TOKENS, TAGS
from veraretouch.planners.vera.prompts import SPECIAL, passages, prompt_for

SENTENCES = ["<problem_light_start>It is about 0.7 stops too dark.<problem_light_end>"] * 40


@pytest.fixture(scope="module")
def words():
    return learn_vocabulary(SENTENCES, 300)


def test_passages_and_the_models_own_tokens_are_one_token_each(words):
    for text in (*passages(), *SPECIAL, *TAGS, *RETOUCH_TOKENS):
        assert len(words.ids(text)) == 1, text
    assert words.retouch == tuple(words.ids("".join(RETOUCH_TOKENS)))


def test_a_prompt_of_exact_values_takes_two_tokens_more_for_each_that_moves(words):
    def length(**params):
        return len(words.ids(str(prompt_for(Request.of(params=params)))))

    assert length(Exposure2012=10, Contrast2012=0) < 50
    one = length(Exposure2012=33, Contrast2012=0)
    assert length(Exposure2012=33, Contrast2012=-57) - one == 1
    assert length(Exposure2012=33.3, Contrast2012=0) - one == 1


def test_what_is_written_comes_back_whatever_it_is(words):
    for text in (SENTENCES[0], "naïve café: 12.5 °, ☂", str(prompt_for(Request.of(style="warm 0.55")))):
        assert words.text(words.ids(text)) == text
    assert len(words.ids(SENTENCES[0])) < 12


def test_the_end_of_an_answer_is_a_token_of_its_own(words):
    assert words.ids(f"dark.{END}")[-1:] == words.ids(END)
