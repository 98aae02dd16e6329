"""Requests: one mode at a time, and every refusal with its cure."""

import pytest

from veraretouch import Request
from veraretouch.core.errors import InvalidRequest

PHOTO = object()


@pytest.mark.parametrize(
    ("keywords", "mode"),
    [
        ({}, "auto"),
        ({"style": "warm"}, "style"),
        ({"params": {"exposure.ev": 0.35}}, "param"),
        ({"params": {}}, "param"),
        ({"params": "preset.json"}, "param"),
        ({"reference": (PHOTO,)}, "reference"),
        ({"reference": (PHOTO, PHOTO)}, "reference"),
        ({"groups": {"lighting"}}, "auto"),
    ],
)
def test_the_mode_follows_from_what_is_given(keywords, mode):
    assert Request.of(**keywords).mode == mode


def test_what_is_given_is_kept():
    request = Request.of(style="warm", groups=["lighting", "lighting"], seed=5)
    assert (request.prompt, request.groups, request.seed) == ("warm", frozenset({"lighting"}), 5)
    assert Request.of().groups is None
    assert Request.of(groups=()).groups == frozenset()
    assert Request.of(seed=2**63 - 1).seed == 2**63 - 1


REFUSED = {
    "two modes": ({"style": "warm", "params": {}}, "style and params were given together. Ask for one mode at a time"),
    "three modes": ({"style": "x", "params": {}, "reference": (PHOTO,)}, "style and params and reference were given"),
    "an empty style": ({"style": "  \n"}, r"style is '  \\n'. Describe the look in words, or leave style out for auto"),
    "a style that is a number": ({"style": 5}, "style is 5. Describe the look"),
    "a style in bytes": ({"style": b"warm"}, "style is b'warm'"),
    "a style without end": ({"style": "x" * 20_001}, "a style of 20001 characters. At most 20000"),
    "a style with half a character": ({"style": "warm \udce9"}, "half a character. Give Unicode text"),
    "groups in a text": ({"groups": "lighting"}, "groups is 'lighting'. Give a collection of names"),
    "groups in bytes": ({"groups": b"lighting"}, "groups is b'lighting'. Give a collection"),
    "groups in a number": ({"groups": 5}, "groups is 5. Give a collection of names"),
    "a group that is a number": ({"groups": ["lighting", 5]}, "Give a collection of names"),
    "a negative seed": ({"seed": -1}, "seed is -1. Give a whole number from 0 to 9223372036854775807"),
    "a broken seed": ({"seed": 1.5}, "seed is 1.5. Give a whole number"),
    "a seed that is true": ({"seed": True}, "seed is True. Give a whole number"),
    "a seed in words": ({"seed": "5"}, "seed is '5'. Give a whole number"),
    "no seed": ({"seed": None}, "seed is None. Give a whole number"),
    "a seed that no plan can hold": ({"seed": 2**63}, "seed is 9223372036854775808. Give a whole number"),
    "a seed that cannot be printed": ({"seed": 10**10_000}, "seed is an int of too many digits to print"),
    "a taste that does not exist": (
        {"taste": "vivd"},
        r"taste is 'vivd'. Choose faithful, natural, vivid. Did you mean 'vivid'\?",
    ),
    "a taste that is a number": ({"taste": 2}, r"taste is 2. Choose faithful, natural, vivid\.$"),
    "a taste that cannot be hashed": ({"taste": ["vivid"]}, r"taste is \['vivid'\]. Choose"),
    "an empty taste": ({"taste": ""}, "taste is ''. Choose faithful"),
    "a taste for exact values": (
        {"params": {}, "taste": "vivid"},
        "taste 'vivid' was given with params: exact values are taken as they are. Leave the taste out",
    ),
    "a taste for a reference": (
        {"reference": (PHOTO,), "taste": "faithful"},
        "taste 'faithful' was given with reference: the reference decides how far the edit goes. Leave the taste out",
    ),
    "no reference": ({"reference": ()}, r"a reference of 0 photos. Give one target, or \(before, after\)"),
    "three references": ({"reference": (PHOTO, PHOTO, PHOTO)}, "a reference of 3 photos"),
}


@pytest.mark.parametrize(("keywords", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_request_that_asks_for_nonsense_is_refused_with_its_cure(keywords, message):
    with pytest.raises(InvalidRequest, match=message):
        Request.of(**keywords)


@pytest.mark.parametrize("taste", ["faithful", "natural", "vivid", None])
def test_a_taste_goes_with_auto_and_with_style(taste):
    assert Request.of(taste=taste).taste == taste
    assert Request.of(style="warm", taste=taste).taste == taste


def test_the_longest_style_is_accepted():
    assert len(Request.of(style="x" * 20_000).prompt) == 20_000


def test_requests_are_values():
    assert Request.of(style="warm", seed=1) == Request.of(style="warm", seed=1)
    assert Request.of(style="warm", seed=1) != Request.of(style="warm", seed=2)
    with pytest.raises(AttributeError):
        Request.of().seed = 5
