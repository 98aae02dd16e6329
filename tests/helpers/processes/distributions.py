"""Distributions of strangers, made as `*.dist-info` folders on the path, as pip leaves them,
and looked at from fresh processes.
"""

import json
import os
import subprocess
import sys
import textwrap

from prepared import prepared

OP = '''
from veraretouch import Op, Slot

class Fade(Op):
    """Fade a photo."""
    id = "{id}"
    version = 1
    stage = 400
    pointwise = True
    amount = Slot(group="lighting", doc="How far.")

    def apply(self, rgb, p):
        return rgb * (1 - p.amount)
'''


class Site:
    def __init__(self, path):
        self.path = path

    def alias(self, distribution, version, names):
        """A distribution that has nothing but aliases."""
        self.install(distribution, version, names, group="veraretouch.aliases")

    def install(self, name, version, points, *, group="veraretouch.ops", module=None, code=None, metadata=None):
        """Leave what pip leaves of a distribution with one module."""
        info = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" if metadata is None else metadata
        (info / "METADATA").write_text(text)
        lines = "".join(f"{id} = {target}\n" for id, target in points.items())
        (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")
        if code is not None:
            (self.path / f"{module}.py").write_text(code)

    def fade(self, name="acme-film", id="acme.fade", version="1.2", module="acme_film"):
        self.install(name, version, {id: f"{module}:Fade"}, module=module, code=OP.format(id=id))

    def see(self, code, *, anew=False, **environment):
        """Run code in a process in which `catalogue` is the catalogue of ops; what it gives to `tell` comes back.

        The process finds torch imported already (see `prepared.py`), unless `anew` demands one that does not.
        """
        script = (
            "import json, sys, warnings\nfrom veraretouch.core.plugins.registry import registry\ncatalogue ="
            " registry.ops\ndef tell(value): print('TOLD', json.dumps(value))\ndef error(call, *arguments):\n    try:"
            " call(*arguments)\n    except Exception as e: return type(e).__name__ + ' ' + str(e)\ndef entry(id): e ="
            " catalogue.entries()[id]; return [str(e.state), e.reason]\n" + textwrap.dedent(code)
        )
        env = {key: value for key, value in os.environ.items() if not key.startswith(("VERARETOUCH_", "PYTHON"))}
        env |= {"PYTHONPATH": str(self.path), "OMP_NUM_THREADS": "1"} | environment
        if anew:
            done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)
        else:
            done = prepared().run(["-c", script], cwd=self.path, env=env)
        told = [line.removeprefix("TOLD ") for line in done.stdout.splitlines() if line.startswith("TOLD ")]
        assert told, done.stderr
        return json.loads(told[-1])


BROKEN = {
    "raises": "1 / 0",
    "lacks": "import no_such_package",
    "exits": "raise SystemExit(3)",
    "garbled": "class Fade(",
    "empty": "",
}
SLEEPER = "import time\ntime.sleep(10)\n"


def crowd(site, *, bystanders=0):
    """Fifty distributions with an op each, of which five break on import and one sleeps ten seconds;
    and some without plugins.
    """
    for i in range(44):
        site.fade(name=f"acme-{i}", id=f"acme.fade{i}", module=f"acme_{i}")
    for name, code in {**BROKEN, "sleeps": SLEEPER}.items():
        site.install(f"acme-{name}", "1", {f"acme.{name}": f"acme_{name}:Fade"}, module=f"acme_{name}", code=code)
    for i in range(bystanders):
        site.install(f"bystander-{i}", "1", {f"run{i}": f"bystander_{i}:run"}, group="console_scripts")
