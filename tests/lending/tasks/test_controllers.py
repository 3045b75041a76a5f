"""Work finds its people, over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.listeners import tell_of_breach
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.authorities.models import Delegation
from lc_workflow.lending.events import DeadlineBreached
from lc_workflow.lending.tasks.jobs import WATCH_DEADLINES
from lc_workflow.lending.tasks.models import Task
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.manifest import Hearing
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import BM, Decide, Give, HandOn, Publish
from tests.lending.steps import Draft, Take
from tests.moments import NOON
from tests.organization.factories import a_branch

URL = "/api/v1/tasks"
ToReview = Callable[..., Awaitable[dict[str, Any]]]


async def queue(client: AsyncClient, person: Person, name: str, **asked: str) -> list[dict[str, Any]]:
    answer = await client.get(URL, params={"queue": name, **asked}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    assert answer.json()["total"] == len(items)
    return items


async def do(client: AsyncClient, person: Person, task: dict[str, Any], verb: str, **body: Any) -> Any:
    return await client.post(f"{URL}/{task['id']}/{verb}", json=body, headers=person.headers)


async def test_a_submitted_application_is_taken_by_a_teller(
    client: AsyncClient,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    take: Take,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    other = await sign_in("teller", branch_id=branch.id)
    application = await draft(officer)
    assert await queue(client, teller, "claimable") == []
    await take(officer, application, "submit")
    (task,) = await queue(client, teller, "claimable")
    assert (task["application_id"], task["stage"], task["urgency"]) == (application["id"], "USER_COMPLETED", "ok")
    assert (task["owner"], task["full_name_latin"]) == (None, "SOK CHANTHY")
    # NOON is the begin of lunch in Phnom Penh: four working hours end at the close of the day
    assert task["due_at"] == "2026-11-24T10:00:00Z"
    claimed = await do(client, teller, task, "claim")
    assert (claimed.status_code, claimed.json()["owner"]["id"]) == (200, str(teller.user.id))
    assert (await do(client, teller, task, "claim")).status_code == 200
    late = await do(client, other, task, "claim")
    assert (late.status_code, late.json()["code"]) == (422, "TaskTaken")
    assert await queue(client, teller, "claimable") == []
    assert [found["id"] for found in await queue(client, teller, "mine")] == [task["id"]]
    assert [found["id"] for found in await queue(client, officer, "team")] == [task["id"]]
    meddling = await do(client, other, task, "release")
    assert (meddling.status_code, meddling.json()["code"]) == (403, "NotYourTask")
    assert (await do(client, teller, task, "release")).json()["owner"] is None
    await take(teller, application, "start")
    (mine,) = await queue(client, teller, "mine")
    assert (mine["stage"], mine["owner"]["id"]) == ("TELLER_PROCESSING", str(teller.user.id))
    closed = await do(client, other, task, "claim")
    assert (closed.status_code, closed.json()["code"]) == (422, "TaskClosed")
    assert await announced() == [
        "ApplicationDrafted",
        "ApplicationMoved",
        "TaskClaimed",
        "TaskReleased",
        "ApplicationMoved",
    ]


async def test_who_prepared_an_application_is_offered_no_decision_on_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    maker = await sign_in("manager", branch_id=branch.id)
    teller, manager = await sign_in("teller", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    await to_review(maker, teller)
    assert await queue(client, maker, "claimable") == []
    (task,) = await queue(client, manager, "claimable", stage="MANAGER_REVIEW")
    refused = await do(client, maker, task, "claim")
    assert (refused.status_code, refused.json()["code"]) == (403, "SodMaker")
    forbidden = await do(client, teller, task, "claim")
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "NotYourTask")
    for person in (maker, teller):
        unfit = await do(client, manager, task, "assign", user_id=str(person.user.id))
        assert (unfit.status_code, unfit.json()["code"]) == (422, "NotEligible")
    assigned = await do(client, maker, task, "assign")
    assert assigned.json()["owner"]["id"] == str(manager.user.id)
    assert (await do(client, teller, task, "assign")).status_code == 403


async def test_work_goes_to_whoever_has_the_least_to_do(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, manager = await sign_in("officer", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    for number in range(4):
        await take(officer, await draft(officer, id_number=f"01023456{number}"), "submit")
    nobody = await do(client, manager, (await queue(client, manager, "team"))[0], "assign")
    assert nobody.json()["owner"]["id"] == str(officer.user.id)  # an officer may process as well
    tellers = [await sign_in("teller", branch_id=branch.id) for _ in range(2)]
    given = [
        (await do(client, manager, task, "assign")).json()["owner"]["id"]
        for task in await queue(client, manager, "team")
        if task["owner"] is None
    ]
    assert set(given[:2]) == {str(teller.user.id) for teller in tellers}
    by_name = await do(client, manager, nobody.json(), "assign", user_id=str(tellers[0].user.id))
    assert by_name.json()["owner"]["id"] == str(tellers[0].user.id)


async def test_an_institution_may_have_work_given_out_at_once(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take, to_review: ToReview
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    admin, maker = await sign_in("admin"), await sign_in("manager", branch_id=branch.id)
    setting = {"category": "lending", "key": "auto_assign_tasks", "value": True}
    assert (await client.post("/api/v1/settings", json=setting, headers=admin.headers)).status_code == 201
    for number in range(4):
        await take(officer, await draft(officer, id_number=f"01023456{number}"), "submit")
    assert [len(await queue(client, person, "mine")) for person in (officer, teller)] == [2, 2]
    await to_review(maker, teller)  # nobody else may decide it, so it waits
    assert [task["owner"] for task in await queue(client, maker, "team", stage="MANAGER_REVIEW")] == [None]


async def test_work_is_given_to_who_is_there_before_who_has_others_stand_in(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, to_review: ToReview, hand_on: HandOn
) -> None:
    admin = await sign_in("admin")
    setting = {"category": "lending", "key": "auto_assign_tasks", "value": True}
    assert (await client.post("/api/v1/settings", json=setting, headers=admin.headers)).status_code == 201
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager, stand_in = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    await hand_on(manager, stand_in, limits={"USD": 1000})
    for number, amount in enumerate((900, 800, 1100)):
        asked = {"requested_amount": amount, "id_number": f"01023456{number}", "account_id": f"{number}"}
        await to_review(officer, teller, **asked)

    async def amounts(person: Person) -> set[float]:
        return {task["requested_amount"] for task in await queue(client, person, "mine", stage="MANAGER_REVIEW")}

    assert (await amounts(stand_in), await amounts(manager)) == ({900, 800}, {1100})  # nobody else may decide so much
    await session.execute(update(Delegation).values(ended_at=NOON))
    await session.commit()
    await to_review(officer, teller, requested_amount=700, id_number="010234569", account_id="9")
    assert await amounts(manager) == {1100, 700}


async def test_nobody_to_give_work_to_is_said_so(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    maker, teller = await sign_in("manager", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    await to_review(maker, teller)
    (task,) = await queue(client, maker, "team")
    refused = await do(client, maker, task, "assign")
    assert (refused.status_code, refused.json()["code"]) == (422, "NobodyEligible")


async def test_another_branchs_work_is_not_seen(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    session.add(elsewhere := a_branch(code="SR01"))
    officer, stranger = await sign_in("officer", branch_id=branch.id), await sign_in("manager", branch_id=elsewhere.id)
    admin = await sign_in("admin")
    await take(officer, await draft(officer), "submit")
    (task,) = await queue(client, admin, "team")
    for name in ("mine", "claimable", "team", "overdue"):
        assert await queue(client, stranger, name) == []
    for verb in ("claim", "release", "assign"):
        assert (await do(client, stranger, task, verb)).status_code == 404


async def test_a_loan_that_ends_leaves_no_work_behind(
    client: AsyncClient, officer: Person, teller: Person, draft: Draft, take: Take
) -> None:
    for number, (before, person, ends) in enumerate((((), officer, "withdraw"), (("start",), teller, "reject"))):
        application = await draft(officer, id_number=f"01023456{number}")
        await take(officer, application, "submit")
        for action in before:
            await take(teller, application, action)
        queues = ("mine", "claimable")
        assert sum([len(await queue(client, teller, name)) for name in queues]) == 1
        assert (await take(person, application, ends, reason="They moved away")).status_code == 200
        assert [await queue(client, teller, name) for name in queues] == [[], []]


async def test_a_return_pauses_the_clock(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    first = (await queue(client, manager, "claimable"))[0]["due_at"]
    # the manager has had it since this morning: three working hours
    await session.execute(update(Task).where(Task.closed_at.is_(None)).values(opened_at=NOON - timedelta(hours=3)))
    await session.commit()
    await take(manager, application, "return", reason="The land title is missing")
    (mine,) = await queue(client, officer, "mine")
    assert (mine["stage"], mine["due_at"], mine["urgency"]) == ("RETURNED", None, None)
    assert await queue(client, manager, "claimable") == []
    await take(officer, application, "submit")
    await take(teller, application, "start")
    await take(teller, application, "send_to_review", account_id="00012345")
    (again,) = await queue(client, manager, "claimable")
    assert (first, again["due_at"]) == ("2026-11-26T05:00:00Z", "2026-11-26T02:00:00Z")


async def test_what_is_returned_to_somebody_who_has_left_waits_for_their_colleagues(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    drafter, officer = [await sign_in("officer", branch_id=branch.id) for _ in range(2)]
    await take(drafter, application := await draft(drafter), "submit")
    drafter.user.status = UserStatus.INACTIVE
    session.add(drafter.user)
    await session.commit()
    await take(officer, application, "return", reason="The photo is blurred")
    (task,) = await queue(client, officer, "claimable")
    assert (task["stage"], task["owner"]) == ("RETURNED", None)
    assert (await take(officer, application, "submit")).status_code == 200


async def test_a_breach_is_told_once_to_who_has_it_and_who_answers_for_it(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    take: Take,
    workplace: Workplace,
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager, admin = await sign_in("manager", branch_id=branch.id), await sign_in("admin")
    await take(officer, await draft(officer), "submit")
    (task,) = await queue(client, teller, "claimable")
    await do(client, teller, task, "claim")
    assert await queue(client, manager, "overdue") == []
    await session.execute(update(Task).values(due_at=NOON, at_risk_at=NOON))
    await session.commit()
    assert [found["urgency"] for found in await queue(client, manager, "overdue")] == ["breached"]
    for _ in range(2):
        await WATCH_DEADLINES.do(workplace, {})
    (entry,) = await session.scalars(select(JournalEntry).where(JournalEntry.kind == "DeadlineBreached"))
    event = msgspec.convert(entry.facts, DeadlineBreached)
    assert isinstance(event, DeadlineBreached)
    hearing = Hearing(entry.id, session)
    for _ in range(2):
        await tell_of_breach(event, hearing)
    told = [pattern for pattern, _ in hearing.messages]
    assert sorted(told) == sorted(f"user:{person.user.id}" for person in (teller, manager, admin))


async def test_a_late_decision_is_told_of_above_the_branch(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, admin: Person, to_review: ToReview
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    late = DeadlineBreached(
        actor_id=None,
        at=NOON,
        application_id=UUID(application["id"]),
        task_id=uuid4(),
        stage="MANAGER_REVIEW",
        branch_id=branch.id,
        owner_id=None,
        due_at=NOON.isoformat(),
    )
    hearing = Hearing(uuid4(), session)
    await tell_of_breach(late, hearing)
    told = {pattern for pattern, _ in hearing.messages}
    assert f"user:{admin.user.id}" in told
    assert f"user:{manager.user.id}" not in told  # who is late themselves


async def test_what_comes_back_late_is_told_of_no_second_time(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take,
    workplace: Workplace,
) -> None:  # fmt: skip
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    loan = await to_review(officer, teller)
    long_ago = {"opened_at": NOON - timedelta(days=7), "due_at": NOON - timedelta(days=4)}
    await session.execute(update(Task).where(Task.closed_at.is_(None)).values(long_ago))
    await session.commit()
    await WATCH_DEADLINES.do(workplace, {})
    assert (await take(manager, loan, "return", reason="The land title is missing")).status_code == 200
    await take(officer, loan, "submit")
    await take(teller, loan, "start")
    await take(teller, loan, "send_to_review", account_id="00012345")
    assert [task["urgency"] for task in await queue(client, manager, "overdue")] == ["breached"]
    await WATCH_DEADLINES.do(workplace, {})
    told = await session.scalars(select(JournalEntry).where(JournalEntry.kind == "DeadlineBreached"))
    assert [entry.facts["stage"] for entry in told] == ["MANAGER_REVIEW"]


async def test_whoever_moved_to_another_branch_has_its_work_no_longer_and_is_told_nothing_of_it(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    await take(officer, application := await draft(officer), "submit")
    (task,) = await queue(client, teller, "claimable")
    await do(client, teller, task, "claim")
    session.add(elsewhere := a_branch(code="SR01"))
    await session.flush()
    teller.user.branch_id = elsewhere.id
    session.add(teller.user)
    await session.commit()
    assert (await client.get(f"/api/v1/applications/{application['id']}", headers=teller.headers)).status_code == 404
    assert await queue(client, teller, "mine") == []
    assert (await do(client, teller, task, "claim")).status_code == 404
    late = DeadlineBreached(
        actor_id=None,
        at=NOON,
        application_id=UUID(application["id"]),
        task_id=UUID(task["id"]),
        stage="USER_COMPLETED",
        branch_id=branch.id,
        owner_id=teller.user.id,
        due_at=NOON.isoformat(),
    )
    hearing = Hearing(uuid4(), session)
    await tell_of_breach(late, hearing)
    assert hearing.messages == []


async def test_the_institution_says_how_long_a_stage_may_take(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, admin = await sign_in("officer", branch_id=branch.id), await sign_in("admin")
    url = "/api/v1/stage-deadlines"
    before = {row["stage"]: row for row in (await client.get(url, headers=officer.headers)).json()}
    assert before["USER_COMPLETED"] == {"stage": "USER_COMPLETED", "minutes": 240, "is_default": True}
    hour = {"minutes": 60}
    assert (await client.put(f"{url}/USER_COMPLETED", json=hour, headers=officer.headers)).status_code == 403
    assert (await client.put(f"{url}/USER_COMPLETED", json=hour, headers=admin.headers)).status_code == 200
    await take(officer, await draft(officer), "submit")
    (task,) = await queue(client, officer, "claimable")
    assert task["due_at"] == "2026-11-24T07:00:00Z"
    none = await client.put(f"{url}/RETURNED", json=hour, headers=admin.headers)
    assert (none.status_code, none.json()["code"]) == (422, "WithoutDeadline")
    after = (await client.put(f"{url}/USER_COMPLETED", json={"minutes": None}, headers=admin.headers)).json()
    assert next(row for row in after if row["stage"] == "USER_COMPLETED")["minutes"] == 240


async def test_who_voted_leaves_the_decision_to_others(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, publish: Publish, decide: Decide
) -> None:
    await publish(BM | {"quorum": 2})
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    first, second = await sign_in("manager", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    (task,) = await queue(client, first, "claimable")
    await do(client, first, task, "claim")
    assert (await decide(first, application)).json()["workflow_status"] == "MANAGER_REVIEW"
    assert await queue(client, first, "mine") == await queue(client, first, "claimable") == []
    assert [found["owner"] for found in await queue(client, second, "claimable")] == [None]
    assert (await do(client, first, task, "claim")).json()["code"] == "SodMaker"


async def test_a_decision_is_offered_to_whoever_holds_its_seat_and_to_nobody_else(
    client: AsyncClient, sign_in: SignIn, north: Branch, to_review: ToReview, publish: Publish, give: Give,
    decide: Decide,
) -> None:  # fmt: skip
    await publish()
    officer, teller = await sign_in("officer", branch_id=north.id), await sign_in("teller", branch_id=north.id)
    manager = await sign_in("manager", branch_id=north.id)
    regional = await give(
        await sign_in("officer", branch_id=north.id), "regional_manager", reach="region", region="North"
    )
    limited = await give(await sign_in("regional_manager"), "regional_manager", limits={"USD": 1000})
    elsewhere = await give(
        await sign_in("regional_manager", branch_id=north.id), "regional_manager", reach="region", region="South"
    )
    stranger = await give(await sign_in("officer"), "regional_manager")  # holds the seat, and may not see the loan
    by_rank = await sign_in("regional_manager")
    everybody = (manager, regional, limited, elsewhere, stranger, by_rank)

    async def offered() -> list[bool]:
        return [bool(await queue(client, one, "claimable", stage="MANAGER_REVIEW")) for one in everybody]

    application = await to_review(officer, teller)
    assert await offered() == [True, False, False, False, False, False]
    (task,) = await queue(client, manager, "claimable")
    assert (await do(client, regional, task, "claim")).json()["code"] == "NotYourTask"
    assert (await do(client, manager, task, "assign", user_id=str(regional.user.id))).json()["code"] == "NotEligible"
    await do(client, manager, task, "claim")
    assert (await decide(manager, application)).status_code == 200
    assert await offered() == [False, True, False, False, False, False]
    for one in (limited, elsewhere, stranger, by_rank):
        unfit = await do(client, manager, task, "assign", user_id=str(one.user.id))
        assert unfit.json()["code"] == "NotEligible"
    assigned = await do(client, manager, task, "assign")
    assert assigned.json()["owner"]["id"] == str(regional.user.id)


async def test_whoever_stands_in_is_offered_what_the_absent_could_do(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, to_review: ToReview, hand_on: HandOn
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager, stand_in = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    await hand_on(manager, stand_in, limits={"USD": 1000})
    await to_review(officer, teller, requested_amount=1000)
    await to_review(officer, teller, requested_amount=1001, id_number="010234568", account_id="2")
    await to_review(manager, teller, requested_amount=900, id_number="010234569", account_id="3")
    offered = await queue(client, stand_in, "claimable", stage="MANAGER_REVIEW")
    assert [task["requested_amount"] for task in offered] == [1000]
    await session.execute(update(Delegation).values(ended_at=NOON))
    await session.commit()
    assert await queue(client, stand_in, "claimable", stage="MANAGER_REVIEW") == []


async def test_a_party_to_the_loan_is_not_offered_its_decision(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    guarantor = await sign_in("manager", branch_id=branch.id, phone_number="096 123 4567")
    await to_review(officer, teller, guarantor_name="KEO BOPHA", guarantor_phone="+855961234567")
    assert await queue(client, guarantor, "claimable") == []


async def test_a_guarantor_who_changed_their_telephone_is_not_offered_its_decision_either(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, decide: Decide
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    admin = await sign_in("admin")
    setting = {"category": "lending", "key": "auto_assign_tasks", "value": True}
    assert (await client.post("/api/v1/settings", json=setting, headers=admin.headers)).status_code == 201
    guarantor = await sign_in("manager", branch_id=branch.id, phone_number="096 123 4567")
    for number in ("096 123 4568", None):
        changes = {"phone_number": number}
        changed = await client.patch(f"/api/v1/users/{guarantor.user.id}", json=changes, headers=guarantor.headers)
        assert changed.status_code == 200, changed.text
    loan = await to_review(officer, teller, guarantor_name="KEO BOPHA", guarantor_phone="+855961234567")
    assert await queue(client, guarantor, "mine", stage="MANAGER_REVIEW") == []
    assert await queue(client, guarantor, "claimable") == []
    assert (await decide(guarantor, loan)).json()["code"] == "SodParty"


async def test_a_party_to_the_loan_is_not_asked_to_have_it_paid_out(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, decide: Decide
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    guarantor = await sign_in("teller", branch_id=branch.id, phone_number="096 123 4567")
    loan = await to_review(officer, teller, guarantor_name="KEO BOPHA", guarantor_phone="+855961234567")
    assert (await decide(await sign_in("manager", branch_id=branch.id), loan)).json()["workflow_status"] == "APPROVED"
    url = f"/api/v1/applications/{loan['id']}/disbursement-requests"
    assert (await client.post(url, headers=guarantor.headers)).json()["code"] == "SodParty"
    assert await queue(client, guarantor, "claimable") == []
    assert [task["stage"] for task in await queue(client, teller, "claimable")] == ["APPROVED"]
