"""What the figures of a process say of a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY

from lc_workflow.platform.watching.metrics import Called, Outcome


@contextmanager
def counting_calls(to: Called) -> Iterator[dict[str, int]]:
    """Count what becomes of the calls to somebody while the block runs; what did not come up is left out."""

    def now() -> dict[Outcome, int]:
        return {
            outcome: int(REGISTRY.get_sample_value("lc_calls_total", {"to": to, "outcome": outcome}) or 0)
            for outcome in Outcome
        }

    before, counted = now(), dict[str, int]()
    yield counted
    counted |= {outcome: number - before[outcome] for outcome, number in now().items() if number > before[outcome]}
