"""People are seen out while colleagues go on working: nothing stays with somebody who has left."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from lc_workflow.identity.lifecycle.jobs import SHUT_LEAVERS_OUT
from lc_workflow.identity.lifecycle.models import Offboarding
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.models import Assignment
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.jobs import Workplace
from tests.identity.factories import a_user
from tests.journey.town import Town, sign_in
from tests.lending.factories import an_application
from tests.moments import NOON, PATIENCE
from tests.organization.factories import an_employee
from tests.servers.databases import until_somebody_waits

ASSIGNMENTS = "/api/v1/employees/assignments"


@dataclass
class Desk:
    """Two officers with an account and a loan each, `colleague` named for what `leaver` has; another loan is nobody's.

    `beside` is what somebody else does at the same moment, as far as the database knows of it.
    """

    client: AsyncClient
    admin: dict[str, str]
    beside: AsyncConnection
    leaver: Employee
    colleague: Employee
    another: UUID

    async def complete(self) -> Any:
        path = f"/api/v1/users/{self.leaver.user_id}/lifecycle/offboarding/complete"
        return await self.client.post(path, json={}, headers=self.admin)

    async def looked_after_by(self, employee: Employee) -> int:
        theirs = select(Assignment.id).where(Assignment.employee_id == employee.id, Assignment.is_active)
        return len((await self.beside.execute(theirs)).all())


@pytest.fixture
async def desk(houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine) -> AsyncIterator[Desk]:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
        people = [a_user(branch_id=town.branch_id) for _ in range(2)]
        rows.add_all(people)
        await rows.flush()
        staff = [an_employee(user_id=person.id, branch_id=town.branch_id) for person in people]
        loans = [an_application(people[1].id, branch_id=town.branch_id) for _ in range(3)]
        rows.add_all([*staff, *loans])
        await rows.flush()
        given = zip(loans, staff, strict=False)
        rows.add_all(assigned(loan.id, employee, by=people[1].id) for loan, employee in given)
    admin = await sign_in(houses[0], "admin")
    named = {"successor_id": str(people[1].id), "last_working_day": "2999-12-31"}
    path = f"/api/v1/users/{people[0].id}/lifecycle/offboarding/initiate"
    assert (await houses[0].post(path, json=named, headers=admin)).status_code == 200
    async with town_engine.connect() as beside:
        yield Desk(houses[0], admin, beside, leaver=staff[0], colleague=staff[1], another=loans[2].id)


def assigned(application_id: UUID, employee: Employee, *, by: UUID | None) -> Assignment:
    return Assignment(
        application_id=application_id,
        employee_id=employee.id,
        assignment_role=AssignmentRole.PRIMARY_OFFICER,
        assigned_at=NOON,
        assigned_by=by,
        is_active=True,
    )


async def test_a_loan_that_is_given_to_somebody_while_they_are_seen_out_goes_to_their_colleague(desk: Desk) -> None:
    async with AsyncSession(desk.beside) as giving:
        giving.add(assigned(desk.another, desk.leaver, by=desk.colleague.user_id))
        await giving.flush()
        leaving = asyncio.create_task(desk.complete())
        await until_somebody_waits(desk.beside)
        await giving.commit()
    assert (await leaving).json()["handed_over"] == 2
    assert [await desk.looked_after_by(each) for each in (desk.leaver, desk.colleague)] == [0, 3]


async def test_nobody_is_asked_to_look_after_a_loan_who_leaves_at_that_moment(desk: Desk) -> None:
    left = update(Employee).where(Employee.id == desk.leaver.id).values(is_active=False)
    await desk.beside.execute(select(Employee).where(Employee.id == desk.leaver.id).with_for_update())
    await desk.beside.execute(left)
    wish = {
        "application_id": str(desk.another),
        "employee_id": str(desk.leaver.id),
        "assignment_role": "primary_officer",
    }
    asking = asyncio.create_task(desk.client.post(ASSIGNMENTS, json=wish, headers=desk.admin))
    await until_somebody_waits(desk.beside)
    await desk.beside.commit()
    assert (await asking).json()["code"] == "EmployeeRetired"


async def test_nothing_is_handed_to_a_colleague_who_is_seen_out_at_that_moment(desk: Desk) -> None:
    theirs = User.id == desk.colleague.user_id
    await desk.beside.execute(select(User).where(theirs).with_for_update())
    await desk.beside.execute(update(User).where(theirs).values(status=UserStatus.ARCHIVED))
    leaving = asyncio.create_task(desk.complete())
    await until_somebody_waits(desk.beside)
    await desk.beside.commit()
    assert (await leaving).json()["code"] == "UnfitSuccessor"
    assert await desk.looked_after_by(desk.leaver) == 1


@pytest.mark.parametrize(
    "meanwhile",
    [update(Offboarding).values(last_day=date(3001, 1, 1)), delete(Offboarding)],
    ids=["moved", "cancelled"],
)
async def test_the_night_lets_somebody_be_who_is_said_to_stay_at_that_moment(
    desk: Desk, town_engine: AsyncEngine, workplace: Workplace, meanwhile: Any
) -> None:
    theirs = User.id == desk.leaver.user_id
    await desk.beside.execute(select(User).where(theirs).with_for_update())
    await desk.beside.execute(meanwhile.where(Offboarding.user_id == desk.leaver.user_id))
    sessions, after = async_sessionmaker(town_engine, expire_on_commit=False), datetime(3000, 1, 2, tzinfo=UTC)
    night = SHUT_LEAVERS_OUT.do(replace(workplace, sessions=sessions, clock=lambda: after), {})
    passing = asyncio.ensure_future(night)
    await until_somebody_waits(desk.beside)
    await desk.beside.commit()
    await passing
    assert await desk.beside.scalar(select(User.status).where(theirs)) is UserStatus.ACTIVE


async def test_accounts_are_closed_in_bulk_while_one_of_them_is_closed_by_itself(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    admin = await sign_in(houses[0], "admin")
    for _ in range(6):
        async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
            rows.add_all(people := [a_user(branch_id=town.branch_id) for _ in range(4)])
        last = max(person.id for person in people)
        wish = {"user_ids": [str(person.id) for person in people], "status": "inactive", "reason": "Moved away"}
        answers = await asyncio.gather(
            houses[0].post("/api/v1/users/bulk/status", json=wish, headers=admin),
            houses[1].patch(f"/api/v1/users/{last}", json={"status": "inactive"}, headers=admin),
        )
        assert [answer.status_code for answer in answers] == [200, 200]


async def test_accounts_are_closed_in_bulk_while_their_owners_are_told_something(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
        rows.add_all(people := [a_user(branch_id=town.branch_id) for _ in range(2)])
    admin = await sign_in(houses[0], "admin")
    wish = {"user_ids": [str(person.id) for person in people], "status": "inactive", "reason": "Moved away"}
    # A notice names its reader, and so keeps their account until it is written.
    async with town_engine.connect() as telling:
        await telling.execute(select(User.id).with_for_update(read=True, key_share=True))
        async with asyncio.timeout(PATIENCE):
            answer = await houses[0].post("/api/v1/users/bulk/status", json=wish, headers=admin)
    assert answer.json()["successful_updates"] == 2


async def test_two_who_are_each_others_successors_are_seen_out_one_after_the_other(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    admin = await sign_in(houses[0], "admin")
    for _ in range(6):
        async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
            rows.add_all(people := [a_user(branch_id=town.branch_id) for _ in range(2)])
        first, second = (f"/api/v1/users/{person.id}/lifecycle/offboarding" for person in people)
        for path, successor in ((first, people[1]), (second, people[0])):
            wish = {"successor_id": str(successor.id), "last_working_day": "2999-12-31"}
            assert (await houses[0].post(f"{path}/initiate", json=wish, headers=admin)).status_code == 200
        answers = await asyncio.gather(
            *(
                house.post(f"{path}/complete", json={}, headers=admin)
                for house, path in zip(houses, (first, second), strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422], [answer.text for answer in answers]
        assert {answer.json().get("code") for answer in answers} == {None, "UnfitSuccessor"}


async def test_administrators_who_see_each_other_out_at_once_both_hear_how_it_ended(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    await sign_in(houses[0], "admin")
    for number in range(6):
        names = [f"admin_{number}_{each}" for each in range(2)]
        async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
            rows.add_all(
                people := [
                    a_user(username=name, email=f"{name}@branch.example", role="admin", branch_id=town.branch_id)
                    for name in names
                ]
            )
        seeing = [await sign_in(house, name) for house, name in zip(houses, names, strict=True)]
        answers = await asyncio.gather(
            *(
                house.post(f"/api/v1/users/{other.id}/lifecycle/offboarding/initiate", json={}, headers=who)
                for house, who, other in zip(houses, seeing, reversed(people), strict=True)
            )
        )
        assert not {answer.status_code for answer in answers} - {200, 401}, [answer.text for answer in answers]
