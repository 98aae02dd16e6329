"""How much memory a Python process takes."""

import os
import re
import subprocess
import sys
from pathlib import Path

from prepared import prepared

_REPORT = "\nimport re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"


def peak_memory(script, *arguments, anew=False):
    """The most bytes that a process held which ran this script; the script prints nothing.

    The process finds torch imported already (see `prepared.py`), unless `anew` demands one that does not. Not
    ru_maxrss: Linux counts in what the process that started this one had held.
    """
    words = ["-c", script + _REPORT, *map(str, arguments)]
    if anew:
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    else:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = prepared().run(words, cwd=Path.cwd(), env=clean)
    assert re.fullmatch(r"\d+\n", done.stdout), done.stdout + done.stderr
    return int(done.stdout) * 1024
