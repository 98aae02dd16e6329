"""The first page of the site: its divider, its doors, and what its pictures show."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pictures
import pytest
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
HOME = (DOCS / "index.md").read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


TAGS = Tags(HOME).found
PHOTOS = [attributes for tag, attributes in TAGS if tag == "button"]


def test_the_first_page_has_one_line_a_divider_of_five_photos_and_three_doors():
    assert [tag for tag, _ in TAGS].count("h1") == 1
    assert len(PHOTOS) == 5
    doors = [attributes["href"] for _, attributes in TAGS if attributes.get("class") == "vr-door"]
    assert len(doors) == 3
    for place in doors:
        assert place == "start/" or (DOCS / f"{place.strip('/')}.md").is_file()


def test_the_divider_is_a_range_that_keyboards_and_screen_readers_know():
    (divider,) = [attributes for tag, attributes in TAGS if tag == "input"]
    assert divider["type"] == "range"
    assert divider["aria-label"]
    assert all("aria-pressed" in button for button in PHOTOS)


def test_each_photo_of_the_first_page_names_the_prompt_and_the_shape_of_its_pictures():
    assert {button["data-vr-photo"]: button["data-vr-words"] for button in PHOTOS} == pictures.PROMPTS
    assert f"<code>{pictures.PLANNER}</code>" in HOME
    for button in PHOTOS:
        for side in ("before", "after"):
            with Image.open(DOCS / "images" / "pairs" / f"{button['data-vr-photo']}-{side}.jpg") as picture:
                ratio = picture.width / picture.height
            assert float(button["data-vr-ratio"]) == pytest.approx(ratio, abs=0.001)


def test_the_first_page_and_its_files_ask_no_other_machine():
    for path in (DOCS / "index.md", *(DOCS / "assets").iterdir()):
        assert re.findall(r"https?:|//\w+\.", path.read_text(encoding="utf-8")) == [], path.name
