"""Planners of vera's architecture by configuration alone: made, packed, loaded, asked, and trained a little."""

from __future__ import annotations

from pathlib import Path

import lessons
import nano
import numpy as np
import pytest
import torch
from lazily import needs

from veraretouch import Latents, Photo, Plan, Request, zoo
from veraretouch.core.errors import InvalidDocument, InvalidRequest, UnusableAnswer
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.planners.training.loop import TrainingSettings, train
from veraretouch.planners.training.vera.examples import read_examples
from veraretouch.planners.training.vera.stages import TrainingStage
from veraretouch.planners.training.vera.start import start
from veraretouch.planners.training.vera.task import VeraTask
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.writing.sampling import Forced, Sampling

needs("accelerate")
pytestmark = pytest.mark.xdist_group("training")

PHOTO = Photo(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nano")


def test_a_seed_makes_one_planner_and_another_seed_another(folder: Path) -> None:
    first = nano.pupil(folder)
    state, again = first.model.state_dict(), nano.pupil(folder).model.state_dict()
    assert all(torch.equal(state[name], again[name]) for name in state)
    assert first.head == "sliders"
    other = start(nano.configuration(folder), folder / "sentences", seed=1).model
    assert not torch.equal(other.lm_head.weight, first.model.lm_head.weight)


def test_what_was_packed_plans_by_either_head(folder: Path) -> None:
    made = nano.pupil(folder, stirred=True)
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    packed = zoo.pack(Retoucher(made), folder / "bundle", name="nano", licence=licence)
    answer = made.tokenizer.ids("<retouch_light><retouch_color&temp><retouch_colormixer>")
    plans = {}
    for head in ("neural", "sliders"):
        loaded = zoo.load(packed, options={"head": head})
        assert loaded.planner.model.config == made.model.config
        loaded.planner.sampler = lambda request: Forced(answer)
        result = loaded(PHOTO)
        plans[head] = result.plan
        assert np.abs(result.image.pixels.astype(int) - PHOTO.pixels).mean() > 1
    assert set(plans["neural"].edits) == {"neural"}
    assert plans["sliders"].edits
    assert set(plans["sliders"].edits) <= set(nano.MODEL["slots"])
    loaded.planner.sampling = Sampling(temperature=0.7, top_p=0.95)
    again = zoo.pack(loaded, folder / "again", name="nano", licence=licence)
    remembered = zoo.load(again).planner
    assert remembered.ops is None  # a bundle remembers the head that it was packed with, and the sampling
    assert remembered.sampling == loaded.planner.sampling
    assert remembered.sampler(Request.of()).sampling == loaded.planner.sampling
    with pytest.raises(InvalidRequest, match="head is 'both'"):
        zoo.load(again, options={"head": "both"})


def test_sliders_take_exact_values_from_the_request_and_read_only_what_they_have_no_slider_for(folder: Path) -> None:
    made = nano.pupil(folder, stirred=True)
    planner = Vera(made.model, made.tokenizer, made.neural, head="sliders")
    answer = made.tokenizer.ids("<retouch_light><retouch_color&temp><retouch_colormixer>")
    planner.sampler = lambda request: Forced(answer)
    asked = {"exposure.ev": 0.7301, "saturation.amount": -0.25, "hsl.hue": [0.1, *[0.0] * 7]}
    requests = [
        Request.of(params=asked),
        Request.of(params=asked, groups={"lighting"}),
        Request.of(params={"Contrast2012": {"value": 250}}),
        Request.of(params={"exposure.ev": 0.7301, "vibrance.amount": 0.2}),
    ]
    latents = planner.plan([PHOTO] * len(requests), requests).latents
    assert [Plan.of(latents.row(row)).edits.keys() for row in range(3)] == [
        {"exposure", "saturation", "hsl"},
        {"exposure"},
        {"contrast"},
    ]
    assert latents.values["exposure"]["ev"][:2].tolist() == pytest.approx([0.7301, 0.7301])
    assert float(latents.values["hsl"]["hue"][0, 0]) == pytest.approx(0.1)
    assert float(latents.values["contrast"]["amount"][2]) == 1.0  # a parameter file's 250 stands beyond the slider
    assert float(latents.values["exposure"]["ev"][3]) != pytest.approx(0.7301)  # this model has no vibrance


def test_weights_of_eight_bits_take_a_third_of_the_room_and_plan_nearly_the_same(folder: Path) -> None:
    made = nano.pupil(folder, stirred=True)
    answer = made.tokenizer.ids("<retouch_light><retouch_color&temp><retouch_colormixer>")
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    sizes, moved = [], []
    for stored in ("as it is", "int8"):
        made.stored = stored
        packed = zoo.pack(Retoucher(made), folder / f"stored-{stored[:2]}", name="nano", licence=licence)
        sizes.append(sum(file.stat().st_size for file in packed.glob("*.safetensors")))
        loaded = zoo.load(packed, options={"head": "sliders"})
        loaded.planner.sampler = lambda request: Forced(answer)
        moved.append(loaded.planner.plan([PHOTO], [Request.of()]).latents.pack())
    assert sizes[1] < 0.35 * sizes[0]
    assert torch.allclose(*moved, atol=0.05)
    assert not torch.equal(*moved)


def test_the_chain_teaches_both_heads(folder: Path, tmp_path: Path) -> None:
    made = nano.pupil(folder)
    examples, _ = read_examples(folder / "sentences", image_size=16)
    assert examples[0].edits == {"exposure": {"ev": 0.6}, "saturation": {"amount": 0.2}}
    task = VeraTask(made, examples, TrainingStage.ALIGNMENT, alpha=0.1)
    before, head = _words_and_sliders(task), made.model.head[-1].weight.detach().clone()
    settings = TrainingSettings(steps=15, batch=4, lr=3e-3, warmup=2, average=0.0, save_every=15)
    train(task, settings, tmp_path, device="cpu")
    words, pixels = _words_and_sliders(task)
    assert words < 0.9 * before[0]
    assert pixels < 0.6 * before[1]
    assert bool((made.model.head[-1].weight != head).any())


def test_an_answer_ends_where_the_models_positions_do(folder: Path) -> None:
    nano.pupil(folder)
    short = nano.configuration(folder, model=nano.MODEL | {"max_position_embeddings": 40})
    with pytest.raises(UnusableAnswer, match="answer of 40 tokens"):
        start(short, folder / "sentences").plan([PHOTO], [Request.of()])


@torch.no_grad()
def _words_and_sliders(task: VeraTask) -> tuple[float, float]:
    """Cross-entropy, and how far the pixels that the sliders make are from the wanted ones."""
    chain, lessons_ = task.network.eval(), [task.lesson(row) for row in range(task.size)]
    texts, hidden = chain._read(lessons_)
    rgb, wanted = (torch.stack([getattr(one, name) for one in lessons_]) for name in ("rgb", "wanted"))
    done = chain.sliders.renderer(rgb, chain.model.sliders(hidden).masked([one.groups for one in lessons_]))
    return float(texts.mean()), float((done - wanted).abs().mean())


def test_a_tower_that_timm_has_not_is_refused_by_name(folder: Path) -> None:
    nano.pupil(folder)
    other = nano.configuration(folder, model=nano.MODEL | {"tower": "no_such_network"})
    with pytest.raises(InvalidDocument, match=r"config\.tower.*no_such_network"):
        start(other, folder / "sentences")
    for name in ("hf-hub:somebody/network", "Some Network"):
        with pytest.raises(InvalidDocument, match="tower"):
            start(nano.configuration(folder, model=nano.MODEL | {"tower": name}), folder / "sentences")


def test_examples_of_exact_values_are_judged_by_their_sliders_too(folder: Path) -> None:
    made = nano.pupil(folder)
    task = VeraTask(made, read_examples(folder / "sentences", image_size=16)[0], TrainingStage.ALIGNMENT, alpha=0.1)
    sliders = task.network.sliders
    with torch.no_grad():
        still = made.model.sliders(torch.zeros(1, 3, 32))
    edits = lessons.FOUR[0][1]
    known = {"exposure": {"ev": edits["exposure.ev"]}, "saturation": {"amount": edits["saturation.amount"]}}
    assert float(sliders.astray(still, [{}])) == float(sliders.astray(still, [None])) == 0
    wanted = sliders._packed(known)
    assert float(sliders.astray(Latents.unpack(sliders.schema, wanted), [known])) == 0
    assert float(sliders.astray(still, [known])) > 0
    # A cast that a matrix undoes says nothing of this head's slots: they may well undo it, too.
    moved = Latents.unpack(sliders.schema, wanted)
    assert float(sliders.astray(moved, [{"color_matrix": {"matrix": [1.0, 0.0, 0.0]}}])) == 0
    assert float(sliders.astray(moved, [{}])) > 0
