"""What `vera` is trained on and from in tests: a dataset in the form of `aether`'s,
and a model that can tell photos apart.
"""

from __future__ import annotations

import copy
import io
import json
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import small_vera
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.ops.neural import Neural
from veraretouch.planners.vera import weights
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.planners.vera.planner import Vera

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
GROUPS = ("lighting", "global_color", "specific_color")
# Photo, what is done to it, and in which words.
FOUR = (
    ("kodak-03", {"exposure.ev": 0.6, "saturation.amount": 0.2}, "Too dark.", "Raise it."),
    ("kodak-08", {"exposure.ev": -0.5, "white_balance.temperature": 0.3}, "Pale.", "Lower it, warm it."),
    ("kodak-12", {"contrast.amount": 0.4, "saturation.amount": -0.4}, "Flat and loud.", "More contrast, less colour."),
    ("kodak-22", {"white_balance.temperature": -0.3, "exposure.ev": 0.3}, "Too warm.", "Cool it."),
)


def picture(name: str, side: int = 96) -> Image.Image:
    """A photo of the tests', small."""
    image = Image.open(PHOTOS / f"{name}.jpg").convert("RGB")
    image.thumbnail((side, side))
    return image


def write_dataset(
    folder: Path, four: tuple = FOUR, *, side: int = 96, modes: tuple[str, ...] = ("auto",) * 4, edits: bool = False
) -> list[dict]:
    """Write dataset.json and one shard; the documents of its examples,
    each with its `before` and `after` (H, W, 3) uint8.

    In the mode `param` a model is asked for exact values, and its tower sees nothing;
    with `edits` the documents say what was done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps({"schema": "veraretouch.dataset/1"}))
    made = []
    with tarfile.open(folder / "train-000000.tar", "w") as tar:
        for (name, params, problem, plan), mode in zip(four, modes, strict=False):
            before = np.asarray(picture(name, side))
            after = np.asarray(vr.retouch(before, params=params, planner="rules").image)
            about = {
                "schema": "veraretouch.example/1",
                "key": f"{name}-0000",
                "photo": name,
                "subset": mode,
                "request": {"mode": mode, "prompt": None, "params": params if mode == "param" else None},
                "spoiling": None,
                "edits": _edits(params) if edits else None,
                "groups": list(GROUPS),
                "reasoning": {group: {"problem": problem, "plan": plan} for group in GROUPS},
                "split": "train",
            }
            files = {"input.png": _png(before), "target.png": _png(after), "json": json.dumps(about).encode()}
            for end, data in files.items():
                member = tarfile.TarInfo(f"{about['key']}.{end}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            made.append(about | {"before": before, "after": after})
    return made


def _edits(params: dict) -> dict:
    found: dict = {}
    for address, value in params.items():
        op, slot = address.split(".")
        found.setdefault(op, {"version": vr.registry.ops.load(op).version, "params": {}})["params"][slot] = value
    return found


def _png(pixels: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


@cache
def sighted() -> VeraModel:
    """Small networks behind the real tower, weights drawn so that the tower tells photos apart;
    the same in every process.
    """
    config = VeraConfig(
        **{**small_vera.CONFIG.document(), "eos_token_id": tuple(small_vera.words().ids(small_vera.END))}
    )
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in weights.state(VeraModel(config)).items()}
    generator = torch.Generator().manual_seed(7)
    return weights.load(config, {name: _drawn(name, shape, generator) for name, shape in shapes.items()})


def student() -> Vera:
    """A planner of `sighted` networks of its own, which may be trained, but for the tower: it is large, and shared."""
    model = sighted()
    return Vera(copy.deepcopy(model, {id(model.tower): model.tower}), small_vera.words(), Neural())


def _drawn(name: str, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    value = torch.randn(shape, generator=generator)
    if name.endswith("running_var"):
        return 1 + 0.1 * value.abs()
    if len(shape) > 1:
        return value / value[0].numel() ** 0.5
    return 1 + 0.1 * value if name.endswith(("weight", "gamma")) else 0.1 * value
