"""What the old service held is here afterwards: people sign in with their passwords, and loans go on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from click.testing import CliRunner
from httpx import AsyncClient
from sqlalchemy import URL, NullPool, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.cli import house
from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.chain import Seals, verify
from tests.conftest import SECRET, open_house, settings_for
from tests.identity.factories import a_user
from tests.journey.town import sign_in
from tests.moving.old_service import (
    AGREEMENT,
    FIRST,
    FIRST_BOOK,
    LAST,
    LAST_BOOK,
    RETURNING,
    fill_old_store,
    old_id,
    open_old_service,
)
from tests.organization.factories import a_branch
from tests.servers.databases import empty_database_on

URL_ = "/api/v1/applications"


def address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@dataclass(frozen=True)
class Moved:
    """An installation, the old service, and what the three runs (dry, written, again) said and left in both."""

    settings: Settings
    old: URL
    folder: Path
    said: list[str]
    reports: list[dict[str, Any]]
    rows: list[dict[str, int]]
    rows_of_old: dict[str, int]


@asynccontextmanager
async def session_on(url: URL) -> AsyncIterator[AsyncSession]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


async def rows_of(url: URL) -> dict[str, int]:
    """Count every row of a database."""
    async with session_on(url) as session:
        tables = await session.scalars(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        )
        return {table: await session.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0 for table in tables.all()}


async def settle(url: URL) -> None:
    """The new installation has an administrator already, and has opened one of the branches."""
    async with session_on(url) as session, session.begin():
        session.add(a_branch(name="Battambang", code="BB02"))
        session.add(a_user(username="admin", email="admin@new.example", role="admin"))


def move(settings: Settings, old: URL, folder: Path, *words: str) -> tuple[str, dict[str, Any]]:
    """Run the command; answers what it printed, and the report it wrote."""
    environ = {
        "DATABASE_URL": address(settings.database_url),
        "SECRET_KEY": settings.secret_key,
        "UPLOAD_FOLDER": str(settings.upload_folder),
    }
    report = folder / "report.json"
    ran = CliRunner(env=environ).invoke(house, ["move-from", address(old), f"--report={report}", *words])
    assert ran.exit_code == 0, ran.output
    return ran.output, msgspec.json.decode(report.read_bytes())


@pytest.fixture(scope="module")
def moved(server: URL, copy_database: Callable[[], URL], tmp_path_factory: pytest.TempPathFactory) -> Moved:
    """Move the last release's book: first dry, then in earnest, then once more."""
    folder = tmp_path_factory.mktemp("moved")
    settings, old = settings_for(copy_database(), upload_folder=folder / "papers"), empty_database_on(server)
    asyncio.run(settle(settings.database_url))
    asyncio.run(open_old_service(old, LAST, LAST_BOOK))
    rows, said, reports = [asyncio.run(rows_of(settings.database_url))], [], []
    fill_old_store(bucket := folder / "old bucket")
    for words in ((), ("--write",), ("--write",)):
        output, report = move(settings, old, folder, f"--old-folder={bucket}", *words)
        said.append(output)
        reports.append(report)
        rows.append(asyncio.run(rows_of(settings.database_url)))
    return Moved(settings, old, folder, said, reports, rows, asyncio.run(rows_of(old)))


@pytest.fixture(scope="module")
async def client(moved: Moved) -> AsyncIterator[AsyncClient]:
    """A client of the house that the book moved into."""
    async with open_house(moved.settings, in_background=False) as client:
        yield client


def test_a_dry_run_says_what_would_be_taken_and_changes_nothing(moved: Moved) -> None:
    assert moved.rows[1] == moved.rows[0]
    assert moved.said[0].endswith("Nothing was changed; take it with WRITE=1, or --write.\n")
    dry, written = (report["parts"] for report in moved.reports[:2])
    assert {table for table in written if dry[table] != written[table]} == {"files"}  # bytes are judged when they come
    assert dry["files"]["refused"].keys() < written["files"]["refused"].keys()


def test_a_second_move_changes_nothing(moved: Moved) -> None:
    assert moved.rows[3] == moved.rows[2]
    parts = moved.reports[2]["parts"]
    assert {table: part["taken"] for table, part in parts.items() if part["taken"]} == {}
    assert parts["customer_applications"]["there_already"] == 12


