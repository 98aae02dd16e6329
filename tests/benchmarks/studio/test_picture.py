"""The picture in Chromium against the CPU engine's, over twenty plans: sources of 8 and 16 bit, sRGB and P3, tiles."""

from __future__ import annotations

import browsers
import pytest
from studio_pictures import apart, drawn, engine, make_photos, parts_that_are_seen, set_plan
from twenty_plans import pointwise, twenty_plans

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest

pytestmark = [*browsers.marks(__file__), pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SOURCES = {"night.png": "8 bit", "deep.tif": "16 bit", "large.png": "8 bit by tiles"}
BY_TABLE = "document.querySelector('studio-stage').edited.rendered === false"
TILES = "[...document.querySelector('studio-stage').pixels.tiles.values()].filter(tile => tile.image).length"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def plans(photos):
    made = twenty_plans(photos["deep.tif"])
    assert pointwise() <= {op for plan in made.values() for op in plan["edits"]}
    return made


@pytest.fixture(scope="module")
def spaces():
    """The page on a display of sRGB and on one of P3."""
    with (
        browsers.chromium() as browser,
        browsers.with_more(browser, "--force-color-profile=display-p3-d65") as wide,
    ):
        yield {"srgb": browser, "p3": wide}


@pytest.mark.parametrize("space", ["srgb", "p3"])
def test_the_page_shows_what_the_engine_makes(spaces, photos, plans, figures, space):
    rows = {}
    view = {"width": 900, "height": 620}
    with browsers.studio(spaces[space], list(photos.values()), viewport=view) as studio:
        for photo, source in SOURCES.items():
            studio.open(photo)
            if photo == "large.png":
                studio.tab.keyboard.press("z")
                studio.until(lambda: studio.tab.evaluate(TILES) >= 2, "no tiles came")
            found, tables = [], 0
            for name, plan in plans.items():
                set_plan(studio, plan)
                by_table = studio.tab.evaluate(BY_TABLE)
                tables += by_table
                expected = expectation(photos[photo], plan, space, by_table=by_table)
                stage = studio.shown() if space == "srgb" else drawn(studio)
                found.append((*apart(*parts_that_are_seen(studio, stage, expected)), name))
            rows[f"{source}, {space}"] = {
                "plans": len(found),
                "by table": tables,
                "worst share of pixels more than 1 code apart": max(share for share, _, _ in found),
                "largest difference in codes": max(most for _, most, _ in found),
            }
            print(source, space, *sorted(found)[-5:], sep="\n  ")
    figures.grid("The picture against the CPU engine", rows)
    worst = {what: max(row[what] for row in rows.values()) for what in next(iter(rows.values()))}
    share = worst["worst share of pixels more than 1 code apart"]
    figures.bar(f"picture, {space}: share of pixels more than 1 code apart", share, at_most=0.001)
    figures.bar(f"picture, {space}: largest difference in codes", worst["largest difference in codes"], at_most=3)
    assert all(row["by table"] >= 12 for row in rows.values())
    figures.judge(f"picture, {space}")


def expectation(path, plan, space, *, by_table):
    """The picture of the plan: by the lattice that the engine of tables chose where the page shows one."""
    options = {"color_space": space, "tolerance": 1.0}
    assert by_table is has_table(path, plan, options)
    return engine(path, plan, "lut" if by_table else "auto", **options)


def has_table(path, plan, options):
    """Whether a table shows a plan well enough; else the page has the server render it."""
    try:
        return vr.Renderer().table(vr.open_photo(path), vr.Plan.load(plan), **options).cube is not None
    except InvalidRequest:
        return False
