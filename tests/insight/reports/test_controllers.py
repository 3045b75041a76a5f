"""The report of a branch and a month, read and printed."""

import os
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # it comes without
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.insight.rules.monthly import WORDS
from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.lending.dossiers.test_dossiers import check_margins, text_of
from tests.lending.steps import Draft, Take
from tests.organization.factories import a_branch
from tests.statements import sent

URL = "/api/v1/reports/branches"
NAME = "សាខាបាត់ដំបងស្រុកមោងឫស្សីឃុំគាស់ក្រឡ " * 3
REASON = "ខ្វះលិខិតបញ្ជាក់ប្រាក់បៀវត្សរ៍ និងរូបថតទីតាំងអាជីវកម្មរបស់អតិថិជន " * 3


def numbers(tables: dict[str, Any]) -> list[str]:
    """Each number of the tables as it is printed."""
    values = [value for table in tables.values() for row in table["rows"] for value in row.values()]
    return [f"{value:,}" for value in values if isinstance(value, int)]


def look(pdf: bytes, report: dict[str, Any], language: str) -> None:
    """See that a printed report says the same numbers, and that nothing runs out of its pages."""
    text = text_of(pdf)
    for wanted in (report["sha256"], "66.67 %", *numbers(report["tables"])):
        assert wanted in text, wanted
    if language == "en":  # the letters of Khmer lie in the PDF in the order in which they are drawn
        for word in ("report", "states", "funnel", "turnaround", "returns", "sla"):
            assert WORDS[word][0] in text, word
    assert check_margins(pdf) >= 2
    if folder := os.environ.get("PAGES"):  # for somebody who wants to look
        for number, page in enumerate(pypdfium2.PdfDocument(pdf)):
            page.render(scale=1.4).to_pil().save(Path(folder) / f"{language}-{number}.png")


async def test_what_a_branch_did_in_a_month_is_read_and_printed_in_english_and_khmer(
    client: AsyncClient,
    session: AsyncSession,
    engine: AsyncEngine,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    take: Take,
) -> None:
    session.add(other := a_branch(name="Battambang 1"))
    await session.execute(update(Branch).where(Branch.id == branch.id).values(name=NAME.strip()))
    await session.commit()
    officer, teller, manager = [
        await sign_in(role, branch_id=branch.id, last_name="ចាន់ធីសុភ័ក្រ") for role in ("officer", "teller", "manager")
    ]
    for number in range(4):
        currency = {"currency": "KHR", "requested_amount": 8_000_000} if number % 2 else {}
        one = await draft(officer, id_number=f"01023{number:04}", **currency)
        await take(officer, one, "submit")
        await take(teller, one, "start")
        if number == 0:
            await take(teller, one, "return", reason=REASON)
            continue
        await take(teller, one, "send_to_review", account_id=f"0001{number:04}")
        assert (await take(manager, one, "approve")).status_code == 200

    ours = f"{URL}/{branch.id}/monthly?month=2026-11"
    with sent(engine) as statements:
        report = (await client.get(ours, headers=manager.headers)).json()
    assert len([said for said, _ in statements if "SAVEPOINT" not in said]) <= 12
    tables = report["tables"]
    assert {row["stage"]: row["applications"] for row in tables["states"]["rows"]} == {"RETURNED": 1, "APPROVED": 3}
    assert (report["khr_percent_of_loans"], report["date_from"], report["date_to"]) == (
        66.67, "2026-11-01", "2026-11-30",
    )  # fmt: skip
    assert tables["returns"]["rows"][0]["returns"] == 1
    for figure, table in tables.items():
        query = f"branch_id={branch.id}&date_from=2026-11-01&date_to=2026-11-30"
        same = (await client.get(f"/api/v1/figures/{figure}?{query}", headers=manager.headers)).json()
        assert (same["columns"], same["rows"]) == (table["columns"], table["rows"]), figure

    for language in ("en", "km"):
        printed = await client.get(f"{ours}&format=pdf&language={language}", headers=manager.headers)
        assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf"), printed.text
        assert f"PP01-2026-11-{language}.pdf" in printed.headers["content-disposition"]
        look(printed.content, report, language)

    assert (await client.get(f"{URL}/{other.id}/monthly", headers=manager.headers)).status_code == 404
    assert (await client.get(f"{URL}/{other.id}/monthly", headers=officer.headers)).status_code in {403, 404}
    before = (await client.get(f"{URL}/{branch.id}/monthly", headers=manager.headers)).json()
    assert (before["month"], before["tables"]["states"]["rows"]) == ("2026-10", [])
    empty = await client.get(f"{URL}/{branch.id}/monthly?format=pdf", headers=manager.headers)
    assert WORDS["nothing"][0] in text_of(empty.content)
    for query in ("month=2026-13", "month=x", "month=2026-10%0A", "format=doc", "language=fr"):
        refused = await client.get(f"{URL}/{branch.id}/monthly?{query}", headers=manager.headers)
        assert refused.status_code == 422
        assert "month" not in query or "like 2026-10" in refused.json()["detail"]
