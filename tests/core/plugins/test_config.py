"""The configuration file: where it is looked for, and what is wrong with it, by line."""

from __future__ import annotations

import time

import pytest

from veraretouch.core.errors import InvalidDocument
from veraretouch.core.plugins.config import config_path, read_config


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write the file that VERARETOUCH_CONFIG names."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("VERARETOUCH_CONFIG", str(path))

    def write(text: str | bytes):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_the_variable_goes_before_the_platforms_folder_and_knows_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VERARETOUCH_CONFIG", "~/mine.toml")
    assert config_path() == tmp_path / "mine.toml"
    monkeypatch.delenv("VERARETOUCH_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert config_path().parts[-2:] == ("veraretouch", "config.toml")
    assert read_config() == {}


def test_tables_are_read_as_they_are_written(config):
    config('[plugins]\nallow = ["acme-film"]\nblock = []\n')
    assert read_config() == {"plugins": {"allow": ["acme-film"], "block": []}}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            '\n[plugin]\nblock = ["a"]',
            2,
            "unknown table 'plugin'. Did you mean 'plugins'? Known: [plugins], [bundles].",
        ),
        ('plugins = "acme"', 1, "plugins is not a table. Write [plugins] on a line of its own."),
        (
            '[plugins]\n\nblok = ["a"]',
            3,
            "unknown key 'blok' in [plugins]. Did you mean 'block'? [plugins] has: allow, block.",
        ),
        ('[plugins]\nallow = ["a"]\nblock = "acme"', 3, "block is 'acme', not a list of strings"),
        ("[plugins]\nallow = [1]", 2, 'allow is [1], not a list of strings. Write allow = ["acme-film", "acme.fade"].'),
        ('plugins.blok = ["a"]', 1, "unknown key 'blok'"),
    ],
)
def test_what_is_wrong_is_said_with_path_and_line(config, text, line, said):
    path = config(text)
    with pytest.raises(InvalidDocument) as caught:
        read_config()
    assert caught.value.path == f"{path}, line {line}"
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["[plugins", b"\xff\xfe"], ids=["no TOML", "no UTF-8"])
def test_what_is_no_toml_is_said_with_an_example(config, text):
    path = config(text)
    with pytest.raises(InvalidDocument, match=r"is not TOML: [\s\S]*Write it as:") as caught:
        read_config()
    assert caught.value.path == str(path)


def test_a_named_file_that_is_missing_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("VERARETOUCH_CONFIG", str(tmp_path / "absent.toml"))
    with pytest.raises(InvalidDocument, match=r"cannot be read: No such file or directory. Mend it, or unset"):
        read_config()


def test_a_long_line_of_blanks_costs_no_time(config):
    """It was tried from each of its blanks for each of them: 20 KB took 20 s."""
    config("[plugins]\n" + " " * 200_000 + "# much room\nnope = []\n")
    start = time.process_time()
    with pytest.raises(InvalidDocument, match="line 3: unknown key 'nope'"):
        read_config()
    assert time.process_time() - start < 2