def test_every_row_is_taken_or_refused_with_a_reason(moved: Moved) -> None:
    parts = moved.reports[1]["parts"]
    for table, part in parts.items():
        refused = sum(map(len, part["refused"].values()))
        assert part["read"] == part["taken"] + part["there_already"] + refused, table
        assert part["read"] == len(LAST_BOOK.get(table, ())), table
    assert parts["customer_applications"]["refused"] == {
        "nobody knows what its status means": [str(old_id("unknown_status"))],
        "it was submitted, and no amount was asked for": [str(old_id("no_amount"))],
        "its officer's account did not come": [str(old_id("nobodys"))],
        "its status and its workflow contradict each other": [str(old_id("contradiction"))],
        "it was written in the future": [str(old_id("tomorrow"))],
    }
    assert parts["branches"]["refused"] == {"it has no name": [str(old_id(""))]}
    assert parts["files"]["refused"] == {
        "its bytes are not in the old store": [str(old_id("missing")), str(old_id("outside"))],
        "its application did not come": [str(old_id("of_nobodys"))],
        "a rule of this house refused it (TypeNotAllowed)": [str(old_id("script"))],
    }
    assert parts["folders"]["refused"] == {"the folder it lies in did not come": [str(old_id("Lost"))]}
    assert parts["folders"]["there_already"] == 1
    assert parts["application_employee_assignments"]["taken"] == 2
    assert parts["selfies"]["refused"] == {
        "its picture is another selfie's": [str(old_id("same_picture"))],
        "its picture did not come": [str(old_id("lost_selfie"))],
    }
    assert (parts["settings"]["taken"], len(parts["settings"]["refused"])) == (1, 2)
    odd = {how for how, ids in parts["customer_applications"]["mended"].items() if str(old_id("odd_draft")) in ids}
    assert len(odd) == 7
    assert moved.reports[1]["left"]["notifications"][0] == moved.reports[1]["left"]["audit_logs"][0] == 1
    assert "CHEA" not in moved.said[1]


async def test_the_old_database_is_only_read(moved: Moved) -> None:
    from lc_workflow.moving.old import opened  # noqa: PLC0415

    assert {table: moved.rows_of_old[table] for table in LAST_BOOK} == {
        table: len(rows) for table, rows in LAST_BOOK.items()
    }
    async with opened(moved.old) as old:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await old._connection.execute("DELETE FROM users")


async def test_the_counts_and_the_journal_hold_afterwards(moved: Moved) -> None:
    tallied = text("SELECT branch_id, owner_id, stage, sum(applications), sum(papers), sum(bytes)"
                   " FROM application_tallies GROUP BY 1, 2, 3 HAVING sum(applications) <> 0 OR sum(papers) <> 0"
                   " ORDER BY 1, 2, 3")  # fmt: skip
    async with session_on(moved.settings.database_url) as session:
        verdict = await verify(session, Seals(SECRET))
        assert verdict.intact
        assert verdict.entries > 0
        kept = (await session.execute(tallied)).all()
        await session.execute(text("SELECT recount_applications()"))
        assert (await session.execute(tallied)).all() == kept
        assert moved.rows[-1]["journal_outbox"] == 0
        customers = await session.execute(
            select(CustomerApplication.id, CustomerApplication.customer_id).where(
                CustomerApplication.id.in_([old_id("approved"), old_id("second")])
            )
        )
        assert len({customer for _, customer in customers}) == 1
        without = select(func.count()).where(CustomerApplication.customer_id.is_(None))
        assert await session.scalar(without) == 0


async def test_what_the_old_service_said_is_on_record_and_numbers_are_sealed(moved: Moved) -> None:
    fact = text("SELECT facts FROM journal_entries WHERE kind = 'ApplicationMovedIn' AND application_id = :id")
    async with session_on(moved.settings.database_url) as session:
        said = (await session.scalars(fact, {"id": old_id("paid_out")})).one()
        assert (said["stage"], said["old"]["status"], said["old"]["workflow_status"]) == (
            "DISBURSED",
            "approved",
            "APPROVED",
        )
        assert said["moments"]["approved_at"].startswith("2025-09-05")
        assert said["people"]["approved_by"] == str(old_id("maly"))
        for table, column in (
            ("customer_applications", "id_number"),
            ("customer_applications", "phone"),
            ("customer_identities", "id_number"),
            ("journal_entries", "convert_to(facts::text, 'UTF8')"),
        ):
            for number in (RETURNING["id_number"], RETURNING["phone"]):
                readable = text(f"SELECT count(*) FROM {table} WHERE position(convert_to(:n, 'UTF8') IN {column}) > 0")
                assert await session.scalar(readable, {"n": number}) == 0


