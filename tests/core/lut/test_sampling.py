"""The sample by which a look-up table is judged: no pattern of a picture falls between its pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from veraretouch import Plan, Renderer
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.lut import engine
from veraretouch.core.lut.engine import percentile, sample

HEIGHT, WIDTH = 512, 640
STRONG = Plan.load(
    {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {
            "exposure": {"version": 1, "params": {"ev": 1.2}},
            "contrast": {"version": 1, "params": {"amount": 0.9}},
            "saturation": {"version": 1, "params": {"amount": 0.9}},
        },
    }
)


def aligned(step: int, rows: bool) -> np.ndarray:
    """Grey where every `step`th pixel is looked at, vivid elsewhere."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    seen = (y % step == step // 2) & (rows | (x % step == step // 2))
    vivid = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return np.where(seen[..., None], np.uint8(128), vivid)


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("step", [2, 3, 4, 5, 8])
def test_a_picture_aligned_with_a_grid_holds_the_tolerance_on_every_pixel(step, rows):
    picture, renderer = aligned(step, rows), Renderer()
    made, report = renderer.render_reported(picture, STRONG, engine="lut", tolerance=0.3)
    exact = renderer.render(picture, STRONG, engine="exact")
    apart = ciede2000(*(torch.from_numpy(one.astype(np.float32) / 255) for one in (exact, made))).numpy()
    assert np.percentile(apart, 99) <= 0.3
    if report.engine == "lut":
        assert report.error > 0


def test_differences_of_a_sample_are_told_by_one_thread(monkeypatch):
    threads, seen = torch.get_num_threads(), []

    def noted(*colours):
        seen.append(torch.get_num_threads())
        return ciede2000(*colours)

    monkeypatch.setattr(engine, "ciede2000", noted)
    torch.set_num_threads(2)
    try:
        Renderer().render(aligned(2, True), STRONG, engine="lut")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert set(seen) == {1}


@pytest.mark.parametrize("step", [2, 3, 4, 5, 7])
def test_the_share_of_a_pattern_in_the_sample_is_that_in_the_picture(step):
    picture = aligned(step, rows=False)
    share = (picture == 128).all(axis=2).mean()
    found = (sample(picture)[0] == 128).all(axis=1).mean()
    assert found == pytest.approx(share, abs=0.01)


def test_the_same_photo_gives_the_same_sample_and_a_small_one_all_of_its_colours():
    picture = aligned(3, rows=True)
    assert np.array_equal(sample(picture), sample(picture))
    small = picture[:100, :120]
    assert len(sample(small)[0]) >= 100 * 120


def errors_at(places: np.ndarray) -> np.ndarray:
    """240 x 360 pixels, red where an error is."""
    picture = np.zeros((240 * 360, 3), np.uint8)
    picture[places, 0] = 255
    return picture.reshape(240, 360, 3)


def test_chance_never_lets_more_than_a_hundredth_pass():
    """Errors on 1.01 % of the pixels, here and there or in one place: each time the sample's percentile is one."""
    generator, count = np.random.default_rng(0), 873
    for number in range(100):
        if number % 2:
            places = generator.choice(240 * 360, count, replace=False)
        else:
            places = np.arange(count) + generator.integers(240 * 360 - count)
        found = sample(errors_at(places))[0, :-70, 0]  # without the extremes, which are there on purpose
        assert np.percentile(found, percentile(240 * 360)) == 255, number


def test_where_the_sample_is_the_photo_its_99th_percentile_decides():
    assert percentile(100) == percentile(2**15) == 99
    assert percentile(2**16) < percentile(2**20) < percentile(10**9) < 99.2


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_sample_is_a_pixel_a_cell_the_extremes_and_the_most_colourful(dtype):
    picture = aligned(5, rows=False).astype(dtype)
    generator, found = np.random.default_rng(0), []
    for count in (2**15, 2**18):
        side = (HEIGHT * WIDTH / count) ** 0.5
        down, across = int(np.ceil(HEIGHT / side)), int(np.ceil(WIDTH / side))
        rows = (np.arange(down)[:, None] + generator.random((down, across))) * (HEIGHT / down)
        columns = (np.arange(across) + generator.random((down, across))) * (WIDTH / across)
        found.append(picture[rows.astype(int), columns.astype(int)].reshape(-1, 3))
    even, finer = found
    spread = finer.astype(int).max(axis=1) - finer.astype(int).min(axis=1)
    made = sample(picture)[0]
    ends, vivid = made[len(even) : -64], made[-64:].astype(int)
    assert np.array_equal(made[: len(even)], even)
    assert [ends[2 * c + i, c] for c in range(3) for i in (0, 1)] == [
        pick(finer[:, c]) for c in range(3) for pick in (np.min, np.max)
    ]
    assert sorted(vivid.max(axis=1) - vivid.min(axis=1)) == sorted(spread)[-64:]
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1)).transpose(1, 2, 0)
    assert np.array_equal(sample(planes)[0], made)
