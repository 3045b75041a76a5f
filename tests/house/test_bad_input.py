"""Whatever is sent to whichever route: never a 5xx, always the problem body, and nothing written by what is refused."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lc_workflow.app import LARGEST_BODY
from lc_workflow.documents.library.models import File, Folder
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.applications.models import Assignment
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.platform.config import Settings
from lc_workflow.system.settings.models import Setting
from tests.conftest import Sessions, SignIn
from tests.house.doors import LIKE, Door, doors_of, queries_of, written
from tests.house.mixing import Mixer
from tests.house.nonsense import (
    BODIES,
    ENCODINGS,
    HEADERS,
    IDS,
    PARTS,
    QUERIES,
    TYPES,
    UNREADABLE,
    VALUES,
    broken_forms,
)
from tests.house.prober import Prober
from tests.identity.factories import PASSWORD
from tests.lending.factories import an_application
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, a_position, an_employee

JSON = {"content-type": "application/json"}


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    """What was logged, kept from the screen: there are thousands of lines."""
    with capture_logs() as logged:
        yield logged


@pytest.fixture
def doors(house: tuple[Litestar, Sessions]) -> list[Door]:
    return doors_of(house[0])


@pytest.fixture
def with_body(doors: list[Door]) -> list[Door]:
    """The doors one brings something to, as JSON or as a form."""
    return [door for door in doors if door.body is not None]


@pytest.fixture
async def prober(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, house_settings: Settings, logged: list[EventDict]
) -> AsyncIterator[Prober]:
    """A small institution with one of everything, and somebody of every role in it."""
    places = {"branch_id": a_branch(), "department_id": a_department(), "position_id": a_position()}
    session.add_all(places.values())
    await session.flush()
    branch_id, department_id = places["branch_id"].id, places["department_id"].id
    people = {role: await sign_in(role, branch_id=branch_id) for role in Role}
    officer = people[Role.OFFICER].user
    things = {
        "employee_id": an_employee(branch_id=branch_id, department_id=department_id),
        "application_id": an_application(officer.id, branch_id=branch_id),
        "reviewed_id": an_application(officer.id, branch_id=branch_id, workflow_status=Stage.MANAGER_REVIEW),
    }
    session.add_all(things.values())
    await session.flush()
    papers: dict[str, Any] = {
        "folder_id": Folder(
            name="Papers", application_id=things["application_id"].id, created_at=NOON, updated_at=NOON
        ),
        "file_id": File(
            key="2026/11/a-file",
            original_filename="id.png",
            display_name="id.png",
            file_size=1,
            mime_type="image/png",
            sha256=bytes(32),
            uploaded_by=officer.id,
            application_id=things["application_id"].id,
            created_at=NOON,
        ),
        "assignment_id": Assignment(
            application_id=things["application_id"].id,
            employee_id=things["employee_id"].id,
            assignment_role=AssignmentRole.REVIEWER,
            assigned_at=NOON,
            assigned_by=officer.id,
        ),
    }
    papers["notification_id"] = Notification(
        user_id=people[Role.ADMIN].user.id,
        event_id=uuid4(),
        type="application_moved",
        title="Moved",
        message="It moved.",
        priority="normal",
        data={},
        created_at=NOON,
    )
    session.add_all(papers.values())
    session.add(
        setting := Setting(
            category="general", key="greeting", value="hello", is_public=True, created_at=NOON, updated_at=NOON
        )
    )
    await session.flush()
    known: dict[str, Any] = {name: row.id for name, row in (places | things | papers).items()}
    known |= {
        "user_id": officer.id,
        "setting": setting.id,
        "status": UserStatus.ACTIVE,
        "old_password": PASSWORD,
        "new_status": Stage.APPROVED,
        "stage": Stage.MANAGER_REVIEW,
        "action": Action.APPROVE,
        "pattern": "12??",
        "product_code": "monthly_loan",
    }
    prober = Prober(client, await session.connection(), people, known, house_settings.upload_folder)
    async with prober.watching():
        yield prober
    if prober.faults:
        causes = dict.fromkeys(str(line.get("exc_info")) for line in logged if line["log_level"] == "error")
        pytest.fail(
            "\n".join([f"{len(prober.faults)} of {prober.knocks}:", *prober.faults[:40], *causes]), pytrace=False
        )


@pytest.mark.timeout(600)
async def test_a_body_of_likely_values_comes_through_to_the_rules(with_body: list[Door], prober: Prober) -> None:
    """Otherwise the next test would only see the outermost check refuse."""
    for door in with_body:
        if not door.form:
            answer = await prober.knock(door, "likely values", json=door.fitting(prober.known_at(door)))
            assert answer.is_success or answer.json()["code"] != "InvalidInput", answer.text


@pytest.mark.timeout(600)
async def test_values_that_no_field_takes(with_body: list[Door], prober: Prober) -> None:
    mixer, left_out = Mixer(VALUES), set[tuple[str, str]]()
    for door in with_body:
        if door.form:
            continue
        fitting = door.fitting(prober.known_at(door))

        async def send(mixed: Mapping[str, str]) -> Response:
            body = written(fitting, **{name: VALUES[what] for name, what in mixed.items()})  # noqa: B023 - sent within this turn
            return await prober.knock(door, f"{mixed}", content=body, headers=JSON)  # noqa: B023

        await mixer.mix(door.kinds, fitting, send)
        once = [name for name in door.optional if (name, door.kinds[name]) not in left_out]
        left_out |= {(name, door.kinds[name]) for name in once}
        for names in [door.optional, *([name] for name in once)]:
            rest = {other: value for other, value in fitting.items() if other not in names}
            await prober.knock(door, f"{names} left out", json=rest)
        twice = b'{"nonsense": 1, ' + written(fitting)[1:-1] + b", " + written(fitting)[1:]
        await prober.knock(door, "everything twice", content=twice, headers=JSON)


@pytest.mark.timeout(600)
async def test_bodies_that_are_none(with_body: list[Door], prober: Prober) -> None:
    for door in with_body:
        for what, body in BODIES.items():
            await prober.knock(door, what, content=body, headers=JSON)


@pytest.mark.timeout(600)
async def test_a_body_larger_than_anybody_means_is_not_read_to_its_end(with_body: list[Door], prober: Prober) -> None:
    door = next(door for door in with_body if door.path == "/api/v1/applications" and door.method == "POST")
    large = await prober.knock(door, "a megabyte", content=b'{"notes": "' + b"x" * LARGEST_BODY + b'"}', headers=JSON)
    assert (large.status_code, large.json()["code"]) == (413, "TooLarge")


async def test_bodies_that_cannot_be_read(with_body: list[Door], prober: Prober) -> None:
    """They are refused before anybody looks at what is in them, wherever the same reader reads."""
    for door in {(door.method, door.form, LIKE.get(door.path)): door for door in with_body}.values():
        fitting = written(door.fitting(prober.known_at(door)))
        for what, body in UNREADABLE.items():
            await prober.knock(door, what, content=body, headers=JSON)
        for kind in TYPES:
            await prober.knock(door, f"type {kind[:40]!r}", content=fitting, headers={"content-type": kind})
        for encoding in ENCODINGS:
            await prober.knock(
                door, f"packed as {encoding}", content=fitting, headers=JSON | {"content-encoding": encoding}
            )
        await prober.knock(door, "ten megabytes, of unknown length", content=_ten_megabytes(), headers=JSON)


async def test_forms_that_are_none(with_body: list[Door], prober: Prober) -> None:
    for door in with_body:
        if door.form:
            for what, body, kind in broken_forms("file", door.fitting(prober.known_at(door))):
                await prober.knock(door, what, content=body, headers={"content-type": kind})


@pytest.mark.timeout(600)
async def test_queries_that_mean_nothing(house: tuple[Litestar, Sessions], doors: list[Door], prober: Prober) -> None:
    declared, mixer = queries_of(house[0]), Mixer(QUERIES)
    for door in doors:
        address, kinds = prober.address(door), declared.get((door.method, door.documented))
        if not kinds:
            continue

        async def send(mixed: Mapping[str, str]) -> Response:
            query = "&".join(
                f"{name}={QUERIES[what]}" for name, what in (("nonsense", min(mixed.values())), *mixed.items())
            )
            return await prober.knock(door, f"{mixed}", f"{address}?{query}")  # noqa: B023 - as above

        await mixer.mix(kinds, {}, send)
        for form in ("{0}", "{0}=1&{0}=nonsense", "{0}[]=1&{0}[a]=2", "{0}=1;b=2&&&="):
            query = "&".join(form.format(name) for name in kinds)
            await prober.knock(door, form, f"{address}?{query}")


@pytest.mark.timeout(600)
async def test_paths_that_lead_nowhere(doors: list[Door], prober: Prober) -> None:
    """What is no id is refused on the way, alike at all doors; only ids come through to what is behind them."""
    tried: set[str] = set()
    for door in doors:
        for name, kind in door.parts.items():
            known = kind == "uuid" and kind in tried
            tried.add(kind)
            for what, value in (IDS if known else PARTS).items():
                await prober.knock(door, f"{name} is {what}", door.address(prober.known_at(door), **{name: value}))


async def test_headers_one_would_not_send(doors: list[Door], prober: Prober) -> None:
    one_of_each_method = {door.method: door for door in doors if not door.is_public}
    for door in one_of_each_method.values():
        for name, value in HEADERS.items():
            await prober.knock(door, f"{name}: {value[:40]!r}", headers={name: value})


async def test_anybody_may_ask_which_methods_a_path_has(client: AsyncClient, doors: list[Door]) -> None:
    numbers = {door: re.findall(r"{(\w+):int}", door.path) for door in doors if door.path.startswith("/api")}
    for path in {door.address(dict.fromkeys(names, 1)) for door, names in numbers.items()}:
        answer = await client.options(path)
        assert (answer.status_code, answer.content) == (204, b""), path


async def test_a_field_may_have_the_name_of_what_the_house_knows_itself(client: AsyncClient, sign_in: SignIn) -> None:
    """Litestar confuses a quote's `principal` with the person who asks."""
    person = await sign_in(Role.OFFICER)
    answer = await client.post("/api/v1/quotes", json={"principal": {}}, headers=person.headers)
    assert answer.status_code == 422
    assert "principal" in {error["field"] for error in answer.json()["errors"]}


async def _ten_megabytes() -> AsyncIterator[bytes]:
    yield b'{"name": "'
    for _ in range(160):
        yield b"x" * 65_536
    yield b'"}'
