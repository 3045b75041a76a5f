"""Figures of lending, beside a plain recount of what people did."""

from collections import Counter
from csv import DictReader
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from random import Random
from typing import Any
from zipfile import ZipFile

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.insight.figures.schemas import Figure
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import Draft, Take
from tests.organization.factories import a_branch

V1 = "/api/v1"
STATUS = {
    "PO_CREATED": "draft", "RETURNED": "draft", "USER_COMPLETED": "submitted", "TELLER_PROCESSING": "under_review",
    "MANAGER_REVIEW": "under_review", "APPROVED": "approved", "REJECTED": "rejected", "WITHDRAWN": "rejected",
}  # fmt: skip
WAYS: dict[str, list[tuple[str, str]]] = {
    "PO_CREATED": [("submit", "USER_COMPLETED")],
    "USER_COMPLETED": [("start", "TELLER_PROCESSING"), ("withdraw", "WITHDRAWN")],
    "TELLER_PROCESSING": [("send_to_review", "MANAGER_REVIEW"), ("return", "RETURNED")],
    "MANAGER_REVIEW": [("approve", "APPROVED"), ("reject", "REJECTED")],
    "RETURNED": [("submit", "USER_COMPLETED")],
}


@dataclass
class Loan:
    """What the test saw happen to one application."""

    branch: str
    officer: str
    stage: str = "PO_CREATED"
    came_to: set[str] = field(default_factory=lambda: {"PO_CREATED"})
    returns: list[str] = field(default_factory=list)


@dataclass
class Staff:
    """The people of one branch."""

    officer: Person
    teller: Person
    manager: Person


@pytest.mark.parametrize("seed", [2026])
async def test_the_numbers_are_those_of_a_plain_recount(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, take: Take, seed: int
) -> None:
    session.add(other := a_branch(name="Battambang 1"))
    await session.commit()
    chance, loans = Random(seed), list[Loan]()
    staff = {
        place.name: Staff(*[await sign_in(role, branch_id=place.id) for role in ("officer", "teller", "manager")])
        for place in (branch, other)
    }
    for number in range(12):
        place = chance.choice([branch, other])
        people = staff[place.name]
        drafted = await draft(people.officer, id_number=f"01023{number:04}")
        loans.append(loan := Loan(place.name, str(people.officer.user.id)))
        for _ in range(chance.randrange(7)):
            if not (ways := WAYS.get(loan.stage)):
                break
            action, target = chance.choice(ways)
            body: dict[str, Any] = {"send_to_review": {"account_id": f"0001{number:04}"}}.get(action, {})
            if action in {"return", "reject", "withdraw"}:
                body = {"reason": (reason := chance.choice(["No payslip", "No photo"]))}
                loan.returns += [reason] if action == "return" else []
            who = {"approve": people.manager, "reject": people.manager}.get(
                action, people.officer if action in {"submit", "withdraw"} else people.teller
            )
            answer = await take(who, drafted, action, **body)
            assert answer.status_code == 200, (loan, action, answer.text)
            loan.stage = target
            loan.came_to.add(target)

    assert len({loan.stage for loan in loans}) >= 5
    for person, seen in (
        (await sign_in("admin"), loans),
        (staff[branch.name].manager, [loan for loan in loans if loan.branch == branch.name]),
    ):

        async def read(path: str, person: Person = person) -> Any:
            answer = await client.get(f"{V1}{path}", headers=person.headers)
            assert answer.status_code == 200, answer.text
            return answer.json()

        by_status = Counter(STATUS[loan.stage] for loan in seen)
        counted = (await read("/dashboard/stats"))["applications"]
        assert counted == {name: by_status[name] for name in ("draft", "submitted", "under_review")} | {
            "approved": by_status["approved"],
            "rejected": by_status["rejected"],
            "pending": by_status["submitted"] + by_status["under_review"],
            "total": len(seen),
        }
        performance = await read("/dashboard/performance-metrics")
        decided = [loan for loan in seen if loan.stage in {"APPROVED", "REJECTED"}]
        assert performance["applications_processed_30d"] == len(decided)

        funnel = {row["stage"]: row["applications"] for row in (await read("/figures/funnel"))["rows"]}
        assert funnel == {stage: sum(stage in loan.came_to for loan in seen) for stage in funnel}
        branches = {row["branch"]: row for row in (await read("/figures/branches"))["rows"]}
        assert {name: row["drafted"] for name, row in branches.items()} == Counter(loan.branch for loan in seen)
        approved = Counter(loan.branch for loan in seen if loan.stage == "APPROVED")
        assert {name: row["approved"] for name, row in branches.items() if row["approved"]} == approved
        users = (await read("/figures/users"))["rows"]
        assert {row["user_id"]: row["drafted"] for row in users} == Counter(loan.officer for loan in seen)
        returns = Counter[str]()
        for row in (await read("/figures/returns"))["rows"]:
            returns[row["reason"]] += row["returns"]
        assert returns == Counter(reason for loan in seen for reason in loan.returns)
        currencies = (await read("/figures/currencies"))["rows"]
        assert sum(row["loans"] for row in currencies) == approved.total()
        approvers = (await read("/figures/exceptions"))["rows"]
        assert sum(row["approvals"] for row in approvers) == approved.total()
        left = {row["stage"]: row["left"] for row in (await read("/figures/turnaround"))["rows"]}
        assert left["PO_CREATED"] == sum("USER_COMPLETED" in loan.came_to for loan in seen)
        in_time = [row["stage"] for row in (await read("/figures/sla"))["rows"]]
        for stages in (list(left), in_time):  # as an application goes through them, and not by their letters
            assert stages == [stage for stage in Stage if stage in stages]


