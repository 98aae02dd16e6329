"""Two pictures mixed by a mask, and rectangles of a picture by the masks that cover them."""

import numpy as np
import pytest

from veraretouch.core.lut.mixing import Patch, cells, covered, mixed, span


def test_a_mask_of_0_leaves_the_first_picture_bit_for_bit_and_of_1_gives_the_second():
    low, high = np.random.default_rng(0).random((2, 4, 5, 3), dtype=np.float32)
    mask = np.zeros((4, 5), np.float32)
    mask[:2], mask[2] = 1, 0.25
    done = mixed(low.copy(), high, mask)
    assert np.array_equal(done[3], low[3])
    assert np.array_equal(done[:2], high[:2])
    np.testing.assert_allclose(done[2], 0.75 * low[2] + 0.25 * high[2], rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 1), (1, 5), (1, 1)], ids=["columns alike", "rows alike", "all alike"])
def test_a_mask_that_is_broadcast_mixes_and_covers_as_one_that_is_not(shape):
    low, high = np.random.default_rng(0).random((2, 4, 5, 3), dtype=np.float32)
    thin = (
        np.linspace(0, 1, max(shape), dtype=np.float32).reshape(shape) if max(shape) > 1 else np.full(shape, 0.3, "f4")
    )
    mask = np.broadcast_to(thin, (4, 5))
    assert np.array_equal(mixed(low.copy(), high, mask), mixed(low.copy(), high, mask.copy()))
    assert covered(mask) == covered(mask.copy())


BOXES = {
    "none": [],
    "apart": [(slice(0, 3), slice(0, 4)), (slice(5, 8), slice(2, 9))],
    "crossing": [(slice(2, 5), slice(0, 10)), (slice(0, 8), slice(4, 6))],
    "one within another": [(slice(1, 7), slice(1, 9)), (slice(3, 4), slice(3, 4))],
    "the whole twice": [(slice(0, 8), slice(0, 10))] * 2,
}


@pytest.mark.parametrize("boxes", BOXES.values(), ids=BOXES.keys())
def test_cells_make_up_the_picture_and_each_lies_wholly_in_its_boxes_or_wholly_beside_them(boxes):
    seen = np.zeros((8, 10), int)
    counted = np.zeros((len(boxes), 8, 10), bool)
    for cell, inside in cells(dict(enumerate(boxes)), 8, 10):
        seen[cell] += 1
        for index in inside:
            counted[(index, *cell)] = True
    assert (seen == 1).all()
    for index, box in enumerate(boxes):
        expected = np.zeros((8, 10), bool)
        expected[box] = True
        assert np.array_equal(counted[index], expected)


def test_rows_that_no_box_reaches_are_one_cell():
    found = list(cells({7: (slice(2, 4), slice(3, 5))}, 8, 10))
    assert found[0] == ((slice(0, 2), slice(0, 10)), ())
    assert found[-1] == ((slice(4, 8), slice(0, 10)), ())
    assert len(found) == 5
    assert found[2] == ((slice(2, 4), slice(3, 5)), (7,))


def test_a_patch_holds_what_a_mask_covers_and_gives_parts_of_it_by_their_place_in_the_picture():
    mask = np.zeros((9, 12), np.float32)
    assert Patch.of(mask, 0, 0) is None
    mask[2:5, 3:8] = np.arange(15).reshape(3, 5) + 1
    patch = Patch.of(mask, 100, 20)
    assert patch.box == (slice(102, 105), slice(23, 28))
    assert patch.within((slice(103, 104), slice(24, 26))).tolist() == [[7.0, 8.0]]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [((0.25, 0.5), (24, 51)), ((-1.0, 2.0), (0, 100)), ((0.999, 0.2), (98, 21)), ((1.5, 2), (149, 100))],
)
def test_a_span_holds_a_pixel_more_at_either_end_and_none_beyond_the_side(ends, expected):
    found = span(*ends, 100)
    assert (found.start, found.stop) == expected


def test_what_a_mask_covers_is_its_rows_and_columns():
    weight = np.zeros((9, 12), np.float32)
    assert covered(weight) is None
    weight[2:5, 3:8] = 0.5
    assert covered(weight) == (slice(2, 5), slice(3, 8))
    weight[8, 11] = 0.1
    assert covered(weight) == (slice(2, 9), slice(3, 12))
