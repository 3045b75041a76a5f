"""Importing a list of accounts: rows are judged, then written in batches; bad rows do not stop good ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.activation.jobs import post_code
from lc_workflow.identity.activation.service import new_activation
from lc_workflow.identity.events import AccountOpened, AccountsImported
from lc_workflow.identity.register.models import AccountImport
from lc_workflow.identity.register.queries import Plan, errors_of, judge
from lc_workflow.identity.register.schemas import ImportAnswer, NewCode, RowError, RowResult
from lc_workflow.identity.rules.profiles import check_own_change
from lc_workflow.identity.rules.register import ImportMode, RowAction, foreign_columns
from lc_workflow.identity.rules.roles import RoleAboveOwn
from lc_workflow.identity.users.access import UPDATE
from lc_workflow.identity.users.models import Activation, User
from lc_workflow.identity.users.service import REFUSALS, UserService, standing_above
from lc_workflow.kernel.errors import DomainError, Forbidden, Invalid
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.platform.http.csv import Table
from lc_workflow.platform.http.database import database_refusal
from lc_workflow.platform.security.personal import is_masked
from lc_workflow.platform.security.vault import Vault
from lc_workflow.platform.service import Service

BATCH: Final = 100
"""Rows that are written and committed together."""

LEFT_AS_IT_IS: Final = "The telephone number is shown in part here, and was left as it is."

LATEST: Final = 20
PASSWORDS: Final = "Passwords are not taken from lists: each person sets their own with their activation code."


@dataclass(slots=True)
class Outcome:
    """What was done with rows, by their numbers; `errors` belong to refused rows."""

    actions: dict[int, RowAction] = field(default_factory=dict)
    codes: list[NewCode] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Record what was done with further rows."""
        self.actions |= other.actions
        self.codes += other.codes
        self.refuse(other.errors)

    def refuse(self, errors: Sequence[RowError]) -> None:
        """Record refused rows."""
        self.errors += errors
        self.actions |= {error.row: RowAction.FAILED for error in errors}

    def count(self, action: RowAction) -> int:
        """With how many rows this was done."""
        return sum(done is action for done in self.actions.values())


