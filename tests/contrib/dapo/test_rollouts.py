"""contrib/dapo: answers are drawn from the policy as it is, rendered, and rewarded; groups that say nothing are drawn
again.
"""

from types import SimpleNamespace

import pytest
import torch
from small_vera import ANSWER as WHOLE

from veraretouch import registry

pytest.importorskip("veraretouch_dapo", reason="pip install ./contrib/dapo")

GROUPS = frozenset({"lighting", "global_color", "specific_color"})

pytestmark = pytest.mark.xdist_group("dapo")


def made(trainer, places=(0, 0, 0, 0, 3, 3, 3, 3), seeds=(0, 0, 0)):
    return trainer.maker.make(list(places), seeds=seeds)


def test_log_probabilities_computed_again_in_a_batch_are_those_of_the_drawing(trainer_of, tmp_path):
    """Prompts of different lengths, with and without a picture, padded as TRL pads them."""
    trainer = trainer_of(tmp_path, redraws=0)
    inputs = trainer._generate_and_score_completions([{"prompt": place} for place in "00003333"])
    assert len({int(mask.sum()) for mask in inputs["prompt_mask"]}) == 2
    again, entropy, _ = trainer._get_per_token_logps_and_entropies(
        trainer.model,
        torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1),
        torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1),
        inputs["completion_ids"].shape[1],
        compute_entropy=True,
    )
    mask = inputs["completion_mask"].bool()
    assert mask.sum() > 100
    assert float((again.detach() - inputs["sampling_per_token_logps"])[mask].abs().max()) < 1e-4
    assert float(entropy.detach()[mask].min()) > 0


def test_log_probabilities_and_gradients_on_a_cpu_are_those_of_trl(trainer_of, tmp_path):
    """Read without padding on the left, and through the output layer answers alone."""
    from veraretouch_dapo.libraries import GRPOTrainer

    trainer = trainer_of(tmp_path, redraws=0)
    inputs = trainer._generate_and_score_completions([{"prompt": place} for place in "00003333"])
    given = (
        trainer.model,
        torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1),
        torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1),
        inputs["completion_ids"].shape[1],
    )
    mask = inputs["completion_mask"].bool()
    found = []
    for kind in (type(trainer), GRPOTrainer):
        logps, entropy, _ = kind._get_per_token_logps_and_entropies(trainer, *given, compute_entropy=True)
        gradient = torch.autograd.grad(logps[mask].square().sum(), trainer.model.lm_head.weight)[0]
        found.append((logps.detach()[mask], entropy.detach()[mask], gradient))
    for ours, theirs in zip(*found, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4, rtol=1e-4)


def test_the_probabilities_under_which_answers_were_drawn_are_not_computed_again(trainer_of, tmp_path, monkeypatch):
    """The second update of a generation is off-policy, so TRL asks for them."""
    trainer = trainer_of(tmp_path, redraws=0)
    monkeypatch.setattr("veraretouch_dapo.trainer.answer_probabilities", None)
    inputs = trainer._generate_and_score_completions([{"prompt": place} for place in "00003333"])
    assert torch.equal(inputs["old_per_token_logps"], inputs["sampling_per_token_logps"])
    assert inputs["old_per_token_logps"].abs().sum() > 0


def test_the_policy_sees_the_picture(trainer_of, tmp_path):
    trainer = trainer_of(tmp_path)
    prompts = trainer.maker._prompts([0])
    policy, embedding = trainer.model, trainer.maker.embedding

    def logits():
        return policy(input_ids=torch.tensor(prompts)).logits[0, -1].detach()

    before = logits()
    embedding.show(0, embedding._seen[0] + 1.0)
    assert float((logits() - before).abs().max()) > 1e-3


def test_draws_follow_from_seed_step_and_place_alone(trainer_of, tmp_path):
    trainer = trainer_of(tmp_path)
    first, again, other = made(trainer), made(trainer), made(trainer, seeds=(0, 1, 0))
    tokens = [[answer.tokens for answer in one.answers] for one in (first, again, other)]
    assert tokens[0] == tokens[1] != tokens[2]
    assert len({tuple(answer) for answer in tokens[0][:4]}) == 4, "answers to one photo differ"


def test_tokens_are_drawn_by_their_probabilities(settings):
    """Temperature 1, no top-k, no top-p: frequencies against the softmax."""
    from veraretouch_dapo.drawing import _Drawing, seeded

    logits, count = torch.randn(512, generator=torch.Generator().manual_seed(1)), 4000
    drawing = _Drawing(seeded(0))
    found = torch.bincount(torch.tensor([drawing.next(logits, []) for _ in range(count)]), minlength=512).double()
    shares = torch.softmax(logits.double(), 0)
    chi_square = ((found - count * shares) ** 2 / (count * shares)).sum()
    assert float(chi_square) < 511 + 5 * (2 * 511) ** 0.5
    # By chance tokens beyond the fifty likeliest are drawn: with top-k there would be none.
    assert float(found[shares.argsort()[:-50]].sum()) > 0.3 * count
    assert drawing.logps[0] < 0


