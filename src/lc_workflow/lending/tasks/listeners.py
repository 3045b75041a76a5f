"""What follows for the work on loans when they are judged, and when somebody can do it no more."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, select

from lc_workflow.identity.events import AccountChanged, AccountOpened, RightGiven, RightTaken, RoleTaken
from lc_workflow.identity.users.models import User
from lc_workflow.lending.approvals.queries import WAITING_BEHIND_PHONE, WAITING_BESIDE, WAITING_OF
from lc_workflow.lending.approvals.service import ApprovalService
from lc_workflow.lending.events import (
    AffordabilityAssessed,
    ApplicationMoved,
    ApplicationScored,
    AuthorityEnded,
    CustomerChanged,
    CustomersMerged,
    DelegationEnded,
)
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.events import EmployeeChanged, EmployeeHired
from lc_workflow.platform.manifest import Hearing
from lc_workflow.platform.phones import phone_keys
from lc_workflow.platform.security.columns import blinds

TELEPHONES: Final = frozenset({"phone_number", "phones", "user_id"})
"""What of an account, an employee's card or a customer says by which telephones somebody is known."""

MOVED: Final = frozenset({"status", "branch_id", "role"})
"""What of an account decides whether its owner can go on with their work."""


async def seat_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Look again whose decision is awaited; hearing it twice finds the same."""
    hearing.commit_after_this()
    await TaskService(hearing.session).seat_again(event.application_id, by=None, at=event.at)


async def look_at_their_other_loans(event: ApplicationMoved | CustomersMerged, hearing: Hearing) -> None:
    """Look again whose decisions are awaited on the loans of people who turned out to owe more, or less.

    What somebody owes is counted from the approval on, so paying out changes nothing; hearing it twice finds the same.
    """
    match event:
        case CustomersMerged():
            waiting = await WAITING_OF.rows(hearing.session, customer_id=event.customer_id)
        case ApplicationMoved() if Stage.APPROVED in {event.source, event.target} and event.target != Stage.DISBURSED:
            waiting = await WAITING_BESIDE.rows(hearing.session, application_id=event.application_id)
        case _:
            return
    approvals, tasks = ApprovalService(hearing.session), TaskService(hearing.session)
    for (application_id,) in waiting:
        hearing.commit_after_this()
        await approvals.hear_of_judgement(application_id, by=None, at=event.at)
        await tasks.seat_again(application_id, by=None, at=event.at)


async def look_at_loans_they_may_stand_behind(
    event: AccountOpened | AccountChanged | EmployeeHired | EmployeeChanged | CustomerChanged, hearing: Hearing
) -> None:
    """Look again who is kept from the decisions and payments that wait, where a telephone makes somebody a party.

    Hearing it twice finds the same.
    """
    if isinstance(event, AccountChanged | EmployeeChanged | CustomerChanged) and TELEPHONES.isdisjoint(event.fields):
        return
    match event:
        case CustomerChanged():
            waiting = await WAITING_OF.rows(hearing.session, customer_id=event.customer_id)
        case AccountOpened() | AccountChanged():
            waiting = await _waiting_behind(hearing, select(User.phone_number).where(User.id == event.user_id))
        case _:
            card = select(Employee.phone_number).where(Employee.id == event.employee_id, Employee.user_id.is_not(None))
            waiting = await _waiting_behind(hearing, card)
    for (application_id,) in waiting:
        hearing.commit_after_this()
        await TaskService(hearing.session).seat_again(application_id, by=None, at=event.at)


async def _waiting_behind(hearing: Hearing, telephone: Select[str | None]) -> Sequence[Any]:
    """The loans that wait, of whoever borrows or stands in and is known by a telephone."""
    number = await hearing.session.scalar(telephone)
    indexes = blinds(*phone_keys(number), of="phone")
    return await WAITING_BEHIND_PHONE.rows(hearing.session, indexes=indexes) if indexes else ()


async def let_go(
    event: AccountChanged | RoleTaken | RightGiven | RightTaken | AuthorityEnded | DelegationEnded, hearing: Hearing
) -> None:
    """Give back what somebody has and can do no more, or nowhere here; hearing it twice finds nothing left."""
    match event:
        case AccountChanged() if MOVED.isdisjoint(event.fields):
            return
        case AuthorityEnded():
            person = event.person_id
        case DelegationEnded():
            person = event.to_id
        case _:
            person = event.user_id
    hearing.commit_after_this()
    await TaskService(hearing.session).let_go(person, at=event.at)
