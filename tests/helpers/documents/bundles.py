"""A planner with weights, and bundles of it."""

import hashlib
import json

import torch
from safetensors.torch import save

from veraretouch import Latents, Schema, registry
from veraretouch.core.contract.planner import Proposal

SCHEMA = Schema.of([registry.ops.load("exposure"), registry.ops.load("contrast")])


class Weighted:
    """A planner that plans what its weights hold."""

    id = "test.weighted"
    version = "1"
    modes = frozenset({"auto"})
    schema = SCHEMA

    def __init__(self, raw, configuration=None, device=None, dtype=None):
        self.raw, self.configuration, self.device, self.dtype = raw, configuration, device, dtype

    def plan(self, photos, requests):
        return Proposal(Latents.squash(SCHEMA, self.raw.expand(len(photos), -1)), [{} for _ in photos])

    @classmethod
    def from_bundle(cls, bundle, *, device, dtype):
        return cls(bundle.tensors("weights.safetensors")["raw"], dict(bundle.configuration), device, dtype)

    def save_bundle(self, folder):
        (folder / "weights.safetensors").write_bytes(save({"raw": self.raw.contiguous()}))
        return {"kind": "constant"}


def facts_of(data):
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def bundle_files(*, filler=0, **changes):
    """The files of a small bundle; `filler` bytes make one of them a Git LFS object."""
    weights = {"weights.safetensors": save({"raw": torch.tensor([0.3, -0.2])})}
    if filler:
        weights["more.safetensors"] = save({"noise": torch.arange(filler, dtype=torch.int64).to(torch.uint8)})
    licence = {"LICENSE": b"Be kind.\n"}
    document = {
        "schema": "veraretouch.bundle/1",
        "name": "test-bundle",
        "version": "1.2.0",
        "kind": "planner",
        "planner": {"id": "test.weighted", "version": "1", "configuration": {"kind": "constant"}},
        "latents": SCHEMA.document(),
        "licence": {"spdx": "other", "commercial_use": True, "file": "LICENSE"},
        "files": {name: facts_of(data) for name, data in licence.items()},
        "variants": {"torch": {"files": {name: facts_of(data) for name, data in weights.items()}}},
    } | changes
    return {"bundle.json": json.dumps(document).encode()} | licence | weights


def lay(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
