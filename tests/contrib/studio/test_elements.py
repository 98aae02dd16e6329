"""Controls that plug-ins bring: the guide's example is followed to the letter, and what must not be served is not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import browsers
import pytest

import veraretouch as vr

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from studios import serve
from veraretouch_studio.elements import element_file, own_controls

pytestmark = pytest.mark.xdist_group("browser test_elements")
GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "own-control.md"
FILES = {"toml": "pyproject.toml", "python": "acme_cast/__init__.py", "js": "acme_cast/page/pad.js"}
SECOND = '''
import veraretouch as vr

class Dial(vr.Slot):
    """A slot of a kind that nobody else knows."""
    kind = "{kind}"

class {name}(vr.Op):
    """Leave a photo as it is."""
    id = "acme.{id}"
    version = 1
    stage = vr.Stage.GRADING
    pointwise = True
    turn = Dial(group="acme_group", doc="How far it is turned.")

    def apply(self, rgb, p):
        return rgb + 0 * p.turn
'''
BUTTON = """
export default class extends HTMLElement {
  set binding(binding) {
    this.firstChild ?? this.append(document.createElement("button"));
    this.firstChild.textContent = `${binding.label} ${binding.value}`;
    this.firstChild.onclick = () => binding.set(0.5, "done");
  }
}
"""


def project(folder: Path) -> Path:
    """The guide's project."""
    text = GUIDE.read_text(encoding="utf-8")
    for language, name in FILES.items():
        (block,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        path = folder / "acme-cast" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block)
    return folder / "acme-cast"


def installed(source: Path, site: Path) -> None:
    """What pip leaves of a project: its packages, and what its metadata announces."""
    declared = tomllib.loads((source / "pyproject.toml").read_text())
    about = declared["project"]
    for package in declared["tool"]["setuptools"]["packages"]:
        shutil.copytree(source / package, site / package)
    distribution(site, about["name"], about["version"], about["entry-points"])


def distribution(site: Path, name: str, version: str, points: dict) -> None:
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = (
        f"[{group}]\n" + "".join(f"{id} = {target}\n" for id, target in each.items()) for group, each in points.items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))


def unfold(studio) -> None:
    studio.unfold("group.global_color", "group.acme_group", "op.acme.cast", "op.acme.dial", "op.acme.knob")


def refresh() -> None:
    for catalogue in vr.registry.catalogues().values():
        catalogue.refresh()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder on the path with the guide's plug-in, one with a control for its own kind, and one without any."""
    folder = tmp_path_factory.mktemp("site")
    installed(project(tmp_path_factory.mktemp("project")), folder)
    for name, control in (("dial", True), ("knob", False)):
        (folder / f"acme_{name}").mkdir()
        code = SECOND.format(kind=f"acme-{name}", name=name.title(), id=name)
        (folder / f"acme_{name}" / "__init__.py").write_text(code)
        (folder / f"acme_{name}" / "secret.py").write_text("KEY = 1")
        points = {"veraretouch.ops": {f"acme.{name}": f"acme_{name}:{name.title()}"}}
        if control:
            (folder / f"acme_{name}" / "dial.js").write_text(BUTTON)
            points["veraretouch.studio_controls"] = {f"acme-{name}": f"acme_{name}:dial.js"}
        distribution(folder, f"acme-{name}", "1", points)
    sys.path.insert(0, str(folder))
    refresh()
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]
    refresh()


def test_the_schema_names_the_modules_of_plugins(site):
    broken: list[dict[str, str]] = []
    assert own_controls(broken) == {
        "acme-dial": "/plugins/acme-dial/dial.js",
        "acme.cast.towards": "/plugins/acme-cast/pad.js",
    }
    assert broken == []


def test_modules_are_served_and_nothing_else_of_their_packages(site, photos):
    (site / "acme_cast" / "page" / "more.json").write_text("{}")
    (site / "acme_cast" / "page" / "out.js").symlink_to(site / "acme_dial" / "dial.js")
    client, end = serve(photos)
    try:
        served = client("GET", "/plugins/acme-cast/pad.js")
        assert served.status == 200
        assert served.headers["content-type"].startswith("text/javascript")
        assert "script-src 'self'" in served.headers["content-security-policy"]
        assert client("GET", "/plugins/acme-cast/more.json").status == 200
        for wrong in (
            "acme-cast/../__init__.py",
            "acme-cast/%2e%2e/__init__.py",
            "acme-cast/..%2f__init__.py",
            "acme-cast/__init__.py",
            "acme-cast/out.js",
            "acme-cast//etc/passwd",
            "acme-cast/",
            "acme-dial/secret.py",
            "acme-dial/pad.js",
            "acme-knob/__init__.py",
            "veraretouch/schemas/plan.schema.json",
            "nobody/pad.js",
        ):
            assert client("GET", f"/plugins/{wrong}").status == 404, wrong
        assert client("POST", "/plugins/acme-cast/pad.js").status == 405
    finally:
        end()


