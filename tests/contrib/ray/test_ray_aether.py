"""`veraretouch ray aether`: the datasets of `veraretouch aether`, byte for byte, over Ray Data."""

import hashlib
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from veraretouch.core.errors import MissingExtra

pytest.importorskip("veraretouch_aether", reason="pip install ./contrib/aether")
pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

PHOTOS = Path(__file__).parents[2] / "data" / "photos"

pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.filterwarnings("ignore")]  # Ray's own, about itself


@pytest.fixture
def photos(tmp_path):
    """Four photos, and one that cannot be read."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("kodak-02", "kodak-08", "kodak-12", "kodak-22"):
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    (folder / "corrupt.jpg").write_bytes((PHOTOS / "kodak-08.jpg").read_bytes()[:4000])
    return folder


def digests(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_ray_builds_the_same_bytes_as_one_process(photos, tmp_path):
    from veraretouch_aether.dataset import build
    from veraretouch_ray.aether import app

    sizes = ("--per-photo", "8", "--size", "96", "--parquet")
    done = CliRunner().invoke(app, ["build", str(photos), "--out", str(tmp_path / "ray"), *sizes, "--workers", "2"])
    assert done.exit_code == 0, done.output
    assert "skipped corrupt.jpg" in done.stderr
    build([photos], tmp_path / "here", per_photo=8, size=96, parquet=True, say=lambda text: None)
    assert digests(tmp_path / "here") == digests(tmp_path / "ray")
    assert len(digests(tmp_path / "ray")) == 8


def test_without_aether_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "veraretouch_aether", None)
    monkeypatch.delitem(sys.modules, "veraretouch_ray.aether", raising=False)
    from veraretouch_ray.aether import app

    done = CliRunner().invoke(app, ["build", "photos", "--out", "data"])
    assert isinstance(done.exception, MissingExtra)
    assert str(done.exception).endswith("pip install veraretouch-aether")
    monkeypatch.delitem(sys.modules, "veraretouch_ray.aether")


def test_aether_itself_imports_no_ray(monkeypatch, photos, tmp_path):
    from veraretouch_aether.dataset import build

    for name in [name for name in sys.modules if name.partition(".")[0] in ("ray", "veraretouch_ray")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "veraretouch_ray", None)
    assert build([photos], tmp_path / "here", per_photo=1, size=32, say=lambda text: None)["counts"]["train"] == 2