def test_a_well_formed_answer_is_rendered_as_the_planner_renders_it(trainer_of, tmp_path, monkeypatch):
    """Latents, picture and reasoning of an answer are those that `Vera.plan` makes of the same tokens."""
    import veraretouch_dapo.drawing as drawing
    from seedling import seedling

    from veraretouch import Renderer
    from veraretouch.core.photo import as_photo
    from veraretouch.planners.training.data import read_pixels
    from veraretouch.planners.vera.writing.sampling import Forced

    planner = seedling()
    ids = planner.tokenizer.ids(WHOLE)
    planner.sampler = lambda request: Forced(ids)
    trainer = trainer_of(tmp_path, planner=seedling(), most_tokens=400)
    monkeypatch.setattr(drawing._Drawing, "next", lambda self, logits, written: forced(self, written))

    def forced(self, written):
        self.logps.append(0.0)
        return ids[len(written)]

    generation = made(trainer, places=(0,) * 4)
    example = trainer.maker.examples[0]
    photo = as_photo(read_pixels(example.photo, "photo").permute(1, 2, 0).numpy())
    proposal = planner.plan([photo], [example.request])
    rollouts = generation.rollouts
    assert rollouts.texts == [WHOLE] * 4
    assert rollouts.reasoning[0] == proposal.reasoning[0]
    assert torch.allclose(rollouts.latents.pack()[:1], proposal.latents.pack(), atol=1e-5)
    wanted = Renderer(list(planner.ops))(rollouts.photos[:1], proposal.latents)
    assert torch.allclose(rollouts.pictures[:1], wanted.clamp(0, 1), atol=1e-4)
    assert rollouts.plan(0).reasoning == proposal.reasoning[0]
    assert set(generation.scores.each) == {"format", "similarity", "consistency", "overlong"}
    assert all(values[0] is not None for values in generation.scores.each.values())


