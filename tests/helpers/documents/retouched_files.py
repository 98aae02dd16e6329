"""Retouch many photo files in one process, and measure what each costs.

`python retouched_files.py JOBS.json` reads a list of [photo, where to write, strength] and prints a line of JSON each:
`error` (class and text of what was raised, empty where the file was written), `ours` (whether that was an error of
veraretouch), `warnings`, `foreign` (those of libraries), `seconds` of processor time, and `memory`: bytes above what
the process held before the file.
"""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from pathlib import Path


def held(name: str) -> int:
    """Bytes that this process holds (VmRSS), or has held at most since the last `forget` (VmHWM)."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def forget() -> None:
    """Let the most memory begin anew at what is held now (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    from veraretouch import errors, zoo
    from veraretouch.core.photo import PhotoWarning, open_photo

    rules = zoo.load("rules")
    for source, target, strength in json.loads(Path(sys.argv[1]).read_text("utf-8")):
        error, ours, said = "", True, []
        forget()
        before, start = held("VmRSS"), time.process_time()
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", category=PhotoWarning)
            try:
                photo = open_photo(source)
                said += photo.warnings
                rules(photo, style="warm and soft", strength=strength).save(target)
            except Exception as raised:
                error, ours = f"{type(raised).__name__}: {raised}", isinstance(raised, errors.VeraRetouchError)
        said += [str(warning.message) for warning in caught if issubclass(warning.category, PhotoWarning)]
        record = {
            "error": error,
            "ours": ours,
            "warnings": said,
            "foreign": [str(warning.message) for warning in caught if not issubclass(warning.category, PhotoWarning)],
            "seconds": round(time.process_time() - start, 3),
            "memory": held("VmHWM") - before,
        }
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
