"""`check_lexicon`: sound words pass, and each broken promise is found by its own check alone."""

from __future__ import annotations

from typing import Any

import pytest

from veraretouch.core.testing import ConformanceError
from veraretouch.core.testing.isolation import isolated_registry
from veraretouch.planners.rules.testing.lexicon import check_lexicon

SLOT = {"group": "lighting", "name": "exposure", "low": -1.6, "high": 1.6, "unit": "EV"}
TERM = {"names": ["sunlit room"], "doc": "Light.", "edits": {"exposure.ev": 0.2}}
REGION = {"id": "upper", "names": ["upper half"], "doc": "The top.", "area": "linear"}


def words(**sections: Any) -> dict[str, Any]:
    return {"schema": "veraretouch.lexicon/1", "terms": [TERM], **sections}


SOUND = {
    "a term": words(),
    "a slot": words(slots={"exposure.ev": SLOT}),
    "a slot that the built-in lexicon has not": words(
        slots={"cdl.saturation": {"group": "global_color", "name": "CDL", "low": -0.5, "high": 0.5, "start": 1.0}}
    ),
    "a region": words(regions=[REGION]),
    "a term of a region": words(
        regions=[REGION], terms=[{"names": ["tall"], "doc": "Up.", "edits": {}, "in": {"upper": {"exposure.ev": 0.1}}}]
    ),
}
BROKEN = {
    "refers": words(terms=[{**TERM, "edits": {"exposre.ev": 0.2}}]),
    "adds": words(terms=[{**TERM, "names": ["warm", "sunlit room"]}]),
    "slots: no op": words(slots={"acme.none.amount": SLOT}),
    "slots: no slot": words(slots={"exposure.amount": SLOT}),
    "slots: another group": words(slots={"clarity.extra": SLOT, "dehaze.amount": {**SLOT, "name": "dehaze"}}),
    "slots: too far": words(slots={"cdl.saturation": {"group": "global_color", "name": "CDL", "low": -9, "high": 1}}),
    "reaches": words(terms=[{**TERM, "edits": {}}]),
    "reaches: no area": words(regions=[{**REGION, "area": "acme.none"}]),
    "reaches: nothing": words(regions=[{key: REGION[key] for key in ("id", "names", "doc")}]),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_words_pass(name: str) -> None:
    check_lexicon(SOUND[name])


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_fails_its_own_check(name: str) -> None:
    with pytest.raises(ConformanceError) as refused:
        check_lexicon(BROKEN[name])
    assert name.split(":")[0] in refused.value.checks


def test_the_command_checks_a_lexicon_by_its_id(tmp_path, capsys) -> None:
    from veraretouch.core.cli.check import check_suites, kind_of

    with isolated_registry() as registry:
        registry.lexicons.add(words(), id="acme.words")
        assert kind_of("acme.words") == "lexicon"
        suite = check_suites()["lexicon"]
        assert list(suite.promises()) == ["refers", "adds", "slots", "reaches"]
        assert all(outcome.passed for outcome in suite.outcomes("acme.words", None, False))
