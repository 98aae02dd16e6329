"""The page in Chromium, whose WebGL is drawn by software: what a person waits for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import browsers
import numpy as np
import pytest
from PIL import Image
from scenes import mosaic, ten_ops
from studios import Server

import veraretouch as vr

pytestmark = [*browsers.marks(__file__), pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

WHAT = "In Chromium, WebGL by software"

# Moves a slider, and waits until the canvas is drawn by the plan that it gave: a pixel that is read ends the drawing.
MOVE = """async ({ id, values }) => {
    const stage = document.querySelector("studio-stage");
    const slider = document.getElementById(id);
    const { gl } = stage.renderer;
    const pixel = new Uint8Array(4);
    const { width, height } = stage.canvas;
    const drawn = () => new Promise((resolve) => {
        stage.edited.addEventListener("change", () => {
            const arrived = performance.now();
            requestAnimationFrame(() => {
                gl.readPixels(width >> 1, height >> 1, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
                resolve([arrived, pixel.join()]);
            });
        }, { once: true });
    });
    const found = [];
    for (const value of values) {
        const began = performance.now();
        slider.value = value;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        const [arrived, colour] = await drawn();
        found.push({ all: performance.now() - began, table: arrived - began, colour });
    }
    return found;
}"""
SEEN = """() => {
    const shown = [...document.querySelectorAll(".thumb img")].filter((image) => {
        const box = image.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
    });
    return shown.length > 0 && shown.every((image) => image.complete && image.naturalWidth > 0) && shown.length;
}"""
TILES = """() => {
    const { pixels, viewport } = document.querySelector("studio-stage");
    const tiles = [...pixels.tiles.values()];
    return !viewport.fitted && tiles.length > 0 && pixels.underWay === 0 && tiles.every(({ image }) => image);
}"""


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Server, browsers.Studio]]:
    """A studio in a process of its own, and its page."""
    server = Server(folder)
    try:
        with browsers.chromium() as browser, browsers.page_of(browser, server.client) as studio:
            yield server, studio
    finally:
        server.end()


def seconds_until(studio: browsers.Studio, told: str) -> float:
    """Seconds until a function of the page's gives something, asked at each of its frames."""
    began = time.perf_counter()
    asking = "while (!told()) await new Promise(requestAnimationFrame);"
    studio.tab.evaluate(f"async () => {{ const told = {told}; {asking} }}")
    return time.perf_counter() - began


def percentiles(milliseconds: list[float]) -> dict[str, float]:
    return {"median": float(np.median(milliseconds)), "p95": float(np.percentile(milliseconds, 95))}


def moved(what: str, found: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Rows on a slider that was moved."""
    return {
        f"{what}: ms from a slider to changed pixels": percentiles([each["all"] for each in found]),
        f"{what}: ms of it until the table is there": percentiles([each["table"] for each in found]),
    }


def test_a_slider_moves_the_picture(figures, tmp_path):
    """12 MP, the whole photo in view, ten ops: from the slider's event to pixels that are drawn."""
    Image.fromarray(mosaic()).save(tmp_path / "photo.jpg", quality=92)
    load = os.getloadavg()[0]
    with opened(tmp_path) as (_, studio):
        tab = studio.open("photo.jpg")
        plan = vr.Plan.of(ten_ops(), mode="param").document()
        tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", plan)
        studio.settled()
        values = [round(0.4 + 0.8 * float(np.sin(n / 3)), 2) for n in range(65)]
        found = tab.evaluate(MOVE, {"id": "#exposure.ev", "values": values})[5:]
        studio.settled()
    assert len({each["colour"] for each in found}) > 20  # the picture followed
    rows = moved("12 MP, ten ops", found)
    next(iter(rows.values()))["load"] = load
    figures.grid(WHAT, rows)


def test_a_folder_of_2000_photos_is_scrolled(figures, tmp_path):
    picture = mosaic()
    for number in range(8):
        Image.fromarray(np.roll(picture, 200 * number, axis=1)).save(tmp_path / f"{number:04}.jpg", quality=90)
    for number in range(8, 2000):
        os.link(tmp_path / f"{number % 8:04}.jpg", tmp_path / f"{number:04}.jpg")
    load = os.getloadavg()[0]
    with opened(tmp_path) as (server, studio):
        tab = studio.tab
        tab.goto("about:blank")
        began = time.perf_counter()
        tab.goto(f"{studio.origin}/", wait_until="commit")
        seconds_until(studio, "() => [...document.images].filter((each) => each.naturalWidth).length >= 6")
        first = time.perf_counter() - began
        seconds_until(studio, SEEN)
        screens, photos = [], 0
        for _ in range(12):
            tab.evaluate("() => document.querySelector('.grid').scrollBy(0, innerHeight - 60)")
            tab.wait_for_timeout(50)
            screens.append(seconds_until(studio, SEEN))
            photos = tab.evaluate(SEEN)
        asked = sum("/thumbnail" in url for url in studio.requests)
        memory = server.memory("VmHWM")
    assert asked > 6 * photos  # there was something to wait for
    figures.grid(
        WHAT,
        {
            "2,000 photos of 12 MP: ms to the first six thumbnails": {"once": 1000 * first, "load": load},
            "2,000 photos, a screen that is scrolled to: ms a thumbnail": percentiles(
                [1000 * s / photos for s in screens]
            ),
            "2,000 photos: how many are on a screen": {"once": photos},
            "2,000 photos: MB that the server held at most": {"once": memory},
        },
    )


def test_a_photo_of_100_megapixels_is_opened_and_looked_at_closely(figures, tmp_path):
    picture = np.tile(mosaic(), (3, 3, 1))[:8192, :12288]
    for name in ("small.jpg", "large.jpg"):
        part = picture if name == "large.jpg" else picture[:600, :800]
        Image.fromarray(np.ascontiguousarray(part)).save(tmp_path / name, quality=90)
    load = os.getloadavg()[0]
    with opened(tmp_path) as (server, studio):
        studio.open("small.jpg")
        began = time.perf_counter()
        studio.open("large.jpg")
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        studio.tab.keyboard.press("z")
        seconds_until(studio, TILES)
        zoomed = time.perf_counter() - began
        studio.settled()
        plan = vr.Plan.of(ten_ops(), mode="param").document()
        studio.tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", plan)
        studio.settled()
        values = [round(0.4 + 0.8 * float(np.sin(n / 3)), 2) for n in range(35)]
        found = studio.tab.evaluate(MOVE, {"id": "#exposure.ev", "values": values})[5:]
        studio.settled()
        memory = server.memory("VmHWM")
    figures.grid(
        WHAT,
        {
            "100 MP: ms to its picture": {"once": 1000 * seconds, "load": load},
            "100 MP: ms to all tiles at 1:1": {"once": 1000 * zoomed},
            **moved("100 MP at 1:1, ten ops", found),
            "100 MP: MB that the server held at most": {"once": memory},
        },
    )
    figures.bar("page, 100 MP: s to its picture", seconds, at_most=5)
    figures.bar("page, 100 MP: MB that the server held at most", memory, at_most=2048)
    figures.judge("page, 100 MP")
