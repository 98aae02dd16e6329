"""Datasets of aether over Ray Data: its commands with their own options, and a runner for its work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from veraretouch_aether.commands import (
    BuildOptions,
    GoodPhotos,
    PairOptions,
    PairsRoot,
    build_dataset,
    import_dataset,
)
from veraretouch_aether.run import Task, Work

from veraretouch.core.cli.options import takes

from .session import BLOCKS, ClusterOptions, session


@takes
def build(photos: GoodPhotos, options: BuildOptions, cluster: ClusterOptions) -> None:
    """Build a dataset from good photos.

    It has spoilt photos to repair, styles and exact values, with reasoning. All nodes see the photos and --out.
    """
    with session(cluster) as workers:
        build_dataset(photos, options, partial(over_ray, workers=workers))


@takes
def pairs(root: PairsRoot, options: PairOptions, cluster: ClusterOptions) -> None:
    """Turn experts' before/after pairs into a dataset, in the published split.

    All nodes see the pairs and --out.
    """
    with session(cluster) as workers:
        import_dataset(root, options, partial(over_ray, workers=workers))


def over_ray(work: Work, tasks: Sequence[Task], *, workers: int) -> Iterator[dict[str, Any]]:
    """Do each task in one of so many Ray tasks at a time and yield what came of it, in any order."""
    if not tasks:
        return
    import ray.data

    def row(given: dict[str, Any]) -> dict[str, Any]:
        return {"done": json.dumps(work(json.loads(given["task"])))}

    # JSON, since Arrow would make one table of objects whose fields differ.
    rows = [{"task": json.dumps(task)} for task in tasks]
    dataset = ray.data.from_items(rows, override_num_blocks=min(len(rows), BLOCKS))
    for done in dataset.map(row, concurrency=workers).iter_rows():
        yield json.loads(done["done"])
