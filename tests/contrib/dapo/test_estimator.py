"""contrib/dapo: the loss is DAPO's, token by token; the estimator is unbiased for what it estimates."""

import pytest
import torch

pytest.importorskip("veraretouch_dapo", reason="pip install ./contrib/dapo")

pytestmark = pytest.mark.xdist_group("dapo")


@pytest.fixture(scope="module")
def steps():
    """Here and not above: importing TRL takes seconds, and each worker collects all tests."""
    import two_steps

    return two_steps


def inputs_of(steps, model, seed=0):
    """Four answers of one group: of 1 to 2 tokens, padded, under an older policy, with advantages of both signs."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor([[1, 2], [3, 5], [4, 4], [0, 1]])
    mask = torch.tensor([[1, 1], [1, 0], [1, 1], [1, 0]])
    with torch.no_grad():
        now = steps.log_probabilities(model, [tuple(row) for row in ids.tolist()])
    # Ratios of 0.7, 1.25 (clipped by 0.2, not by 0.28), 1.5 and more, on good answers and on bad ones.
    apart = torch.tensor([[1.25, 1.5], [0.7, 1.0], [1.25, 0.7], [1.1, 1.0]]).log()
    return {
        "prompt_ids": torch.tensor([steps.PROMPT] * 4),
        "prompt_mask": torch.ones(4, 2, dtype=torch.long),
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": torch.tensor([1.2, -0.7, -0.9, 0.4]) + 0.01 * torch.rand(4, generator=generator),
        "old_per_token_logps": now - apart,
        "num_items_in_batch": mask.sum(),
    }


def by_hand(steps, model, inputs, low=0.2, high=0.28):
    """Equation 8 of Yu et al. (2025), one token after the other; the mean is over the tokens of all answers."""
    total, tokens = 0.0, 0
    for row, (ids, mask) in enumerate(zip(inputs["completion_ids"], inputs["completion_mask"], strict=True)):
        for place in range(int(mask.sum())):
            answer = tuple(ids[: place + 1].tolist())
            logp = steps.log_probabilities(model, [answer])[0, place]
            ratio = torch.exp(logp - inputs["old_per_token_logps"][row, place])
            good = inputs["advantages"][row]
            if float(ratio.detach()) > 1 + high and good > 0:
                ratio = 1 + high
            elif float(ratio.detach()) < 1 - low and good < 0:
                ratio = 1 - low
            total = total - ratio * good
            tokens += 1
    return total / tokens


def apart(steps, trainer, model, inputs):
    """How far the trainer's loss and its gradient lie from those by hand."""
    parameters = [*model.language.parameters(), *model.lm_head.parameters()]
    wanted = by_hand(steps, model, inputs)
    expected = torch.autograd.grad(wanted, parameters, allow_unused=True)
    loss = trainer._compute_loss(trainer.model, inputs)
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    pairs = [(a, b) for a, b in zip(expected, found, strict=True) if a is not None]
    assert len(pairs) > 10
    return max(abs(float((loss - wanted).detach())), *(float((a - b).abs().max()) for a, b in pairs))


@pytest.fixture
def made(steps, tmp_path):
    trainer = steps.trainer(torch.zeros(6, 6), tmp_path, prompts=1, group=4, updates=1, part=4)
    trainer.current_gradient_accumulation_steps = 1
    return trainer, trainer.maker.model


def test_loss_and_gradients_are_those_of_a_reference_written_by_hand(steps, made):
    trainer, model = made
    assert apart(steps, trainer, model, inputs_of(steps, model)) < 1e-6


def symmetric(trainer, inputs):
    trainer.epsilon_high = trainer.epsilon_low


def padded(trainer, inputs):
    inputs["completion_mask"] = torch.ones_like(inputs["completion_mask"])


def a_mean_per_answer(trainer, inputs):
    trainer.loss_type = "grpo"


def no_clipping(trainer, inputs):
    trainer.epsilon_low = trainer.epsilon_high = 1e6


@pytest.mark.parametrize("mutate", [symmetric, padded, a_mean_per_answer, no_clipping], ids=lambda f: f.__name__)
def test_a_loss_that_is_wrong_in_one_way_is_told_from_the_reference(steps, made, mutate):
    trainer, model = made
    inputs = inputs_of(steps, model)
    spoilt = dict(inputs)
    mutate(trainer, spoilt)
    wanted = by_hand(steps, model, inputs)
    assert abs(float((trainer._compute_loss(trainer.model, spoilt) - wanted).detach())) > 1e-3


def test_the_mean_gradient_of_pairs_is_that_of_all_pairs_enumerated(steps, tmp_path):
    """36 answers, 36^2 groups of two, each normalised by its own mean and spread, as the trainer does it."""
    table = torch.rand(6, 6, generator=torch.Generator().manual_seed(3))
    groups, batches = 64, 25
    trainer = steps.trainer(table, tmp_path, prompts=groups, group=2, updates=1, part=2 * groups)
    trainer.current_gradient_accumulation_steps = 1
    model = trainer.maker.model
    parameters = [model.lm_head.weight, *model.language.layers[0].parameters()]

    logps = steps.log_probabilities(model, steps.ANSWERS)
    rewards = torch.tensor([float(table[answer]) for answer in steps.ANSWERS])
    chance = logps.detach().sum(dim=1).exp()
    assert float(chance.sum()) == pytest.approx(1, abs=1e-5)
    half = (rewards[:, None] - rewards[None, :]) / 2
    spread = half.abs() * 2**0.5 + 1e-4  # of two values, with Bessel's correction, and TRL's epsilon
    good = half / spread  # (36, 36): the advantage of the first of a pair; the second's is its negative
    answer = logps.sum(dim=1)
    pairs = good * answer[:, None] - good * answer[None, :]
    expected = torch.autograd.grad(
        -(chance[:, None] * chance[None, :] * pairs).sum() / 4, parameters, retain_graph=True
    )

    # What is compared: the gradient along itself, and along directions drawn at random.
    generator = torch.Generator().manual_seed(0)
    lines = [expected] + [[torch.randn(g.shape, generator=generator) for g in expected] for _ in range(8)]

    def along(found):
        return torch.stack([sum((g * d).sum() for g, d in zip(found, line, strict=True)) for line in lines])

    sampled = []
    for batch in range(batches):
        trainer.state.global_step = batch
        inputs = trainer._generate_and_score_completions([{"prompt": str(row // 2)} for row in range(2 * groups)])
        sampled.append(along(torch.autograd.grad(trainer._compute_loss(trainer.model, inputs), parameters)))
    sampled = torch.stack(sampled)
    error = sampled.std(dim=0) / batches**0.5
    assert ((sampled.mean(dim=0) - along(expected)).abs() <= 3 * error).all()
    # The bar can be missed: without the normalisation by the group's spread, it is.
    plain = torch.autograd.grad(
        -(chance[:, None] * chance[None, :] * half * (answer[:, None] - answer[None, :])).sum() / 4, parameters
    )
    assert abs(float((sampled.mean(dim=0) - along(plain))[0])) > 3 * float(error[0])
