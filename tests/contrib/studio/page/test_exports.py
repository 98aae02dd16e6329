"""What is exported on the page is what the command line writes, and what is taken along is what the core writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import browsers
import numpy as np
import pytest
from PIL import Image

import veraretouch as vr
from veraretouch.core.lut import Cube
from veraretouch.core.lut.files import write_cube
from veraretouch.ops.presets import write_preset

pytestmark = [*browsers.marks(__file__), pytest.mark.slow]
SAMPLES = Path(__file__).parents[4] / "docs" / "samples"
PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "groups": ["lighting", "global_color", "specific_color"],
    "edits": {
        "exposure": {"version": 1, "params": {"ev": 0.6}},
        "contrast": {"version": vr.registry.ops.load("contrast").version, "params": {"amount": 0.4}},
        "vibrance": {"version": vr.registry.ops.load("vibrance").version, "params": {"amount": 0.5}},
    },
}
BESIDE = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A photo of 8 bit and one of 16."""
    import tifffile

    folder = tmp_path_factory.mktemp("photos")
    Image.open(SAMPLES / "beach.jpg").save(folder / "shallow.png")
    pixels = vr.open_photo(SAMPLES / "lake.jpg").pixels.astype(np.float64) * 257
    pixels += np.random.default_rng(0).integers(-128, 129, pixels.shape)
    tifffile.imwrite(folder / "deep.tif", pixels.clip(0, 65535).astype(np.uint16), photometric="rgb")
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def studio(browser, photos):
    options = {"viewport": {"width": 1000, "height": 700}, "permissions": ["clipboard-read", "clipboard-write"]}
    with browsers.studio(browser, [*photos.values()], **options) as opened:
        yield opened


def show(studio, name):
    tab = studio.open(name)
    tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", PLAN)
    studio.settled()
    return tab


def export(studio, suffix, folder):
    """Export the photo that is open by the dialog; give the file and the copied command line."""
    tab = studio.tab
    tab.keyboard.press("e")
    dialog = tab.get_by_role("dialog", name="Export this photo")
    dialog.get_by_label("Format").select_option(suffix)
    dialog.get_by_label("Folder beside the photo").fill(folder)
    dialog.get_by_role("button", name="Export", exact=True).click()
    dialog.get_by_text("Done: 1 of 1 written").wait_for()
    dialog.get_by_role("button", name="Copy the command line").click()
    written = Path(dialog.locator(".file").first.inner_text())
    studio.until(lambda: "is copied" in tab.locator(".toast").inner_text(), "it is not said")
    command = "navigator.clipboard.readText()"
    studio.until(lambda: f"/{folder}/" in tab.evaluate(command), "nothing was copied")
    tab.keyboard.press("Escape")
    return written, tab.evaluate(command)


@pytest.mark.parametrize(
    ("name", "suffix", "depth"),
    [
        pytest.param("shallow.png", "jpg", 8, id="jpeg"),
        pytest.param("shallow.png", "png", 8, id="png"),
        pytest.param("shallow.png", "webp", 8, id="webp"),
        pytest.param("shallow.png", "heic", 8, id="heic"),
        pytest.param("deep.tif", "tif", 16, id="tiff 16 bit"),
        pytest.param("deep.tif", "png", 16, id="png 16 bit"),
        pytest.param("deep.tif", "jpg", 8, id="jpeg of 16 bit"),
    ],
)
def test_the_copied_command_line_writes_the_same_file_byte_for_byte(studio, environment, name, suffix, depth):
    show(studio, name)
    written, command = export(studio, suffix, f"out-{suffix}-{depth}")
    first = written.read_bytes()
    assert vr.open_photo(written).pixels.dtype == (np.uint16 if depth == 16 else np.uint8)
    written.unlink()
    subprocess.run(["sh", "-ec", command], env=environment | {"PATH": BESIDE}, check=True, capture_output=True)
    assert written.read_bytes() == first


def test_what_lies_over_the_picture_is_in_no_export(studio, photos):
    show(studio, "shallow.png")
    first, _ = export(studio, "png", "plain")
    tab = studio.tab
    tab.keyboard.press("j")
    tab.keyboard.press("y")
    studio.settled()
    second, _ = export(studio, "png", "overlaid")
    assert second.read_bytes() == first.read_bytes()
    tab.keyboard.press("j")
    tab.keyboard.press("y")
    tab.keyboard.press("y")
    studio.settled()


def test_the_mask_of_an_area_is_in_no_export(studio):
    tab = show(studio, "shallow.png")
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").select_option("ellipse")
    tab.locator("studio-areas [id$='exposure.ev']").focus()
    tab.keyboard.press("Shift+ArrowLeft")
    studio.settled()
    first, _ = export(studio, "png", "area")
    tab.keyboard.press("m")
    studio.settled()
    second, _ = export(studio, "png", "masked")
    assert second.read_bytes() == first.read_bytes()
    tab.keyboard.press("m")
    tab.get_by_role("tab", name="Edit", exact=True).click()


@pytest.mark.parametrize(
    ("button", "suffix"), [("Plan (JSON)", "plan.json"), ("Preset (XMP)", "xmp"), ("Table (.cube)", "cube")]
)
def test_a_file_that_is_taken_along_is_the_one_that_the_core_writes(studio, tmp_path, button, suffix):
    tab = show(studio, "shallow.png")
    tab.keyboard.press("e")
    with tab.expect_download() as download:
        tab.get_by_role("button", name=button, exact=True).click()
    assert download.value.suggested_filename == f"shallow.{suffix}"
    taken = Path(download.value.path()).read_bytes()
    tab.keyboard.press("Escape")
    plan, path = vr.Plan.load(studio.plan()), tmp_path / f"own.{suffix}"
    if suffix == "plan.json":
        plan.save(path)
    elif suffix == "xmp":
        write_preset(plan, path, name="shallow", partial=True, overwrite=False)
    else:
        write_cube(Cube.of(vr.Renderer().color_map(plan), 33), path, title="shallow", overwrite=False)
    assert taken == path.read_bytes()
