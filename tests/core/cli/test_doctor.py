"""The command `doctor`: what is there, what is missing, what is broken, each with its cure."""

import json
import logging
import sys

import pytest
from typer.testing import CliRunner

from veraretouch.core.cli import doctor
from veraretouch.core.cli.doctor import Finding, examine
from veraretouch.core.cli.plugins import plugin_rows
from veraretouch.core.cli.shell import app


def test_a_broken_plugin_is_found_named_and_fails(cli):
    report = json.loads(cli("doctor", "--json", plugins="broken fake", code=1, anew=True).stdout)
    assert report["broken"] == sum(finding["level"] == "broken" for finding in report["findings"])
    findings = {finding["part"]: finding for finding in report["findings"]}
    assert {"veraretouch", "python", "torch", "device", "extra heic", "extra raw", "cache", "temporary"} <= set(
        findings
    )
    assert findings["op acme.raises"]["level"] == "broken"
    assert "acme_core" in findings["op acme.raises"]["text"]
    assert findings["command fake-fail"]["text"].startswith("collision")


def test_the_table_holds_texts_of_plugins_as_data(monkeypatch):
    found = [Finding("op x", "broken", "[red]it[/red]\x1b[31m", "Mend it."), Finding("python", "ok", "3")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 1
    assert shown.stdout.splitlines() == [
        "broken  op x    [red]it[/red]\\x1b[31m. Mend it.",
        "ok      python  3",
        "1 broken.",
    ]


def test_a_missing_extra_is_a_note_with_the_pip_command(monkeypatch):
    from importlib import metadata

    real = metadata.distribution

    def without_heif(name):
        if name == "pillow-heif":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "distribution", without_heif)
    found = {finding.part: finding for finding in doctor._extras()}
    assert found["extra heic"].level == "note"
    assert "pip install 'veraretouch[heic]'" in found["extra heic"].cure
    assert found["extra raw"].level == "ok"
    assert "extra dev" not in found


def test_an_extra_that_cannot_be_imported_is_broken(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    found = {finding.part: finding for finding in doctor._extras()}
    assert found["extra raw"].level == "broken"


@pytest.fixture
def untried(monkeypatch):
    """Plugins are known by their metadata: that each is tried, in a process of each distribution, is another test's."""
    monkeypatch.setattr(doctor, "plugin_rows", lambda timeout: plugin_rows())


def test_a_blocked_plugin_is_a_note(monkeypatch, untried):
    from veraretouch import registry

    monkeypatch.setenv("VERARETOUCH_BLOCK", "exposure")
    registry.ops.refresh()
    found = {finding.part: finding for finding in doctor._plugins()}
    monkeypatch.undo()
    registry.ops.refresh()
    assert found["op exposure"].level == "note"


def test_names_in_lists_that_nothing_installed_has_are_notes(monkeypatch):
    monkeypatch.setenv("VERARETOUCH_BLOCK", "exposre,contrast,NumPy,acme.gone")
    listed, first, second = (finding for finding in doctor._policy() if finding.part == "block list")
    assert listed.text == "VERARETOUCH_BLOCK: NumPy, acme.gone, contrast, exposre"
    assert (first.level, second.level) == ("note", "note")
    assert "no plugin and no distribution is named 'acme.gone' here" in first.text
    assert first.cure
    assert "'exposre'" in second.text
    assert second.cure == "Did you mean 'exposure'?"


def test_what_extras_log_on_import_is_not_shown(monkeypatch, caplog):
    import importlib

    log = logging.getLogger("a package of an extra")
    monkeypatch.setattr(importlib, "import_module", lambda name: log.warning("no part of Apple's runtime for %s", name))
    assert {finding.level for finding in doctor._extras()} == {"ok"}
    assert not caplog.records
    log.warning("afterwards")
    assert [record.message for record in caplog.records] == ["afterwards"]


@pytest.mark.parametrize(("free", "level"), [(10, "note"), (10**12, "ok")])
def test_little_space_is_noted(monkeypatch, tmp_path, free, level):
    from collections import namedtuple

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not" / "yet"))
    monkeypatch.setattr("shutil.disk_usage", lambda path: namedtuple("Usage", "free")(free))
    assert {finding.level for finding in doctor._folders()} == {level}
    assert not (tmp_path / "not").exists()


def test_a_part_that_cannot_be_looked_at_is_broken_and_the_rest_goes_on(monkeypatch, untried):
    from veraretouch import registry

    monkeypatch.setitem(sys.modules, "torch", None)
    findings = list(examine())
    monkeypatch.undo()
    for catalogue in registry.catalogues().values():
        catalogue.refresh()  # what was found broken without torch is not
    assert next(finding for finding in findings if finding.part == "torch").level == "broken"
    assert any(finding.part == "cache" for finding in findings)
    assert all(isinstance(finding, Finding) for finding in findings)


def test_what_a_plugin_examines_is_shown_and_one_that_raises_is_broken(veraretouch_registry):
    def ink():
        yield Finding("ink", "note", "the ink is low", "Refill it.")

    def paper():
        raise OSError("no paper")

    veraretouch_registry.examinations.add(ink, id="acme.ink")
    veraretouch_registry.examinations.add(paper, id="acme.paper")
    found = list(doctor._examinations())
    assert found == [
        Finding("ink", "note", "the ink is low", "Refill it."),
        Finding("acme.paper", "broken", "OSError: no paper"),
    ]
