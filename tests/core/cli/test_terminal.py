"""Names and texts from files are shown as data: nothing in them is obeyed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from veraretouch.core.cli.terminal import columns, json_text, message, printable, stdout_to_stderr
from veraretouch.core.plugins.blame import blamed_plugin


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[red]x[/red].jpg", "[red]x[/red].jpg"),
        ("\x1b[31m.jpg", "\\x1b[31m.jpg"),
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("caf\u00e9 \u5c71 \U0001f468\u200d\U0001f469", "caf\u00e9 \u5c71 \U0001f468\u200d\U0001f469"),
        ("\udcff.jpg", "\\udcff.jpg"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text, shown):
    assert printable(text) == shown


def test_a_message_is_one_line():
    assert message("one\ntwo\x1b") == "one two\\x1b"


def test_json_keeps_its_values_and_holds_no_control_characters():
    document = {"name": "\x1b[31m\x7f\x9b\u202e\udcff caf\u00e9\n", "list": [1, 2.5]}
    text = json_text(document)
    assert json.loads(text) == document
    assert "caf\u00e9" in text
    assert not set(text) & set("\x1b\x7f\x9b\u202e\udcff")


def test_columns_are_aligned_and_printable():
    assert columns([("ID", "TEXT"), ("long\n", "x")]) == "ID      TEXT\nlong\\n  x"


def test_an_exception_of_nobodys_plugin_is_not_blamed_on_anyone():
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    assert blamed_plugin(caught.value) == ""


def test_an_exception_inside_an_op_names_it():
    import torch

    from veraretouch import registry
    from veraretouch.core.contract.op import Frame, Params

    op = registry.ops.load("exposure")()
    with pytest.raises(TypeError) as caught:
        op.apply(torch.zeros(1, 3, 2, 2), Params({"ev": None}, Frame(0, 0, 2, 2)))
    assert blamed_plugin(caught.value).startswith("op 'exposure' of veraretouch ")


def test_stdout_is_given_back_whatever_happens_and_all_that_was_written_meanwhile_goes_to_stderr(capfd):
    def fail():
        with stdout_to_stderr():
            print("by print")
            os.write(1, b"by the descriptor\n")
            raise ZeroDivisionError

    print("before", flush=True)
    with pytest.raises(ZeroDivisionError):
        fail()
    print("after", flush=True)
    os.write(1, b"at last\n")
    told = capfd.readouterr()
    assert told.out == "before\nafter\nat last\n"
    assert sorted(told.err.splitlines()) == ["by print", "by the descriptor"]


@pytest.mark.parametrize("closed", [1, 2])
def test_a_process_without_stdout_or_stderr_works_on(closed):
    script = f"""if True:
        import os, sys
        from veraretouch.core.cli.terminal import stdout_to_stderr
        os.close({closed})
        with stdout_to_stderr():
            print("inside", file=open(os.devnull, "w"))
        os._exit(7)
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere_and_no_file_takes_their_place(tmp_path, closed):
    script = (
        "from veraretouch.core.cli.terminal import complain, open_closed_streams, say, stdout_to_stderr\n"
        "open_closed_streams()\n"
        "with open('photo.txt', 'w') as photo:\n"
        "    say('line')\n"
        "    complain('message')\n"
        "    with stdout_to_stderr():\n"
        "        print('noise', flush=True)\n"
        "    photo.write('pixels')\n"
    )
    subprocess.run(["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, script], cwd=tmp_path, check=True)
    assert (tmp_path / "photo.txt").read_text() == "pixels"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_one_error_and_one_behind_stderr_is_none(environment):
    command = [str(Path(sys.executable).with_name("veraretouch")), "ops"]
    with open("/dev/full", "w") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False)
        assert told.returncode == 1
        assert told.stderr == "Error: stdout cannot be written to: No space left on device. Check where it leads.\n"
        unheard = subprocess.run([*command, "no-such-op"], stderr=full, env=environment, check=False)
    assert unheard.returncode == 1
