"""The picture in the guide is of the page as it is: made anew by `make bench`."""

from __future__ import annotations

import io
from pathlib import Path

import browsers
import pytest
from PIL import Image

pytestmark = [*browsers.marks(__file__), pytest.mark.slow]
DOCS = Path(__file__).parents[4] / "docs"
PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "edits": {
        "exposure": {"version": 1, "params": {"ev": 0.5}},
        "white_balance": {"version": 1, "params": {"temperature": 0.25}},
        "vibrance": {"version": 1, "params": {"amount": 0.35}},
    },
}


def test_the_guide_shows_the_page_with_the_divider(tmp_path):
    photos = [DOCS / "samples" / f"{name}.jpg" for name in ("lake", "beach", "barn", "sunset", "portrait", "stream")]
    copies = [tmp_path / path.name for path in photos]
    for path, copy in zip(photos, copies, strict=True):
        copy.write_bytes(path.read_bytes())
    with browsers.chromium() as browser, browsers.studio(browser, copies, color_scheme="dark") as studio:
        studio.open("lake.jpg")
        studio.tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", PLAN)
        studio.settled()
        studio.tab.keyboard.press("y")
        studio.settled()
        shot = Image.open(io.BytesIO(studio.tab.screenshot())).convert("RGB")
    assert shot.size == (1440, 900)
    shot.quantize(256).save(DOCS / "images" / "studio.png", optimize=True)
