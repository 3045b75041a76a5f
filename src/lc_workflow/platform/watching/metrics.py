"""The metrics of this process, with few labels: a route's template, never an address or an id.

Several workers write into one folder when `PROMETHEUS_MULTIPROC_DIR` names it; any of them then answers for all.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from lc_workflow.platform.watching.shared import FOLDER

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
"""Litestar adds the charset; said twice, it is a header that strict scrapers refuse."""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_requests: Final = Counter("lc_requests", "Requests answered.", ("route", "method", "status"))
_seconds: Final = Histogram(
    "lc_request_seconds",
    "How long answers took, in seconds.",
    ("route", "method"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_sockets: Final = Gauge("lc_sockets", "Web sockets that are open.", multiprocess_mode="livesum")
_pool: Final = Gauge(
    "lc_pool_connections", "Database connections in use by requests and jobs.", multiprocess_mode="livesum"
)
_limit: Final = Gauge(
    "lc_pool_limit", "Database connections that requests and jobs can have.", multiprocess_mode="livesum"
)
_jobs: Final = Gauge("lc_jobs", "Jobs in the queue, by their standing.", ("status",), multiprocess_mode="mostrecent")
_workers: Final = Gauge("lc_job_workers", "Workers that take jobs from the queue.", multiprocess_mode="mostrecent")
_untold: Final = Gauge("lc_outbox_untold", "Facts that listeners have not heard yet.", multiprocess_mode="mostrecent")
_given_up: Final = Gauge("lc_outbox_given_up", "Facts that were given up.", multiprocess_mode="mostrecent")
_lag: Final = Gauge(
    "lc_outbox_lag_seconds", "Age of the oldest fact that waits to be told.", multiprocess_mode="mostrecent"
)
_unsealed: Final = Gauge(
    "lc_journal_unsealed_seconds",
    "How long the oldest entry of the journal waits for its day to be sealed.",
    multiprocess_mode="mostrecent",
)
_parts: Final = Gauge(
    "lc_part_answers",
    "Whether a part (database, redis, storage, scanner) answers as it should: 1, or 0.",
    ("part",),
    multiprocess_mode="mostrecent",
)
_calls: Final = Counter("lc_calls", "What was sent to others, by what became of it.", ("to", "outcome"))


class Called(StrEnum):
    """Who was called: `lc_calls` has a figure for each of them with each outcome, from the start."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    PAYMENT = "payment"


class Outcome(StrEnum):
    """What became of a call: taken, not taken and tried again, or lost: refused for good or given up."""

    TAKEN = "taken"
    FAILED = "failed"
    LOST = "lost"


for _to in Called:
    for _outcome in Outcome:
        _calls.labels(_to, _outcome)  # what appears for the first time has not risen, for Prometheus


def answered(route: str, method: str, status: int, seconds: float) -> None:
    """Count one request; unusual methods are counted as one."""
    requests, took = _labelled(route, method if method in METHODS else "OTHER", status // 100)
    requests.inc()
    took.observe(seconds)


@cache
def _labelled(route: str, method: str, hundreds: int) -> tuple[Counter, Histogram]:
    """Look both metrics up once for each combination of labels, of which there are few."""
    return _requests.labels(route, method, f"{hundreds}xx"), _seconds.labels(route, method)


def socket_opened() -> None:
    """Count a web socket that was opened."""
    _sockets.inc()


def socket_closed() -> None:
    """Count one that was closed."""
    _sockets.dec()


def connection_taken() -> None:
    """Count a database connection that a request or a job took from the pool."""
    _pool.inc()


def connection_returned() -> None:
    """Count one that was given back, or given up."""
    _pool.dec()


def pool_opened(limit: int) -> None:
    """Note how many connections the pool of this process gives out at most."""
    _limit.set(limit)


def note_jobs(by_status: dict[str, int], *, workers: int) -> None:
    """Record how many jobs are in each state, a state without jobs as zero, and how many workers take them."""
    for status in ("todo", "doing", "failed"):
        _jobs.labels(status).set(by_status.get(status, 0))
    _workers.set(workers)


def note_outbox(*, untold: int, given_up: int, lag_seconds: float) -> None:
    """Record how many facts are untold."""
    _untold.set(untold)
    _given_up.set(given_up)
    _lag.set(lag_seconds)


def note_journal(*, unsealed_seconds: float) -> None:
    """Record how old the oldest unsealed entry is."""
    _unsealed.set(unsealed_seconds)


def note_parts(answering: Mapping[str, bool]) -> None:
    """Note which parts answer as they should, by their names in health."""
    for part, answers in answering.items():
        _parts.labels(part).set(answers)


def called(to: Called, outcome: Outcome) -> None:
    """Count a call to others; of the mail server one for a letter, or for as many as it did not let come."""
    _calls.labels(to, outcome).inc()


def exposition() -> bytes:
    """Write everything in Prometheus' text form."""
    if FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
