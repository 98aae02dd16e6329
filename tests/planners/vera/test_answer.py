"""Answers as models write them: whole, malformed, cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_vera import ANSWER, TAGS, planner, words

from veraretouch import Photo, Request
from veraretouch.core.errors import UnusableAnswer
from veraretouch.planners.vera.answer import RETOUCH_TOKENS, read_answer
from veraretouch.planners.vera.writing.sampling import Sampling

# One worker makes the networks for all.
pytestmark = pytest.mark.xdist_group("vera")

WHOLE = {
    "lighting": {"problem": "Too dark.", "plan": "Raise exposure."},
    "global_color": {"problem": "A cold cast.", "plan": "Warm it."},
    "specific_color": {"problem": "Dull greens.", "plan": "Lift greens."},
}
LIGHT, COLOR, MIXER = RETOUCH_TOKENS


def without(text, *parts):
    for part in parts:
        assert part in text
        text = text.replace(part, "")
    return text


def test_a_whole_answer():
    assert read_answer(ANSWER) == WHOLE


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_that_is_missing_loses_nothing(tag):
    assert read_answer(without(ANSWER, tag)) == WHOLE


@pytest.mark.parametrize("group", WHOLE)
def test_a_group_that_is_missing_is_missing(group):
    tag = {"lighting": "light", "global_color": "globalcolor", "specific_color": "specificcolor"}[group]
    for part in ("problem", "plan"):
        start, end = f"<{part}_{tag}_start>", f"<{part}_{tag}_end>"
        text = ANSWER[: ANSWER.index(start)] + ANSWER[ANSWER.index(end) + len(end) :]
        assert read_answer(text) == {
            name: {key: value for key, value in thought.items() if (name, key) != (group, part)}
            for name, thought in WHOLE.items()
        }


def test_what_is_said_twice_counts_once_and_empty_passages_do_not():
    text = (
        "<plan_light_start>"
        " <plan_light_end><plan_light_start>One.<plan_light_end><plan_light_start>Two.<plan_light_end>"
    )
    assert read_answer(text) == {"lighting": {"plan": "One."}}


@given(st.lists(st.sampled_from([*TAGS, *RETOUCH_TOKENS, "<|im_end|>", "<", ">", "words ", "é\u202e", "\n"])))
def test_any_order_of_tags_and_words_gives_thoughts(parts):
    for thought in read_answer("".join(parts)).values():
        assert set(thought) <= {"problem", "plan"}
        assert all(thought.values())


def test_a_passage_without_an_end_is_cut_to_a_length():
    assert len(read_answer("<plan_light_start>" + "x" * 10**6)["lighting"]["plan"]) == 4000


# Thirty and more malformed answers, each through the planner: a plan from what is there, or the one error.

MALFORMED = {
    "nothing but the tokens": LIGHT + COLOR + MIXER,
    "no tags": "Too dark. Raise exposure." + LIGHT + COLOR + MIXER,
    "tokens in another order": MIXER + COLOR + LIGHT,
    "tokens between the tags": ANSWER.replace("Warm it.", "Warm" + LIGHT + " it."),
    "a token twice": ANSWER.replace(LIGHT, LIGHT * 2),
    "a token many times": LIGHT * 30 + COLOR + MIXER,
    "tokens before everything": LIGHT + COLOR + ANSWER,
    "the end before the last token": without(ANSWER, MIXER) + "<|im_end|>",
    "the end after the first token": ANSWER.replace(COLOR, "<|im_end|>"),
    "only light": LIGHT + "<|im_end|>",
    "only colour": COLOR + "<|im_end|>",
    "only the mixer": MIXER + "<|im_end|>",
    "all but light": without(ANSWER, LIGHT) + "<|im_end|>",
    "all but colour": without(ANSWER, COLOR) + "<|im_end|>",
    "one tag for all": "<problem_light_start>" * 20 + LIGHT + COLOR + MIXER,
    "ends without starts": "".join(tag for tag in TAGS if "end" in tag) + LIGHT + COLOR + MIXER,
    "starts without ends": "".join(tag for tag in TAGS if "start" in tag) + LIGHT + COLOR + MIXER,
    "tags of another group nested": ANSWER.replace("Too dark.", "Too <plan_light_start>dark."),
    "a task token": "<Auto_Retouch_Task>" + ANSWER,
    "a second turn": ANSWER.replace("Warm it.", "<|im_start|>user\nWarm it."),
    "broken tags": ANSWER.replace("_start>", "_start"),
    "half a character": "\udcc3".encode("utf-8", "surrogateescape").decode("latin-1") + LIGHT + COLOR + MIXER,
    "control characters": "\x00\x07\x1b[31m" + ANSWER,
    "direction marks": "\u202e\u2066" + ANSWER,
    "another script": ANSWER.replace("Too dark.", "太暗了。"),
    "markup": ANSWER.replace("Too dark.", "<script>alert(1)</script>"),
    "a longer answer": ANSWER.replace("Too dark.", "Too dark. " * 30),
    "a long answer": ANSWER.replace("Too dark.", "Too dark. " * 300),
    "words like tokens": "<retouch_lights><retouch_>" + LIGHT + COLOR + MIXER,
}  # fmt: skip
UNUSABLE = {
    "the end at once": "<|im_end|>",
    "no token": without(ANSWER, LIGHT, COLOR, MIXER) + "<|im_end|>",
    "words and the end": "I cannot help with that.<|im_end|>",
    "tags and the end": "".join(TAGS) + "<|im_end|>",
    "the same word until the limit": "dark " * 20,
    "cut before the tokens": ANSWER[: ANSWER.index("<plan_globalcolor_start>")],
}
PARAMS = Request.of(
    params={"Exposure2012": {"value": 30}, "Saturation": {"value": 9}, "HueAdjustmentRed": {"value": 5}}
)


def plan(answer):
    """In param mode, where the tower need not run; an answer that is cut ends at the limit."""
    limit = Sampling(most_tokens=len(words().ids(answer)))
    return planner(answer, sampling=limit).plan([Photo(np.zeros((8, 8, 3), np.uint8))], [PARAMS])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "a long answer" else []) for name in MALFORMED]
)
def test_a_malformed_answer_with_an_edit_gives_a_plan(name):
    proposal = plan(MALFORMED[name])
    values, (thoughts,) = proposal.latents.values["neural"], proposal.reasoning
    there = {group for token, group in RETOUCH_TOKENS.items() if token in MALFORMED[name].split("<|im_end|>")[0]}
    for slot, group in (("light", "lighting"), ("global_color", "global_color"), ("specific_color", "specific_color")):
        assert bool(values[slot].any()) == (group in there)
        assert ("left alone" in thoughts.get(group, {}).get("plan", "")) == (group not in there)


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_answer_without_any_edit_is_one_clear_error(name):
    with pytest.raises(UnusableAnswer, match=r"holds no edit: .*Ask again with another seed"):
        plan(UNUSABLE[name])


def test_the_corpus_is_large_enough():
    assert len(MALFORMED) + len(UNUSABLE) >= 30
