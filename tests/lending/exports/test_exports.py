"""Applications as files: what the list shows, in a form that spreadsheets show and do not run."""

from collections.abc import Awaitable, Callable
from datetime import date
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.exports import queries
from lc_workflow.lending.exports.queries import HEADER
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.http import csv
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.lending.steps import URL, Draft

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


async def exported(client: AsyncClient, person: Person, query: str = "") -> list[dict[str, str]]:
    answer = await client.get(f"{URL}/export/csv?{query}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(csv.BOM)
    return [dict(line.cells) for line in csv.read(BytesIO(answer.content)).lines]


async def test_a_manager_exports_the_applications_of_the_branch(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    officer: Person,
    manager: Person,
    draft: Draft,
    announced: Callable[[], Awaitable[Any]],
    other_branch: Branch,
) -> None:
    await draft(await sign_in("officer", branch_id=other_branch.id), id_number="7", phone="")
    await draft(
        officer, guarantor_name="KEO BOPHA", collaterals=[{"value": 900}, {"value": 100.5}], purpose_details="=1+1"
    )
    await draft(officer, requested_amount=9000)
    rows = await exported(client, manager)
    assert [row["requested_amount"] for row in rows] == ["9000.00", "1500.50"] or len(rows) == 2
    row = next(row for row in rows if row["requested_amount"] == "1500.50")
    assert (row["full_name_khmer"], row["branch_code"], row["status"]) == ("សុខ ចាន់ធី", branch.code, "draft")
    assert (row["guarantor_name"], row["collateral_value"]) == ("KEO BOPHA", "1000.50")
    assert (row["phone"], row["id_number"], row["loan_purposes"]) == ("+85512345678", "010234567", "commerce")
    assert [row["requested_amount"] for row in await exported(client, manager, "amount_min=2000")] == ["9000.00"]
    assert await exported(client, manager, "search=nobody") == []
    assert len(await exported(client, await sign_in("auditor"))) == 3
    assert (await announced()).count("ApplicationsExported") == 4
    told = select(JournalEntry.facts).where(JournalEntry.kind == "ApplicationsExported").order_by(JournalEntry.number)
    assert [facts["rows"] for facts in await session.scalars(told)] == [2, 1, 0, 3]


async def test_riel_and_dollars_that_are_pledged_are_not_added_up(
    client: AsyncClient, officer: Person, manager: Person, draft: Draft
) -> None:
    land, motorbike = {"value": 900, "currency": "USD"}, {"value": 6_000_000, "currency": "KHR"}
    for pledged in ([land, motorbike], [land, {"value": 100}], [motorbike]):
        await draft(officer, collaterals=pledged, id_number="")
    columns = ("collateral_value", "collateral_value_other_currency")
    told = {tuple(map(row.get, columns)) for row in await exported(client, manager)}
    assert told == {("900.00", "6000000.00"), ("1000.00", None), (None, "6000000.00")}


async def test_a_spreadsheet_runs_nothing(client: AsyncClient, officer: Person, manager: Person, draft: Draft) -> None:
    await draft(officer, purpose_details='=HYPERLINK("http://evil")', occupation="@SUM(1)", full_name_latin="-2+3")
    content = (await client.get(f"{URL}/export/csv", headers=manager.headers)).content.decode()
    for formula in ('"\'=HYPERLINK(""http://evil"")"', ",'@SUM(1),", ",'-2+3,"):
        assert formula in content


async def test_more_than_a_batch_is_exported_without_a_gap(
    client: AsyncClient,
    session: AsyncSession,
    branch: Branch,
    officer: Person,
    manager: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "BATCH", 3)
    rows = [an_application(officer.user.id, branch_id=branch.id) for _ in range(10)]
    session.add_all(rows)
    await session.commit()
    assert sorted(row["id"] for row in await exported(client, manager)) == sorted(str(row.id) for row in rows)


async def test_a_workbook_holds_khmer_numbers_and_no_formula(
    client: AsyncClient, officer: Person, manager: Person, draft: Draft
) -> None:
    await draft(officer, purpose_details="=1+1")
    answer = await client.get(f"{URL}/export/xlsx", headers=manager.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="applications-2026-11-24.xlsx"')
    with ZipFile(BytesIO(answer.content)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    header, row = [
        [cell.findtext(f"{CELL}v") or "".join(cell.itertext()) for cell in line.iter(f"{CELL}c")]
        for line in sheet.iter(f"{CELL}row")
    ]
    assert tuple(header) == HEADER
    assert {"សុខ ចាន់ធី", "1500.50", "=1+1"} <= set(row)
    noon_at_the_branch = (date(2026, 11, 24) - date(1899, 12, 30)).days + 0.5  # a cell knows no zones
    assert float(row[-2]) == float(row[-1]) == noon_at_the_branch
    assert not list(sheet.iter(f"{CELL}f"))


async def test_who_may_not_export_is_told_so(client: AsyncClient, officer: Person, manager: Person) -> None:
    for form in ("csv", "xlsx"):
        refused = await client.get(f"{URL}/export/{form}", headers=officer.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "NotPermitted")
        for amount in ("much", "-1"):
            unclear = await client.get(f"{URL}/export/{form}?amount_min={amount}", headers=manager.headers)
            assert (unclear.status_code, unclear.json()["errors"][0]["field"]) == (422, "amount_min")
