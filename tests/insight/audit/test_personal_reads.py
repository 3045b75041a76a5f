"""Who was shown whose numbers is on record, is found there, and stays there."""

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.lending.steps import Draft

URL = "/api/v1/audit/personal-reads"


async def test_an_auditor_finds_who_read_whose_numbers(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id, first_name="Bopha", last_name="Keo")
    drafted = await draft(officer)
    await client.get(f"/api/v1/applications/{drafted['id']}", headers=officer.headers)
    await client.get("/api/v1/applications", headers=officer.headers)
    auditor = await sign_in("auditor")

    of_one = await client.get(f"{URL}?subject_id={drafted['id']}", headers=auditor.headers)
    listed = await client.get(f"{URL}?reader_id={officer.user.id}&subject=application", headers=auditor.headers)
    before = await client.get(f"{URL}?date_to=2020-01-01", headers=auditor.headers)

    newest = of_one.json()["items"][0]
    assert (newest["reader"]["name"], newest["subject"], newest["how_many"]) == ("Bopha Keo", "application", 1)
    assert newest["request_id"]
    assert None in {read["subject_id"] for read in listed.json()["items"]}, "a list says how many, not whose"
    assert before.json()["total"] == 0


async def test_readings_are_found_by_who_read_whose_and_what(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    readers = [await sign_in("officer", branch_id=branch.id) for _ in range(2)]
    one, other = [await draft(readers[0], id_number=number) for number in ("010234567", "010234568")]
    for reader, drafted in ((readers[0], one), (readers[1], one), (readers[1], other)):
        await client.get(f"/api/v1/applications/{drafted['id']}", headers=reader.headers)
    auditor = await sign_in("auditor")

    async def found(**wanted: str) -> list[tuple[str, str]]:
        page = (await client.get(URL, params=wanted, headers=auditor.headers)).json()
        return [(read["reader"]["id"], read["subject_id"]) for read in page["items"]]

    first, second = (str(reader.user.id) for reader in readers)
    of_one = await found(subject_id=one["id"])
    assert set(of_one) == {(first, one["id"]), (second, one["id"])}
    assert set(await found(reader_id=second)) == {(second, one["id"]), (second, other["id"])}
    assert await found(reader_id=second, subject="customer") == []
    assert await found(reader_id=second, date_from="2026-11-25") == []
    short = await client.get(URL, params={"subject_id": one["id"], "size": 1}, headers=auditor.headers)
    assert (len(short.json()["items"]), short.json()["total"]) == (1, len(of_one))


async def test_a_manager_finds_the_readers_of_their_branch_and_an_officer_nobody(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, other_branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    drafted = await draft(officer)
    await client.get(f"/api/v1/applications/{drafted['id']}", headers=officer.headers)
    found = {}
    for name, place in (("near", branch), ("far", other_branch)):
        manager = await sign_in("manager", branch_id=place.id)
        page = await client.get(f"{URL}?reader_id={officer.user.id}", headers=manager.headers)
        found[name] = page.json()["total"] > 0
    assert found == {"near": True, "far": False}
    assert (await client.get(URL, headers=officer.headers)).status_code == 403


@pytest.mark.parametrize(
    "attempt", ["UPDATE personal_reads SET how_many = 0", "DELETE FROM personal_reads", "TRUNCATE personal_reads"]
)
async def test_nobody_takes_their_reading_back(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, attempt: str
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    drafted = await draft(officer)
    await client.get(f"/api/v1/applications/{drafted['id']}", headers=officer.headers)
    with pytest.raises(DBAPIError):
        await session.execute(text(attempt))
