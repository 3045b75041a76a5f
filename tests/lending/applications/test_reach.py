"""A right that reaches the team, or the department, reaches the work of those people and of nobody beside them."""

from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.db.reach import Reach, brought, ways, within
from lc_workflow.samples import photo
from tests.conftest import Person, SignIn
from tests.identity.factories import a_user
from tests.lending.factories import an_application
from tests.lending.steps import URL, Draft
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, an_employee

RIGHTS = (
    "application:read",
    "application:update",
    "customer:read",
    "file:read",
    "file:create",
    "file:delete",
    "personal:read",
)
CUSTOMERS, FILES = "/api/v1/customers", "/api/v1/files"


@dataclass(frozen=True)
class Around:
    """Somebody whose rights reach as far as the scope, and what two colleagues of one branch work on."""

    lead: Person
    near: dict[str, Any]
    far: dict[str, Any]
    papers: dict[str, str]


@pytest.fixture(params=["team", "department"])
async def around(
    request: pytest.FixtureRequest,
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
) -> Around:
    session.add_all([mine := a_department(), theirs := a_department()])
    session.add(
        CompanyRole(
            name="lead",
            display_name="Lead",
            level=50,
            web_word="officer",
            grants=[f"{right}:{request.param}" for right in RIGHTS],
            created_at=NOON,
            updated_at=NOON,
        )
    )
    await session.flush()
    lead = await sign_in("lead", branch_id=branch.id, department_id=mine.id)
    session.add(leads := an_employee(user_id=lead.user.id, branch_id=branch.id))
    await session.flush()
    joined = {"team": {"line_manager_id": leads.id}, "department": {"department_id": mine.id}}[request.param]
    colleague = await sign_in("officer", branch_id=branch.id, **joined)
    stranger = await sign_in("officer", branch_id=branch.id, department_id=theirs.id)
    near = await draft(colleague)
    far = await draft(stranger, id_number="250123456", phone="011 555 777", full_name_latin="KEO BOPHA")
    papers = {}
    for person, application in ((colleague, near), (stranger, far)):
        sent = await put_paper(client, person, application)
        assert sent.status_code == 201, sent.text
        papers[application["id"]] = sent.json()["id"]
    return Around(lead, near, far, papers)


async def put_paper(client: AsyncClient, person: Person, application: dict[str, Any]) -> Any:
    return await client.post(
        f"{FILES}/upload",
        files={"file": ("id.jpg", photo(application["id"]), "image/jpeg")},
        data={"application_id": application["id"]},
        headers=person.headers,
    )


async def test_lists_show_what_the_right_reaches(client: AsyncClient, around: Around) -> None:
    for path, shown in (
        (URL, around.near["id"]),
        (f"{URL}/cards", around.near["id"]),
        (CUSTOMERS, around.near["customer_id"]),
        (FILES, around.papers[around.near["id"]]),
    ):
        answer = await client.get(path, headers=around.lead.headers)
        assert answer.status_code == 200, answer.text
        assert [item["id"] for item in answer.json()["items"]] == [shown], path
    figures = await client.get(f"{URL}/stats/summary", headers=around.lead.headers)
    assert figures.json()["total"] == 1
    hidden = await client.get(URL, params={"search": around.far["id_number"]}, headers=around.lead.headers)
    assert hidden.json()["total"] == 0


async def test_single_things_are_there_or_not(client: AsyncClient, around: Around) -> None:
    for application, status in ((around.near, 200), (around.far, 404)):
        paper = around.papers[application["id"]]
        for path in (
            f"{URL}/{application['id']}",
            f"{URL}/{application['id']}/parties",
            f"{CUSTOMERS}/{application['customer_id']}",
            f"{CUSTOMERS}/{application['customer_id']}/applications",
            f"{FILES}/{paper}",
            f"{FILES}/{paper}/download",
        ):
            answer = await client.get(path, headers=around.lead.headers)
            assert answer.status_code == status, f"{path}: {answer.text}"
    seen = await client.get(f"{URL}/{around.near['id']}", headers=around.lead.headers)
    assert seen.json()["phone"] == "+85512345678", "numbers are read as far as the work is"


async def test_nothing_else_is_changed(client: AsyncClient, around: Around) -> None:
    for application, refused in ((around.near, False), (around.far, True)):
        url = f"{URL}/{application['id']}"
        changed = await client.put(url, json={"occupation": "Weaver"}, headers=around.lead.headers)
        assert changed.status_code == (404 if refused else 200), changed.text
        sent = await put_paper(client, around.lead, application)
        assert sent.status_code in ({404, 422} if refused else {201}), sent.text
        paper = around.papers[application["id"]]
        removed = await client.delete(f"{FILES}/{paper}", headers=around.lead.headers)
        assert removed.status_code == (404 if refused else 204), removed.text


READ = "application:read"
OWN = {("me", "here"), ("me", "there"), ("me", "nowhere")}
REACHED: dict[Scope | None, set[tuple[str, str]]] = {
    None: set(),
    Scope.OWN: OWN,
    Scope.TEAM: OWN | {("mate", "here"), ("mate", "there"), ("mate", "nowhere")},
    Scope.DEPARTMENT: OWN | {("colleague", "here"), ("colleague", "there"), ("colleague", "nowhere")},
    Scope.BRANCH: OWN | {("mate", "here"), ("colleague", "here"), ("stranger", "here")},
    Scope.ALL: {*product(("me", "mate", "colleague", "stranger"), ("here", "there", "nowhere"))},
}
"""Whose applications of which branch are reached by somebody of the branch `here`."""


@pytest.mark.parametrize("posted", [True, False], ids=["of a branch", "of none"])
async def test_a_right_reaches_as_far_in_the_database_as_for_a_row_that_is_loaded(
    session: AsyncSession, *, posted: bool
) -> None:
    people = {name: a_user() for name in ("me", "mate", "colleague", "stranger")}
    places = {"here": a_branch(code="HERE"), "there": a_branch(code="THERE")}
    session.add_all([*people.values(), *places.values()])
    await session.flush()
    branches: dict[str, UUID | None] = {name: place.id for name, place in places.items()} | {"nowhere": None}
    rows = {
        (owner, place): an_application(people[owner].id, branch_id=branches[place])
        for owner, place in product(people, branches)
    }
    session.add_all(rows.values())
    await session.flush()
    owner, branch = CustomerApplication.user_id, CustomerApplication.branch_id
    for scope, expected in REACHED.items():
        reader = Principal(
            id=people["me"].id,
            role="officer",
            session_id=uuid4(),
            branch_id=branches["here"] if posted else None,
            team=frozenset({people["mate"].id}),
            department=frozenset({people["colleague"].id}),
            grants={READ: scope} if scope else {},
        )
        reached = expected if posted or scope is not Scope.BRANCH else OWN
        loaded = {
            key for key, row in rows.items() if reader.reaches(READ, owner_id=row.user_id, branch_id=row.branch_id)
        }
        assert loaded == reached, scope
        ids = {rows[key].id for key in reached}
        anybody = within(Reach.of(reader, READ).anybody, READ, owner=owner, branch=branch)
        for where, values in ((within(reader, READ, owner=owner, branch=branch), {}), (anybody, brought(reader))):
            found = await session.scalars(select(CustomerApplication.id).where(where), values)
            assert set(found) == ids, scope
        by_ways = [
            set(await session.scalars(select(CustomerApplication.id).where(way)))
            for way in ways(reader, READ, owner=owner, branch=branch)
        ]
        assert set().union(*by_ways) == ids, scope
