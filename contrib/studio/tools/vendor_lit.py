"""Make page/vendor/lit.js again: Lit from npm, with the directives that the page uses, in one file.

    python contrib/studio/tools/vendor_lit.py 3.3.3

Needs npm, and the network once; neither is needed to install or to run the studio. VENDORED.md beside the file records
version, licence and hash.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "veraretouch_studio" / "page" / "vendor"
ICONS = VENDOR.parent / "icons"
LUCIDE = "1.62.0"
ESBUILD = "0.25.12"
ENTRY = """\
export * from "lit";
export { live } from "lit/directives/live.js";
export { repeat } from "lit/directives/repeat.js";
export { directive, Directive, PartType } from "lit/directive.js";
"""
RECORD = """\
# What others wrote

Made by `tools/vendor_lit.py`; nothing here is changed by hand.

| file | from npm | version | licence | sha256 |
|---|---|---|---|---|
| `lit.js` | `lit`, joined by esbuild | {lit} | BSD-3-Clause, `LICENSE-lit` | `{hash}` |
| `../icons/*.svg` | `lucide-static` | {lucide} | ISC, `LICENSE-lucide` | `{icons}` |

The icons' hash is that of all files joined, in the order of their names.
"""


def main(version: str) -> None:
    """Write lit.js, the icons that are there already, both licences and VENDORED.md."""
    with tempfile.TemporaryDirectory() as folder:
        packages = [f"lit@{version}", f"lucide-static@{LUCIDE}", f"esbuild@{ESBUILD}"]
        (Path(folder) / "package.json").write_text(json.dumps({"private": True}))
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", *packages], cwd=folder, check=True)
        modules = Path(folder) / "node_modules"
        (Path(folder) / "entry.js").write_text(ENTRY)
        bundle = [str(modules / ".bin" / "esbuild"), "entry.js", "--bundle", "--minify", "--format=esm"]
        code = subprocess.run(
            [*bundle, "--target=es2022", "--legal-comments=none"], cwd=folder, check=True, capture_output=True
        ).stdout
        head = f"/* Lit {version}, (c) Google LLC, BSD-3-Clause: LICENSE-lit */\n"
        (VENDOR / "lit.js").write_bytes(head.encode() + code)
        (VENDOR / "LICENSE-lit").write_bytes((modules / "lit" / "LICENSE").read_bytes())
        (VENDOR / "LICENSE-lucide").write_bytes((modules / "lucide-static" / "LICENSE").read_bytes())
        for icon in sorted(ICONS.glob("*.svg")):
            icon.write_bytes((modules / "lucide-static" / "icons" / icon.name).read_bytes())
    hashes = {
        "hash": hashlib.sha256((VENDOR / "lit.js").read_bytes()).hexdigest(),
        "icons": hashlib.sha256(b"".join(icon.read_bytes() for icon in sorted(ICONS.glob("*.svg")))).hexdigest(),
    }
    (VENDOR / "VENDORED.md").write_text(RECORD.format(lit=version, lucide=LUCIDE, **hashes))


if __name__ == "__main__":
    main(*sys.argv[1:])
