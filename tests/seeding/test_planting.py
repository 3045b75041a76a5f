"""What is planted is true, and is planted once."""

import asyncio
import hashlib
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.app import METADATA, open_store
from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.documents.library.models import File, Folder
from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.customers.models import Customer
from lc_workflow.lending.rules.stages import PREPARING, Action, Stage
from lc_workflow.lending.workflow.models import Move
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.seeding.planting import plant
from lc_workflow.seeding.standing import SIGNED, CannotPlant, Standing, standing
from lc_workflow.seeding.steps import HOUSE
from tests.identity.factories import a_user
from tests.organization.factories import a_department
from tests.seeding.planted import CHEAP, PASSWORD, SECRET, SEEDS, leave_four_applications


@asynccontextmanager
async def session_on(settings: Settings) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(settings.database_url)
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


async def counts(settings: Settings) -> dict[str, int]:
    """How many rows each table holds."""
    async with session_on(settings) as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
        }


async def break_off(settings: Settings, seeds: Path) -> None:
    """Plant until the first application is there, and no further."""
    planting = asyncio.create_task(plant(settings, seeds, demo_password=PASSWORD, passwords=CHEAP))
    async with session_on(settings) as session:
        while not await session.scalar(select(func.count()).select_from(CustomerApplication)):
            assert not planting.done()
            await asyncio.sleep(0.01)
    planting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await planting


@pytest.fixture
def empty(copy_database: Callable[[], URL], tmp_path: Path) -> Settings:
    """An installation that nobody has worked in yet."""
    return Settings(database_url=copy_database(), secret_key=SECRET, upload_folder=tmp_path / "papers")


@pytest.fixture
def few_seeds(tmp_path: Path) -> Path:
    """The seeds with the first four applications only."""
    folder = tmp_path / "seeds"
    shutil.copytree(SEEDS, folder)
    leave_four_applications(folder)
    return folder


async def test_every_stage_has_applications_in_every_branch_and_both_currencies(planted: Settings) -> None:
    async with session_on(planted) as session:
        rows = (await session.scalars(select(CustomerApplication))).all()
    assert len(rows) == 60
    assert {row.workflow_status for row in rows} == set(Stage) - {Stage.EXPIRED, Stage.DISBURSED}
    assert len({row.branch_id for row in rows}) == 3
    assert {row.currency.value for row in rows} == {"USD", "KHR"}
    assert any(row.cycle > 1 for row in rows)
    assert any(row.approved_amount not in {None, row.requested_amount} for row in rows)


async def test_a_second_planting_adds_nothing(copy_planted: Settings) -> None:
    before = await counts(copy_planted)
    outcome = await plant(copy_planted, SEEDS, demo_password=PASSWORD, passwords=CHEAP)
    assert outcome.now == 0
    assert await counts(copy_planted) == before


async def test_what_people_changed_or_threw_away_stays_so(copy_planted: Settings) -> None:
    async with session_on(copy_planted) as session, session.begin():
        draft = (
            await session.scalars(
                select(CustomerApplication).where(
                    CustomerApplication.workflow_status == Stage.PO_CREATED,
                    CustomerApplication.id.not_in(select(File.application_id)),
                )
            )
        ).first()
        assert draft is not None
        await session.execute(delete(CustomerApplication).where(CustomerApplication.id == draft.id))
        branch = (await session.scalars(select(Branch).where(Branch.code == "PP01"))).one()
        branch.code, branch.manager_id = "PP02", None
    await plant(copy_planted, SEEDS, demo_password=PASSWORD, passwords=CHEAP)
    assert (await counts(copy_planted))["customer_applications"] == 59
    async with session_on(copy_planted) as session:
        assert set(await session.scalars(select(Branch.code))) == {"PP02", "BTB01", "SRP01"}
        assert await session.scalar(select(Branch.manager_id).where(Branch.code == "PP02")) is None


async def test_a_planting_that_was_broken_off_goes_on(empty: Settings, few_seeds: Path) -> None:
    await break_off(empty, few_seeds)
    broken_off = (await counts(empty))["journal_entries"]
    outcome = await plant(empty, few_seeds, demo_password=PASSWORD, passwords=CHEAP)
    assert outcome.before > 0
    assert outcome.now > 0
    rows = await counts(empty)
    assert rows["journal_entries"] > broken_off
    assert (rows["branches"], rows["employees"], rows["users"], rows["customer_applications"]) == (3, 15, 15, 4)
    async with session_on(empty) as session:
        keys = (await session.scalars(select(JournalEntry.request_id).where(JournalEntry.kind == "FileStored"))).all()
        assert len(set(keys)) == len(keys)


async def test_each_paper_is_in_the_store_as_its_row_says_and_in_its_folder(planted: Settings) -> None:
    store = open_store(planted, system_clock)
    async with session_on(planted) as session:
        files = (await session.execute(select(File, Folder.name).join(Folder, Folder.id == File.folder_id))).all()
        assert len(files) == await session.scalar(select(func.count()).select_from(File))
        folders = {kind.code: kind.folder for kind in await session.scalars(select(PaperKind))}
    assert len({file.key for file, _ in files}) == len(files) > 100
    assert {file.mime_type for file, _ in files} == {"image/jpeg", "application/pdf"}
    for file, folder in files:
        content = b"".join([piece async for piece in await store.get(file.key)])
        assert (len(content), hashlib.sha256(content).digest()) == (file.file_size, file.sha256)
        assert folder == folders[file.document_type or ""]