class RegisterService(Service[AccountImport]):
    """Importing lists of accounts."""

    noun = "import"

    def __init__(self, session: AsyncSession, *, users: UserService, post: Vault | None) -> None:
        """Open the service on the request's session; `post` seals codes to be mailed, None where they are shown."""
        super().__init__(session)
        self._users = users
        self._post = post

    async def latest(self, *, principal: Principal) -> Sequence[AccountImport]:
        """List somebody's own imports, the newest first, each with how far it is."""
        rows = await self.session.scalars(
            select(AccountImport)
            .where(AccountImport.started_by == principal.id)
            .order_by(AccountImport.started_at.desc(), AccountImport.id)
            .limit(LATEST)
        )
        return rows.all()

    async def take_in(
        self, table: Table, *, filename: str, mode: ImportMode, preview_only: bool, principal: Principal, at: datetime
    ) -> ImportAnswer:
        """Open accounts for the people of a list who have none, and change the others, recognised by their e-mail.

        A trial does the same and rolls everything back in the end.
        """
        plans, errors = await judge(self.session, table.lines, mode=mode, principal=principal)
        outcome = Outcome()
        outcome.refuse(errors)
        record = AccountImport(
            id=uuid4(),
            started_by=principal.id,
            started_at=at,
            filename=filename[:255],
            mode=mode,
            total_rows=len(table.lines),
        )
        if preview_only:
            await self._try(plans, outcome, principal=principal, at=at)
        else:
            await self._write(plans, outcome, record, principal=principal, at=at)
        return _answer(outcome, table, record, preview_only=preview_only)

    async def _try(self, plans: Sequence[Plan], outcome: Outcome, *, principal: Principal, at: datetime) -> None:
        """Find out what the rows would do."""
        try:
            for batch in _batches(plans):
                outcome.add(await self._carry_out(batch, principal=principal, at=at))
        finally:
            await self.session.rollback()
        outcome.codes.clear()

    async def _write(
        self, plans: Sequence[Plan], outcome: Outcome, record: AccountImport, *, principal: Principal, at: datetime
    ) -> None:
        """Write batch after batch, with progress; each is committed, whatever becomes of the next."""
        done = record.total_rows - len(plans)
        async with self.transaction():
            _count(record, outcome, done=done)
            self.session.add(record)
        for batch in _batches(plans):
            async with self.transaction():
                outcome.add(await self._carry_out(batch, principal=principal, at=at))
                done += len(batch)
                _count(record, outcome, done=done)
        async with self.transaction():
            record.finished_at = at
            self.announce(
                AccountsImported(
                    actor_id=principal.id,
                    at=at,
                    account_import_id=record.id,
                    created=outcome.count(RowAction.CREATED),
                    updated=outcome.count(RowAction.UPDATED),
                    failed=outcome.count(RowAction.FAILED),
                )
            )

    async def _carry_out(self, plans: Sequence[Plan], *, principal: Principal, at: datetime) -> Outcome:
        """Write rows together; if one breaks a rule that only shows on writing, write each by itself."""
        try:
            return await self._together(plans, principal=principal, at=at)
        except (Invalid, Forbidden, DBAPIError) as error:
            outcome = Outcome()
            if len(plans) == 1:
                outcome.refuse(errors_of(plans[0].row, _refusal(error)))
                return outcome
        for plan in plans:
            try:
                outcome.add(await self._together([plan], principal=principal, at=at))
            except (Invalid, Forbidden, DBAPIError) as error:
                outcome.refuse(errors_of(plan.row, _refusal(error)))
        return outcome

    async def _together(self, plans: Sequence[Plan], *, principal: Principal, at: datetime) -> Outcome:
        outcome, activations = Outcome(), []
        async with self.session.begin_nested():
            accounts = await self._locked(plan.user_id for plan in plans if plan.user_id is not None)
            above = await standing_above(self.session, accounts, principal=principal, at=at)
            for plan in plans:
                if plan.user_id is None:
                    activations.append(self._open(plan, outcome, principal=principal, at=at))
                else:
                    user = accounts[plan.user_id]
                    if user.id in above:
                        raise RoleAboveOwn("This account stands above your own; somebody higher must do this.")
                    outcome.actions[plan.row] = await self._change(user, plan.values, principal=principal, at=at)
            await self.session.flush()
            self.session.add_all(activations)
            if self._post:
                for code in outcome.codes:
                    await post_code(self.session, code.user_id, code.code or "", vault=self._post)
                outcome.codes = [replace(code, code=None) for code in outcome.codes]
        return outcome

    async def _locked(self, user_ids: Iterable[UUID]) -> dict[UUID, User]:
        """Load and lock accounts in one order, so that two imports cannot deadlock.

        `key_share` allows notifications to these people to be written meanwhile.
        """
        rows = await self.session.scalars(
            select(User)
            .where(User.id.in_(list(user_ids)))
            .order_by(User.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        return {user.id: user for user in rows}

    def _open(self, plan: Plan, outcome: Outcome, *, principal: Principal, at: datetime) -> Activation:
        """Open an account without a password, with a code to set one.

        Hashing a thousand passwords takes minutes, and a password in a list is known to everybody who had the list.
        """
        user = User(id=uuid4(), **plan.values, created_at=at, updated_at=at)
        activation, code = new_activation(user.id, by=principal.id, at=at)
        self.session.add(user)
        self.announce(AccountOpened(actor_id=principal.id, at=at, user_id=user.id, role=user.role, status=user.status))
        outcome.actions[plan.row] = RowAction.CREATED
        outcome.codes.append(NewCode(plan.row, user.id, user.username, user.email, code, activation.expires_at))
        return activation

    async def _change(self, user: User, values: Mapping[str, Any], *, principal: Principal, at: datetime) -> RowAction:
        """Apply a row's differences to an account."""
        changes = {name: value for name, value in values.items() if value != getattr(user, name)}
        if not changes:
            return RowAction.SKIPPED
        if user.id == principal.id:
            check_own_change(
                changes.keys(),
                administers=principal.scope_of(UPDATE) is not Scope.OWN,
                reaching=principal.grants.values(),
            )
        if "status" in changes:
            changes["status_reason"] = None  # the reason of the old status is not its own
        await self._users.apply(user, changes, principal=principal, at=at)
        return RowAction.UPDATED


def _batches(plans: Sequence[Plan]) -> Iterator[Sequence[Plan]]:
    return (plans[start : start + BATCH] for start in range(0, len(plans), BATCH))


def _count(record: AccountImport, outcome: Outcome, *, done: int) -> None:
    record.done_rows = done
    record.successful_imports = outcome.count(RowAction.CREATED)
    record.successful_updates = outcome.count(RowAction.UPDATED)
    record.skipped_rows = outcome.count(RowAction.SKIPPED)
    record.failed_imports = outcome.count(RowAction.FAILED)


def _refusal(error: Exception) -> DomainError:
    """The refusal of a row; an error that is not the row's fault is raised again."""
    refusal = error if isinstance(error, DomainError) else database_refusal(error, REFUSALS)
    if refusal is None:
        raise error
    if not isinstance(refusal, Invalid | Forbidden):
        raise refusal from error
    return refusal


def _answer(outcome: Outcome, table: Table, record: AccountImport, *, preview_only: bool) -> ImportAnswer:
    failed, foreign = outcome.count(RowAction.FAILED), foreign_columns(table.columns)
    said: dict[int, list[str]] = {}
    for error in outcome.errors:
        said.setdefault(error.row, []).append(f"{error.field}: {error.message}")
    return ImportAnswer(
        id=None if preview_only else record.id,
        status="completed" if not failed else "partial" if failed < record.total_rows else "failed",
        preview_mode=preview_only,
        import_mode=record.mode,
        total_rows=record.total_rows,
        successful_imports=outcome.count(RowAction.CREATED),
        successful_updates=outcome.count(RowAction.UPDATED),
        skipped_rows=outcome.count(RowAction.SKIPPED),
        failed_imports=failed,
        results=[
            RowResult(
                row_number=line.row,
                action=outcome.actions[line.row],
                email=line.cells.get("email"),
                errors=said.get(line.row, []),
                warnings=[LEFT_AS_IT_IS] if is_masked(line.cells.get("phone_number")) else [],
            )
            for line in table.lines
        ],
        errors=sorted(outcome.errors, key=lambda error: error.row),
        warnings=[
            PASSWORDS if name == "password" else f"The column {name} is not known and was not used." for name in foreign
        ],
        activation_codes=outcome.codes,
    )
