"""A cluster at work, photo by photo, on measured stage seconds: what the formula of `scale_model` is held against.

A discrete-event simulation on SimPy. Nodes start, work, and are taken away at random; workers take batches, whose
photos threads fetch ahead while one is worked on, and whose pictures they put; the store answers after random times and
refuses what exceeds its rates; a driver hands out one batch at a time. The formula is not used here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from scale_model import HOUR, Case

_WAIT = 0.5  # seconds at most before a refused request is made again; doubled each time
_LONGEST = 8.0

Steps = Generator[simpy.Event, Any, None]


@dataclass
class Outcome:
    """What a run took: requests are those that the store served; refused ones are apart."""

    seconds: float = 0.0
    photos: int = 0
    done_twice: int = 0
    preemptions: int = 0
    gets: int = 0
    puts: int = 0
    refused: int = 0


class _Bucket:
    """So many requests a second, and those that a second left over."""

    def __init__(self, rate: float) -> None:
        self.rate, self.left, self.at = rate, rate, 0.0

    def take(self, now: float) -> bool:
        self.left, self.at = min(self.rate, self.left + (now - self.at) * self.rate), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass
class _Batch:
    """Photos that a worker is at, how many of them are put, and whether the worker is gone."""

    number: int
    put: int = 0
    gone: bool = False


class Simulation:
    """One run of a case, which is of whole batches."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case, self.rng = case, np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.outcome = Outcome()
        store = case.store
        self.get = _Bucket(store.get_limit * store.prefixes)
        self.put = _Bucket(store.put_limit * store.prefixes)
        self.waiting = deque(range(round(case.count / case.cluster.batch)))
        self.left = len(self.waiting)
        self.over, self.returned = self.env.event(), self.env.event()
        self.driver_free = [0.0] * case.cluster.runs

    def run(self) -> Outcome:
        """Let it run until every batch is done."""
        slow = round(self.case.cluster.slow * self.case.cluster.nodes)
        for node in range(self.case.cluster.nodes):
            self.env.process(self._node(self.case.cluster.slowness if node < slow else 1.0))
        self.env.run(until=self.over)
        self.outcome.seconds = self.env.now
        return self.outcome

    def _node(self, slowness: float) -> Steps:
        """A node and those that replace it."""
        cluster = self.case.cluster
        while True:
            yield self.env.timeout(cluster.start)
            workers = [self.env.process(self._worker(slowness)) for _ in range(cluster.workers)]
            if not cluster.preemptions:
                return
            yield self.env.timeout(self.rng.exponential(HOUR / cluster.preemptions))
            self.outcome.preemptions += 1
            for worker in workers:
                if worker.is_alive:
                    worker.interrupt()

    def _worker(self, slowness: float) -> Steps:
        """A worker: batch after batch, until there is none left or its node is taken away."""
        batch = None
        try:
            while True:
                while not self.waiting:
                    yield self.returned
                batch = _Batch(self.waiting.popleft())
                yield self.env.timeout(self._dispatched(batch.number) - self.env.now)
                yield from self._work(batch, slowness)
                self.outcome.photos += batch.put
                batch = None
                self.left -= 1
                if not self.left:
                    self.over.succeed()
        except simpy.Interrupt:
            if batch is not None:
                batch.gone = True
                self.outcome.done_twice += batch.put
                self.waiting.append(batch.number)
                self.returned.succeed()
                self.returned = self.env.event()

    def _dispatched(self, number: int) -> float:
        """When the driver of a batch has handed it out."""
        run = number % len(self.driver_free)
        self.driver_free[run] = max(self.driver_free[run], self.env.now) + self.case.cluster.dispatch
        return self.driver_free[run]

    def _work(self, batch: _Batch, slowness: float) -> Steps:
        """Fetch, work and put, as threads and the worker do it side by side."""
        photos, store, size = self.case.photos, self.case.store, self.case.cluster.batch
        drawn = self.rng.integers(len(photos.seconds), size=size)
        fetching = self._answers(store.get, store.gets, size) + photos.bytes_in[drawn] / store.bandwidth
        putting = self._answers(store.put, store.puts, size) + photos.bytes_out[drawn] / store.bandwidth
        threads = simpy.Resource(self.env, self.case.cluster.threads)
        fetched = [self.env.process(self._fetch(batch, threads, seconds)) for seconds in fetching.tolist()]
        put = []
        for photo, seconds in enumerate((slowness * photos.seconds[drawn]).tolist()):
            yield fetched[photo]
            yield self.env.timeout(seconds)
            put.append(self.env.process(self._put(batch, threads, float(putting[photo]))))
        yield self.env.all_of(put)

    def _fetch(self, batch: _Batch, threads: simpy.Resource, seconds: float) -> Steps:
        with threads.request() as turn:
            yield turn
            yield from self._request(self.get, self.case.store.gets, batch)
            self.outcome.gets += 0 if batch.gone else self.case.store.gets
            yield self.env.timeout(seconds)

    def _put(self, batch: _Batch, threads: simpy.Resource, seconds: float) -> Steps:
        with threads.request() as turn:
            yield turn
            yield from self._request(self.put, self.case.store.puts, batch)
            self.outcome.puts += 0 if batch.gone else self.case.store.puts
            yield self.env.timeout(seconds)
            batch.put += 1

    def _answers(self, median: float, requests: int, size: int) -> Any:
        return self.rng.lognormal(np.log(median), self.case.store.spread, (size, requests)).sum(axis=1)

    def _request(self, bucket: _Bucket, requests: int, batch: _Batch) -> Steps:
        """Wait until the store takes so many requests, or the worker is gone."""
        for _ in range(requests):
            longest = _WAIT
            while not batch.gone and not bucket.take(self.env.now):
                self.outcome.refused += 1
                yield self.env.timeout(self.rng.random() * longest)
                longest = min(_LONGEST, 2 * longest)


def simulated(case: Case, seed: int = 0) -> Outcome:
    """What one run of a case takes."""
    return Simulation(case, seed).run()
