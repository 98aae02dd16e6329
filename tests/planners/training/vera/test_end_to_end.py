"""The chain under autograd: whose gradients a stage lets through, the same numbers as in planning,
and a few steps of training.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lessons
import pytest
import torch
from lazily import needs

from veraretouch.core.contract.request import Request
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.photo import as_photo
from veraretouch.planners.training.loop import TrainingSettings, moving, train
from veraretouch.planners.training.vera.answers import write_answer
from veraretouch.planners.training.vera.examples import read_examples
from veraretouch.planners.training.vera.stages import TRAINED, TrainingStage
from veraretouch.planners.training.vera.task import VeraTask
from veraretouch.planners.vera.answer import read_answer
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.sampling import Forced

needs("accelerate")
pytestmark = pytest.mark.xdist_group("training")

PARTS = ("model.tower", "model.projector", "model.language", "model.lm_head", "model.head", "renderer")


@pytest.fixture(scope="module")
def student() -> Vera:
    return lessons.student()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two examples of exact values, for which the tower need not run."""
    folder = tmp_path_factory.mktemp("asked")
    lessons.write_dataset(folder, lessons.FOUR[:2], modes=("param",) * 2, side=48)
    return folder


def _task(student: Vera, data: Path, stage: TrainingStage, **options: bool) -> VeraTask:
    return VeraTask(student, read_examples(data, image_size=16)[0], stage, alpha=1.0, **options)


@pytest.mark.parametrize("stage", [stage for stage in TrainingStage if stage is not TrainingStage.SEEING])
def test_gradients_reach_the_parts_of_the_stage_and_nothing_else(
    student: Vera, asked: Path, stage: TrainingStage
) -> None:
    task = _task(student, asked, stage)
    task.network.train()
    task.network.zero_grad(set_to_none=True)
    # The tower takes pictures of any size: this one's 64 pixels are 4 tokens.
    seen = torch.rand(3, 128, 128, generator=torch.Generator().manual_seed(0))
    lesson = replace(task.lesson(0), picture=lambda: seen, after=task.tokenizer.ids("auto"))
    texts, pixels = task.network([lesson])
    (texts + pixels).sum().backward()
    reached = {part for part in PARTS if any(_moved(p) for p in task.network.get_submodule(part).parameters())}
    assert reached == set(TRAINED[stage])
    frozen = {part for part in PARTS if any(p.grad is None for p in task.network.get_submodule(part).parameters())}
    assert frozen == set(PARTS) - reached


def _moved(parameter: torch.nn.Parameter) -> bool:
    return parameter.grad is not None and bool(parameter.grad.abs().max() > 0)


def test_pixels_alone_teach_the_language_model_through_a_frozen_renderer(student: Vera, asked: Path) -> None:
    task = _task(student, asked, TrainingStage.REASONING)
    task.network.zero_grad(set_to_none=True)
    task.network([task.lesson(0)])[1].sum().backward()
    assert _moved(student.model.language.layers[0].self_attn.q_proj.weight)
    assert student.ops[0].network.out_layer.weight.grad is None


def test_the_chain_makes_the_latents_that_planning_makes(student: Vera, asked: Path) -> None:
    task = _task(student, asked, TrainingStage.ALIGNMENT)
    planner = Vera(student.model, student.tokenizer, student.ops[0], sampler=lambda r: Forced(task.lesson(0).answer))
    about = lessons.FOUR[0]
    request = Request.of(params=about[1], groups=lessons.GROUPS)
    planned = planner.plan([as_photo(task.lesson(0).rgb.permute(1, 2, 0).numpy())], [request]).latents
    task.network.eval()
    lesson = task.lesson(0)
    with torch.no_grad():
        _, hidden = task.network._read([task.lesson(1), lesson])
        latent = student.model.latent(hidden[1:])[0]
    for place, (group, slot) in enumerate(zip(lessons.GROUPS, planned.values["neural"].values(), strict=True)):
        if group in lesson.groups:
            assert torch.allclose(slot[0], latent[place], atol=1e-5)
        else:
            assert not slot.any()


def test_checkpointing_changes_no_gradient(student: Vera, asked: Path) -> None:
    grads = []
    for checkpointing in (False, True):
        planner = Vera(student.model, student.tokenizer, student.ops[0])
        task = _task(planner, asked, TrainingStage.ALIGNMENT, checkpointing=checkpointing)
        task.network.zero_grad(set_to_none=True)
        task.network.train()
        task.losses(task.network, torch.arange(2)).sum().backward()
        grads.append({name: p.grad.clone() for name, p in task.network.named_parameters() if p.grad is not None})
    assert grads[0].keys() == grads[1].keys()
    assert all(torch.allclose(grads[0][name], grads[1][name], atol=1e-5) for name in grads[0])


def test_a_few_steps_lower_the_loss_and_leave_what_is_frozen_bit_for_bit(asked: Path, tmp_path: Path) -> None:
    task = _task(lessons.student(), asked, TrainingStage.REASONING)
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    first = float(task.losses(task.network, torch.arange(2)).detach().mean())
    settings = TrainingSettings(steps=12, batch=2, lr=5e-3, warmup=1, average=0.0, save_every=12)
    trained = train(task, settings, tmp_path, device="cpu")
    last = float(task.losses(task.network.eval(), torch.arange(2)).detach().mean())
    assert last < 0.6 * first
    after = task.network.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith(("model.language.", "model.lm_head.")) for name in changed)
    assert changed <= trained.keys() == moving(task.network).keys()


def test_an_answer_is_read_as_it_was_written() -> None:
    reasoning = {group: {"problem": f"{group}: dark.", "plan": "Lift it,\n gently."} for group in lessons.GROUPS}
    read = read_answer(write_answer(reasoning))
    assert read == {g: {"problem": f"{g}: dark.", "plan": "Lift it, gently."} for g in lessons.GROUPS}
    with pytest.raises(InvalidDocument, match="holds tags"):
        write_answer({"lighting": {"problem": "a <plan_light_start> b"}})


def test_photos_without_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="needs words"):
        read_examples(tmp_path)
