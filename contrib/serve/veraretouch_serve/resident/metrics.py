"""What is counted and timed, in Prometheus' form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120)
_PIXELS: Final = (5e5, 1e6, 2e6, 6e6, 1.2e7, 2.4e7, 5e7, 1e8, 3e8)


class Metrics:
    """The metrics of one server.

    Args:
        waiting: how many accepted requests wait for a worker now.
        busy: how many workers are at work now. ready: how many are alive and warm.
    """

    def __init__(self, *, waiting: Callable[[], int], busy: Callable[[], int], ready: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "veraretouch_requests", "Requests answered.", ("operation", "status"), registry=registry
        )
        self.seconds = Histogram(
            "veraretouch_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ("operation",),
            registry=registry,
            buckets=_SECONDS,
        )
        self.stages = Histogram(
            "veraretouch_stage_seconds",
            "Seconds that a request waited for a worker (queue) and was worked on (work).",
            ("stage",),
            registry=registry,
            buckets=_SECONDS,
        )
        self.pixels = Histogram(
            "veraretouch_photo_pixels", "Pixels of the photos of a request.", registry=registry, buckets=_PIXELS
        )
        self.ended = Counter(
            "veraretouch_workers_ended",
            "Workers that ended before their time: died, or ended since their task took too long (timeout), since "
            "nobody waited for it any more (gone), or since the server stopped (stopped).",
            ("reason",),
            registry=registry,
        )
        for reason in ("died", "timeout", "gone", "stopped"):
            self.ended.labels(reason)
        for name, text, told in (
            ("queue_length", "Accepted requests that wait for a worker.", waiting),
            ("workers", "Worker processes that are alive and warm.", ready),
            ("workers_busy", "Worker processes that are at work.", busy),
        ):
            Gauge(f"veraretouch_{name}", text, registry=registry).set_function(told)
        ProcessCollector(registry=registry)

    def text(self) -> bytes:
        """All of them as they stand."""
        return generate_latest(self._registry)
