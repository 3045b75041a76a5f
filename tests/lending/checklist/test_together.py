"""Colleagues look at the papers of one loan at the same moment: nobody's finding gets in another's way."""

from collections.abc import Sequence

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.rules.stages import Stage
from tests.documents.library.conftest import FILES, JPEG
from tests.journey.town import Town, sign_in
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.servers.databases import all_at_once


async def test_what_two_find_about_one_paper_at_that_moment_is_written_down_one_after_the_other(
    houses: Sequence[AsyncClient], town: Town, town_engine: AsyncEngine
) -> None:
    async with AsyncSession(town_engine, expire_on_commit=False) as rows, rows.begin():
        rows.add(
            loan := an_application(town.officer_id, branch_id=town.branch_id, workflow_status=Stage.TELLER_PROCESSING)
        )
    brought = await houses[0].post(
        f"{FILES}/upload",
        files={"file": ("title.jpg", JPEG, "application/octet-stream")},
        data={"application_id": str(loan.id), "document_type": "land_title"},
        headers=await sign_in(houses[0], "officer"),
    )
    paper = f"{URL}/{loan.id}/checklist/papers/{brought.json()['id']}/verification"
    findings = ({"verdict": "accepted"}, {"verdict": "refused", "note": "The seal is missing."})
    people = [await sign_in(house, who) for house, who in zip(houses, ("teller", "manager"), strict=True)]
    found = await all_at_once(
        town_engine,
        "paper_checks",
        *(
            house.post(paper, json=finding, headers=who)
            for house, finding, who in zip(houses, findings, people, strict=True)
        ),
    )
    assert [answer.status_code for answer in found] == [200, 200], [answer.text for answer in found]
