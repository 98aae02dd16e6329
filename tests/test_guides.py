"""The code of the guides for authors is run, block by block, as a reader would."""

import os
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from distributions import Site
from PIL import Image, ImageChops, ImageStat
from prepared import prepared

import veraretouch as vr
from veraretouch.core.testing.samples import sample

DATA = Path(__file__).parent / "data"
GUIDES = Path(__file__).parents[1] / "docs" / "guide"


def blocks(name, kind):
    found = re.findall(
        rf"^```{kind}\n(.*?)^```$", (GUIDES / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, f"{name} has no block of {kind}"
    return found


@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.md")), ids=lambda path: path.stem)
def test_each_guide_begins_with_what_one_gets_at_its_end(guide):
    title, _, rest = guide.read_text(encoding="utf-8").partition("\n\n")
    assert title.startswith("# ")
    assert rest.startswith("**At the end** ")


def test_the_table_of_rooms_names_every_folder_and_no_other():
    root = GUIDES.parents[1]
    table = (GUIDES / "architecture.md").read_text(encoding="utf-8").partition("## How a photo travels")[0]
    named = set(re.findall(r"^\| `([\w/]+)/` \|", table, re.MULTILINE))
    rooms = [root / name for name in ("core", "ops", "planners", "schemas", "zoo")]
    found = {init.parent for room in rooms for init in (room / "__init__.py", *room.glob("*/__init__.py"))}
    assert named == {folder.relative_to(root).as_posix() for folder in found}


def run(text, folder, **environment):
    """One Python process for all of a guide's blocks, in a folder with a photo in it; what it prints."""
    shutil.copy(sample("portrait"), folder / "photo.jpg")
    (folder / "guide.py").write_text(text)
    strict = "import runpy, warnings\nwarnings.simplefilter('error')\nrunpy.run_path('guide.py', run_name='__main__')"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = prepared().run(["-c", strict], cwd=folder, env=kept | {"OMP_NUM_THREADS": "1"} | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_planner_of_the_guide_plans_and_keeps_the_contract(tmp_path):
    assert "Expose by" in run("\n".join(blocks("own-planner.md", "python")), tmp_path)
    assert (tmp_path / "exposed.jpg").exists()


def test_the_area_of_the_guide_keeps_the_contract_and_says_where_an_edit_applies(tmp_path):
    assert run("\n".join(blocks("own-area.md", "python")), tmp_path) == "acme.surround\n"
    before, after = (Image.open(tmp_path / name).convert("L") for name in ("photo.jpg", "darker-around.jpg"))
    width, height = before.size
    middle, corner = (width * 0.49, height * 0.49, width * 0.51, height * 0.51), (0, 0, 20, 20)
    assert ImageStat.Stat(ImageChops.difference(before.crop(middle), after.crop(middle))).mean[0] < 3
    assert ImageStat.Stat(after.crop(corner)).mean[0] < 0.85 * ImageStat.Stat(before.crop(corner)).mean[0]


def test_the_reward_of_the_guide_keeps_the_contract_in_a_package_of_its_own(cli, tmp_path):
    """As the guide says: the class in a file, its check, and a package whose entry point names it."""
    code, check = blocks("own-reward.md", "python")
    run(code + check, tmp_path)
    (project,) = (tomllib.loads(text) for text in blocks("own-reward.md", "toml"))
    named = project["project"]["entry-points"]["veraretouch.rewards"]
    (module,) = project["tool"]["setuptools"]["py-modules"]
    (tmp_path / "site").mkdir()
    Site(tmp_path / "site").install(
        project["project"]["name"], "0.1.0", named, group="veraretouch.rewards", module=module, code=code
    )
    env = {"PYTHONPATH": str(tmp_path / "site")}
    assert "reward acme.keep_whites passes all 8 checks." in cli("check", "acme.keep_whites", env=env).stdout


def test_the_planner_of_the_guide_is_short():
    assert len(blocks("own-planner.md", "python")[0].splitlines()) < 60


@pytest.mark.slow
def test_training_gains_what_the_guide_says(tmp_path):
    assert (
        float(re.match(r"([\d.]+) dB", run(blocks("training-through-the-renderer.md", "python")[0], tmp_path))[1]) > 3
    )


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the Hub's own client
def test_the_bundle_of_the_guide_is_packed_pushed_and_loaded(tmp_path, loopback_hub):
    token = loopback_hub.token
    told = run(
        "\n".join(blocks("publishing-a-bundle.md", "python")),
        tmp_path,
        HF_TOKEN=token,
        VERARETOUCH_TOKEN_ENDPOINT=loopback_hub.url,
    )
    assert "acme/house@" in told
    assert "acme/house" in loopback_hub.repositories
    assert (tmp_path / "housed.jpg").exists()


@pytest.mark.slow
def test_the_bundle_of_the_guide_is_checked_by_the_command_where_its_planner_is_installed(cli, tmp_path):
    """As the guide says: the class in a package whose entry point names it; without the package the check fails."""
    planner, packing, _ = blocks("publishing-a-bundle.md", "python")
    run(planner + packing, tmp_path)
    assert "planner 'acme.house' is not installed" in cli("check", "./acme-house", code=1).stdout
    (tmp_path / "site").mkdir()
    Site(tmp_path / "site").install(
        "acme-house", "0.1.0", {"acme.house": "acme_house:House"}, group="veraretouch.planners", module="acme_house",
        code=planner.partition("vr.registry.planners.add")[0],
    )  # fmt: skip
    env = {"PYTHONPATH": str(tmp_path / "site")}
    assert "passes all 7 checks" in cli("check", "./acme-house", env=env).stdout
    facts = tmp_path / "facts.json"
    facts.write_text('{"summary": "The look of the house.", "training_data": "None: set by hand."}')
    words = [
        "--name",
        "other-house",
        "--spdx",
        "other",
        "--commercial-use",
        "--licence-file",
        "LICENSE",
        "--version",
        "2.0.0",
    ]
    cli("zoo", "pack", "./acme-house", "anew", *words, "--facts", facts, env=env)
    assert "passes all 7 checks" in cli("check", "./anew", env=env).stdout


def test_presets_of_the_guide_are_read_and_plans_blended(tmp_path):
    shutil.copy(DATA / "presets" / "9bichrome.xmp", tmp_path / "film.xmp")
    (tmp_path / "plan.json").write_text(vr.Plan(edits={"exposure": vr.Edit(1, {"ev": np.array(0.2)})}).json())
    told = run("\n".join(blocks("presets.md", "python")), tmp_path)
    assert "ToneCurve (6 parts) it belongs to an older process version" in told
    assert "lens: auto distortion=0 vignetting=0" in told
    assert (tmp_path / "half.json").exists()


def test_the_guide_to_local_adjustments_is_followed(cli, tmp_path):
    told = run("\n".join(blocks("local.md", "python")), tmp_path)
    assert "['linear: from top to 0.5']" in told
    assert "tensor([" in told
    assert (tmp_path / "local.jpg").exists()
    for line in blocks("local.md", "sh")[0].splitlines()[:2]:
        cli(*shlex.split(line)[1:])
    assert (tmp_path / "retouched" / "photo.jpg").exists()


def test_the_guide_to_framing_is_followed(cli, tmp_path):
    told = run("\n".join(blocks("framing.md", "python")), tmp_path)
    assert told.startswith("-1.2 True\n{'problem': ")
    assert {"framed.jpg", "tall.jpg"} <= {path.name for path in tmp_path.iterdir()}
    for line in blocks("framing.md", "sh")[0].splitlines():
        cli(*shlex.split(line)[1:])
    assert (tmp_path / "retouched" / "photo.jpg").exists()


@pytest.mark.slow
def test_the_commands_of_the_guide_to_many_photos_run(cli, tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.jpg"):
        shutil.copy(sample("portrait"), tmp_path / "photos" / name)
    (shell,) = blocks("many-photos.md", "sh")
    for line in shell.splitlines():
        cli(*shlex.split(line.partition("#")[0])[1:])
    for folder in ("photos/retouched", "web", "series"):
        assert {file.name for file in (tmp_path / folder).glob("*.jpg")} == {"a.jpg", "b.jpg"}


@pytest.mark.slow
def test_the_commands_of_the_guide_to_presets_run(cli, tmp_path):
    shutil.copy(DATA / "presets" / "9bichrome.xmp", tmp_path / "film.xmp")
    shutil.copy(sample("portrait"), tmp_path / "photo.jpg")
    (shell,) = blocks("presets.md", "sh")
    for line in shell.splitlines():
        command, _, output = line.partition("#")[0].partition(">")
        printed = cli(*shlex.split(command)[1:]).stdout
        if output:
            (tmp_path / output.strip()).write_text(printed)
    assert {file.name for file in (tmp_path / "matched").iterdir() if file.suffix == ".jpg"} == {
        "film.jpg",
        "photo.jpg",
    }


def test_the_guide_to_training_reads_a_scene(tmp_path):
    block = next(text for text in blocks("training.md", "python") if "scene_of" in text)
    assert run(f"{block}\nprint(scene.share('person') > 0.1, tuple(masks.shape)[0])", tmp_path).strip() == "True 2"
