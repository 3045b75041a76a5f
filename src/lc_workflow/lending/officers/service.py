"""Turning written names into assignments, in small transactions, and back again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import Assignment, CustomerApplication
from lc_workflow.lending.applications.service import NoSuchEmployee, released
from lc_workflow.lending.events import EmployeeAssigned
from lc_workflow.lending.officers.schemas import (
    ManualMatch,
    MigrationReport,
    MigrationStatus,
    RevertReport,
    Tally,
    UnmatchedName,
)
from lc_workflow.lending.rules.assigning import Colleague, check_assignable, colleagues_named
from lc_workflow.lending.rules.matching import normal_name
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.organization.cards import EmployeeCard
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.service import Service

BATCH: Final = 200
"""Applications per transaction, so that none is locked for long."""

MOST: Final = 5_000
"""Applications per call; the rest is for the next call."""


class NameNotFound(Invalid):
    """No remaining application bears this name."""


@dataclass(frozen=True, slots=True)
class Group:
    """Applications of one branch that bear the same name, and the employees it may mean there."""

    name: str
    branch_id: UUID | None
    applications: int
    meant: tuple[Colleague, ...]

    @property
    def officer(self) -> UUID | None:
        """The employee whom the name means, if it is certain."""
        return self.meant[0].id if len(self.meant) == 1 else None


_ROW: Final = CustomerApplication
PENDING: Final = (_ROW.portfolio_officer_name.is_not(None), ~_ROW.portfolio_officer_migrated)


class OfficerService(Service[CustomerApplication]):
    """Names of officers on the applications a person may see."""

    noun = "application"

    async def status(self, *, principal: Principal) -> MigrationStatus:
        """Tell how far the migration is."""
        groups = await self._groups(principal)
        pending = sum(group.applications for group in groups)
        matchable = sum(group.applications for group in groups if group.officer)
        migrated = await self.session.scalar(
            select(func.count()).select_from(_ROW).where(visible_to(principal), _ROW.portfolio_officer_migrated)
        )
        total = pending + (migrated or 0)
        return MigrationStatus(
            total_applications=total,
            migrated=migrated or 0,
            pending=pending,
            matchable=matchable,
            unmatched=pending - matchable,
            unmatched_names=len({group.name for group in groups if not group.officer}),
            progress_percentage=round(100 * (migrated or 0) / total, 2) if total else 100.0,
            migrated_applications=migrated or 0,
            pending_applications=pending,
        )

    async def unmatched(self, window: Window, *, principal: Principal) -> tuple[list[UnmatchedName], int]:
        """List the names without a certain employee, the most frequent first, with possible employees."""
        groups = [group for group in await self._groups(principal) if not group.officer]
        shown = groups[window.offset : window.offset + window.size]
        ids = {colleague.id for group in shown for colleague in group.meant}
        people = {row.id: row for row in await self.session.scalars(select(Employee).where(Employee.id.in_(ids)))}
        names = [
            UnmatchedName(
                portfolio_officer_name=group.name,
                branch_id=group.branch_id,
                application_count=group.applications,
                candidates=[shaped(people[colleague.id], EmployeeCard) for colleague in group.meant],
            )
            for group in shown
        ]
        return names, len(groups)

    async def migrate(self, *, dry_run: bool, principal: Principal, at: datetime) -> MigrationReport:
        """Assign everybody whose name is clear; a dry run counts and changes nothing."""
        groups = await self._groups(principal)
        officers = {(group.name, group.branch_id): group.officer for group in groups if group.officer}
        matchable = sum(group.applications for group in groups if group.officer)
        unmatched = sum(group.applications for group in groups if not group.officer)
        if dry_run:
            return _reported(
                dry_run=True,
                processed=matchable,
                assignments_created=matchable,
                unmatched=unmatched,
                remaining=matchable,
            )
        processed, created = await self._assign(officers, principal=principal, at=at)
        return _reported(
            dry_run=False,
            processed=processed,
            assignments_created=created,
            unmatched=unmatched,
            remaining=max(matchable - processed, 0),
        )

    async def match(self, wish: ManualMatch, *, principal: Principal, at: datetime) -> MigrationReport:
        """Assign an employee wherever a name means them, in the branches where they may be assigned.

        Raises:
            NoSuchEmployee: There is no such employee.
            EmployeeRetired: They have left.
            NameNotFound: The name stands on no application where they may be asked.
        """
        employee = await self.session.get(Employee, wish.employee_id)
        if employee is None:
            raise NoSuchEmployee("There is no such employee.")
        check_assignable(is_active=employee.is_active, employee_branch=None, application_branch=None)
        wanted = normal_name(wish.portfolio_officer_name)
        groups = [
            group
            for group in await self._groups(principal)
            if normal_name(group.name) == wanted
            and (group.branch_id is None or employee.branch_id is None or group.branch_id == employee.branch_id)
        ]
        if not groups:
            raise NameNotFound("No application of this employee's branch that is left to migrate bears this name.")
        processed, created = await self._assign(
            {(group.name, group.branch_id): employee.id for group in groups}, principal=principal, at=at
        )
        return _reported(
            dry_run=False,
            processed=processed,
            assignments_created=created,
            unmatched=0,
            remaining=max(sum(group.applications for group in groups) - processed, 0),
        )

    async def revert(self, *, principal: Principal, at: datetime) -> RevertReport:
        """End the assignments that were made from names, so that the bare names count again."""
        migrated = (visible_to(principal), _ROW.portfolio_officer_migrated)
        done = ended = 0
        while done < MOST:
            async with self.transaction():
                ids = list(
                    await self.session.scalars(
                        select(_ROW.id)
                        .where(*migrated)
                        .order_by(_ROW.id)
                        .limit(BATCH)
                        .with_for_update(skip_locked=True)
                    )
                )
                assignments = await self.session.scalars(
                    select(Assignment).where(
                        Assignment.application_id.in_(ids), Assignment.written_as.is_not(None), Assignment.is_active
                    )
                )
                for assignment in assignments:
                    ended += 1
                    self.announce(released(assignment, by=principal.id, at=at))
                await self._mark(ids, migrated=False, at=at)
            done += len(ids)
            if len(ids) < BATCH:
                break
        remaining = await self.session.scalar(select(func.count()).select_from(_ROW).where(*migrated))
        return RevertReport(
            applications=done, assignments_ended=ended, assignments_deactivated=ended, remaining=remaining or 0
        )

    async def _groups(self, principal: Principal) -> list[Group]:
        """Read the remaining names by branch, the most frequent first, with the employees they may mean."""
        colleagues = [
            Colleague(*row)
            for row in await self.session.execute(
                select(
                    Employee.id,
                    Employee.employee_code,
                    Employee.full_name_khmer,
                    Employee.full_name_latin,
                    Employee.branch_id,
                ).where(Employee.is_active)
            )
        ]
        rows = await self.session.execute(
            select(_ROW.portfolio_officer_name, _ROW.branch_id, func.count())
            .where(visible_to(principal), *PENDING)
            .group_by(_ROW.portfolio_officer_name, _ROW.branch_id)
            .order_by(func.count().desc(), _ROW.portfolio_officer_name)
        )
        return [
            Group(name, branch_id, count, colleagues_named(name, colleagues, branch_id=branch_id))
            for name, branch_id, count in rows
            if name is not None
        ]

    async def _assign(
        self, officers: Mapping[tuple[str, UUID | None], UUID], *, principal: Principal, at: datetime
    ) -> tuple[int, int]:
        """Assign these officers wherever their names stand; return how many applications and assignments that were."""
        names = {name for name, _ in officers}
        where: tuple[ColumnElement[bool], ...] = (
            visible_to(principal),
            *PENDING,
            _ROW.portfolio_officer_name.in_(names),
        )
        done = created = 0
        last: UUID | None = None
        while done < MOST and names:
            async with self.transaction():
                rows = (
                    await self.session.execute(
                        select(_ROW.id, _ROW.portfolio_officer_name, _ROW.branch_id)
                        .where(*where, *([_ROW.id > last] if last else []))
                        .order_by(_ROW.id)
                        .limit(BATCH)
                        .with_for_update(skip_locked=True)
                    )
                ).all()
                meant = [
                    (id_, name, officer)
                    for id_, name, branch in rows
                    if name and (officer := officers.get((name, branch)))
                ]
                created += await self._ask(meant, by=principal.id, at=at)
                await self._mark([id_ for id_, _, _ in meant], migrated=True, at=at)
            done += len(meant)
            if len(rows) < BATCH:
                break
            last = rows[-1][0]
        return done, created

    async def _ask(self, meant: Sequence[tuple[UUID, Any, UUID]], *, by: UUID, at: datetime) -> int:
        """Assign officers to applications, where they are not assigned already."""
        if not meant:
            return 0
        made = await self.session.execute(
            insert(Assignment)
            .values(
                [
                    {
                        "id": uuid4(),
                        "application_id": application_id,
                        "employee_id": employee_id,
                        "assignment_role": AssignmentRole.PRIMARY_OFFICER,
                        "assigned_at": at,
                        "assigned_by": by,
                        "is_active": True,
                        "written_as": name,
                    }
                    for application_id, name, employee_id in meant
                ]
            )
            .on_conflict_do_nothing()
            .returning(Assignment.application_id, Assignment.employee_id)
        )
        asked = made.all()
        for application_id, employee_id in asked:
            self.announce(
                EmployeeAssigned(
                    actor_id=by,
                    at=at,
                    application_id=application_id,
                    employee_id=employee_id,
                    role=AssignmentRole.PRIMARY_OFFICER.value,
                )
            )
        return len(asked)

    async def _mark(self, ids: Sequence[UUID], *, migrated: bool, at: datetime) -> None:
        await self.session.execute(
            update(_ROW)
            .where(_ROW.id.in_(ids))
            .values(portfolio_officer_migrated=migrated, updated_at=at, version=_ROW.version + 1)
            .execution_options(synchronize_session=False)
        )


def _reported(
    *, dry_run: bool, processed: int, assignments_created: int, unmatched: int, remaining: int
) -> MigrationReport:
    done = "would get" if dry_run else "got"
    return MigrationReport(
        dry_run=dry_run,
        processed=processed,
        assignments_created=assignments_created,
        unmatched=unmatched,
        remaining=remaining,
        message=f"Applications that {done} the officer they name: {processed}; not known for sure: {unmatched}.",
        report=Tally(total=processed + unmatched, matched=processed, created=assignments_created, failed=unmatched),
    )
