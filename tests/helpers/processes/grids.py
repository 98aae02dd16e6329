"""A page with four photos on its grid, and planners that wait until they are told to go on."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import browsers
import torch
from PIL import Image

import veraretouch as vr

GATE = threading.Event()
"""What the planners wait for half-way."""


class Pondering:
    """A planner that exposes by half a stop, says why bit by bit, and waits half-way."""

    id = "stranger_pondering"
    version = "1"
    modes = frozenset({"auto", "style", "reference"})
    ev = 0.5
    references: tuple = ()
    stopped = 0

    def plan(self, photos, requests, *, on_text=None):
        type(self).references = tuple(reference.width for reference in requests[0].reference or ())
        hear = on_text or (lambda place, text: None)
        hear(0, "<problem_light_start>It is too da")
        try:
            while not GATE.wait(0.01):
                torch.ones(1) + 1
        except BaseException:
            type(self).stopped += 1
            raise
        hear(0, "rk.<problem_light_end>")
        latents = vr.Latents(
            vr.Schema.of([vr.registry.ops.load("exposure")]), {"exposure": {"ev": torch.tensor([self.ev])}}
        )
        return vr.Proposal(latents, [{"lighting": {"problem": "It is too dark."}}])


class Other(Pondering):
    """Another one, which says nothing on the way."""

    id = "stranger_other"
    ev = -0.5

    def plan(self, photos, requests):
        return super().plan(photos, requests)


class Network(vr.Op):
    """Brighten by weights that nobody can move by hand."""

    id = "stranger_network"
    version = 1
    stage = vr.Stage.NEURAL
    pointwise = True
    latent = vr.Embedding(4, group="lighting", doc="What the network made of the photo.")

    @classmethod
    def from_bundle(cls, bundle, **options):
        return cls()

    def apply(self, rgb, p):
        return rgb * (1 + p.latent[:, :1].reshape(-1, 1, 1, 1))


class Opener:
    """Opens the weights of that network."""

    @vr.hookimpl(tryfirst=True)
    def open_asset(self, asset):
        return asset if asset["bundle"] == "stranger" else None


@contextmanager
def four_photos(browser: Any, folder: Path) -> Iterator[Any]:
    """A studio that shows them, with the planners, the network and its weights beside what is installed."""
    gradient = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    for name, colour in (("a", (90, 120, 60)), ("b", (200, 60, 40)), ("c", (20, 40, 90)), ("d", (120, 120, 40))):
        Image.blend(gradient, Image.new("RGB", (96, 64), colour), 0.7).save(folder / f"{name}.png")
    for planner in (Pondering, Other):
        vr.registry.planners.add(planner)
    vr.registry.ops.add(Network)
    vr.registry.hooks.add(Opener(), id="stranger_opener")
    try:
        with browsers.studio(browser, sorted(folder.iterdir()), viewport={"width": 1100, "height": 700}) as opened:
            yield opened
    finally:
        GATE.set()
        for planner in (Pondering, Other):
            vr.registry.planners.remove(planner.id)
        vr.registry.ops.remove(Network.id)
        vr.registry.hooks.remove("stranger_opener")


def begin_afresh(studio: Any) -> None:
    """No photo is edited or selected, planners do not wait, and the grid is shown."""
    GATE.set()
    for photo in listed(studio):
        studio.client("PUT", f"/api/photos/{photo['id']}/edits", {"plan": None}, If_Match=str(photo["revision"]))
    studio.tab.goto("about:blank")
    studio.tab.goto(f"{studio.origin}/#/")
    studio.tab.locator(".thumb img[src]").first.wait_for()


def listed(studio: Any) -> list[dict[str, Any]]:
    """The photos, a line each."""
    return studio.client("GET", "/api/photos").json()["photos"]


def plans(studio: Any, op: str = "exposure") -> dict[str, Any]:
    """The values that each photo has for an op, by the photo's name."""
    told = {each["name"]: studio.client("GET", f"/api/photos/{each['id']}").json()["plan"] for each in listed(studio)}
    return {name: plan["edits"][op]["params"] for name, plan in told.items() if plan and op in plan["edits"]}


def select(studio: Any, names: str) -> None:
    """Select photos by their boxes."""
    for name in names:
        studio.tab.get_by_label(f"Select {name}.png").click()


def selected(studio: Any) -> list[str]:
    """The names of the photos that are selected."""
    return studio.tab.locator(".thumb.selected .thumb-name").all_inner_texts()


def toast(studio: Any, text: str) -> None:
    """Wait until something is said."""
    studio.until(lambda: text in studio.tab.locator(".toast").inner_text(), f"{text!r} was not said")


def drop(studio: Any, where: str, *files: Path) -> None:
    """Drop files on an element, as a mouse does: they are over it first."""
    given = [{"name": path.name, "data": base64.b64encode(path.read_bytes()).decode()} for path in files]
    script = """([where, files]) => {
        const transfer = new DataTransfer();
        for (const { name, data } of files) {
            transfer.items.add(new File([Uint8Array.from(atob(data), (each) => each.charCodeAt(0))], name));
        }
        const over = (kind) => {
            const { left, top, width, height } = document.querySelector(where).getBoundingClientRect();
            const [clientX, clientY] = [left + width / 2, top + height / 2];
            const facts = { dataTransfer: transfer, clientX, clientY, bubbles: true, cancelable: true };
            dispatchEvent(new DragEvent(kind, facts));
        };
        dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, cancelable: true }));
        return document.querySelector("studio-app").updateComplete.then(() => {
            over("dragover");
            over("drop");
        });
    }"""
    studio.tab.evaluate(script, [where, given])
