"""How much memory a Python process takes."""

import re
import subprocess
import sys

_REPORT = "\nimport re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"


def peak_memory(script, *arguments):
    """The most bytes that a process held which ran this script; the script prints nothing.

    Not ru_maxrss: Linux counts in what the process that started this one had held.
    """
    done = subprocess.run(
        [sys.executable, "-c", script + _REPORT, *map(str, arguments)], capture_output=True, text=True
    )
    assert re.fullmatch(r"\d+\n", done.stdout), done.stdout + done.stderr
    return int(done.stdout) * 1024
