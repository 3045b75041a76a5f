"""What happens to tasks when loans are judged, and when somebody can no longer do them."""

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
"""The fields of an account, an employee or a customer that change their telephones."""

MOVED: Final = frozenset({"status", "branch_id", "role"})
"""The fields of an account that decide whether its owner can go on with their work."""


async def seat_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Find out again whose decision is awaited; doing it twice gives the same result."""
    hearing.commit_after_this()
    await TaskService(hearing.session).seat_again(event.application_id, by=None, at=event.at)


async def look_at_their_other_loans(event: ApplicationMoved | CustomersMerged, hearing: Hearing) -> None:
    """Find out again whose decisions are awaited on other loans of people who now owe more, or less.

    A loan counts as owed from its approval on, so paying out changes nothing; doing it twice gives the same result.
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
    """Find out again who is excluded from waiting decisions and payments, when a telephone makes somebody a party.

    Doing it twice gives the same result.
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
    """The waiting loans of which somebody with a telephone is a party."""
    number = await hearing.session.scalar(telephone)
    indexes = blinds(*phone_keys(number), of="phone")
    return await WAITING_BEHIND_PHONE.rows(hearing.session, indexes=indexes) if indexes else ()


async def let_go(
    event: AccountChanged | RoleTaken | RightGiven | RightTaken | AuthorityEnded | DelegationEnded, hearing: Hearing
) -> None:
    """Give back what somebody has and can no longer do; doing it twice finds nothing left."""
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
