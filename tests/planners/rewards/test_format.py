"""The reward `format`: what a well-formed answer is, and how far others are from one."""

import pytest

from veraretouch.core.testing.reward_checks.bench import RewardBench
from veraretouch.planners.rewards.format import Format, is_well_formed, pieces
from veraretouch.planners.training.vera.answers import write_answer

GROUPS = ("lighting", "global_color", "specific_color")
WHOLE = write_answer({group: {"problem": f"{group} is off.", "plan": f"Mend {group}."} for group in GROUPS})
PLANS = write_answer({group: {"plan": f"Mend {group}."} for group in GROUPS})
BLOCK = "<plan_light_start>Mend lighting.<plan_light_end>"

# What is done to a whole answer, and the share of its pieces that are still where they belong.
SPOILT = {
    "a block twice": (lambda text: text.replace(BLOCK, BLOCK + BLOCK), 18 / 19),
    "a block left out": (lambda text: text.replace(BLOCK, ""), 16 / 17),
    "a block never closed": (lambda text: text.replace("<plan_light_end>", ""), 16 / 19),
    "an empty block": (lambda text: text.replace("Mend lighting.", " "), 16 / 18),
    "words between blocks": (lambda text: text.replace(BLOCK, BLOCK + " and so "), 18 / 19),
    "words at the end": (lambda text: text + " done", 18 / 19),
    "two tokens swapped": (
        lambda text: text.replace("<retouch_light><retouch_color&temp>", "<retouch_color&temp><retouch_light>"),
        16 / 18,
    ),
    "a token of no group": (lambda text: text + "<retouch_grain>", 18 / 19),
    "no token": (lambda text: text.partition("<retouch_light>")[0], 12 / 15),
    "tokens first": (
        lambda text: text[text.index("<retouch_light>") :] + text[: text.index("<retouch_light>")],
        12 / 18,
    ),
    "nothing": (lambda text: "", 0.0),
    "words alone": (lambda text: "It is dark.", 0.0),
}


def score(text, mode="auto"):
    rollouts = RewardBench(Format()).ordinary().rows([0])
    request = type(rollouts.requests[0]).of(**{"auto": {}, "style": {"style": "warm"}}[mode])
    return float(Format().score(type(rollouts)(**{**vars(rollouts), "texts": [text], "requests": [request]})))


@pytest.mark.parametrize("text", [WHOLE, WHOLE + "<|im_end|>"], ids=["whole", "with the token that ends it"])
def test_the_answer_that_training_teaches_gets_everything(text):
    assert score(text) == 1.0
    assert is_well_formed(text, "auto")


def test_problems_may_be_left_out_where_the_wish_is_given_and_not_in_auto():
    assert score(PLANS, "style") == 1.0
    assert not is_well_formed(PLANS, "auto")
    one = "<problem_light_start>Dark.<problem_light_end>" + PLANS
    assert not is_well_formed(one, "style"), "some problems, but not all"


@pytest.mark.parametrize(("spoil", "share"), SPOILT.values(), ids=SPOILT.keys())
def test_an_answer_that_is_spoilt_in_one_way_loses_in_proportion(spoil, share):
    assert score(spoil(WHOLE)) == pytest.approx(share)
    assert not is_well_formed(spoil(WHOLE), "auto")


def test_pieces_of_hostile_text_come_to_an_end():
    assert list(pieces("<plan_light_start>" * 3)) == ["?"] * 3
    assert list(pieces("<retouch_" + "x" * 41 + ">")) == ["?"]