async def test_the_history_tells_how_each_application_came_where_it_stands(planted: Settings) -> None:
    histories = defaultdict(list)
    async with session_on(planted) as session:
        for move in await session.scalars(select(Move).order_by(Move.number)):
            histories[move.application_id].append(move)
        applications = (await session.scalars(select(CustomerApplication))).all()
    for application in applications:
        stood_at, preparers = Stage.PO_CREATED, {application.user_id}
        at = application.created_at
        for move in histories[application.id]:
            assert (move.source, move.at > at) == (stood_at, True)
            if move.action is Action.REOPEN:
                preparers = set()
            if move.action in PREPARING:
                assert move.actor_id
                preparers.add(move.actor_id)
            if move.action is Action.APPROVE:
                assert move.actor_id not in preparers
            stood_at, at = move.target, move.at
        assert application.workflow_status is stood_at
        assert set(application.preparers) == preparers
        assert at < system_clock()


async def test_everyone_signs_in_with_the_demo_password_and_works_where_they_should(planted: Settings) -> None:
    async with session_on(planted) as session:
        users = (await session.scalars(select(User))).all()
        linked = set(await session.scalars(select(Employee.user_id).where(Employee.user_id.is_not(None))))
    assert {role.value for role in Role} <= {user.username for user in users}
    assert all([await CHEAP.matches(PASSWORD, user.password_hash) for user in users])
    assert len({user.password_hash for user in users}) == 1  # one password that everybody knows is hashed once
    named = {user.username: user for user in users}
    at_one_branch = {named[name].branch_id for name in ("manager", "officer", "teller", "viewer")}
    assert len(at_one_branch) == 1
    assert None not in at_one_branch
    assert {user.id for user in users} - linked == {named["viewer"].id}


async def test_the_journal_says_what_was_planted_and_who_did_it(planted: Settings) -> None:
    async with session_on(planted) as session:
        entries = (await session.scalars(select(JournalEntry).order_by(JournalEntry.number))).all()
        users = set(await session.scalars(select(User.id)))
    assert entries[-1].kind == "DemoPlanted"
    assert all((entry.request_id or "").startswith(SIGNED) for entry in entries[:-1])
    assert {entry.actor_id for entry in entries} <= users | {HOUSE.id, None}
    of_applications = [entry.at for entry in entries if entry.subject == "application"]
    assert of_applications == sorted(of_applications)


async def test_returning_customers_are_one_person(planted: Settings) -> None:
    async with session_on(planted) as session:
        loans = select(CustomerApplication.customer_id, func.count().label("loans")).group_by("customer_id").subquery()
        returning = (await session.scalars(select(Customer.full_name_latin).join(loans).where(loans.c.loans > 1))).all()
    assert len(returning) == 4


async def test_without_a_demo_password_only_the_base_is_planted_beside_what_is_there(empty: Settings) -> None:
    async with session_on(empty) as session, session.begin():
        session.add_all([a_user(), a_department(code="CRD", name="Kredit")])
    await plant(empty, SEEDS, demo_password=None)
    rows = await counts(empty)
    assert (rows["users"], rows["branches"], rows["customer_applications"]) == (1, 0, 0)
    assert rows["settings"] > 0
    async with session_on(empty) as session:
        assert set(await session.scalars(select(Department.name))) == {
            "Kredit", "Operations", "Internal audit", "Administration",
        }  # fmt: skip
        assert await session.scalar(select(func.count()).select_from(Position)) == 7
    assert not empty.upload_folder.exists()


async def test_the_demo_is_not_planted_among_other_people(empty: Settings) -> None:
    async with session_on(empty) as session, session.begin():
        session.add(a_user())
    with pytest.raises(CannotPlant, match="accounts of its own"):
        await plant(empty, SEEDS, demo_password=PASSWORD)
    assert (await counts(empty))["departments"] == 0


async def test_a_password_that_the_policy_refuses_is_said(empty: Settings) -> None:
    with pytest.raises(CannotPlant, match="at least 8 characters"):
        await plant(empty, SEEDS, demo_password="short")


def test_how_far_a_planting_has_come_is_seen_from_outside(empty: Settings, few_seeds: Path) -> None:
    database = empty.database_url
    assert standing(database) is Standing.EMPTY
    asyncio.run(break_off(empty, few_seeds))
    assert standing(database) is Standing.BEGUN
    asyncio.run(plant(empty, few_seeds, demo_password=PASSWORD, passwords=CHEAP))
    assert standing(database) is Standing.PLANTED


async def test_a_database_with_accounts_of_others_is_taken(empty: Settings) -> None:
    async with session_on(empty) as session, session.begin():
        session.add(a_user())
    assert await asyncio.to_thread(standing, empty.database_url) is Standing.TAKEN


@pytest.mark.parametrize(
    ("narrow", "variable"),
    [
        ({"file_types": ("text/plain",)}, "ALLOWED_FILE_TYPES"),
        ({"max_file_size": 1_000}, "MAX_FILE_SIZE"),
        ({"max_application_size": 1_000}, "MAX_APPLICATION_SIZE"),
    ],
)
async def test_a_variable_that_keeps_the_papers_of_the_demo_out_is_named(
    narrow: dict[str, Any], variable: str, empty: Settings, few_seeds: Path
) -> None:
    with pytest.raises(CannotPlant, match=variable):
        await plant(replace(empty, **narrow), few_seeds, demo_password=PASSWORD, passwords=CHEAP)
