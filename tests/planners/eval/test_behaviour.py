"""How a planner behaves: leakage between groups, words against pictures, prompts that matter."""

import pytest
import torch
from judged import Light, Mixing, One, Shouting, pixels, write

from veraretouch import Latents, Plan, Renderer, Retoucher, Schema, registry
from veraretouch.core.errors import UnusableAnswer
from veraretouch.planners.eval.claims import claims, directions
from veraretouch.planners.eval.data import read_cases
from veraretouch.planners.eval.run import evaluate, other_prompts
from veraretouch.planners.eval.separation import alone, leakage
from veraretouch.planners.eval.summary import document
from veraretouch.planners.rules.planner import Rules

pytestmark = pytest.mark.usefixtures("ops")

RGB = torch.from_numpy(pixels("lake").copy()).permute(2, 0, 1)[None] / 255


def plan_of(op, **values):
    latents = Latents(Schema.of([op]), {op.id: {name: torch.tensor([value]) for name, value in values.items()}})
    return Plan.of(latents, mode="auto")


def leaks(op, **values):
    return leakage(RGB, alone(RGB, plan_of(op, **values), Renderer()))


def test_more_light_on_a_scene_leaks_nothing():
    assert leaks(Light, stops=1.0)["lighting"] < 1e-3
    assert leaks(Light, stops=-1.0)["lighting"] < 1e-3


def test_light_that_tints_leaks():
    assert leaks(Mixing, stops=0.5)["lighting"] > 0.3


def test_a_group_that_moves_nothing_is_not_judged():
    assert leaks(Light, stops=0.0) == {}


def test_saturation_keeps_light_and_leaks_little():
    assert leaks(registry.ops.load("saturation"), amount=0.5)["global_color"] < 0.02


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Raise exposure by 0.30 EV, soften contrast (0.10).", [("lightness", 1), ("contrast", -1)]),
        ("Exposure -0.30 EV; temperature +0.11", [("lightness", -1), ("warmth", 1)]),
        (
            "Make it brighter and warmer: strengthen muted colours (0.20).",
            [("lightness", 1), ("warmth", 1), ("chroma", 1)],
        ),
        (
            "Increase the overall contrast and cool the picture; less saturated.",
            [("contrast", 1), ("warmth", -1), ("chroma", -1)],
        ),
        ("Leave it alone: held back, since this looks like warm light.", []),
        ("Lift the blacks, open the shadows, saturation of red +0.20", []),
    ],
)
def test_directions_are_read_from_words(text, found):
    assert sorted((what, sign) for what, sign, _ in directions(text)) == sorted(found)


def said(words, plan):
    rendered = alone(RGB, plan, Renderer())
    return [claim.holds for claim in claims({"lighting": {"problem": "", "plan": words}}, RGB, rendered)]


def test_words_hold_where_the_picture_moves_their_way():
    assert said("Make it brighter.", plan_of(Light, stops=0.5)) == [True]
    assert said("Make it darker.", plan_of(Light, stops=-0.5)) == [True]
    assert said("Make it darker.", plan_of(Light, stops=0.5)) == [False]


def test_a_change_that_is_claimed_and_not_made_does_not_hold():
    assert said("Make it brighter.", plan_of(Light, stops=0.0)) == [False]
    assert said("Make it brighter.", Plan("auto", {})) == [False]
    assert said("Make it brighter.", plan_of(registry.ops.load("saturation"), amount=0.3)) == [False]


def test_a_planner_that_lies_is_caught(pairs):
    honest, liar = (
        document(evaluate(Retoucher(One(name, Light, words, stops=0.5)), read_cases(pairs)))["reasoning"]
        for name, words in (("test.honest", "Make it brighter."), ("test.liar", "Make it darker."))
    )
    assert honest["holds"]["mean"] == 1
    assert liar["holds"]["mean"] == 0
    assert {row["words"] for row in liar["failing"]} == {"darker"}


def test_another_prompt_is_another_ones_and_always_the_same(pairs):
    cases = read_cases(pairs).cases
    others = other_prompts(cases)
    assert others == other_prompts(cases)
    assert len(others) == 3
    assert all(others[case.name] != case.prompt for case in cases if case.subset == "style")


def test_another_prompt_scores_worse_with_a_planner_that_follows_prompts(pairs):
    style = document(evaluate(Retoucher(Rules()), read_cases(pairs)))["style"]
    assert style["follows"]
    assert style["share"]["mean"] == 1
    assert style["worse"]["low"] > 1


def test_another_prompt_scores_the_same_with_a_planner_that_ignores_them(pairs):
    style = document(evaluate(Retoucher(Shouting()), read_cases(pairs)))["style"]
    assert not style["follows"]
    assert style["worse"]["mean"] == 0
    assert style["share"]["mean"] == 0.5


def test_good_photos_that_are_their_own_targets_are_told_of_apart(tmp_path):
    for name, ev in (("same", 1.0), ("dark", 0.5)):
        write(tmp_path / f"{name}-before.png", (pixels("lake") * ev).astype("uint8"))
        write(tmp_path / f"{name}-after.png", pixels("lake"))
    found = document(evaluate(Retoucher(One("test.one", Light, stops=0.3)), read_cases(tmp_path)))["subsets"]
    assert {name: part["photos"] for name, part in found.items()} == {"auto": 1, "unspoilt": 1}
    assert found["auto"]["contestants"]["doing nothing"]["psnr"]["mean"] < 20
    unspoilt = found["unspoilt"]["contestants"]
    assert unspoilt["test.one"]["ciede2000"]["mean"] > 1 > unspoilt["doing nothing"]["ciede2000"]["mean"] == 0


def test_a_planner_that_gives_no_answer_counts_as_doing_nothing_and_is_named(pairs):
    class Silent(Rules):
        id = "test.silent"

        def plan(self, photos, requests):
            raise UnusableAnswer("the text holds no edit")

    found = document(evaluate(Retoucher(Silent()), read_cases(pairs)))
    contestants = found["subsets"]["all"]["contestants"]
    assert contestants["test.silent"] == contestants["doing nothing"]
    assert len(found["failures"]) == 7
    assert found["failures"][0]["reason"].startswith("the text holds no edit")
