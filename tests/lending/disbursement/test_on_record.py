"""What an auditor is given of how a loan was paid."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.platform.http import csv
from lc_workflow.platform.jobs import Workplace
from tests.conftest import SignIn
from tests.lending.disbursement.conftest import PAID, Office
from tests.lending.disbursement.payer import Payer
from tests.lending.steps import URL


async def payments(office: Office) -> list[dict[str, Any]]:
    manager = office.people["manager"].headers
    dossier = await office.client.get(f"{URL}/{office.loan['id']}/dossier", headers=manager)
    assert dossier.status_code == 200, dossier.text
    told: list[dict[str, Any]] = dossier.json()["content"]["payments"]
    return told


async def test_the_dossier_tells_of_each_payment_who_asked_what_was_ordered_and_how_it_ended(
    office: Office, payer: Payer, at_the_payer: Workplace
) -> None:
    assert await payments(office) == []
    first = (await office.ask()).json()
    await office.close(first, "fail", "manager", reason="The account was closed")
    second = (await office.ask("teller")).json()
    await HAND_OVER.do(at_the_payer, {"request_id": second["id"]})
    confirmed = await office.close(second, "confirm", "manager", **PAID)
    failed, paid = sorted(await payments(office), key=lambda payment: payment["id"] != first["id"])
    names = {who: f"{person.user.first_name} {person.user.last_name}" for who, person in office.people.items()}
    assert (failed["id"], failed["status"], failed["failure_reason"]) == (
        first["id"], "failed", "The account was closed",
    )  # fmt: skip
    assert (failed["closed_by_name"], failed["handed_over_at"], failed["paid_on"]) == (names["manager"], None, None)
    ids = {"application_id", "requested_by", "closed_by"}
    said = {name: value for name, value in confirmed.json().items() if name not in ids}
    assert paid == said | {"requested_by_name": names["teller"], "closed_by_name": names["manager"]}
    assert (paid["status"], paid["external_reference"], paid["paid_on"]) == ("confirmed", "PAY-1", "2026-11-24")


@pytest.mark.parametrize(
    ("known", "ends_on"),
    [({}, "2027-11-24"), ({"product_version_id": None}, "2026-12-01")],
    ids=["its last installment", "nobody knows how it is repaid"],
)
async def test_a_loan_ends_with_its_last_installment_and_not_when_somebody_had_thought(
    office: Office, session: AsyncSession, known: dict[str, Any], ends_on: str
) -> None:
    thought = {"loan_start_date": date(2026, 6, 1), "loan_end_date": date(2026, 12, 1)}
    await session.execute(update(CustomerApplication).values(thought | known))
    await session.commit()
    await office.close((await office.ask()).json(), "confirm", **PAID)
    shown = await office.client.get(f"{URL}/{office.loan['id']}", headers=office.people["officer"].headers)
    assert (shown.json()["loan_start_date"], shown.json()["loan_end_date"]) == ("2026-11-24", ends_on)


async def test_the_export_says_on_which_day_a_loan_was_paid_and_not_when_it_was_meant_to_be(
    office: Office, session: AsyncSession
) -> None:
    async def exported() -> str | None:
        path = f"{URL}/export/csv"
        answer = await office.client.get(path, headers=office.people["manager"].headers)
        (line,) = csv.read(BytesIO(answer.content)).lines
        return dict(line.cells).get("paid_on")

    await session.execute(update(CustomerApplication).values(loan_start_date=date(2026, 11, 1)))
    await session.commit()
    assert await exported() is None
    request = (await office.ask()).json()
    assert await exported() is None
    await office.close(request, "confirm", **PAID)
    assert await exported() == "2026-11-24"


async def test_whoever_is_refused_a_hand_in_a_payment_is_seen_by_whoever_sees_to_security(
    office: Office, sign_in: SignIn
) -> None:
    request, manager = (await office.ask("manager")).json(), office.people["manager"].user
    tries = {
        "NotPermitted": await office.close(request, "fail", "officer", reason="Not yet"),
        "SodRequester": await office.close(request, "confirm", "manager", **PAID),
    }
    assert {code: answer.status_code for code, answer in tries.items()} == dict.fromkeys(tries, 403)
    await office.close(request, "confirm", "teller", **PAID | {"amount": 1})
    number = {"phone_number": office.loan["phone"]}
    asked = await office.client.patch(
        f"/api/v1/users/{manager.id}", json=number, headers=(await sign_in("admin")).headers
    )
    assert asked.status_code == 200, asked.text
    tries["SodParty"] = await office.ask("manager")
    auditor = await sign_in("auditor")
    found = (await office.client.get("/api/v1/security/alerts", headers=auditor.headers)).json()["items"]
    refused = [alert for alert in found if alert["type"] == "DecisionRefused"]
    assert {alert["description"].rpartition(" ")[2] for alert in refused} == tries.keys()
    assert {alert["request_id"] for alert in refused} == {answer.json()["request_id"] for answer in tries.values()}
    assert {alert["application_id"] for alert in refused} == {office.loan["id"]}
