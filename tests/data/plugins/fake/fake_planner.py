"""A stranger's planner and command, small and honest: brightens what is dark, and says so."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from time import sleep


class Brighten:
    """Brighten photos, by words or values if wished."""

    id = "fake.brighten"
    version = "1.2"
    modes = frozenset({"auto", "style", "param"})

    def plan(self, photos, requests):
        """Exposure by the photo's own mean, or as asked for."""
        from veraretouch import Latents, Proposal

        print("a planner that prints")
        rows, reasons = [], []
        for photo, request in zip(photos, requests, strict=True):
            trouble(photo, request)
            mean = float(photo.working().mean())
            ev = dict(request.params or {}).get("exposure.ev", round(2 * (0.5 - mean), 2))
            rows.append(one_row(float(ev)))
            reasons.append({"lighting": {"problem": f"mean {mean:.2f} [red]x[/red]", "plan": f"exposure {ev}\x1b[31m"}})
        return Proposal(Latents.cat(rows), reasons)


class Tasteful(Brighten):
    """Brighten photos, further for a vivid taste."""

    id = "fake.tasteful"
    tastes = frozenset({"natural", "vivid"})

    def plan(self, photos, requests):
        from veraretouch import Latents, Proposal

        plain = super().plan(photos, requests)
        rows = [
            one_row(float(ev) + (0.5 if request.taste == "vivid" else 0))
            for ev, request in zip(plain.latents.values["exposure"]["ev"], requests, strict=True)
        ]
        return Proposal(Latents.cat(rows), plain.reasoning)


def one_row(ev):
    import torch

    from veraretouch import Latents, Schema, registry

    schema = Schema.of([registry.ops.load("exposure"), registry.ops.load("saturation")])
    values = {"exposure": {"ev": torch.tensor([ev])}, "saturation": {"amount": torch.tensor([0.25])}}
    return Latents(schema, values)


def trouble(photo, request):
    """What tests ask for by words."""
    if request.prompt == "die" and "victim" in photo.path.name:
        os._exit(9)
    if request.prompt == "raise":
        raise ZeroDivisionError("no [bold]light[/bold]")
    if request.prompt == "exit" and "a." in photo.path.name:
        sys.exit(0)
    if request.prompt == "shout":
        os.write(1, b"by the descriptor\n")
        ctypes.CDLL(None).puts(b"by the C library")
        subprocess.run(["echo", "by a child"], check=True)
        sys.__stdout__.write("by the first stdout\n")
    if os.environ.get("FAKE_WAIT") and photo.path.name != "a.jpg":
        Path(os.environ["FAKE_WAIT"]).touch()
        sleep(60)


def fail():
    """Fail, as commands do."""
    sys.stderr.write("failing\n")
    raise RuntimeError("it is [red]broken[/red]\x1b[31m")
