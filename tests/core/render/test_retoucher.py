"""Retouchers: one photo or many, kinds in and out, what is kept between calls, what notebooks show."""

from __future__ import annotations

import threading
import time
from io import BytesIO

import numpy as np
import pytest
import torch
from broken_planners import Brighten
from PIL import Image
from tasteful_planners import Tasteful

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest, UnreadablePhoto
from veraretouch.core.render import loading

DARK = {"exposure.ev": -1.0}


@pytest.fixture(autouse=True)
def empty_shelf():
    loading._shelf.clear()
    yield
    loading._shelf.clear()


def colours(height: int = 12, width: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def rules() -> vr.Retoucher:
    return vr.load("rules")


def test_a_list_of_any_kinds_and_sizes_gives_a_result_each_in_its_own_kind(rules, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(colours(9, 7)).save(path)
    given = [colours(), Image.fromarray(colours(5, 6)), torch.rand(3, 4, 8), path, vr.open_photo(path)]
    results = rules(given, params=DARK)
    assert [type(result.image) for result in results] == [np.ndarray, Image.Image, torch.Tensor, vr.Photo, vr.Photo]
    for one, result in zip(given, results, strict=True):
        alone = rules(one, params=DARK)
        assert np.array_equal(
            np.asarray(getattr(alone.image, "pixels", alone.image)),
            np.asarray(getattr(result.image, "pixels", result.image)),
        )


def test_plans_of_a_batch_are_those_of_each_photo_and_the_planner_is_asked_once(rules, monkeypatch):
    photos, asked, plan = [colours(), colours(5, 6)], [], rules.planner.plan
    alone = [rules.plan(photo, style="warm", seed=3).document() for photo in photos]
    monkeypatch.setattr(
        rules.planner, "plan", lambda photos, requests: asked.append(len(photos)) or plan(photos, requests)
    )
    assert [made.document() for made in rules.plans(photos, style="warm", seed=3)] == alone
    assert asked == [2]
    with pytest.raises(InvalidRequest, match="no group 'lightning'"):
        rules.plans(photos, groups={"lightning"})


def test_a_generator_and_a_tuple_are_lists_and_an_open_file_is_not(rules):
    assert len(rules((colours() for _ in range(2)), params=DARK)) == 2
    assert len(vr.retouch((colours(), colours()), planner="rules", params=DARK)) == 2
    assert rules([], params=DARK) == []
    encoded = BytesIO()
    Image.fromarray(colours()).save(encoded, "PNG")
    encoded.seek(0)
    assert isinstance(rules(encoded, params=DARK).image, vr.Photo)


def test_an_error_in_a_list_says_which_photo(rules, tmp_path):
    with pytest.raises(UnreadablePhoto) as raised:
        rules([colours(), tmp_path / "none.jpg"], params=DARK)
    assert raised.value.__notes__ == ["at photo 1 of the list, counted from 0"]


def test_retouch_in_a_loop_loads_a_planner_once(monkeypatch):
    made = []
    load = loading.load_retoucher
    monkeypatch.setattr(loading, "load_retoucher", lambda name, device: made.append(name) or load(name, device=device))
    for _ in range(3):
        vr.retouch(colours(), planner="rules", params=DARK)
    threads = [threading.Thread(target=vr.retouch, args=(colours(),), kwargs={"planner": "rules"}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["rules"]
    vr.retouch(colours(), planner="rules", params=DARK, device="cpu")
    assert made == ["rules", "rules"]  # a device of its own


def test_another_planner_of_the_same_name_is_loaded_anew():
    assert vr.retouch(colours(), planner="rules").plan.planner["version"] == "0.1.0"
    for version in ("1", "2"):
        planner = type("Mine", (type(vr.load("rules").planner),), {"id": "acme.mine", "version": version})
        vr.registry.planners.add(planner)
        try:
            assert vr.retouch(colours(), planner="acme.mine").plan.planner["version"] == version
        finally:
            vr.registry.planners.remove("acme.mine")


def test_to_moves_the_renderer_and_the_planners_network():
    retoucher = vr.load("tiny")
    assert retoucher.to("meta") is retoucher
    assert retoucher.renderer.device.type == "meta"
    assert next(retoucher.planner.network.parameters()).device.type == "meta"


def test_the_face_and_the_zoo_load_by_one_door():
    assert vr.load is vr.zoo.load


def test_a_result_is_written_to_open_files_and_to_bytes(rules, tmp_path):
    result = rules(colours(), params=DARK)
    held = BytesIO()
    assert result.save(held, format="png") is None
    for data in (held.getvalue(), result.encode("png"), result.save(tmp_path / "done.png").read_bytes()):
        assert np.array_equal(np.asarray(Image.open(BytesIO(data))), result.image)
    with Image.open(BytesIO(result.encode("jpeg"))) as image:
        assert (image.format, image.size) == ("JPEG", (16, 12))


def test_a_notebook_shows_before_and_after_with_the_reasoning_escaped(rules):
    planner = type(rules.planner)()
    plan = planner.plan

    def gossip(photos, requests):
        proposal = plan(photos, requests)
        return vr.Proposal(
            proposal.latents, [{"lighting": {"problem": "<script>alert(1)</script>", "plan": "x" * 10**6}}]
        )

    planner.plan = gossip
    page = vr.Retoucher(planner)(colours(3000, 2000))._repr_html_()
    assert page.count("<img ") == 2
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert len(page) < 2**20
    assert "before" in page
    assert "after" in page


def test_a_result_prints_in_a_line(rules):
    assert repr(rules(colours(), params=DARK)) == "<Result <Photo 16x12 uint8 from array>: exposure; engine exact>"


class Spoiler:
    """Empties the plans that it hears of."""

    @vr.hookimpl
    def plan_made(self, plan):
        plan.edits.clear()


def test_a_listener_that_empties_the_plan_is_named_and_the_plan_stands(rules):
    vr.registry.hooks.manager.register(Spoiler(), name="acme.spoiler")
    try:
        with pytest.warns(RuntimeWarning, match=r"plan_made: listener 'acme.spoiler' changed the plan"):
            plan = rules.plan(colours(), params=DARK)
    finally:
        vr.registry.hooks.manager.unregister(name="acme.spoiler")
    assert list(plan.edits) == ["exposure"]


def test_a_taste_reaches_the_planner_by_every_face_and_stands_in_the_plan():
    retoucher = vr.Retoucher(Tasteful())
    dark = np.full((4, 4, 3), 60, np.uint8)
    for result in (retoucher(dark, taste="vivid"), vr.retouch(dark, planner=Tasteful(), taste="vivid")):
        assert result.plan.taste == "vivid"
        assert result.plan.edits["exposure"].params["ev"] == pytest.approx(1.5 * (0.5 - 60 / 255), abs=1e-5)
    assert vr.Plan.load(retoucher.plan(dark, taste="natural").json()).taste == "natural"
    assert "taste" not in retoucher.plan(dark).document()


def test_a_taste_that_a_planner_does_not_have_is_refused_with_those_that_it_has():
    retoucher = vr.Retoucher(Tasteful())
    with pytest.raises(InvalidRequest, match=r"planner 'acme\.brighten' has no taste 'faithful'\. It has"):
        retoucher.plan(colours(), taste="faithful")
    with pytest.raises(InvalidRequest, match="taste 'vivid' was given with params"):
        retoucher.plan(colours(), params=DARK, taste="vivid")
    with pytest.raises(InvalidRequest, match=r"planner 'acme\.brighten' has no taste 'vivid'\. It plans in one way"):
        vr.retouch(colours(), planner=Brighten(), taste="vivid")


def test_one_photo_or_two_are_a_reference_and_three_are_none(rules):
    for some in (colours(), [colours()], (colours(), colours())):
        with pytest.raises(InvalidRequest, match="planner 'rules' has no mode 'reference'"):
            rules.plan(colours(), reference=some)
    for many in ([], [colours()] * 3):
        with pytest.raises(InvalidRequest, match=rf"a reference of {len(many)} photos\. Give one target, or"):
            rules.plan(colours(), reference=many)


def test_by_default_the_engine_is_chosen_and_the_tolerance_is_1(rules, monkeypatch):
    asked, render = [], rules.renderer.render_reported
    monkeypatch.setattr(
        rules.renderer, "render_reported", lambda photo, plan, **options: asked.append(options) or render(photo, plan)
    )
    rules(colours(), params=DARK)
    rules(colours(), params=DARK, engine="lut", tolerance=0.25)
    assert asked == [{"engine": "auto", "tolerance": 1.0}, {"engine": "lut", "tolerance": 0.25}]


def test_with_no_values_and_a_local_edit_nothing_is_asked_of_the_planner(rules, monkeypatch):
    monkeypatch.setattr(rules.planner, "plan", lambda photos, requests: pytest.fail("it was asked"))
    plan = rules.plan(colours(), params={}, local={"luminance": {"exposure.ev": 0.5}})
    assert (dict(plan.edits), len(plan.local)) == ({}, 1)


def test_timings_are_parts_of_the_whole(rules):
    for engine in ("exact", "lut"):
        start = time.perf_counter()
        timings = rules(colours(40, 50), params=DARK, engine=engine).report.timings
        assert set(timings) >= {"open", "plan", "render"}
        assert min(timings.values()) >= 0
        assert sum(timings.values()) <= time.perf_counter() - start
