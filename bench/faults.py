"""Takes away, one after another, what the application stands on while people work, and counts what that costs them."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.desks import Load, Staff, lost_and_doubled, working
from bench.installation import folder
from bench.load import children
from bench.site import Instance, Site, site
from tests.servers.installation import listeners_on

WARM, COOL = 1.5, 1.0
"""Seconds of work before a fault and after the recovery from it."""

MOST_SECONDS = 10.0
"""Within which all work succeeds again once a fault has ended, without a restart of ours."""

LONGEST_ANSWER = 20.0
"""Seconds that nobody waits longer than, whatever is locked or silent."""

STARTED = 0.05
"""Seconds before a process is told to end in which a request has surely reached it."""


@dataclass(frozen=True)
class Fault:
    """What is done to the site; `inject` returns when it has ended, with the moment from which recovery counts.

    Recovered is whoever does one of `kinds` again. `cuts` says whether connections break with the process that held
    them: those requests are asked again.
    """

    name: str
    inject: Callable[[Site, Load], Awaitable[float]]
    kinds: tuple[str, ...] = ("create", "move")
    cuts: bool = False


async def postgres_killed(site: Site, _: Load) -> float:
    os.kill(site.postmaster, signal.SIGKILL)
    await asyncio.sleep(2)
    await site.aside(site.postgres.close)
    await site.aside(site.start_postgres)
    return time.monotonic()


async def postgres_paused(site: Site, _: Load) -> float:
    return await _pause([site.postmaster, *children(site.postmaster)], 5)


async def connections_terminated(site: Site, __: Load) -> float:
    connection = await site.connect()
    for _ in range(8):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.25)
    await connection.close()
    return time.monotonic()


async def redis_killed(site: Site, _: Load) -> float:
    site.valkey.stop()
    await asyncio.sleep(3)
    await site.aside(site.valkey.start)
    return time.monotonic()


async def redis_paused(site: Site, _: Load) -> float:
    return await _pause([site.valkey.process.pid], 5)


async def store_gone(site: Site, _: Load) -> float:
    await site.store.cut()
    await asyncio.sleep(4)
    await site.store.mend()
    return time.monotonic()


async def store_paused(_: Site, __: Load) -> float:
    return await _pause(_called("swift_process", of=os.getpid()), 5)


async def worker_killed(site: Site, _: Load) -> float:
    """One of two; it is over when there are two again."""
    (instance,) = site.instances
    port, killed = instance.settings.port, time.monotonic()
    os.kill(_called("worker-", of=instance.pid)[0], signal.SIGKILL)
    await asyncio.sleep(0.2)
    await _until(lambda: listeners_on(port) == instance.settings.workers, seconds=MOST_SECONDS)
    return killed


async def told_to_end(site: Site, load: Load) -> float:
    """What was begun is finished; who comes later finds nobody until it is started again."""
    (instance,) = site.instances
    told = time.monotonic()
    await _restart(site, instance)
    unfinished = sum(cut.began < told - STARTED <= cut.broke for cut in load.cut)
    if unfinished:
        load.other["begun and not finished"] += unfinished
    return time.monotonic()


async def rolling_restart(site: Site, _: Load) -> float:
    """Each instance in turn leaves the rotation, ends, comes back, and is asked again once it says that it is ready."""
    for instance in site.instances:
        instance.in_rotation = False
        await _restart(site, instance)
        assert await instance.is_ready()
        instance.in_rotation = True
        await asyncio.sleep(1)
    return time.monotonic()


async def pool_exhausted(site: Site, _: Load) -> float:
    """A lock on the table of applications keeps all connections of the small pools."""
    connection = await site.connect()
    async with connection.transaction():
        await connection.execute("LOCK TABLE customer_applications IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(12)
    await connection.close()
    return time.monotonic()


async def _pause(pids: Sequence[int], seconds: float) -> float:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    return time.monotonic()


def _called(name: str, *, of: int) -> list[int]:
    """The children of a process in whose command a word stands."""
    threads = Path(f"/proc/{of}/task").iterdir()
    pids = [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]
    return [pid for pid in pids if name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def _until(holds: Callable[[], bool], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(0.1)


async def _restart(site: Site, instance: Instance) -> None:
    await site.aside(instance.stop)
    await site.aside(instance.start)


WITH_TWO_WORKERS = (
    Fault("PostgreSQL killed, back after 2 s", postgres_killed),
    Fault("PostgreSQL paused for 5 s", postgres_paused),
    Fault("Its connections ended, 8 times in 2 s", connections_terminated),
    Fault("Redis killed, back after 3 s", redis_killed),
    Fault("Redis paused for 5 s", redis_paused),
    Fault("Store gone for 4 s", store_gone, kinds=("upload",)),
    Fault("Store paused for 5 s", store_paused, kinds=("upload",)),
    Fault("One of two workers killed", worker_killed, cuts=True),
    Fault("Told to end, and started again", told_to_end, cuts=True),
)
WITH_TWO_INSTANCES = (
    Fault("Two instances restarted in turn", rolling_restart),
    Fault("Pools exhausted: a table locked for 12 s", pool_exhausted),
)
SMALL_POOLS = {"DATABASE_POOL_SIZE": "2", "DATABASE_MAX_OVERFLOW": "0"}

HEAD = (
    "| Fault | Load held (503 with Retry-After) | Lost | Doubled | Other errors | Recovered after | Longest answer |\n"
    "|---|---|---|---|---|---|---|"
)


async def measure(fault: Fault, site: Site, staff: Staff) -> bool:
    """Let one fault happen, and print what it cost; tells whether all limits were kept."""
    async with working(site.ask, staff) as load:
        await asyncio.sleep(WARM)
        since = await fault.inject(site, load)
        await _until(lambda: load.recovered(since, fault.kinds) is not None, seconds=MOST_SECONDS)
        await asyncio.sleep(COOL)
    lost, doubled = await lost_and_doubled(load, site.url, site.bucket)
    recovered = load.recovered(since, fault.kinds)
    held = f"{load.held} of {load.asked} ({load.again})"
    others = sum(load.other.values()) + (0 if fault.cuts else len(load.cut))
    broken = f", {len(load.cut)} cut off and asked again" if fault.cuts and load.cut else ""
    waiting = f", {load.waiting} × 409 to a repeated key" if load.waiting else ""
    waiting += f", {load.done_unheard} × “done, answer lost”" if load.done_unheard else ""
    after = "never" if recovered is None else f"{recovered:.1f} s"
    print(
        f"| {fault.name} | {held} | {lost} | {doubled} | {others}{broken}{waiting} | {after} | {load.longest:.1f} s |",
        flush=True,
    )
    for cut in load.cut if not fault.cuts else ():
        load.other[f"{cut.how} after {cut.broke - cut.began:.1f} s"] += 1
    for what, times in load.other.items():
        print(f"  {times} × {what}", file=sys.stderr)
    in_time = recovered is not None and recovered <= MOST_SECONDS and load.longest <= LONGEST_ANSWER
    return not (lost or doubled or others) and in_time


async def run(place: Path, keeper: ThreadPoolExecutor, wanted: Sequence[str]) -> bool:
    """Let all faults happen whose names begin as wanted."""
    kept = []
    print(HEAD)
    async with site(place, keeper) as found:
        for faults, instances, workers, variables in (
            (WITH_TWO_WORKERS, 1, 2, {}),
            (WITH_TWO_INSTANCES, 2, 1, SMALL_POOLS),
        ):
            chosen = [fault for fault in faults if not wanted or fault.name.startswith(tuple(wanted))]
            if not chosen:
                continue
            async with found.serving(instances=instances, workers=workers, **variables):
                staff = await found.staff()
                kept += [await measure(fault, found, staff) for fault in chosen]
    return all(kept)


def main(arguments: Sequence[str]) -> int:
    """Print the table; ends with 1 when something was lost, done twice, refused without a time, or took too long."""
    began = time.monotonic()
    with folder() as place, ThreadPoolExecutor(1) as keeper:
        kept = asyncio.run(run(place, keeper, arguments))
    print(f"\n{'All limits kept' if kept else 'NOT ALL LIMITS KEPT'}, in {time.monotonic() - began:.0f} s.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