def test_a_blocked_plugin_brings_no_controls(site, monkeypatch):
    monkeypatch.setenv("VERARETOUCH_BLOCK", "acme-cast")
    broken: list[dict[str, str]] = []
    assert set(own_controls(broken)) == {"acme-dial"}
    assert "VERARETOUCH_BLOCK" in broken[0]["reason"]
    assert element_file("acme-cast", "pad.js") is None
    monkeypatch.setenv("VERARETOUCH_BLOCK", "")
    assert element_file("acme-cast", "pad.js") is not None


@pytest.mark.parametrize(
    ("id", "target", "said"),
    [
        ("scalar", "acme_dial:dial.js", "'scalar' have a control"),
        ("acme.cast.towards2", "acme_dial:dial.js", "'acme.cast' belongs to acme-cast"),
        ("exposure.ev", "acme_dial:dial.js", "belongs to veraretouch"),
        ("acme-other", "acme_dial:none.js", "names no file"),
        ("acme-other", "acme_dial:secret.py", "no module of a package"),
        ("acme-other", "acme_nothing:dial.js", "no module of a package"),
        ("acme-other", "json:dial.js", "names no file"),
        ("acme-dial", "acme_dial:dial.js", "claimed by"),
    ],
)
def test_a_control_that_cannot_be_used_is_named_with_the_reason(site, tmp_path, monkeypatch, id, target, said):
    distribution(tmp_path, "acme-wrong", "1", {"veraretouch.studio_controls": {id: target}})
    monkeypatch.syspath_prepend(str(tmp_path))
    broken: list[dict[str, str]] = []
    assert id not in own_controls(broken)
    assert said in next(each["reason"] for each in broken if each["id"] == id)


@pytest.mark.skipif(bool(browsers.missing()), reason=browsers.missing())
@pytest.mark.slow
def test_the_guides_pad_and_others_elements_move_are_found_again_and_are_reset(site, photos):
    with browsers.chromium() as browser, browsers.studio(browser, photos) as studio:
        tab = studio.open("beach.jpg")
        unfold(studio)
        pad = tab.get_by_role("slider", name="Cast")
        pad.wait_for()
        pad.focus()
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowUp")
        studio.until(lambda: studio.values("acme.cast") == {"towards": [0.01, 0.01]}, "the pad does not move by keys")
        studio.settled()
        steps = "document.querySelector('studio-app').store.photo.revision"
        before = tab.evaluate(steps)
        studio.drag("own-acme-cast-towards", 40, -30)
        red, blue = studio.values("acme.cast")["towards"]
        assert red > 0.1
        assert blue > 0.1
        assert tab.evaluate(steps) == before + 1
        tab.get_by_role("button", name="Dial 0", exact=True).click()
        field = tab.locator('[id="#acme.knob.turn"]')
        assert field.input_value() == "0"
        field.fill("0.25")
        field.blur()
        studio.settled()
        saved = studio.plan()
        assert saved["edits"]["acme.dial"]["params"] == {"turn": 0.5}
        assert saved["edits"]["acme.knob"]["params"] == {"turn": 0.25}
        vr.Plan.load(saved)
        tab.reload()
        tab.wait_for_selector("studio-stage")
        studio.settled()
        unfold(studio)
        studio.until(lambda: tab.locator("own-acme-cast-towards").count(), "the pad is not there again")
        assert tab.get_by_role("slider", name="Cast").get_attribute("aria-valuetext") == f"red {red}, blue {blue}"
        for name in ("Cast", "Dial", "Knob"):
            tab.get_by_role("button", name=f"Reset {name}").last.click()
        studio.settled()
        assert studio.plan()["edits"] == {}


@pytest.mark.skipif(bool(browsers.missing()), reason=browsers.missing())
def test_a_control_that_fails_leaves_its_value_in_a_field(site, photos):
    module = site / "acme_dial" / "dial.js"
    module.write_text('export default class extends HTMLElement { set binding(_) { throw new Error("no dial"); } }')
    try:
        with browsers.chromium() as browser, browsers.studio(browser, photos) as studio:
            tab = studio.open("beach.jpg")
            studio.unfold("group.acme_group", "op.acme.dial")
            tab.get_by_text("The plug-in's control failed: no dial").wait_for()
            tab.locator('[id="#acme.dial.turn"]').wait_for()
    finally:
        module.write_text(BUTTON)


@pytest.mark.slow
def test_the_guides_project_installs_with_its_module(tmp_path):
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    source, target = project(tmp_path), tmp_path / "site"
    subprocess.run([*command, "--target", str(target), str(source)], check=True, capture_output=True)
    assert (target / "acme_cast" / "page" / "pad.js").read_text() == (source / FILES["js"]).read_text()
    named = (target / "acme_cast-1.0.dist-info" / "entry_points.txt").read_text()
    assert "acme.cast.towards = acme_cast.page:pad.js" in named
