"""Areas in words: parts, how they join, their slots, and what is said of a slip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veraretouch.core.errors import InvalidPlan, InvalidRequest, OutOfBounds, VeraRetouchError
from veraretouch.core.plan.area_text import read_area


def said(text):
    """Parts in short: id, how it joins, whether inverted, values."""
    return [
        (part.id, part.combine, part.invert, {name: float(value) for name, value in part.params.items()})
        for part in read_area(text)
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ellipse", [("ellipse", "add", False, {})]),
        (" not ellipse ", [("ellipse", "add", True, {})]),
        ("ellipse: x=0.4 y=.3, feather = 0.8", [("ellipse", "add", False, {"x": 0.4, "y": 0.3, "feather": 0.8})]),
        ("linear: full_y=-0.5", [("linear", "add", False, {"full_y": -0.5})]),
        (
            "luminance: low=0.5 - not ellipse & linear",
            [
                ("luminance", "add", False, {"low": 0.5}),
                ("ellipse", "subtract", True, {}),
                ("linear", "intersect", False, {}),
            ],
        ),
        ('[{"id": "ellipse", "version": 1, "invert": true}]', [("ellipse", "add", True, {})]),
        ('{"id": "ellipse", "version": 1, "params": {"x": 0.2}}', [("ellipse", "add", False, {"x": 0.2})]),
    ],
)
def test_parts_their_joins_and_their_slots_are_read(text, parts):
    assert said(text) == parts


@pytest.mark.parametrize(
    ("words", "full", "zero"),
    [
        ("from top to 0.4", (0.5, 0.0), (0.5, 0.4)),
        ("from bottom to 0.4", (0.5, 1.0), (0.5, 0.6)),
        ("from left to 1", (0.0, 0.5), (1.0, 0.5)),
        ("from right to .25", (1.0, 0.5), (0.75, 0.5)),
    ],
)
def test_a_gradient_is_said_by_its_edge_and_how_far_it_reaches(words, full, zero):
    ((_, _, _, values),) = said(f"linear: {words}")
    assert (values["full_x"], values["full_y"]) == full
    assert (values["zero_x"], values["zero_y"]) == pytest.approx(zero)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("elipse", InvalidRequest, "no area 'elipse' is installed. Did you mean 'ellipse'?"),
        ("", InvalidRequest, "no area '' is installed"),
        ("ellipse + ", InvalidRequest, "is installed"),
        ("ellipse: z=3", InvalidRequest, "ellipse has no slot 'z'"),
        ("ellipse: x", InvalidRequest, "'x' is not understood. Write SLOT=VALUE"),
        ("ellipse: x=0.1 x=0.2", InvalidRequest, "each slot once"),
        ("ellipse: x=left", InvalidRequest, "'left' is no number"),
        ("ellipse: x=[1", InvalidRequest, "is no number"),
        ("ellipse: feather=3", OutOfBounds, "ellipse.feather: 3.0 is above the maximum 1"),
        ("ellipse: x=nan", OutOfBounds, "is not finite"),
        ("linear: from above to 0.4", InvalidRequest, "'from above to 0.4' is not understood"),
        pytest.param("x" * 20_000, InvalidRequest, "an area of 20000 characters", id="20,000 characters"),
        ('[{"id": "ellipse"}]', InvalidPlan, r"plan.local[0].area[0]: lacks 'version'"),
        ("[", InvalidRequest, "area: not JSON"),
    ],
)
def test_what_is_not_understood_is_one_error_with_its_cure(text, error, message):
    with pytest.raises(error) as caught:
        read_area(text)
    assert message in str(caught.value)


@given(st.text(max_size=60) | st.from_regex(r"(not )?(ellipse|linear)(: ?[a-z_=0-9. ]*)?( [+&-] .*)?", fullmatch=True))
def test_whatever_is_written_only_our_errors_come(text):
    try:
        parts = read_area(text)
    except VeraRetouchError:
        return
    assert all(np.isfinite(value).all() for part in parts for value in part.params.values())
