"""Chromium on a studio's page: opened, waited for, and read."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studios import Client, serve

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Debian's Chromium draws WebGL by SwiftShader where there is no graphics card.
ARGUMENTS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
PATIENCE = 30.0


def missing() -> str:
    """Why there is no browser to test with; empty if there is one."""
    if find_spec("playwright") is None:
        return "the package playwright is not installed: pip install playwright axe-playwright-python"
    return "" if CHROMIUM else "no Chromium is installed: make browser"


def marks(file: str) -> list[pytest.MarkDecorator]:
    """Of a file of tests that need the browser: one worker runs them all, since they share one."""
    group = f"browser {Path(file).stem}"
    return [pytest.mark.skipif(bool(missing()), reason=missing()), pytest.mark.xdist_group(group)]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, for one module of tests: while it runs, no other event loop can."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def with_more(browser: Any, *arguments: str) -> Iterator[Any]:
    """Another browser beside this one, with more arguments."""
    more = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
    yield more
    more.close()


@contextmanager
def studio(browser: Any, photos: list[Path], *, sidecars: Collection[str] = (), **options: Any) -> Iterator[Studio]:
    """A studio and its page, on which nothing may go wrong; ended whatever happens.

    Args:
        sidecars: which files beside the photos follow their edits. options: of the browser's context.
    """
    client, end = serve(photos, sidecars=sidecars)
    try:
        with page_of(browser, client, **options) as opened:
            yield opened
    finally:
        end()


@contextmanager
def page_of(browser: Any, client: Client, **options: Any) -> Iterator[Studio]:
    """The page of a studio that runs already: nothing may go wrong on it, and no request leaves this machine."""
    opened = Studio(browser, client, **options)
    try:
        yield opened
        assert opened.wrong == [], opened.wrong
        assert [url for url in opened.requests if not url.startswith((opened.origin, f"blob:{opened.origin}"))] == []
    finally:
        opened.context.close()


def violations(tab: Any) -> list[tuple[str, list[str]]]:
    """What axe finds wrong on a page as it is: each rule with the elements that break it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab).response["violations"]
    return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]


def assert_accessible(tab: Any) -> None:
    """Whether axe finds nothing, light and dark."""
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(tab) == [], scheme


class Studio:
    """The page of a studio in a tab of its own, and what went wrong on it.

    Args:
        client: has the studio's link, and has not opened it.
        options: of the browser's context, such as `has_touch`; 1440 x 900 pixels unless given.
    """

    def __init__(self, browser: Any, client: Client, **options: Any) -> None:
        self.origin = f"http://127.0.0.1:{client.port}"
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
        self.wrong: list[str] = []
        self.requests: list[str] = []
        self.tab = self.another()
        try:
            self.enter(client)
        except BaseException:
            self.context.close()
            raise

    def enter(self, client: Client) -> None:
        """Open the link of the studio, which may have been started anew, in the tab; `client` has the session then."""
        self.tab.goto(f"{self.origin}/#token={client.token}")
        self.tab.wait_for_selector("studio-app")

        def let_in() -> bool:
            cookie = self.context.cookies()[0]
            client.cookie = f"{cookie['name']}={cookie['value']}"
            return client("GET", "/api/photos").status == 200

        self.until(let_in, "the link does not let in")
        self.client = client

    def another(self) -> Any:
        """One more tab."""
        tab = self.context.new_page()
        tab.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        tab.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        tab.on("request", lambda request: self.requests.append(request.url))
        return tab

    def open(self, name: str) -> Any:
        """Open a photo by its name, and wait until it is shown."""
        (id,) = [each["id"] for each in self.client("GET", "/api/photos").json()["photos"] if each["name"] == name]
        self.tab.goto(f"{self.origin}/#/edit/{id}")
        opened = "id => document.querySelector('studio-app').store.photo?.id === id"
        self.until(lambda: self.tab.evaluate(opened, id), f"{name} is not opened")
        self.settled()
        return self.tab

    def settled(self, tab: Any = None) -> None:
        """Wait until the picture shows what was asked for, and everything is saved."""
        script = """() => {
            const app = document.querySelector("studio-app");
            const stage = document.querySelector("studio-stage");
            return !!stage?.settled && !!app.store.photo && !app.store.saving && !app.store.pending;
        }"""
        # What keys have begun to undo is neither saving nor pending yet; while the server is gone, it never ends.
        undone = """() => {
            const wait = document.querySelector("studio-app")?.store.settled();
            return Promise.race([wait, new Promise((done) => setTimeout(done, 5000))]);
        }"""
        (tab or self.tab).evaluate(undone)
        self.until(lambda: (tab or self.tab).evaluate(script), "the picture is not settled")

    def until(self, told: Callable[[], Any], otherwise: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + PATIENCE
        while not told():
            assert time.monotonic() < end, otherwise
            self.tab.wait_for_timeout(20)

    def plan(self) -> Any:
        """The plan that is saved."""
        id = self.tab.evaluate("document.querySelector('studio-app').store.photo.id")
        return self.client("GET", f"/api/photos/{id}").json()["plan"]

    def values(self, op: str) -> dict[str, Any]:
        """The values that the saved plan has for an op."""
        edits = (self.plan() or {"edits": {}})["edits"]
        return dict(edits[op]["params"]) if op in edits else {}

    def shown(self) -> np.ndarray[Any, Any]:
        """The stage (H, W, 3) as it is on the screen, 8 bit."""
        from PIL import Image

        self.settled()
        box = self.tab.locator(".stage").bounding_box()
        clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
        self.tab.mouse.move(5, 5)
        return np.asarray(Image.open(io.BytesIO(self.tab.screenshot(clip=clip))).convert("RGB"))

    def picture(self) -> np.ndarray[Any, Any]:
        """The photo alone as it is on the screen, where the whole of it is shown."""
        stage = self.shown()
        left, top, width, height = self.tab.evaluate("""() => {
            const { viewport } = document.querySelector("studio-stage");
            const { origin, scale, photo } = viewport;
            return [origin.x, origin.y, Math.round(photo.width * scale), Math.round(photo.height * scale)];
        }""")
        return stage[max(0, top) : top + height, max(0, left) : left + width]

    def drag(self, selector: str, dx: float, dy: float = 0, *, steps: int = 6) -> None:
        """Drag the middle of an element by CSS pixels with the mouse."""
        self.tab.locator(selector).first.scroll_into_view_if_needed()
        box = self.tab.locator(selector).first.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.tab.mouse.move(x, y)
        self.tab.mouse.down()
        for step in range(1, steps + 1):
            self.tab.mouse.move(x + dx * step / steps, y + dy * step / steps)
        self.tab.mouse.up()
        self.settled()

    def unfold(self, *keys: str) -> None:
        """Open groups (`group.detail`) and ops (`op.hsl`) of the panel."""
        script = """keys => {
            const opened = Object.fromEntries(keys.map(key => [key, true]));
            for (const part of document.querySelectorAll("studio-sliders")) {
                part.opened = { ...part.opened, ...opened };
                part.requestUpdate();
            }
        }"""
        self.tab.evaluate(script, list(keys))