async def loan(client: AsyncClient, name: str, person: dict[str, str]) -> dict[str, Any]:
    answer = await client.get(f"{URL_}/{old_id(name)}", headers=person)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_people_sign_in_with_their_passwords_and_go_on_where_they_were(client: AsyncClient) -> None:
    dara = await sign_in(client, "dara")
    listed = (await client.get(URL_, headers=dara)).json()
    assert {UUID(item["id"]) for item in listed["items"]} - {old_id("since")} == {
        old_id(name)
        for name in (
            "draft",
            "submitted",
            "counter",
            "review",
            "approved",
            "second",
            "rejected",
            "running",
            "paid_out",
            "fresh",
            "odd_draft",
        )
    }
    draft = await loan(client, "draft", dara)
    assert (draft["workflow_status"], draft["guarantor_name"], draft["sex"]) == ("PO_CREATED", "ជា រតនា", "female")
    assert draft["collaterals"][1] == {"description": "a motorbike"}
    sent = await client.post(f"{URL_}/{old_id('draft')}/actions/submit", json={}, headers=dara)
    assert (sent.status_code, sent.json()["workflow_status"]) == (200, "USER_COMPLETED"), sent.text

    tola = await sign_in(client, "tola")
    begun = await client.post(f"{URL_}/{old_id('submitted')}/actions/start", json={}, headers=tola)
    assert begun.status_code == 200, begun.text

    maly = await sign_in(client, "maly")
    decided = await client.post(f"{URL_}/{old_id('review')}/actions/approve", json={}, headers=maly)
    assert (decided.status_code, decided.json()["workflow_status"]) == (200, "APPROVED"), decided.text
    tasks = (await client.get("/api/v1/tasks?queue=team", headers=maly)).json()
    assert str(old_id("counter")) in {task["application_id"] for task in tasks["items"]}


async def test_papers_lie_in_their_folders_and_can_be_read(client: AsyncClient) -> None:
    dara = await sign_in(client, "dara")
    papers = (await client.get(f"/api/v1/files?application_id={old_id('draft')}", headers=dara)).json()["items"]
    assert {paper["id"]: paper["folder_id"] for paper in papers} == {
        str(old_id("agreement")): str(old_id("Papers")),
        str(old_id("portrait")): None,
    }
    for name, content in (("agreement", AGREEMENT), ("portrait", b"\xff\xd8")):
        link = (await client.get(f"/api/v1/files/{old_id(name)}/download", headers=dara)).json()["url"]
        assert (await client.get(link)).content.startswith(content)
    (selfie,) = (await client.get("/api/v1/selfies", headers=dara)).json()["items"]
    assert (selfie["status"], selfie["validated_by"]) == ("valid", str(old_id("maly")))
    looked_after = await client.get(f"{URL_}/{old_id('draft')}", headers=dara)
    assert {each["assignment_role"] for each in looked_after.json()["employee_assignments"]} == {
        "primary_officer",
        "field_officer",
    }
    settings = await client.get("/api/v1/settings/public", headers=dara)
    assert settings.json()["company_name"] == "Old House"


async def test_what_was_decided_stands_as_it_stood(client: AsyncClient) -> None:
    maly = await sign_in(client, "maly")
    approved = await loan(client, "approved", maly)
    assert approved["approved_at"].startswith("2025-09-05")
    assert approved["approved_by"] == str(old_id("maly"))
    assert (approved["requested_amount"], approved["approved_amount"]) == (1500.5, 1200.0)
    rejected = await loan(client, "rejected", maly)
    assert (rejected["workflow_status"], rejected["rejection_reason"]) == ("REJECTED", "Income not shown.")
    assert (rejected["rejected_by"], rejected["rejected_at"][:10]) == (str(old_id("maly")), "2025-09-06")
    for name in ("paid_out", "running"):
        assert (await loan(client, name, maly))["workflow_status"] == "DISBURSED"
    history = await client.get(f"{URL_}/{old_id('approved')}/workflow/history", headers=maly)
    passed = [(each["from_status"], each["to_status"], each["actor_name"], each["at"][:10]) for each in history.json()]
    assert passed == [
        ("PO_CREATED", "USER_COMPLETED", "Dara Sok", "2025-09-03"),
        ("USER_COMPLETED", "TELLER_PROCESSING", "Tola Sok", "2025-09-04"),
        ("TELLER_PROCESSING", "APPROVED", "Maly Sok", "2025-09-05"),
    ]
    for name in ("approved", "rejected", "paid_out", "counter"):
        actions = await client.get(f"{URL_}/{old_id(name)}/actions", headers=maly)
        assert actions.status_code == 200, actions.text


