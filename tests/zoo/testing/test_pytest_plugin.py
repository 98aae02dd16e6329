"""The fixtures that every pytest session has where veraretouch is installed, as a stranger's tests meet them."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def session(tmp_path):
    """Run a stranger's tests, warnings being errors; gives what pytest prints."""

    def run(text, *options):
        (tmp_path / "test_stranger.py").write_text(text)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTEST"))}
        words = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *options, "test_stranger.py"]
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=kept, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_session_that_does_not_use_them_imports_no_torch_and_nothing_of_the_core(session):
    session(
        "import sys\n"
        "def test_it():\n"
        "    assert 'veraretouch.zoo.testing.pytest_plugin' in sys.modules\n"
        "    assert not {'torch', 'numpy', 'veraretouch.core', 'http.server'} & set(sys.modules)\n"
    )


def test_they_are_listed_with_what_they_give(session):
    told = session("def test_it(): pass", "--fixtures")
    for name in ("veraretouch_registry", "sample_photos", "loopback_hub"):
        assert name in told


def test_a_fixture_of_the_strangers_own_goes_first(session):
    session(
        "import pytest\n"
        "@pytest.fixture\n"
        "def sample_photos(): return 'mine'\n"
        "def test_it(sample_photos): assert sample_photos == 'mine'\n"
    )


def test_what_a_test_adds_and_blocks_ends_with_it(session, tmp_path):
    (tmp_path / "user.toml").write_text('[plugins]\nblock = ["saturation"]\n')
    session(
        "import os, pytest\n"
        "from veraretouch import registry\n"
        "os.environ['VERARETOUCH_CONFIG'] = 'user.toml'\n"
        "def test_1(veraretouch_registry, monkeypatch):\n"
        "    assert 'saturation' in veraretouch_registry.ops.ids()\n"
        "    veraretouch_registry.commands.add(print, id='acme.hello')\n"
        "    monkeypatch.setenv('VERARETOUCH_BLOCK', 'contrast')\n"
        "    veraretouch_registry.ops.refresh()\n"
        "    assert 'contrast' not in veraretouch_registry.ops.ids()\n"
        "def test_2():\n"
        "    assert 'acme.hello' not in registry.commands\n"
        "    assert 'contrast' in registry.ops.ids()\n"
        "    assert 'saturation' not in registry.ops.ids()\n"
    )


def test_what_was_added_before_is_there_again_afterwards():
    from veraretouch import registry
    from veraretouch.core.testing.isolation import isolated_registry

    registry.commands.add(print, id="acme.kept")
    try:
        with isolated_registry() as isolated:
            isolated.commands.remove("acme.kept")
        assert registry.commands.load("acme.kept") is print
    finally:
        registry.commands.remove("acme.kept")


def test_sample_photos_are_copies_of_four_photos(sample_photos):
    from veraretouch.core.photo import open_photo
    from veraretouch.core.testing import SAMPLES, sample

    assert set(sample_photos) == set(SAMPLES)
    for name, path in sample_photos.items():
        assert max(open_photo(path).width, open_photo(path).height) == 256
        assert sample(name).stat().st_size < 40_000
        path.unlink()
        assert sample(name).is_file()
    told = sample("portrait").with_name("README.md").read_text()
    assert all(f"| {name}.jpg |" in told for name in SAMPLES)


def test_the_zoo_asks_the_loopback_hub_and_no_other(loopback_hub):
    from veraretouch import zoo
    from veraretouch.core.errors import UnknownBundle

    loopback_hub.publish("me/empty", {"README.md": b"Nothing here."})
    with pytest.raises(UnknownBundle):
        zoo.load("me/empty")
    assert loopback_hub.requests
    assert {request.authorization for request in loopback_hub.requests} == {None}


def test_a_bundle_is_pushed_to_the_loopback_hub_and_loaded_from_there(loopback_hub, tmp_path):
    from veraretouch import registry, zoo
    from veraretouch.core.render.retoucher import Retoucher

    planner = registry.planners.load("tiny")()
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    folder = zoo.pack(Retoucher(planner), tmp_path / "own", name="own-tiny", licence=licence)
    where = zoo.push(folder, "acme/house")
    assert where.startswith("acme/house@")
    assert zoo.load(where).origin["name"] == "own-tiny"


def test_a_private_repository_is_read_with_the_loopback_hubs_token(loopback_hub, monkeypatch):
    from veraretouch import zoo
    from veraretouch.core.errors import UnknownBundle, UnreachableBundle

    loopback_hub.publish("me/secret", {"README.md": b"Nothing here."}, private=True)
    with pytest.raises(UnreachableBundle, match="is private"):
        zoo.load("me/secret")
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    with pytest.raises(UnknownBundle, match="has no file"):
        zoo.load("me/secret")
