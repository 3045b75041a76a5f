"""Matrices over HTTP: drafted, published, never changed again, and looked up."""

from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import BM, COMMITTEE, MATRICES, RM, STRICT, Give, Publish
from tests.lending.vectors.matrices import CASES, document


async def test_a_new_installation_has_one_stage_for_any_amount(client: AsyncClient, admin: Person) -> None:
    current = (await client.get(f"{MATRICES}/current", headers=admin.headers)).json()
    (rule,) = current["document"]["rules"]
    assert (current["number"], current["is_current"], current["document"]["needs_limit"]) == (1, True, False)
    assert [(stage["role"], stage["scope"], stage["quorum"]) for stage in rule["stages"]] == [("manager", "branch", 1)]


@pytest.mark.parametrize("vector", CASES, ids=lambda vector: vector["id"])
async def test_the_vectors_over_http(client: AsyncClient, admin: Person, vector: dict[str, Any]) -> None:
    drafted = await client.post(MATRICES, json={"name": "Vectors"} | document(), headers=admin.headers)
    assert drafted.status_code == 201, drafted.text
    case = {
        "amount": float(vector["amount"]),
        "currency": vector["currency"],
        "risk": vector["risk"].lower(),
        "exposure": float(vector["existing_exposure_usd"]),
        "exceptions": vector["policy_exceptions"],
        "khr_per_usd": 4100,
        "matrix_id": drafted.json()["id"],
    }
    answer = await client.post(f"{MATRICES}/simulate", json=case, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    path = answer.json()
    assert (path["rule_priority"], path["basis_amount"]) == (
        vector["rule_priority"],
        float(vector["basis_amount_usd"]),
    )
    assert [f"{stage['code']}x{stage['quorum']}" for stage in path["stages"]] == vector["stages"]


async def test_the_rate_of_the_settings_is_taken_where_none_is_given(
    client: AsyncClient, admin: Person, publish: Publish
) -> None:
    await publish()
    setting = {"category": "lending", "key": "khr_per_usd", "value": 4000}
    assert (await client.post("/api/v1/settings", json=setting, headers=admin.headers)).status_code == 201
    for amount, stages in ((4_000_000, ["BM"]), (4_000_100, ["BM", "RM"])):
        wish = {"amount": amount, "currency": "KHR"}
        path = (await client.post(f"{MATRICES}/simulate", json=wish, headers=admin.headers)).json()
        assert ([stage["code"] for stage in path["stages"]], path["khr_per_usd"]) == (stages, 4000)


async def test_a_matrix_can_name_the_highest_risk_a_score_knows(
    client: AsyncClient, admin: Person, publish: Publish
) -> None:
    rules = [{"priority": 1, "when": {"risks": ["very_high"]}, "stages": [BM, RM]}, {"priority": 2, "stages": [BM]}]
    await publish(rules=rules)
    for risk, stages in (("very_high", ["BM", "RM"]), ("high", ["BM"])):
        path = await client.post(f"{MATRICES}/simulate", json={"amount": 500, "risk": risk}, headers=admin.headers)
        assert [stage["code"] for stage in path.json()["stages"]] == stages


async def test_a_matrix_with_a_gap_is_not_published(client: AsyncClient, admin: Person) -> None:
    rules = [{"priority": 1, "when": {"max_amount": 1000}, "stages": [BM]}]
    drafted = (await client.post(MATRICES, json=STRICT | {"rules": rules}, headers=admin.headers)).json()
    refused = await client.post(f"{MATRICES}/{drafted['id']}/publish", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "CoverageGap")
    looked_up = {"amount": 2000, "matrix_id": drafted["id"]}
    nowhere = await client.post(f"{MATRICES}/simulate", json=looked_up, headers=admin.headers)
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "NoPath")
    mended = [*rules, {"priority": 2, "stages": [BM, RM]}]
    changed = await client.put(f"{MATRICES}/{drafted['id']}", json={"rules": mended}, headers=admin.headers)
    assert changed.status_code == 200, changed.text
    published = await client.post(f"{MATRICES}/{drafted['id']}/publish", headers=admin.headers)
    assert (published.status_code, published.json()["status"]) == (200, "published")


async def test_a_matrix_that_waits_for_a_role_that_nobody_can_have_is_not_published(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, give: Give
) -> None:
    rules = [{"priority": 1, "stages": [BM, RM | {"role": "regional_manger"}]}]
    surcharges = [{"stage": COMMITTEE}]
    drafted = await client.post(
        MATRICES, json=STRICT | {"rules": rules, "surcharges": surcharges}, headers=admin.headers
    )
    url = f"{MATRICES}/{drafted.json()['id']}"
    refused = await client.post(f"{url}/publish", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NobodyDecides"), refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [
        "rules[0].stages[1].role",
        "surcharges[0].stage.role",
    ]
    mended = [{"priority": 1, "stages": [BM, RM]}]
    assert (await client.put(url, json={"rules": mended}, headers=admin.headers)).status_code == 200
    refused = await client.post(f"{url}/publish", headers=admin.headers)
    assert [error["field"] for error in refused.json()["errors"]] == ["surcharges[0].stage.role"]
    assert "credit_committee" in refused.json()["detail"]
    await give(await sign_in("officer"), "credit_committee")
    assert (await client.post(f"{url}/publish", headers=admin.headers)).status_code == 200


