"""How tampering is detected: chains of hashes that the database writes, and a daily anchor with our seal."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.dates import end_of
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.locks import Lock, take
from lc_workflow.platform.journal.models import JournalAnchor, JournalEntry

_CONTENT: Final = """
convert_to(jsonb_build_array(id, kind, subject, subject_id, application_id, actor_id, on_behalf_of, session_id,
  address, extract(epoch FROM at), request_id, reason, facts, changes)::text, 'UTF8')
"""
"""Everything an entry says, as bytes. The trigger `chain_journal_entry` hashes the same. It is written here once more
so that the check does not rely on a function that a forger may have changed as well."""

_BROKEN: Final = text(
    f"""
    WITH linked AS (
      SELECT thread_id, position, number, id, hash,
        sha256(coalesce(lag(hash) OVER thread, ''::bytea) || {_CONTENT}) AS rightly,
        row_number() OVER thread AS place
      FROM journal_entries
      WHERE CAST(:thread AS uuid) IS NULL OR thread_id = :thread
      WINDOW thread AS (PARTITION BY thread_id ORDER BY position)
    ), ends AS (
      SELECT thread_id, count(*) AS length, (array_agg(hash ORDER BY position DESC))[1] AS hash
      FROM linked GROUP BY thread_id
    )
    SELECT thread_id, position, id AS entry_id, 'altered' AS fault FROM linked WHERE hash <> rightly
    UNION ALL
    SELECT thread_id, position, id, 'missing' FROM linked WHERE position <> place
    UNION ALL
    SELECT coalesce(ends.thread_id, threads.id), threads.length, NULL, 'cut'
    FROM ends FULL JOIN journal_threads AS threads ON threads.id = ends.thread_id
    WHERE (CAST(:thread AS uuid) IS NULL OR coalesce(ends.thread_id, threads.id) = :thread)
      AND (ends.length IS DISTINCT FROM threads.length OR ends.hash IS DISTINCT FROM threads.hash)
    ORDER BY 1, 2 LIMIT :most
    """  # noqa: S608 - the text is ours
)

_ENDS: Final = text(
    """
    SELECT count(*), coalesce(sha256(string_agg(uuid_send(thread_id) || hash, ''::bytea ORDER BY thread_id)), ''::bytea)
    FROM (
      SELECT DISTINCT ON (thread_id) thread_id, hash FROM journal_entries
      WHERE number > :after AND number <= :up_to ORDER BY thread_id, position DESC
    ) AS ends
    """
)

_IN_TURN: Final = (JournalAnchor.up_to, JournalAnchor.day)
"""The order of anchors: by the last entry they cover, and for days without entries by the day."""

MOST_FAULTS: Final = 100

log = structlog.get_logger()


class Tampering(StrEnum):
    """What a check can find: an entry altered or missing, a thread cut short, a false anchor."""

    ALTERED = "altered"
    MISSING = "missing"
    CUT = "cut"
    ANCHOR = "anchor"


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where the journal is not what was written: the thread and the position, or the day of the anchor."""

    tampering: Tampering
    thread_id: UUID | None = None
    position: int | None = None
    entry_id: UUID | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check: how many entries and anchors it covered, and the faults, at most 100."""

    entries: int
    anchors: int
    faults: Sequence[Fault]

    @property
    def intact(self) -> bool:
        """Whether everything is as it was written."""
        return not self.faults


class Seals:
    """Makes and checks the seals of anchors, with a key that is not in the database."""

    def __init__(self, key: str, *, previous: Sequence[str] = ()) -> None:
        """Seal with `key`; seals made with `previous` keys are accepted."""
        self._keys = (key, *previous)

    def make(self, digest: bytes) -> bytes:
        """Seal a digest."""
        return _seal(self._keys[0], digest)

    def recognise(self, digest: bytes, seal: bytes) -> bool:
        """Whether a seal is ours."""
        return any(hmac.compare_digest(_seal(key, digest), seal) for key in self._keys)


def seals_of(settings: Settings) -> Seals:
    """Seal with SECRET_KEY; seals made with any key the settings still know are accepted."""
    return Seals(settings.secret_key, previous=(*settings.previous_secret_keys, *settings.encryption_keys))


async def verify(session: AsyncSession, seals: Seals, *, thread_id: UUID | None = None) -> Verdict:
    """Check a thread, or the whole journal, against its hashes and its anchors.

    An edited, removed, moved or inserted entry breaks its thread's hashes; a thread that was cut short does not end
    where its head says; and whoever forges all of these still cannot forge the anchors.
    """
    rows = (await session.execute(_BROKEN, {"thread": thread_id, "most": MOST_FAULTS})).all()
    faults = [Fault(Tampering(row.fault), row.thread_id, row.position, row.entry_id) for row in rows]
    mine = [JournalEntry.thread_id == thread_id] if thread_id is not None else []
    entries = await session.scalar(select(func.count()).select_from(JournalEntry).where(*mine))
    anchors = (await session.scalars(select(JournalAnchor).order_by(*_IN_TURN))).all()
    before: bytes = b""
    after, checked = 0, 0
    for anchor in anchors:
        in_range = (JournalEntry.number > anchor.after, JournalEntry.number <= anchor.up_to)
        if thread_id is None or await session.scalar(select(JournalEntry.id).where(*mine, *in_range).limit(1)):
            checked += 1
            threads, ends = await _ends(session, after=anchor.after, up_to=anchor.up_to)
            honest = (threads, _digest(anchor.day, before, ends)) == (anchor.threads, anchor.digest)
        else:
            honest = True
        if not honest or anchor.after != after or not seals.recognise(anchor.digest, anchor.seal):
            faults.append(Fault(Tampering.ANCHOR, day=anchor.day))
        before, after = anchor.digest, anchor.up_to
    return Verdict(entries or 0, checked, faults[:MOST_FAULTS])


async def anchor(session: AsyncSession, seals: Seals, *, day: date, at: datetime) -> JournalAnchor | None:
    """Seal what the journal held at the end of a day, inside the running transaction; None when that was done before.

    Call it when the day has been over for an hour: what was written on that day is committed by then. The digest goes
    into the log as well, out of reach for whoever can write the database. When a clock ran ahead and a future day is
    sealed already, later entries are sealed after it, under their own days.
    """
    await take(session, Lock.ANCHOR)
    if await session.scalar(select(JournalAnchor.id).where(JournalAnchor.day == day)):
        return None
    last = await session.scalar(select(JournalAnchor).order_by(*(each.desc() for each in _IN_TURN)).limit(1))
    after = last.up_to if last else 0
    up_to = await session.scalar(
        select(func.max(JournalEntry.number)).where(JournalEntry.at < end_of(day), JournalEntry.number > after)
    )
    if last is not None and last.day > day and up_to is None:
        return None  # an empty one would come before it
    threads, ends = await _ends(session, after=after, up_to=up_to or after)
    digest = _digest(day, last.digest if last else b"", ends)
    made = JournalAnchor(
        day=day, after=after, up_to=up_to or after, threads=threads, digest=digest, seal=seals.make(digest), made_at=at
    )
    session.add(made)
    log.info("journal anchored", day=day.isoformat(), entries_up_to=made.up_to, digest=digest.hex())
    return made


async def unsealed_since(session: AsyncSession, *, at: datetime) -> datetime | None:
    """The moment of the oldest entry that no anchor covers; None when every entry is sealed."""
    last = await session.scalar(select(JournalAnchor).order_by(*(each.desc() for each in _IN_TURN)).limit(1))
    written = await session.scalar(
        select(JournalEntry.at)
        .where(JournalEntry.number > (last.up_to if last else 0))
        .order_by(JournalEntry.number)
        .limit(1)
    )
    # An entry written late, for a day already sealed, waits for the next seal.
    is_late = written is not None and last is not None and written < end_of(last.day) <= at
    return end_of(last.day) if last is not None and is_late else written


async def reseal(session: AsyncSession, seals: Seals) -> tuple[int, int]:
    """Seal again with the newest key the days that an older key sealed, inside the running transaction.

    Returns how many days that were, and how many bear a seal made by no known key: those are left as they are, to be
    found.
    """
    await take(session, Lock.ANCHOR)
    renewed = unknown = 0
    for row in await session.scalars(select(JournalAnchor)):
        newest = seals.make(row.digest)
        if not seals.recognise(row.digest, row.seal):
            unknown += 1
        elif row.seal != newest:
            row.seal = newest
            renewed += 1
    return renewed, unknown


async def _ends(session: AsyncSession, *, after: int, up_to: int) -> tuple[int, bytes]:
    """Count the threads that grew between two numbers, and digest where each of them ended."""
    threads, digest = (await session.execute(_ENDS, {"after": after, "up_to": up_to})).one()
    return threads, digest


def _digest(day: date, before: bytes, ends: bytes) -> bytes:
    return hashlib.sha256(day.isoformat().encode() + before + ends).digest()


def _seal(key: str, digest: bytes) -> bytes:
    return hmac.new(key.encode(), b"journal anchor" + digest, hashlib.sha256).digest()
