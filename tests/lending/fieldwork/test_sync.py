"""An officer was in a village without a network for a day, and sends what was done there: in one go, and twice."""

from dataclasses import replace
from datetime import timedelta
from json import dumps
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.comments.models import Comment
from lc_workflow.lending.fieldwork.schemas import Batch
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.idempotency.keys import IN_FLIGHT_FOR, forget_requests
from lc_workflow.platform.idempotency.models import RememberedRequest
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, WISH, Draft
from tests.moments import NOON
from tests.organization.factories import a_branch

SYNC = "/api/v1/sync"
FORM: dict[str, Any] = {**WISH}


def an_operation(kind: str, about: Any, *, key: str | None = None, version: int | None = None, **body: Any) -> Any:
    return {"key": key or uuid4().hex, "kind": kind, "id": str(about), "version": version, "body": body}


async def send(client: AsyncClient, person: Person, *operations: Any) -> list[dict[str, Any]]:
    answer = await client.post(SYNC, json={"operations": operations}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [result["key"] for result in results] == [operation["key"] for operation in operations]
    return results


def statuses(results: list[dict[str, Any]]) -> list[int]:
    return [result["status"] for result in results]


def codes(results: list[dict[str, Any]]) -> list[str | None]:
    return [result["problem"] and result["problem"]["code"] for result in results]


async def test_what_the_documentation_shows_is_carried_out(client: AsyncClient, officer: Person) -> None:
    answer = await client.post(SYNC, json=Batch.EXAMPLE, headers=officer.headers)
    assert statuses(answer.json()["results"]) == [201]


async def test_a_day_in_the_village_is_sent_twice_and_happens_once(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    sok, chan = uuid4(), uuid4()
    day = (
        an_operation("application.create", sok, **FORM),
        an_operation("party.add", sok, role="guarantor", full_name_latin="CHAN DARA"),
        an_operation("collateral.add", sok, collateral_type="land", estimated_value=5000),
        an_operation("application.update", sok, occupation="Farmer", employer_name=""),
        an_operation("comment.add", sok, text="The house is by the river."),
        an_operation("application.submit", sok, notes="All seen."),
        an_operation("application.create", chan, **FORM | {"id_number": "020345678", "requested_amount": 300}),
    )
    first = await send(client, officer, *day)
    assert statuses(first) == [201, 201, 201, 200, 201, 200, 201], codes(first)
    assert not any(result["replayed"] or result["problem"] for result in first)
    again = await send(client, officer, *day)
    assert again == [result | {"replayed": True} for result in first]

    shown = (await client.get(f"{URL}/{sok}", headers=officer.headers)).json()
    assert (shown["workflow_status"], shown["occupation"]) == ("USER_COMPLETED", "Farmer")
    assert shown["version"] == first[5]["version"]
    assert (len(shown["parties"]), len(shown["collaterals"])) == (1, 1)
    assert await session.scalar(select(func.count()).select_from(CustomerApplication)) == 2
    assert await session.scalar(select(func.count()).select_from(Comment)) == 1
    drafts = select(JournalEntry.request_id).where(JournalEntry.kind == "ApplicationDrafted")
    assert len(set(await session.scalars(drafts))) == 2, "the journal tells operations of one request apart"


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    client: AsyncClient, officer: Person, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    application, other = await draft(officer), await draft(officer, id_number="020345678")
    seen = application["version"]
    changed = await client.put(f"{URL}/{application['id']}", json={"occupation": "Weaver"}, headers=manager.headers)
    results = await send(
        client,
        officer,
        an_operation("application.update", application["id"], version=seen, occupation="Farmer"),
        an_operation("application.submit", application["id"], version=seen),
        an_operation("application.update", other["id"], version=other["version"], occupation="Farmer"),
        an_operation("application.update", other["id"], version=other["version"], occupation="Fisher"),
    )
    assert statuses(results) == [412, 424, 200, 200]
    assert codes(results)[:2] == ["StaleVersion", "EarlierOperationFailed"]
    assert results[0]["problem"]["version"] == results[0]["version"] == changed.json()["version"]
    assert (await client.get(f"{URL}/{other['id']}", headers=officer.headers)).json()["occupation"] == "Fisher"

    once_more = an_operation("application.update", application["id"], version=results[0]["version"], occupation="Cook")
    submitted = an_operation("application.submit", application["id"], key=results[1]["key"], version=seen)
    assert statuses(await send(client, officer, once_more, submitted)) == [200, 412]


async def test_changes_on_a_newer_version_follow_each_other_after_one_whose_answer_was_lost(
    client: AsyncClient, officer: Person, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    """The tablet still holds the first, since its answer never came; then it was shown what a manager changed."""
    manager = await sign_in("manager", branch_id=branch.id)
    application = await draft(officer)
    about, seen = application["id"], application["version"]
    first = an_operation("application.update", about, version=seen, occupation="Farmer")
    await send(client, officer, first)
    changed = await client.put(f"{URL}/{about}", json={"employer_name": "Mill"}, headers=manager.headers)
    newer = changed.json()["version"]
    results = await send(
        client,
        officer,
        first,
        an_operation("application.update", about, version=newer, occupation="Fisher"),
        an_operation("application.update", about, version=newer, occupation="Cook"),
        an_operation("application.update", about, version=seen, employer_name="None"),
    )
    assert statuses(results) == [200, 200, 200, 412], codes(results)
    shown = (await client.get(f"{URL}/{about}", headers=officer.headers)).json()
    assert (shown["occupation"], shown["employer_name"]) == ("Cook", "Mill")


async def test_each_operation_is_refused_as_the_same_request_would_be(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, draft: Draft
) -> None:
    session.add(far := a_branch())
    await session.commit()
    stranger = await sign_in("officer", branch_id=far.id)
    mine, theirs = await draft(officer), await draft(stranger)
    bystander = await sign_in("teller", branch_id=officer.user.branch_id)
    assert codes(await send(client, bystander, an_operation("application.create", uuid4(), **FORM))) == ["NotPermitted"]

    first = uuid4()
    results = await send(
        client,
        officer,
        an_operation("application.create", theirs["id"], **FORM),
        an_operation("application.create", UUID(int=7), **FORM),
        an_operation("application.create", uuid4(), requested_amount=-1),
        an_operation("application.update", uuid4(), occupation="Farmer"),
        an_operation("application.update", mine["id"], desired_loan_term="long"),
        an_operation("application.burn", uuid4()),
        an_operation("application.create", first, **FORM),
    )
    assert statuses(results) == [422, 422, 422, 404, 422, 422, 201]
    assert codes(results)[:6] == [
        "IdTaken", "InvalidInput", "InvalidInput", "Missing", "InvalidInput", "NoSuchKind",
    ]  # fmt: skip
    assert str(stranger.user.id) not in str(results)
    assert results[4]["problem"]["errors"][0]["field"] == "desired_loan_term"
    assert statuses(await send(client, officer, an_operation("application.update", theirs["id"], occupation="X"))) == [
        404
    ]


async def test_a_key_stands_for_one_operation(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    one, other = uuid4(), uuid4()
    create = an_operation("application.create", one, key="k", **FORM)
    otherwise = an_operation("application.create", other, key="k", **FORM)
    results = await send(client, officer, create, create, otherwise)
    assert statuses(results) == [201, 201, 422]
    assert [result["replayed"] for result in results] == [False, True, False]
    assert codes(results)[2] == "KeyUsedOtherwise"

    await session.execute(update(RememberedRequest).values(status=None, body=None))
    await session.commit()
    follow = an_operation("comment.add", one, text="Hm")
    busy = await send(client, officer, create, follow)
    assert (statuses(busy), codes(busy)[0]) == ([409, 424], "InFlight")

    await session.execute(update(RememberedRequest).values(begun_at=NOON - IN_FLIGHT_FOR))
    await session.commit()
    lost = await send(client, officer, create, follow)
    assert (statuses(lost), codes(lost)) == ([201, 201], [None, None]), "the journal knows that it is drafted"
    assert [(result["replayed"], result["version"]) for result in lost] == [(True, None), (False, None)]
    assert await session.scalar(select(func.count()).select_from(CustomerApplication)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"operations": [an_operation("comment.add", UUID(int=0), text="Hm")] * 101},
        {"operations": [an_operation("comment.add", "no id", text="Hm")]},
        {"operations": [an_operation("comment.add", UUID(int=0), key="k" * 201, text="Hm")]},
        {"operations": [an_operation("comment.add", UUID(int=0), key="ខ", text="Hm")]},
        {},
    ],
)
async def test_what_cannot_be_read_is_refused_as_a_whole(client: AsyncClient, officer: Person, body: Any) -> None:
    refused = await client.post(SYNC, json=body, headers=officer.headers)
    assert refused.status_code == 422
    if len(body.get("operations", ())) > 100:
        assert refused.json()["detail"] == "operations: must have at most 100 entries."


@pytest.mark.parametrize("text", ["a\0b", "Agreed \ud83d"], ids=["a NUL", "half an emoji"])
async def test_an_unreadable_operation_is_named_and_the_others_can_be_sent_without_it(
    client: AsyncClient, session: AsyncSession, officer: Person, text: str
) -> None:
    good, bad = an_operation("application.create", uuid4(), **FORM), an_operation("comment.add", uuid4(), text=text)
    body = dumps({"operations": [good, bad]})  # as JavaScript writes it: half a pair of surrogates as its escape
    headers = officer.headers | {"Content-Type": "application/json"}
    refused = await client.post(SYNC, content=body, headers=headers)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["operations[1].body.text"]
    assert not await session.scalar(select(func.count()).select_from(CustomerApplication))
    assert statuses(await send(client, officer, good)) == [201]


async def test_a_client_makes_the_id_of_an_application(client: AsyncClient, officer: Person) -> None:
    made = str(uuid4())
    drafted = await client.post(URL, json=WISH | {"id": made}, headers=officer.headers)
    assert (drafted.status_code, drafted.json()["id"]) == (201, made)
    again = await client.post(URL, json=WISH | {"id": made}, headers=officer.headers)
    assert (again.status_code, again.json()["code"]) == (422, "IdTaken")
    assert (await client.delete(f"{URL}/{made}", headers=officer.headers)).status_code == 204
    buried = await client.post(URL, json=WISH | {"id": made}, headers=officer.headers)
    assert buried.json()["code"] == "IdTaken", "what is on record of a removed one is not continued"


async def test_a_day_in_the_village_is_sent_again_weeks_later_and_has_happened_once(
    client: AsyncClient, session: AsyncSession, officer: Person, workplace: Workplace
) -> None:
    """The answer was lost on the way, and the tablet went to the next village with its officer."""
    sok = uuid4()
    day = (
        an_operation("application.create", sok, **FORM),
        an_operation("collateral.add", sok, collateral_type="land", estimated_value=5000),
        an_operation("comment.add", sok, text="The house is by the river."),
    )
    first = await send(client, officer, *day)
    assert statuses(first) == [201, 201, 201]
    await forget_requests(replace(workplace, clock=lambda: NOON + timedelta(days=29)))
    again = await send(client, officer, *day)
    assert again == [result | {"replayed": True} for result in first]
    shown = (await client.get(f"{URL}/{sok}", headers=officer.headers)).json()
    assert len(shown["collaterals"]) == 1
    assert await session.scalar(select(func.count()).select_from(Comment)) == 1
    await forget_requests(replace(workplace, clock=lambda: NOON + timedelta(days=30)))
    assert await session.scalar(select(func.count()).select_from(RememberedRequest)) == 0
