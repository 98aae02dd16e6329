"""A plugin's summary, read from its source: followed through imports, and never by running anything."""

from __future__ import annotations

import sys

import pytest

from veraretouch.core.plugins.summary import summary

SOURCES = {
    "acme_summary/__init__.py": '"""The package."""\nfrom .deep import Fade as Renamed\n1 / 0\n',
    "acme_summary/deep.py": '"""The module.\n\nMore of it.\n"""\nfrom .deeper import Fade\nVALUE = 3\n',
    "acme_summary/deeper.py": (
        'class Fade:\n    """\n    Fade a photo.\n\n    Slowly.\n    """\n'
        '    class Inner:\n        """Fade within."""\n\n'
        'def command():\n    "Do it."\n\nasync def later(): "Later."\n\nclass Silent: pass\n'
        'def wrapped():\n    """Do it, in a sentence\n    that goes on in the second line.\n\n    More.\n    """\n'
        'app = typer.Typer(name="train", help="Train a planner.")\n'
    ),
    "acme_summary/loop_a.py": "from .loop_b import Thing\n",
    "acme_summary/loop_b.py": "from .loop_a import Thing\n",
    "acme_summary/broken.py": "class Fade(",
}


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    (tmp_path / "acme_summary").mkdir()
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    assert not [name for name in sys.modules if name.startswith("acme_summary")]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("acme_summary.deeper:Fade", "Fade a photo."),
        ("acme_summary.deeper:Fade.Inner", "Fade within."),
        ("acme_summary.deeper:command", "Do it."),
        ("acme_summary.deeper:later", "Later."),
        ("acme_summary.deeper:Silent", ""),
        ("acme_summary.deep:Fade", "Fade a photo."),
        ("acme_summary:Renamed", "Fade a photo."),
        ("acme_summary.deep:VALUE", "The module."),
        ("acme_summary.deep", "The module."),
        ("acme_summary : Renamed [extra]", "Fade a photo."),
        ("acme_summary", "The package."),
        ("acme_summary.deeper:wrapped", "Do it, in a sentence that goes on in the second line."),
        ("acme_summary.deeper:app", "Train a planner."),
    ],
)
def test_the_first_paragraph_is_found_without_importing(target, said):
    assert summary(target) == said


@pytest.mark.parametrize(
    "target",
    [
        "acme_summary.loop_a:Thing",
        "acme_summary.broken:Fade",
        "acme_summary.absent:Fade",
        "no_such_package:X",
        "sys",
        "",
        ":",
    ],
)
def test_where_the_source_does_not_tell_it_is_empty(target):
    assert summary(target) == ""
