"""Block and allow lists in the configuration file: they act before import, and say where they stand."""

import pytest
from distributions import Site

from veraretouch.core.errors import InvalidDocument
from veraretouch.core.plugins.config import read_config


@pytest.fixture
def site(tmp_path):
    """A plugin that is installed."""
    found = Site(tmp_path)
    found.fade()
    return found


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write the configuration file that VERARETOUCH_CONFIG names."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("VERARETOUCH_CONFIG", str(path))

    def write(text):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


SEE = """
    import pathlib
    message = error(catalogue.load, "acme.fade")
    tell([message, entry("acme.fade")[0], entry("exposure")[0], "acme_film" in sys.modules])
"""


@pytest.mark.parametrize("name", ["acme.fade", "acme-film", "Acme_Film"])
def test_a_block_list_in_the_file_acts_before_import_and_names_the_file(site, config, name):
    path = config(f'[plugins]\nblock = ["{name}"]\n')
    message, state, built_in, imported = site.see(SEE, VERARETOUCH_CONFIG=str(path))
    assert message == (
        f"BlockedPlugin op 'acme.fade' of acme-film 1.2 is blocked: plugins.block in {path} names it. "
        f"Change plugins.block in {path}."
    )
    assert (state, built_in, imported) == ("blocked", "available", False)


def test_an_allow_list_in_the_file_keeps_out_whom_it_does_not_name(site, config):
    path = config('[plugins]\nallow = ["other-film"]\n')
    message, state, built_in, imported = site.see(SEE, VERARETOUCH_CONFIG=str(path))
    assert f"plugins.allow in {path} does not name it" in message
    assert (state, built_in, imported) == ("blocked", "available", False)


def test_a_plugin_stays_out_where_either_list_keeps_it_out(site, config):
    path = config('[plugins]\nallow = ["acme-film"]\nblock = ["other-film"]\n')
    env = {"VERARETOUCH_CONFIG": str(path)}
    code = "tell(entry('acme.fade'))"
    assert site.see(code, **env)[0] == "available"
    assert site.see(code, **env, VERARETOUCH_BLOCK="acme-film") == ["blocked", "VERARETOUCH_BLOCK names it"]
    assert site.see(code, **env, VERARETOUCH_ALLOW="other-film") == ["blocked", "VERARETOUCH_ALLOW does not name it"]


def test_the_file_in_the_users_own_folder_is_read_where_none_is_named(site, tmp_path):
    folder = tmp_path / "home" / "veraretouch"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[plugins]\nblock = ["acme.fade"]\n')
    state, reason = site.see("tell(entry('acme.fade'))", XDG_CONFIG_HOME=str(tmp_path / "home"))
    assert state == "blocked"
    assert str(folder / "config.toml") in reason


def test_no_file_is_no_list(site, tmp_path):
    assert site.see("tell(entry('acme.fade')[0])", XDG_CONFIG_HOME=str(tmp_path / "none")) == "available"


WRONG = {
    "no TOML": ("[plugins]\nblock = acme\n", ("is not TOML", "at line 2", "Write it as")),
    "no UTF-8": (b"\xff\xfe[plugins]", ("is not TOML", "utf-8", "Write it as")),
    "a key twice": ("[plugins]\nblock = []\nblock = []\n", ("is not TOML", "at line 3")),
    "an unknown table": (
        "# mine\n[plugin]\nblock = []\n",
        (", line 2: unknown table 'plugin'", "Did you mean 'plugins'?"),
    ),
    "an unknown key": (
        "[plugins]\nallow = []\nblok = []\n",
        (", line 3: unknown key 'blok' in [plugins]", "Did you mean 'block'?", "[plugins] has: allow, block."),
    ),
    "a dotted key": ("plugins.blok = []\n", (", line 1: unknown key 'blok'",)),
    "a string for a list": (
        '[plugins]\nblock = "acme"\n',
        (", line 2: block is 'acme', not a list", 'Write block = ["'),
    ),
    "a list of numbers": ("[plugins]\n\nallow = [1]\n", (", line 3: allow is [1], not a list of strings",)),
    "a value for a table": ("plugins = 5\n", (", line 1: plugins is not a table", "Write [plugins] on a line")),
}


@pytest.mark.parametrize(("text", "parts"), WRONG.values(), ids=WRONG.keys())
def test_a_malformed_file_is_one_error_with_path_line_and_cure(config, text, parts):
    path = config(text)
    with pytest.raises(InvalidDocument) as caught:
        read_config()
    assert str(caught.value).startswith(str(path))
    for part in parts:
        assert part in str(caught.value)


def test_a_file_that_is_named_and_missing_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("VERARETOUCH_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(InvalidDocument, match=r"none\.toml: cannot be read: No such file.*unset VERARETOUCH_CONFIG"):
        read_config()


@pytest.mark.parametrize("arguments", [["--help"], ["ops"]], ids=" ".join)
def test_on_the_command_line_a_malformed_file_is_one_message(cli, config, arguments):
    path = config("[plugins]\nblok = []\n")
    told = cli(*arguments, env={"VERARETOUCH_CONFIG": str(path)}, code=1)
    assert told.stderr.splitlines() == [
        f"Error: {path}, line 2: unknown key 'blok' in [plugins]. Did you mean 'block'? [plugins] has: allow, block."
    ]