async def test_a_loan_granted_on_other_terms_counts_for_its_approver(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, teller, manager = [await sign_in(role, branch_id=branch.id) for role in ("officer", "teller", "manager")]
    loan = await draft(officer)
    await take(officer, loan, "submit")
    await take(teller, loan, "start")
    await take(teller, loan, "send_to_review", account_id="00012345")
    granted = await client.patch(
        f"{V1}/applications/{loan['id']}/approve", json={"approved_amount": 900}, headers=manager.headers
    )
    assert granted.json()["workflow_status"] == "APPROVED", granted.text
    currencies = (await client.get(f"{V1}/figures/currencies", headers=manager.headers)).json()["rows"]
    approvers = (await client.get(f"{V1}/figures/exceptions", headers=manager.headers)).json()["rows"]
    assert [row["loans"] for row in currencies] == [1]
    assert [row["approvals"] for row in approvers] == [1]


async def test_figures_come_as_files_and_charts(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer, manager = await sign_in("officer", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    await draft(officer)
    names = (await client.get(f"{V1}/figures", headers=manager.headers)).json()
    assert names == list(Figure)
    for name in names:
        table = (await client.get(f"{V1}/figures/{name}", headers=manager.headers)).json()
        csv = await client.get(f"{V1}/figures/{name}/file/csv", headers=manager.headers)
        reader = DictReader(StringIO(csv.content.decode("utf-8-sig")))
        assert len(list(reader)) == len(table["rows"])
        assert reader.fieldnames == table["columns"]
        xlsx = await client.get(f"{V1}/figures/{name}/file/xlsx", headers=manager.headers)
        assert "xl/worksheets/sheet1.xml" in ZipFile(BytesIO(xlsx.content)).namelist()
        chart = await client.get(f"{V1}/figures/{name}/chart", headers=manager.headers)
        assert chart.headers["content-type"].startswith("image/svg+xml")
        assert chart.text.startswith("<svg")


async def test_a_period_has_its_order_and_figures_their_names(client: AsyncClient, sign_in: SignIn) -> None:
    manager = await sign_in("manager")
    for path, status, code in (
        ("/funnel?date_from=2026-11-02&date_to=2026-11-01", 422, "PeriodReversed"),
        ("/weather", 422, None),
        ("/funnel?date_to=0001-01-01", 200, None),
        ("/funnel?date_from=9999-12-31", 200, None),
    ):
        answer = await client.get(f"{V1}/figures{path}", headers=manager.headers)
        assert answer.status_code == status, (path, answer.text)
        assert code is None or answer.json()["code"] == code
    teller = await sign_in("data_entry")
    assert (await client.get(f"{V1}/figures/funnel", headers=teller.headers)).status_code in {200, 403}
