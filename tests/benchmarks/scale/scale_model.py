"""What a million or a billion photos take on a cluster: the closed formula of docs/guide/scale.md.

Everything that is not measured is a parameter. Symbols are those of the guide.

    python tests/benchmarks/scale/scale_model.py --photos 1e6 --nodes 100 --size "12 megapixels" --node-hour 0.17
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

STAGES = Path(__file__).parents[3] / "docs" / "benchmarks" / "scale-stages.json"
HOUR = 3600.0


@dataclass(frozen=True)
class Photos:
    """Measured photos of one size: (n,) processor seconds over all stages, bytes read and bytes written."""

    seconds: NDArray[np.float64]
    bytes_in: NDArray[np.float64]
    bytes_out: NDArray[np.float64]

    @classmethod
    def measured(cls, size: str) -> Photos:
        """Those of scale-stages.json."""
        found = json.loads(STAGES.read_text())["sizes"][size]
        rows = np.array(found["photos"])
        return cls(rows[:, :-2].sum(axis=1), rows[:, -2], rows[:, -1])


@dataclass(frozen=True)
class Cluster:
    """Nodes, what befalls them, and how work is handed out.

    Attributes:
        workers: processes a node, each with a core of the kind that was measured.
        threads: of each worker, that fetch the next photos and put the last pictures while one is worked on.
        batch: photos of one task; a worker that dies has lost those that it was at.
        runs: side by side, each with a driver of its own.
        start: seconds from asking for a node to its first photo; paid for.
        preemptions: of one node an hour of its life, at any moment alike. None is announced: Ray is given no notice.
        slow, slowness: the share of nodes whose cores take so many times as long.
        dispatch: seconds of a driver a task; it serves one at a time.
    """

    nodes: int = 100
    workers: int = 4
    threads: int = 4
    batch: int = 16
    runs: int = 1
    start: float = 120.0
    preemptions: float = 0.05
    slow: float = 0.05
    slowness: float = 1.5
    dispatch: float = 0.012


@dataclass(frozen=True)
class Store:
    """An object store: lognormal seconds to the first byte, and limits.

    Attributes:
        get, put: median seconds until the store answers; spread: standard deviation of their logarithm.
        bandwidth: bytes a second for each worker.
        gets, puts: requests a photo. get_limit, put_limit: requests a second that a prefix takes; above them it
            refuses, and the worker waits and asks again.
        prefixes: among which names are spread evenly.
    """

    get: float = 0.06
    put: float = 0.10
    spread: float = 0.5
    bandwidth: float = 50e6
    gets: int = 1
    puts: int = 1
    get_limit: float = 5500.0
    put_limit: float = 3500.0
    prefixes: int = 1

    @property
    def mean(self) -> float:
        """What a median is multiplied by to give the mean: of a lognormal, exp(spread ** 2 / 2)."""
        return math.exp(self.spread**2 / 2)


@dataclass(frozen=True)
class Prices:
    """US dollars. Examples of November 2026, rounded, to be replaced by your own: nothing here claims to be current."""

    node_hour: float = 0.06
    get_thousand: float = 0.0004
    put_thousand: float = 0.005
    gigabyte_month: float = 0.023


@dataclass(frozen=True)
class Case:
    """A run of so many photos."""

    count: float
    photos: Photos
    cluster: Cluster = field(default_factory=Cluster)
    store: Store = field(default_factory=Store)
    prices: Prices = field(default_factory=Prices)

    @cached_property
    def put_seconds(self) -> float:
        """p: seconds that putting a picture takes a thread."""
        store = self.store
        return store.puts * store.put * store.mean + float(self.photos.bytes_out.mean()) / store.bandwidth

    @cached_property
    def store_seconds(self) -> float:
        """h: seconds that fetching a photo and putting its picture take a thread."""
        store = self.store
        return (
            store.gets * store.get * store.mean
            + float(self.photos.bytes_in.mean()) / store.bandwidth
            + self.put_seconds
        )

    def photo_seconds(self, slowness: float = 1.0) -> float:
        """t: seconds that a photo takes a worker, on a node of such slowness.

        Those of its work, and its share of what no work hides, a batch's first fetch and last put; or, where the
        threads take longer, those of their work, and its share of the last put, for which most of them wait.
        """
        batch, work = self.cluster.batch, slowness * float(self.photos.seconds.mean())
        return max(
            work + self.store_seconds / batch, self.store_seconds / self.cluster.threads + self.put_seconds / batch
        )

    @cached_property
    def unhindered(self) -> float:
        """Photos a second of one worker, on the average node."""
        cluster = self.cluster
        return (1 - cluster.slow) / self.photo_seconds() + cluster.slow / self.photo_seconds(cluster.slowness)

    @cached_property
    def limits(self) -> dict[str, float]:
        """Photos a second that each part of the system lets through; the least of them decides."""
        cluster, store = self.cluster, self.store
        return {
            "workers": cluster.nodes * cluster.workers * self.unhindered * self._efficiency(1 / self.unhindered),
            "GET requests": store.get_limit * store.prefixes / store.gets,
            "PUT requests": store.put_limit * store.prefixes / store.puts,
            "drivers": cluster.runs * cluster.batch / cluster.dispatch if cluster.dispatch else math.inf,
        }

    def _lost(self, photo_seconds: float) -> float:
        """L: seconds of work that a preemption costs a worker: how old its batch is on average.

        In a renewal process that is E[D^2] / (2 E[D]) of the batch's length D (Feller 1971, XI.4).
        """
        batch = self.cluster.batch
        varies = float(self.photos.seconds.std()) / photo_seconds
        return batch * photo_seconds / 2 * (1 + varies**2 / batch)

    def _efficiency(self, photo_seconds: float) -> float:
        """Useful share of a node's time: its life without what the end of it costs, of its life and its start."""
        rate = self.cluster.preemptions / HOUR
        return max(0.0, 1 - rate * self._lost(photo_seconds)) / (1 + rate * self.cluster.start)

    @cached_property
    def rate(self) -> float:
        """Photos a second once all nodes work."""
        return min(self.limits.values())

    @cached_property
    def seconds(self) -> float:
        """From the first node asked for to the last photo."""
        return self._begin + self.count / self.rate + self._end

    @cached_property
    def _begin(self) -> float:
        """A node's start, less what the rate takes as lost from the first moment on: all nodes begin alive."""
        start = self.cluster.start
        away = self.cluster.preemptions / HOUR * start if self.rate == self.limits["workers"] else 0.0
        return start * (1 - away / (2 + 2 * away))

    @cached_property
    def _end(self) -> float:
        """From when the work would be done if it could be cut anywhere, until the last photo is put.

        Where workers decide: when the last batch is handed out, the average worker is half way through its own; then
        the last of those that take longest comes to its end. Drivers hand out the last batch with nothing done of it.
        A store is kept busy by whoever is left.
        """
        cluster, limits = self.cluster, self.limits
        longest = round(cluster.slow * cluster.nodes) * cluster.workers
        count = longest or cluster.nodes * cluster.workers
        last = self.photo_seconds(cluster.slowness if longest else 1.0)
        if self.rate == limits["workers"]:
            return cluster.batch * (last * count / (count + 1) - 1 / (2 * self.unhindered))
        return last * (cluster.batch if self.rate == limits["drivers"] else 1)

    @cached_property
    def done_twice(self) -> float:
        """Photos that are put again, since their worker was taken away before the rest of the batch was done."""
        cluster = self.cluster
        rate = cluster.preemptions / HOUR
        alive = 1 / (1 + rate * cluster.start)
        taken = rate * cluster.nodes * alive * self.count / self.rate
        # Where drivers decide, workers are at work for a part of the time; else all the time, be it in waiting.
        busy = self.rate / self.limits["workers"] if self.rate == self.limits["drivers"] else 1.0
        a_photo = busy * cluster.nodes * cluster.workers * alive / self.rate
        # One is half done, and those that are fetched or on their way to the store are not put.
        put = max(0.0, (self._lost(a_photo) - self.store_seconds) / a_photo - 0.5)
        return taken * cluster.workers * busy * put

    @cached_property
    def requests(self) -> dict[str, float]:
        """Requests that the store is paid for; those that it refuses cost nothing."""
        times = self.count + self.done_twice
        return {"GET": times * self.store.gets, "PUT": times * self.store.puts, "LIST": self.count / 1000}

    @cached_property
    def node_hours(self) -> float:
        """Hours of nodes that are paid for."""
        return self.cluster.nodes * self.seconds / HOUR

    @cached_property
    def dollars(self) -> dict[str, float]:
        """What it costs; `keeping` is a month of the pictures written."""
        prices, requests = self.prices, self.requests
        return {
            "nodes": self.node_hours * prices.node_hour,
            "requests": requests["GET"] / 1000 * prices.get_thousand
            + (requests["PUT"] + requests["LIST"]) / 1000 * prices.put_thousand,
            "keeping": self.count * float(self.photos.bytes_out.mean()) / 1e9 * prices.gigabyte_month,
        }

    def document(self) -> dict[str, Any]:
        """All of it, rounded."""
        return {
            "photos": self.count,
            "photos_per_second": round(self.rate, 1),
            "decided_by": min(self.limits, key=lambda name: self.limits[name]),
            "hours": round(self.seconds / HOUR, 2),
            "node_hours": round(self.node_hours, 1),
            "done_twice": round(self.done_twice),
            "terabytes_in": round(self.count * float(self.photos.bytes_in.mean()) / 1e12, 2),
            "terabytes_out": round(self.count * float(self.photos.bytes_out.mean()) / 1e12, 2),
            "requests": {name: round(number) for name, number in self.requests.items()},
            "dollars": {name: round(value, 2) for name, value in self.dollars.items()},
        }


def _asked(kind: Any, given: dict[str, Any]) -> Any:
    return kind(**{each.name: given[each.name] for each in fields(kind) if given[each.name] is not None})


def main() -> None:
    """Print the figures of one case: every parameter is an option."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=float, default=1e6)
    parser.add_argument("--size", default="12 megapixels")
    for kind in (Cluster, Store, Prices):
        for name, value in asdict(kind()).items():
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), help=f"default: {value}")
    given = vars(parser.parse_args())
    parts = (_asked(kind, given) for kind in (Cluster, Store, Prices))
    print(json.dumps(Case(given["photos"], Photos.measured(given["size"]), *parts).document(), indent=1))


if __name__ == "__main__":
    main()
