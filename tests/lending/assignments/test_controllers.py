"""Employees who look after applications, over HTTP."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.identity.rights import Named
from tests.lending.steps import Draft, Take
from tests.organization.factories import a_branch, an_employee

URL = "/api/v1/employees/assignments"


async def test_an_employee_is_asked_changed_and_released(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add(employee := an_employee(branch_id=branch.id))
    await session.commit()
    application = await draft(officer)
    wish = {"application_id": application["id"], "employee_id": str(employee.id), "assignment_role": "field_officer"}
    asked = await client.post(URL, json=wish, headers=officer.headers)
    assert asked.status_code == 201, asked.text
    assert asked.json()["employee"]["branch"]["code"] == "PP01"
    again = await client.post(URL, json=wish, headers=officer.headers)
    assert (again.status_code, again.json()["code"]) == (422, "AlreadyAssigned")
    path = f"{URL}/{asked.json()['id']}"
    changed = await client.patch(
        path, json={"assignment_role": "reviewer", "notes": "Knows her"}, headers=officer.headers
    )
    assert (changed.json()["assignment_role"], changed.json()["notes"]) == ("reviewer", "Knows her")
    assert (await client.delete(path, headers=officer.headers)).status_code == 204
    assert (await client.delete(path, headers=officer.headers)).status_code == 204
    listed = (await client.get(f"{URL}/employee/{employee.id}", headers=officer.headers)).json()
    assert [row["is_active"] for row in listed] == [False]
    assert await announced() == ["ApplicationDrafted", "EmployeeAssigned", "AssignmentChanged", "EmployeeReleased"]


async def test_the_wizards_list_of_employees_is_the_whole_list(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add_all([first := an_employee(branch_id=branch.id), second := an_employee(branch_id=branch.id)])
    await session.commit()
    application = await draft(officer, employee_assignments=[{"employee_id": str(first.id)}])
    changed = await client.put(
        f"/api/v1/applications/{application['id']}",
        json={"employee_assignments": [{"employee_id": str(second.id), "assignment_role": "secondary_officer"}]},
        headers=officer.headers,
    )
    assert [row["employee_id"] for row in changed.json()["employee_assignments"]] == [str(second.id)]
    everybody = (await client.get(f"{URL}/application/{application['id']}", headers=officer.headers)).json()
    assert {row["employee_id"]: row["is_active"] for row in everybody} == {str(first.id): False, str(second.id): True}


async def test_who_looks_after_an_application_is_part_of_its_version(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add_all([first := an_employee(branch_id=branch.id), second := an_employee(branch_id=branch.id)])
    await session.commit()
    application = await draft(officer)
    url = f"/api/v1/applications/{application['id']}"
    wish = {"application_id": application["id"], "employee_id": str(first.id)}
    versions = [application["version"]]

    async def seen() -> None:
        versions.append((await client.get(url, headers=officer.headers)).json()["version"])

    path = f"{URL}/{(await client.post(URL, json=wish, headers=officer.headers)).json()['id']}"
    await seen()
    stale = {"employee_assignments": [{"employee_id": str(second.id)}]}
    refused = await client.put(url, json=stale, headers=officer.headers | {"If-Match": f'"{versions[0]}"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "StaleVersion")  # or the first were sent away unseen
    await client.patch(path, json={"notes": "Knows her"}, headers=officer.headers)
    await seen()
    await client.patch(path, json={"notes": "Knows her"}, headers=officer.headers)
    assert (await client.get(url, headers=officer.headers)).json()["version"] == versions[-1]
    await client.delete(path, headers=officer.headers)
    await seen()
    changed = await client.put(url, json=stale, headers=officer.headers | {"If-Match": f'"{versions[-1]}"'})
    versions.append(changed.json()["version"])
    assert versions == [versions[0] + step for step in range(5)]


async def test_whoever_has_left_or_moved_is_not_asked_again(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add_all([other := a_branch(), employee := an_employee(branch_id=branch.id)])
    await session.commit()
    application = await draft(officer, employee_assignments=[{"employee_id": str(employee.id)}])
    url = f"{URL}/{application['employee_assignments'][0]['id']}"
    await client.delete(url, headers=officer.headers)
    for changes, code in (
        ({"is_active": False}, "EmployeeRetired"),
        ({"branch_id": other.id}, "EmployeeOfAnotherBranch"),
    ):
        await session.execute(update(Employee).values({"is_active": True, "branch_id": branch.id} | changes))
        await session.commit()
        refused = await client.patch(url, json={"is_active": True}, headers=officer.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    await session.execute(update(Employee).values(branch_id=branch.id))
    await session.commit()
    again = await client.patch(url, json={"is_active": True}, headers=officer.headers)
    assert (again.status_code, again.json()["is_active"]) == (200, True)


async def test_a_form_that_is_saved_as_it_was_asks_nobody_for_more(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, manager = await sign_in("officer", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    session.add(employee := an_employee(branch_id=branch.id))
    await session.commit()
    application = await draft(officer, employee_assignments=[{"employee_id": str(employee.id), "notes": "Near by"}])
    await take(officer, application, "submit")
    url = f"/api/v1/applications/{application['id']}"
    form = (await client.get(url, headers=manager.headers)).json()
    saved = await client.put(url, json=form, headers=manager.headers)
    assert (saved.status_code, saved.json()) == (200, form)
    refused = await client.put(url, json=form | {"employee_assignments": []}, headers=manager.headers)
    assert (refused.status_code, refused.json()["detail"]) == (403, "Who looks after it is for those who process it.")


async def test_a_form_with_another_note_changes_the_note_and_asks_nobody_anew(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    branch: Branch,
    draft: Draft,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    session.add_all(employees := [an_employee(branch_id=branch.id) for _ in range(2)])
    await session.commit()
    wishes = [{"employee_id": str(one.id), "assignment_role": "reviewer", "notes": "Near by"} for one in employees]
    application = await draft(officer, employee_assignments=wishes)
    before = await announced()
    wish = {"employee_assignments": [wishes[0] | {"notes": "Knows her"}, wishes[1]]}
    url = f"/api/v1/applications/{application['id']}"
    saved = (await client.put(url, json=wish, headers=officer.headers)).json()["employee_assignments"]
    notes = {row["id"]: row["notes"] for row in saved}
    standing = {row["employee_id"]: row["id"] for row in application["employee_assignments"]}
    assert notes == {standing[str(employees[0].id)]: "Knows her", standing[str(employees[1].id)]: "Near by"}
    assert await announced() == [*before, "AssignmentChanged"]
    facts = await session.scalar(select(JournalEntry.facts).where(JournalEntry.kind == "AssignmentChanged"))
    assert facts is not None
    assert (facts["employee_id"], facts["role"]) == (str(employees[0].id), "reviewer")


async def test_whoever_was_released_is_asked_again_by_a_form_that_names_them(
    client: AsyncClient, session: AsyncSession, officer: Person, branch: Branch, draft: Draft
) -> None:
    session.add(employee := an_employee(branch_id=branch.id))
    await session.commit()
    wish = {"employee_assignments": [{"employee_id": str(employee.id)}]}
    application = await draft(officer, **wish)
    await client.delete(f"{URL}/{application['employee_assignments'][0]['id']}", headers=officer.headers)
    url = f"/api/v1/applications/{application['id']}"
    saved = (await client.put(url, json=wish, headers=officer.headers)).json()
    assert [row["employee_id"] for row in saved["employee_assignments"]] == [str(employee.id)]


async def test_an_employee_of_another_branch_is_not_asked(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, other_branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add(stranger := an_employee(branch_id=other_branch.id))
    await session.commit()
    application = await draft(officer)
    for employee_id, code in ((stranger.id, "EmployeeOfAnotherBranch"), (officer.user.id, "NoSuchEmployee")):
        wish = {"application_id": application["id"], "employee_id": str(employee_id)}
        refused = await client.post(URL, json=wish, headers=officer.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_whoever_reads_everywhere_assigns_only_where_their_right_to_assign_reaches(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft,
    admin: Person, right_id: Named,
) -> None:  # fmt: skip
    session.add_all([other := a_branch(), employee := an_employee(branch_id=branch.id)])
    await session.commit()
    officer, stranger = await sign_in("officer", branch_id=branch.id), await sign_in("officer", branch_id=other.id)
    given = {"permission_id": await right_id("application:read:all"), "is_granted": True}
    url = f"/api/v1/users/{stranger.user.id}/permissions"
    assert (await client.post(url, json=given, headers=admin.headers)).status_code == 200
    application = await draft(officer, employee_assignments=[{"employee_id": str(employee.id)}])
    standing = f"{URL}/{application['employee_assignments'][0]['id']}"
    wish = {"application_id": application["id"], "employee_id": str(employee.id), "assignment_role": "reviewer"}
    for answer in (
        await client.post(URL, json=wish, headers=stranger.headers),
        await client.patch(standing, json={"notes": "Mine"}, headers=stranger.headers),
        await client.delete(standing, headers=stranger.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "NotYourAssignment"), answer.text


async def test_no_loan_is_begun_in_a_closed_branch(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer, admin = await sign_in("officer", branch_id=branch.id), await sign_in("admin")
    application = await draft(officer)
    await session.execute(update(Branch).where(Branch.id == branch.id).values(is_active=False))
    await session.commit()
    url = "/api/v1/applications"
    for person, body in ((officer, {}), (admin, {"branch_id": str(branch.id)})):
        refused = await client.post(url, json=body, headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "NotInUse"), refused.text
        assert refused.json()["detail"] == "The branch is closed; choose another."
    changed = await client.put(f"{url}/{application['id']}", json={"phone": "012345678"}, headers=officer.headers)
    assert changed.status_code == 200, changed.text  # what was begun goes on


async def test_assignments_of_another_branch_are_not_seen(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add_all([employee := an_employee(branch_id=branch.id), other := a_branch()])
    await session.commit()
    application = await draft(officer, employee_assignments=[{"employee_id": str(employee.id)}])
    stranger = await sign_in("officer", branch_id=other.id)
    path = f"{URL}/{application['employee_assignments'][0]['id']}"
    assert (await client.patch(path, json={"notes": "Mine"}, headers=stranger.headers)).status_code == 404
    assert (await client.delete(path, headers=stranger.headers)).status_code == 404
    assert (await client.get(f"{URL}/employee/{employee.id}", headers=stranger.headers)).json() == []
    nobody = await client.get(f"{URL}/employee/{uuid4()}", headers=officer.headers)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "Missing")
    hidden = await client.get(f"{URL}/application/{application['id']}", headers=stranger.headers)
    assert hidden.status_code == 404