def test_malformed_answers_get_the_format_part_alone_and_never_an_exception(trainer_of, tmp_path):
    from veraretouch.core.testing.reward_checks.bench import MALFORMED

    trainer = trainer_of(tmp_path)
    maker, tokenizer = trainer.maker, trainer.maker.planner.tokenizer
    blank = torch.zeros(3, 16)
    for text in [*MALFORMED.values(), WHOLE[: len(WHOLE) // 2]]:
        answer = SimpleNamespace(tokens=tokenizer.ids(text)[:19], logps=[], states=blank, groups=frozenset())
        scores = maker.rewards.score(maker.rollouts([0], [answer]))
        assert scores.each["format"][0] < 1
        assert (scores.each["similarity"], scores.each["consistency"]) == ([None], [None])
        assert float(scores.total) == pytest.approx(scores.each["format"][0] + scores.each["overlong"][0])


def test_a_reward_is_asked_in_its_own_modes_alone_and_counts_by_its_weight(trainer_of, tmp_path, scripted):
    trainer = trainer_of(
        tmp_path,
        rewards={"format": {"weight": 2.0}, "similarity": {"weight": 3.0}, "test.auto_only": {"weight": 5.0}},
    )
    generation = made(trainer)
    each = generation.scores.each
    assert each["test.auto_only"] == [0.25] * 4 + [None] * 4
    for row, (alike, total) in enumerate(zip(each["similarity"], generation.scores.total, strict=True)):
        wanted = 2 * each["format"][row] + 3 * alike + 5 * (each["test.auto_only"][row] or 0) + each["overlong"][row]
        assert float(total) == pytest.approx(wanted)


@pytest.fixture
def scripted(monkeypatch, veraretouch_registry):
    """Every answer is well-formed and short; a reward that is for auto alone."""
    import veraretouch_dapo.rollouts as rollouts
    from veraretouch_dapo.drawing import Drawn

    from veraretouch import Reward

    class AutoOnly(Reward):
        """Judge answers to auto."""

        id, version, modes = "test.auto_only", 1, frozenset({"auto"})

        def score(self, rollouts):
            return torch.full((len(rollouts),), 0.25)

    registry.rewards.add(AutoOnly)

    def draw(model, stop, prompts, generators):
        import small_vera

        ids = small_vera.words().ids(WHOLE)
        return [Drawn(ids, [0.0] * len(ids), torch.ones(3, 16), GROUPS) for _ in prompts]

    monkeypatch.setattr(rollouts, "draw", draw)


class Counted:
    """Totals for groups of four: the first group is decided at a given attempt, the second at once."""

    names = ("format", "similarity", "consistency", "overlong")

    def __init__(self, decided: int) -> None:
        self.decided, self.calls = decided, []

    def score(self, rollouts):
        self.calls.append(len(rollouts))
        attempt = len(self.calls) - 1
        first = [0.0, 0.0, 0.0, float(attempt >= self.decided)]
        total = torch.tensor(first + ([0.0, 1.0, 0.0, 1.0] if len(rollouts) == 8 else []))
        return SimpleNamespace(each={name: total.tolist() for name in self.names}, total=total)


@pytest.mark.parametrize(
    ("decided", "calls", "redrawn", "still"),
    [(0, [8], 0, []), (1, [8, 4], 1, []), (2, [8, 4, 4], 2, []), (9, [8, 4, 4], 2, [0])],
    ids=["at once", "after one", "after two", "never"],
)
def test_groups_of_equal_rewards_are_drawn_again_within_bounds(trainer_of, tmp_path, decided, calls, redrawn, still):
    trainer = trainer_of(tmp_path, redraws=2)
    trainer.maker.rewards = Counted(decided)
    generation = made(trainer)
    assert (trainer.maker.rewards.calls, generation.redrawn, generation.still) == (calls, redrawn, still)
    again = made(trainer_with(trainer, Counted(0)))
    assert [a.tokens for a in generation.answers[4:]] == [a.tokens for a in again.answers[4:]], "decided ones stay"
    same = [a.tokens for a in generation.answers[:4]] == [a.tokens for a in again.answers[:4]]
    assert same == (decided == 0)


def trainer_with(trainer, rewards):
    trainer.maker.rewards = rewards
    return trainer


def test_a_group_that_stays_undecided_has_no_part_in_the_mean(trainer_of, tmp_path):
    trainer = trainer_of(tmp_path, redraws=0)
    trainer.maker.rewards = Counted(9)
    inputs = trainer._generate_and_score_completions([{"prompt": place} for place in "00003333"])
    tokens = inputs["completion_mask"].sum(dim=1)
    assert int(inputs["num_items_in_batch"]) == int(tokens[4:].sum()) < int(tokens.sum())
    assert inputs["tool_mask"][:4].bool().logical_and(inputs["completion_mask"][:4].bool()).sum() == 0


@pytest.mark.parametrize(("length", "punished"), [(12, 0.0), (13, -1 / 8), (19, -7 / 8), (20, -1.0), (25, -1.0)])
def test_length_is_punished_softly_over_the_last_tokens(trainer_of, tmp_path, length, punished):
    """Equation 13 of Yu et al. (2025), with 20 tokens at most and the last 8 punished."""
    rewards = trainer_of(tmp_path).maker.rewards
    assert rewards.punish([[1] * length]) == [pytest.approx(punished)]


def redrawn_as_promised(trainer):
    """One of two groups undecided: it alone is drawn again, once, and then has its part."""
    rewards = trainer.maker.rewards = Counted(1)
    generation = made(trainer)
    return (rewards.calls, generation.redrawn, generation.still) == ([8, 4], 1, [])


def punished_as_promised(trainer):
    """Nothing for short answers, half in the middle of the last tokens, all at the end."""
    ids = [[1] * length for length in (12, 16, 20)]
    return trainer.maker.rewards.punish(ids) == [0.0, -0.5, -1.0]


MUTATIONS = {
    "never again": (redrawn_as_promised, lambda total, group: []),
    "always again": (redrawn_as_promised, lambda total, group: list(range(len(total) // group))),
    "the first always": (
        redrawn_as_promised,
        lambda total, group: [0],
    ),
    "no punishment": (punished_as_promised, lambda ids: [0.0 for _ in ids]),
    "a hard punishment": (punished_as_promised, lambda ids: [-float(len(each) >= 20) for each in ids]),
    "over all tokens": (punished_as_promised, lambda ids: [-len(each) / 20 for each in ids]),
}


@pytest.mark.parametrize(("promise", "mutant"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_drawing_again_or_a_punishment_that_is_wrong_in_one_way_is_told(
    trainer_of, tmp_path, monkeypatch, promise, mutant
):
    import veraretouch_dapo.rollouts as rollouts

    trainer = trainer_of(tmp_path, redraws=2)
    assert promise(trainer)
    if promise is redrawn_as_promised:
        monkeypatch.setattr(rollouts, "undecided", mutant)
    else:
        trainer.maker.rewards.punish = mutant
    assert not promise(trainer)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"nothing.here": {}}, "no reward 'nothing.here' is installed"),
        (
            {"similarity": {"colour": 1}},
            r"rewards.similarity: cannot be made: .*'colour'.*veraretouch rewards similarity",
        ),
        ({"format": {"weight": -1}}, "rewards.format.weight: is -1. Give a number from 0"),
        ({"aesthetic": {"scorer": "acme.none"}}, "needs the scorer 'acme.none', which is not installed"),
    ],
    ids=["unknown", "an option", "a weight", "a scorer"],
)
def test_rewards_that_cannot_be_had_are_one_error_before_training(trainer_of, tmp_path, about, message):
    from veraretouch.core.errors import VeraRetouchError

    with pytest.raises(VeraRetouchError, match=message):
        trainer_of(tmp_path, rewards=about)
