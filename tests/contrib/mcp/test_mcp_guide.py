"""The guide's session is played as it stands there; `make bench` writes its answers and its picture anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assistants import Answer, Assistant, assistant, by_command

DOCS = Path(__file__).parents[3] / "docs"
GUIDE = DOCS / "guide" / "assistants.md"
CALL = re.compile(r'^\{"tool": .*\}$', re.MULTILINE)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[dict[str, Answer]]:
    """The last answer of each tool of the guide's session, on a folder with its photo."""
    (tmp_path / "photos").mkdir()
    shutil.copy(DOCS / "samples" / "lake.jpg", tmp_path / "photos")
    with assistant(by_command(tmp_path / "photos", tmp_path / "out")) as helper:
        yield play(helper)


def play(helper: Assistant) -> dict[str, Answer]:
    """Make the guide's calls, `$edit` being the latest handle."""
    answers: dict[str, Answer] = {}
    edit = ""
    for line in CALL.findall(GUIDE.read_text("utf-8")):
        call: dict[str, Any] = json.loads(line.replace("$edit", edit))
        tool = call.pop("tool")
        answer = answers[tool] = helper(tool, **call)
        assert not answer.refused, answer.text
        edit = answer.facts.get("edit", edit)
    return answers


def test_the_guides_session_works_and_darkens_the_sky_most(played):
    assert list(played) == ["open_photo", "image_stats", "plan", "adjust", "compare", "export", "report"]
    areas = played["compare"].facts["ciede2000"]["by_area"]
    assert max(areas, key=areas.get) == "sky"
    assert Path(played["export"].facts["file"]).is_file()
    assert len(played["report"].facts["steps"]) == 3


@pytest.mark.slow
def test_the_guide_shows_what_the_session_gives(played):
    played["compare"].pictures[0].save(DOCS / "images" / "assistant-compare.jpg", quality=85)
    stats, planned = played["image_stats"].facts, played["plan"].facts
    excerpts: dict[str, dict[str, Any]] = {
        "stats": {"lightness": {key: stats["lightness"][key] for key in ("mean", "p1", "p50", "p99")}}
        | {key: stats[key] for key in ("clipped", "cast", "chroma")}
        | {"scene": {name: thing["share"] for name, thing in stats["scene"].items()}},
        "reasons": {group: thought["problem"] for group, thought in planned["reasons"].items()},
        "compared": played["compare"].facts["ciede2000"],
        "steps": {step["edit"]: step["did"] for step in played["report"].facts["steps"]},
    }
    text = GUIDE.read_text("utf-8")
    for name, facts in excerpts.items():
        lines = "\n".join(f"{key}: {json.dumps(value)}" for key, value in facts.items())
        made = f"<!-- {name} -->\n```text\n{lines}\n```\n<!-- end -->\n"
        text, count = re.subn(
            rf"<!-- {name} -->\n(```text\n.*?<!-- end -->\n)?", lambda _, made=made: made, text, flags=re.DOTALL
        )
        assert count == 1
    GUIDE.write_text(text, "utf-8")