async def test_a_matrix_that_waits_for_a_role_out_of_use_is_not_published(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    drafted = await client.post(MATRICES, json=STRICT, headers=admin.headers)
    unused = update(CompanyRole).where(CompanyRole.name == "regional_manager").values(is_active=False)
    await session.execute(unused)
    await session.commit()
    refused = await client.post(f"{MATRICES}/{drafted.json()['id']}/publish", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NobodyDecides"), refused.text


async def test_a_matrix_whose_rule_is_for_no_loan_is_not_published(
    client: AsyncClient, admin: Person, branch: Branch
) -> None:
    when = {"branches": [str(branch.id), str(uuid4())], "products": ["monthly_loan", "harvst_loan"]}
    rules = [{"priority": 1, "when": when, "stages": [BM, RM]}, {"priority": 2, "stages": [BM]}]
    drafted = await client.post(MATRICES, json=STRICT | {"rules": rules}, headers=admin.headers)
    url = f"{MATRICES}/{drafted.json()['id']}"
    refused = await client.post(f"{url}/publish", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchLoans"), refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [
        "rules[0].when.branches",
        "rules[0].when.products",
    ]
    assert "harvst_loan" in refused.json()["detail"]
    rules[0]["when"] = {"branches": [str(branch.id)], "products": ["monthly_loan"]}
    assert (await client.put(url, json={"rules": rules}, headers=admin.headers)).status_code == 200
    assert (await client.post(f"{url}/publish", headers=admin.headers)).status_code == 200


async def test_a_matrix_that_contradicts_itself_is_not_written_down(client: AsyncClient, admin: Person) -> None:
    refused = await client.post(
        MATRICES, json=STRICT | {"rules": [{"priority": 1, "stages": [BM, BM]}]}, headers=admin.headers
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "BadMatrix")


async def test_a_published_matrix_never_changes(
    client: AsyncClient, session: AsyncSession, admin: Person, publish: Publish
) -> None:
    matrix = await publish()
    for method, path, body in (("PUT", "", {"name": "Other"}), ("POST", "/publish", None)):
        refused = await client.request(method, f"{MATRICES}/{matrix['id']}{path}", json=body, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "AlreadyPublished")
    for statement in ("UPDATE approval_matrices SET name = 'Other' WHERE number = 2", "DELETE FROM approval_matrices"):
        with pytest.raises(DBAPIError, match="does not change"):
            async with session.begin_nested():
                await session.execute(text(statement))


async def test_the_newest_published_one_is_current(client: AsyncClient, admin: Person, publish: Publish) -> None:
    first, second = await publish(), await publish(BM)
    listed = (await client.get(MATRICES, headers=admin.headers)).json()
    assert [(row["id"], row["is_current"]) for row in listed["items"][:2]] == [
        (second["id"], True),
        (first["id"], False),
    ]
    assert listed["total"] == 3


async def test_matrices_are_for_those_who_run_the_house_and_read_by_those_who_decide(
    client: AsyncClient, sign_in: SignIn
) -> None:
    manager, officer = await sign_in("manager"), await sign_in("officer")
    assert (await client.get(MATRICES, headers=manager.headers)).status_code == 200
    assert (await client.post(MATRICES, json=STRICT, headers=manager.headers)).status_code == 403
    assert (await client.get(MATRICES, headers=officer.headers)).status_code == 403


async def test_a_matrix_that_is_not_there_is_missing(client: AsyncClient, admin: Person) -> None:
    nowhere = str(uuid4())
    for answer in (
        await client.get(f"{MATRICES}/{nowhere}", headers=admin.headers),
        await client.post(f"{MATRICES}/{nowhere}/publish", headers=admin.headers),
        await client.post(f"{MATRICES}/simulate", json={"amount": 1, "matrix_id": nowhere}, headers=admin.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")


async def test_the_page_of_the_matrix_says_at_which_stages_nobody_may_decide(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, branch: Branch, north: Branch,
    publish: Publish, give: Give,
) -> None:  # fmt: skip
    async def vacant() -> dict[str, Any]:
        listed = (await client.get(f"{MATRICES}/current/vacancies", headers=admin.headers)).json()["items"]
        return {row["code"]: [(place["code"], place["people"]) for place in row["branches"]] for row in listed}

    manager = await sign_in("manager", branch_id=branch.id)
    assert await vacant() == {"MANAGER": [("KPT01", 0), ("SRP01", 0)]}
    only_here = {"priority": 1, "when": {"branches": [str(branch.id)]}, "stages": [BM, COMMITTEE]}
    await publish(rules=[only_here, {"priority": 2, "stages": [RM]}])
    assert await vacant() == {"CC": [("PP01", 0)], "RM": [("KPT01", 0), ("PP01", 0), ("SRP01", 0)]}
    await give(manager, "credit_committee")
    await give(await sign_in("regional_manager"), "regional_manager", reach="region", region="North")
    assert await vacant() == {"CC": [("PP01", 1)], "RM": [("KPT01", 0), ("PP01", 0)]}
    manager.user.status = UserStatus.INACTIVE
    await session.commit()
    assert await vacant() == {"BM": [("PP01", 0)], "CC": [("PP01", 0)], "RM": [("KPT01", 0), ("PP01", 0)]}


async def test_who_has_no_limit_on_record_counts_for_nobody_where_the_matrix_asks_for_one(
    client: AsyncClient, admin: Person, sign_in: SignIn, branch: Branch, publish: Publish, give: Give
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    await publish(BM, needs_limit=True)
    (vacancy,) = (await client.get(f"{MATRICES}/current/vacancies", headers=admin.headers)).json()["items"]
    assert (vacancy["code"], vacancy["everywhere"], vacancy["branches"][0]["people"]) == ("BM", True, 0)
    await give(manager, "manager", reach="branch", branch_id=str(branch.id), limits={"USD": 500})
    assert (await client.get(f"{MATRICES}/current/vacancies", headers=admin.headers)).json()["items"] == []