async def test_an_approval_that_holds_is_paid_out_here_or_taken_back(client: AsyncClient) -> None:
    dara, tola, maly = [await sign_in(client, name) for name in ("dara", "tola", "maly")]
    actions = (await client.get(f"{URL_}/{old_id('fresh')}/actions", headers=maly)).json()
    assert next(action for action in actions if action["action"] == "undo_approval")["allowed"]
    asked = await client.post(f"{URL_}/{old_id('fresh')}/disbursement-requests", headers=dara)
    assert asked.status_code == 200, asked.text
    paid = {"amount": 1500.5, "currency": "USD", "paid_on": str(datetime.now(PHNOM_PENH).date()), "reference": "TRX-77"}
    confirmed = await client.post(
        f"/api/v1/disbursement-requests/{asked.json()['id']}/confirm", json=paid, headers=tola
    )
    assert confirmed.status_code in {200, 201}, confirmed.text
    assert (await loan(client, "fresh", dara))["workflow_status"] == "DISBURSED"


async def test_accounts_that_could_harm_cannot_sign_in(moved: Moved) -> None:
    async with session_on(moved.settings.database_url) as session:
        accounts = {
            row.id: row
            for row in await session.execute(
                text("SELECT id, username, role, status, branch_id, employee_id FROM users")
            )
        }
    standing = {
        name: (accounts[old_id(name)].role, accounts[old_id(name)].status)
        for name in ("dara", "admin", "Maly2", "astrologer", "md5", "gone")
    }
    assert standing == {
        "dara": ("officer", "active"),
        "admin": ("admin", "archived"),
        "Maly2": ("officer", "archived"),
        "astrologer": ("viewer", "active"),
        "md5": ("officer", "pending"),
        "gone": ("officer", "archived"),
    }
    assert accounts[old_id("maly")].employee_id == "0007"


async def test_who_leads_whom_is_known_by_their_employees(moved: Moved) -> None:
    led = text(
        "SELECT b.manager_id, d.manager_id, u.line_manager_id FROM branches b, departments d, users u"
        " WHERE b.code = 'PP01' AND d.code = 'CR' AND u.username = 'dara'"
    )
    async with session_on(moved.settings.database_url) as session:
        assert (await session.execute(led)).one() == (old_id("maly"), old_id("maly"), old_id("E7"))


def test_the_first_release_moves_as_well(server: URL, copy_database: Callable[[], URL], tmp_path: Path) -> None:
    settings, old = settings_for(copy_database()), empty_database_on(server)
    asyncio.run(open_old_service(old, FIRST, FIRST_BOOK))
    _, report = move(settings, old, tmp_path, "--write")
    parts = report["parts"]
    assert {table: part["taken"] for table, part in parts.items() if part["read"]} == {
        "branches": 1,
        "users": 2,
        "customer_applications": 3,
    }
    assert parts["customer_applications"]["mended"] == {
        "the term is no number of months, and is left out": [str(old_id("first_approved"))]
    }


def test_another_database_is_no_old_service(moved: Moved, server: URL) -> None:
    for url, word in (
        (empty_database_on(server), "is it the right one"),
        (moved.settings.database_url, "has a journal"),
    ):
        ran = CliRunner(env={"DATABASE_URL": address(moved.settings.database_url), "SECRET_KEY": SECRET}).invoke(
            house, ["move-from", address(url)]
        )
        assert (ran.exit_code, word in ran.output) == (1, True), ran.output


def test_what_was_written_there_since_comes_with_the_next_move(moved: Moved) -> None:
    new = {"customer_applications": [LAST_BOOK["customer_applications"][0] | {"id": old_id("since"), **RETURNING}]}
    asyncio.run(open_old_service(moved.old, "SELECT 1", new))
    _, report = move(moved.settings, moved.old, moved.folder, "--write")
    assert {table: part["taken"] for table, part in report["parts"].items() if part["taken"]} == {
        "customer_applications": 1
    }
    assert report["figures"]["customers written down"] == 0


def test_whoever_asks_what_would_come_has_their_database_left_as_it_is(server: URL) -> None:
    """A database without tables, or of an older release, is not migrated for it."""
    new, old = empty_database_on(server), empty_database_on(server)
    asyncio.run(open_old_service(old, LAST, LAST_BOOK))
    environ = {"DATABASE_URL": address(new), "SECRET_KEY": SECRET}
    asked = CliRunner(env=environ).invoke(house, ["move-from", address(old)])
    assert (asked.exit_code, "run alembic upgrade head first" in asked.output) == (1, True)
    assert asyncio.run(rows_of(new)) == {}
