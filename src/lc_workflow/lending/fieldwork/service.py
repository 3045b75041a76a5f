"""Carrying out what was done offline: each operation once, one after the other, each in its own transaction."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import structlog
from msgspec import Struct, json
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bound_contextvars

from lc_workflow.kernel.errors import DomainError, FailedBefore, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.schemas import ApplicationChange, NewApplication
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.backing.schemas import CollateralChange, NewParty
from lc_workflow.lending.comments.schemas import NewComment
from lc_workflow.lending.comments.service import CommentService
from lc_workflow.lending.fieldwork.access import NEEDED
from lc_workflow.lending.fieldwork.schemas import Kind, Operation, Result
from lc_workflow.lending.parties.service import PartyService
from lc_workflow.lending.rules.stages import Action
from lc_workflow.lending.workflow.schemas import Submission, Wish
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.fields import read_as
from lc_workflow.platform.http.problems import Problem
from lc_workflow.platform.idempotency.keys import AnswerLost, Keys

DONE: Final = 200
MADE: Final = 201
STATUS: Final = {Kind.UPDATE: DONE, Kind.SUBMIT: DONE}
"""The status of success; the other kinds create something."""

KEPT_FOR: Final = timedelta(days=30)
"""How long a completed operation is remembered: a tablet may not get the answer for weeks."""

OURS: Final = 500
"""From this status on nobody knows whether something was done."""

LONGEST_REQUEST_ID: Final = 60

log = structlog.get_logger()


class NoSuchKind(Invalid):
    """The operation is of a kind that this release does not know."""


class EarlierOperationFailed(FailedBefore):
    """An operation before it on the same application was refused."""


class Done(Struct, frozen=True):
    """What is remembered of a completed operation: the version it made, if it made one."""

    version: int | None


class FieldworkService:
    """The operations of one person."""

    def __init__(
        self,
        session: AsyncSession,
        *,
        applications: ApplicationService,
        principal: Principal,
        clock: Clock,
        problem_of: Callable[[Exception], Problem],
    ) -> None:
        """Open the service on the request's session; `problem_of` describes a refusal as for a single request."""
        self._session = session
        self._applications = applications
        self._workflow = WorkflowService(session)
        self._comments = CommentService(session)
        self._parties = PartyService(session, applications=applications)
        self._keys = Keys(session, principal.id, clock, kept_for=KEPT_FOR)
        self._principal = principal
        self._clock = clock
        self._problem_of = problem_of

    async def carry_out(self, operations: Sequence[Operation], *, request_id: str) -> list[Result]:
        """Carry out operations in order, each in a transaction of its own, and report the result of each.

        After a refusal nothing more is tried on the same application. An operation sent again is not done again.
        Operations build on those before them: one made on the same version as its predecessor, or on the version that
        one made, applies to what the predecessor left.
        """
        results: list[Result] = []
        refused: set[UUID] = set()
        own: dict[UUID, list[int | None]] = {}
        for place, operation in enumerate(operations):
            if operation.id in refused:
                sentence = "An earlier operation on this application was refused; send this one again after it."
                results.append(self._refused(operation, EarlierOperationFailed(sentence)))
                continue
            known = own.setdefault(operation.id, [])
            meant = known[-1] if operation.version in known else operation.version
            result = await self._once(operation, meant, request_id=f"{request_id[:LONGEST_REQUEST_ID]}.{place}")
            results.append(result)
            if result.problem is not None:
                refused.add(operation.id)
            elif result.version is not None:
                if operation.version not in known:  # made on what somebody else left: those after it build on this
                    known[:] = [None, operation.version]
                known.append(result.version)
        return results

    async def _once(self, operation: Operation, version: int | None, *, request_id: str) -> Result:
        """Carry out an operation unless it was carried out before; `version` is the one it is meant for."""
        self._session.expunge_all()  # what the last operation loaded may have changed since
        with bound_contextvars(request_id=request_id):
            try:
                known = await self._keys.begin(operation.key, _digest(operation), request_id=request_id)
            except AnswerLost as refusal:
                if operation.kind == Kind.CREATE and await self._applications.is_drafted(operation.id, self._principal):
                    return _told(operation, MADE, None, replayed=True)
                return self._refused(operation, refusal)
            except DomainError as refusal:
                return self._refused(operation, refusal)
            if known is not None:
                done = json.decode(known.body or b"", type=Done)
                return _told(operation, known.status or DONE, done.version, replayed=True)
            try:
                status, made = await self._do(operation, version)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is reported in its place
                await self._session.rollback()
                result = self._refused(operation, error)
                await (self._keys.leave_open if result.status >= OURS else self._keys.free)(operation.key)
                return result
            try:
                await self._keys.remember(operation.key, status=status, body=json.encode(Done(made)))
            except (SQLAlchemyError, OSError) as cause:  # it is done; the journal proves it
                log.warning("a result could not be remembered", cause=type(cause).__name__)
            return _told(operation, status, made)

    async def _do(self, operation: Operation, version: int | None) -> tuple[int, int | None]:
        """Call the verb of the corresponding single route; return the status and the version made."""
        if operation.kind not in {*Kind}:
            raise NoSuchKind(f"There is no operation of this kind; there are {', '.join(Kind)}.")
        kind, body = Kind(operation.kind), operation.body or {}
        NEEDED[kind].check(self._principal)
        return STATUS.get(kind, MADE), await self._by_kind(kind, operation.id, body, version)

    async def _by_kind(self, kind: Kind, about: UUID, body: dict[str, object], version: int | None) -> int | None:
        principal, at = self._principal, self._clock()
        match kind:
            case Kind.CREATE:
                new = read_as(body | {"id": str(about)}, NewApplication)
                return (await self._applications.draft(new, principal=principal, at=at)).version
            case Kind.UPDATE:
                change = read_as(body, ApplicationChange)
                changed = await self._applications.change(
                    about, change, expected_version=version, principal=principal, at=at
                )
                return changed.version
            case Kind.SUBMIT:
                wish = Wish(action=Action.SUBMIT, comment=read_as(body, Submission).notes)
                moved = await self._workflow.move(about, wish, expected_version=version, principal=principal, at=at)
                return moved.version
            case Kind.COMMENT:
                await self._comments.add(about, read_as(body, NewComment).text, principal=principal, at=at)
                return None
            case Kind.PARTY:
                party = read_as(body, NewParty)
                await self._parties.join(about, party, principal=principal, at=at, expected_version=version)
            case Kind.COLLATERAL:
                thing = read_as(body, CollateralChange)
                await self._parties.pledge(about, thing, principal=principal, at=at, expected_version=version)
        return (await self._parties.application(about)).version

    def _refused(self, operation: Operation, error: Exception) -> Result:
        problem = self._problem_of(error)
        version = problem.version if isinstance(problem.version, int) else None
        return Result(key=operation.key, status=problem.status, id=operation.id, version=version, problem=problem)


def _told(operation: Operation, status: int, version: int | None, *, replayed: bool = False) -> Result:
    return Result(key=operation.key, status=status, id=operation.id, version=version, replayed=replayed)


def _digest(operation: Operation) -> bytes:
    """What a key stands for: the operation, regardless of the order of its fields."""
    said = (operation.kind, operation.id, operation.version, operation.body)
    return sha256(b"sync\n" + json.encode(said, order="deterministic")).digest()
