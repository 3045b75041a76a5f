"""What is kept in count is what a count would say, whatever happens to applications and their papers."""

import random
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.insight.dashboard.queries import Dashboard
from lc_workflow.insight.dashboard.schemas import FileCounts
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.jobs import add_up_tallies
from lc_workflow.lending.applications.models import ApplicationTally, CustomerApplication
from lc_workflow.lending.applications.queries import ApplicationQueries, Wanted
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.jobs import Workplace
from tests.conftest import SignIn
from tests.lending.factories import an_application
from tests.moments import NOON

THINGS = ("draft", "draft", "move", "hand over", "throw away", "file", "file", "remove", "replace", "refile", "add up")


@pytest.fixture
async def reader(session: AsyncSession, sign_in: SignIn, branch: Branch) -> Principal:
    officer = await sign_in("officer", branch_id=branch.id)
    return Principal(
        id=officer.user.id,
        role="manager",
        session_id=uuid4(),
        branch_id=branch.id,
        grants={"application:read": Scope.BRANCH},
    )


class Office:
    """A branch in which things happen to applications and papers, one by one."""

    def __init__(self, session: AsyncSession, workplace: Workplace, places: list[UUID | None], owner: UUID) -> None:
        self.session, self.workplace, self.places, self.owner = session, workplace, places, owner

    async def happen(self, what: str, one: int, other: int) -> None:
        if what == "add up":
            await add_up_tallies(self.workplace)
        elif what == "draft":
            place = self.places[one % len(self.places)]
            self.session.add(an_application(self.owner, branch_id=place, workflow_status=_any(list(Stage), other)))
            await self.session.commit()
        elif applications := (await self.session.scalars(select(CustomerApplication.id))).all():
            await self.change(what, _any(applications, one), _any(applications, other), other)

    async def change(self, what: str, application_id: UUID, another: UUID, number: int) -> None:
        of_it = File.application_id == application_id
        here = update(CustomerApplication).where(CustomerApplication.id == application_id)
        statements: dict[str, list[Any]] = {
            "move": [here.values(workflow_status=_any(list(Stage), number))],
            "hand over": [here.values(branch_id=self.places[number % len(self.places)])],
            "throw away": [
                delete(File).where(of_it),
                delete(CustomerApplication).where(CustomerApplication.id == application_id),
            ],
            "remove": [update(File).where(of_it).values(deleted_at=NOON)],
            "replace": [update(File).where(of_it).values(replaced_at=NOON)],
            "refile": [update(File).where(of_it).values(application_id=another, file_size=number)],
        }
        if what == "file":
            self.session.add(_a_paper(application_id, self.owner, size=number))
        for statement in statements.get(what, []):
            await self.session.execute(statement)
        await self.session.commit()


@pytest.mark.parametrize("seed", range(4))
async def test_the_tallies_are_what_a_recount_says(
    session: AsyncSession, workplace: Workplace, reader: Principal, branch: Branch, seed: int, other_branch: Branch
) -> None:
    office, chance = Office(session, workplace, [branch.id, other_branch.id, None], reader.id), random.Random(seed)
    for _ in range(30):
        await office.happen(chance.choice(THINGS), chance.randrange(50), chance.randrange(50))

    applications = (await session.execute(select(CustomerApplication.id, CustomerApplication.workflow_status))).all()
    papers = File.application_id.in_([row.id for row in applications])
    counted = await session.scalar(select(func.count()).where(papers, File.standing()))
    kept = await session.scalar(select(func.sum(File.file_size)).where(papers, File.deleted_at.is_(None)))
    stats = await Dashboard(session).stats(reader)
    assert stats.applications.total == len(applications) > 0
    assert stats.files == FileCounts(counted or 0, int(kept or 0))
    queries, second = ApplicationQueries(session), Window(2, 1)
    for status in Status:
        cards = await queries.cards(Wanted(status=status), second, principal=reader)
        assert cards.total == sum(STATUS_OF[row.workflow_status] is status for row in applications)
    here = await queries.cards(Wanted(branch_id=branch.id), second, principal=reader)
    stranger = replace(reader, id=uuid4())
    assert (await queries.cards(Wanted(), second, principal=stranger)).total == here.total


async def test_tallies_that_count_the_same_become_one(
    session: AsyncSession, workplace: Workplace, reader: Principal, branch: Branch
) -> None:
    session.add_all(an_application(reader.id, branch_id=branch.id) for _ in range(3))
    await session.commit()
    await add_up_tallies(workplace)
    kept = (await session.scalars(select(ApplicationTally).where(ApplicationTally.branch_id == branch.id))).all()
    assert [tally.applications for tally in kept] == [3]


def _any(choice: Any, number: int) -> Any:
    return choice[number % len(choice)]


def _a_paper(application_id: UUID, owner: UUID, *, size: int) -> File:
    return File(
        key=str(uuid4()),
        original_filename="id.png",
        display_name="id.png",
        file_size=size,
        mime_type="image/png",
        sha256=bytes(32),
        uploaded_by=owner,
        application_id=application_id,
        created_at=NOON,
    )
