"""Write docs/reference/ from the code. Run by `make docs`; a test compares.

python docs/build.py                                      # the reference of veraretouch, pictures included
python docs/build.py --distribution acme-film --out here  # that of another installed distribution's ops and planners
python docs/build.py --names                              # record the public names; see tests/test_inventory.py
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from generate import HOME, pages
from generate.inventory import public
from generate.markdown import ROOT
from generate.sweeps import images, jpeg

REFERENCE = ROOT / "docs" / "reference"
NAMES = ROOT / "tests" / "data" / "public_names.txt"


def write(out: Path, distribution: str) -> None:
    """Write every page and picture, in place of whatever was there."""
    files = {name: text.encode() for name, text in pages(distribution).items()}
    files |= {f"images/{name}": jpeg(picture) for name, picture in images(distribution)}
    if not files:
        raise SystemExit(f"{distribution} is not installed here, or provides no op and no planner")
    shutil.rmtree(out, ignore_errors=True)
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    print(f"{len(files)} files in {out}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the reference from the code.")
    parser.add_argument("--distribution", default=HOME, help="whose ops and planners")
    parser.add_argument("--out", type=Path, help="a folder of its own: what it holds is replaced")
    parser.add_argument("--names", action="store_true", help="record the public names instead")
    asked = parser.parse_args()
    if asked.names:
        NAMES.write_text("\n".join(public()) + "\n", encoding="utf-8")
        print(f"{NAMES.relative_to(ROOT)}: {len(public())} names")
        return
    if asked.distribution != HOME and asked.out is None:
        parser.error("name a folder for it with --out")
    if asked.out is not None and asked.out.exists():
        parser.error(f"{asked.out} exists; name a new folder")
    write(asked.out or REFERENCE, asked.distribution)


if __name__ == "__main__":
    main()
