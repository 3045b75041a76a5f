"""What happened is found, given out and verified, each as far as their right reaches."""

from csv import DictReader
from io import StringIO
from json import loads
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import Role
from lc_workflow.insight.audit.controllers import RIGHTS
from lc_workflow.insight.audit.queries import BATCH
from lc_workflow.insight.rules.rights import CHANGES
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.events import BranchOpened
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.identity.rights import Named
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH
from tests.moments import NOON

URL = "/api/v1/audit"


@pytest.fixture
async def drafted(client: AsyncClient, sign_in: SignIn, branch: Branch) -> dict[str, Any]:
    officer = await sign_in("officer", branch_id=branch.id, first_name="Bopha", last_name="Keo")
    answer = await client.post(APPLICATIONS, json=WISH, headers=officer.headers)
    await client.put(f"{APPLICATIONS}/{answer.json()['id']}", json={"requested_amount": 900}, headers=officer.headers)
    found: dict[str, Any] = answer.json()
    return found


async def test_an_entry_says_who_did_what_and_what_it_changed(
    client: AsyncClient, sign_in: SignIn, drafted: dict[str, Any]
) -> None:
    auditor = await sign_in("auditor")
    page = (await client.get(f"{URL}?application_id={drafted['id']}", headers=auditor.headers)).json()
    changed = page["items"][0]
    assert (changed["kind"], changed["actor"]["name"], changed["position"]) == (
        "ApplicationChanged",
        "Bopha Keo",
        page["total"],
    )
    assert {"requested_amount"} <= {name for row in changed["changes"] for name in row["fields"]}
    assert changed["request_id"]
    assert drafted["phone"] not in str(page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=ApplicationDrafted", 1),
        ("kind=ApplicationDrafted,ApplicationChanged", 2),
        ("kind=Nothing", 0),
        ("subject=application", 2),
        ("subject=user", 0),
        ("date_to=2026-11-23", 0),
        ("date_from=2026-11-24&date_to=2026-11-24", 2),
        ("date_from=2026-11-25", 0),
        ("subject=application&size=1", 2),
        ("kind=ApplicationChanged&size=1", 1),
        ("request_id=nobody", 0),
    ],
)
async def test_entries_are_found_by_what_is_known_of_them(
    client: AsyncClient, sign_in: SignIn, drafted: dict[str, Any], query: str, found: int
) -> None:
    auditor = await sign_in("auditor")
    page = (await client.get(f"{URL}?application_id={drafted['id']}&{query}", headers=auditor.headers)).json()
    assert page["total"] == found


async def test_a_manager_reads_what_happened_in_their_branch(
    client: AsyncClient, sign_in: SignIn, branch: Branch, drafted: dict[str, Any], other_branch: Branch
) -> None:
    near, far = await sign_in("manager", branch_id=branch.id), await sign_in("manager", branch_id=other_branch.id)
    for person, total, status in ((near, 2, 200), (far, 0, 404)):
        assert (await client.get(f"{URL}?subject=application", headers=person.headers)).json()["total"] == total
        for path in ("audit", "audit/verify"):
            answer = await client.get(f"{APPLICATIONS}/{drafted['id']}/{path}", headers=person.headers)
            assert answer.status_code == status
        assert (await client.get(f"{URL}/verify", headers=person.headers)).status_code == 403
        assert (await client.get(f"{URL}/export", headers=person.headers)).status_code == 403


async def test_an_application_that_is_not_there_has_no_history(
    client: AsyncClient, drafted: Any, sign_in: SignIn
) -> None:
    auditor = await sign_in("auditor")
    for path in ("audit", "audit/verify"):
        answer = await client.get(f"{APPLICATIONS}/{uuid4()}/{path}", headers=auditor.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")


async def test_what_a_superuser_rewrites_is_found(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, drafted: dict[str, Any]
) -> None:
    auditor = await sign_in("auditor")
    addresses = (f"{URL}/verify", f"{APPLICATIONS}/{drafted['id']}/audit/verify")
    for address in addresses:
        verdict = (await client.get(address, headers=auditor.headers)).json()
        assert (verdict["intact"], verdict["faults"]) == (True, [])
        assert verdict["entries"] >= 2
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    await session.execute(
        text("UPDATE journal_entries SET actor_id = gen_random_uuid() WHERE kind = 'ApplicationDrafted'")
    )
    await session.execute(text("SET LOCAL session_replication_role = origin"))
    await session.commit()
    for address in addresses:
        verdict = (await client.get(address, headers=auditor.headers)).json()
        assert verdict["intact"] is False
        assert {(fault["tampering"], fault["thread_id"]) for fault in verdict["faults"]} == {("altered", drafted["id"])}


async def test_the_journal_is_given_out_as_a_table(
    client: AsyncClient, sign_in: SignIn, drafted: dict[str, Any]
) -> None:
    auditor = await sign_in("auditor")
    answer = await client.get(f"{URL}/export?application_id={drafted['id']}", headers=auditor.headers)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbfnumber,at,kind")
    lines = answer.text.strip().splitlines()
    assert [line.split(",")[2] for line in lines[1:]] == ["ApplicationDrafted", "ApplicationChanged"]
    admin = await sign_in("admin")
    await client.get("/api/v1/permissions/audit/export?kind=RoleGiven", headers=admin.headers)
    kinds = "JournalExported,RegisterExported,ApplicationsExported,AccountsImported,SecondFactorReset"
    exports = (await client.get(f"{URL}?kind={kinds}", headers=admin.headers)).json()["items"]
    assert [(entry["actor"]["id"], entry["facts"]["filters"], entry["facts"]["rows"]) for entry in exports] == [
        (str(admin.user.id), {"kinds": "RoleGiven"}, 0),
        (str(auditor.user.id), {"application_id": drafted["id"]}, 2),
    ]


async def test_what_was_planted_before_there_was_anybody_was_done_by_the_house(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    """It was shown as somebody without a name."""
    auditor, branch_id = await sign_in("auditor"), uuid4()
    session.add(JournalEntry.of(BranchOpened(actor_id=UUID(int=0), at=NOON, branch_id=branch_id, code="PP01")))
    await session.commit()
    (entry,) = (await client.get(f"{URL}?subject_id={branch_id}", headers=auditor.headers)).json()["items"]
    assert entry["actor"] is None


async def test_a_table_of_the_journal_holds_as_many_entries_as_are_on_record(
    client: AsyncClient, sign_in: SignIn, drafted: dict[str, Any]
) -> None:
    """The record of the export itself comes after it, and stands in the next one."""
    auditor = await sign_in("auditor")
    tables = [await client.get(f"{URL}/export", headers=auditor.headers) for _ in range(2)]
    held = [len(table.text.strip().splitlines()) - 1 for table in tables]
    newest = (await client.get(f"{URL}?kind=JournalExported", headers=auditor.headers)).json()["items"]
    assert held == [entry["facts"]["rows"] for entry in reversed(newest)]
    assert held[1] == held[0] + 1 > 2


async def test_a_long_table_of_the_journal_has_every_entry_once_in_order(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    auditor = await sign_in("auditor")
    opened = [BranchOpened(actor_id=None, at=NOON, branch_id=uuid4(), code=f"B{n}") for n in range(2 * BATCH)]
    session.add_all(map(JournalEntry.of, opened))
    await session.commit()
    table = await client.get(f"{URL}/export?kind=BranchOpened", headers=auditor.headers)
    numbers = [int(row["number"]) for row in DictReader(StringIO(table.content.decode("utf-8-sig")))]
    assert len(numbers) == 2 * BATCH
    assert numbers == sorted(set(numbers))


async def test_changes_of_rights_have_a_page_of_their_own(
    client: AsyncClient, admin: Person, sign_in: SignIn, drafted: dict[str, Any]
) -> None:
    wish = {"name": "archive_clerk", "display_name": "Archive clerk"}
    await client.post("/api/v1/permissions/roles", json=wish, headers=admin.headers)
    page = (await client.get("/api/v1/permissions/audit", headers=admin.headers)).json()
    assert [entry["kind"] for entry in page["items"]] == ["RoleOpened"]
    table = await client.get("/api/v1/permissions/audit/export", headers=admin.headers)
    assert (table.status_code, len(table.text.strip().splitlines())) == (200, 2)


async def test_the_page_of_rights_shows_changes_and_who_made_them_in_its_own_words(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    viewer = await sign_in("viewer")
    wish = {"role_id": await role_id("auditor"), "reason": "Covers for Kunthea"}
    await client.post(f"/api/v1/users/{viewer.user.id}/roles", json=wish, headers=admin.headers)
    opened = {"name": "archive_clerk", "display_name": "Archive clerk"}
    await client.post("/api/v1/permissions/roles", json=opened, headers=admin.headers)

    async def shown(query: str) -> list[tuple[str, ...]]:
        address = f"/api/v1/permissions/audit?page=1&size=50&{query}"
        page = (await client.get(address, headers=admin.headers)).json()
        return [(entry["action"], entry["entity_type"], entry["role_name"]) for entry in page["items"]]

    given, made = ("role_assigned", "user_role", "auditor"), ("role_created", "role", "archive_clerk")
    assert await shown("") == await shown("action_type=&entity_type=") == [made, given]
    assert await shown("action_type=role_assigned") == await shown("entity_type=user_role") == [given]
    assert await shown("action_type=role_created&entity_type=user_role") == await shown("action_type=x") == []
    assert await shown(f"user_id={viewer.user.id}") == await shown("end_date=2026-11-01") == []
    assert await shown(f"user_id={admin.user.id}&start_date=2026-11-24") == [made, given]
    [entry, *_] = (await client.get("/api/v1/permissions/audit", headers=admin.headers)).json()["items"]
    user = admin.user
    assert (entry["user_name"], entry["timestamp"]) == (f"{user.first_name} {user.last_name}", entry["at"])
    assert entry["details"] == entry["facts"]


async def test_the_page_of_rights_says_whose_they_are_and_finds_every_word_of_its_list(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, right_id: Named
) -> None:
    viewer = await sign_in("viewer", first_name="Kunthea", last_name="Chea")
    rights, role = f"/api/v1/users/{viewer.user.id}/permissions", await role_id("viewer")
    looking = await right_id("analytics:read:all")
    for is_granted, reason in ((True, "Reads figures"), (False, "Not any more")):
        wish = {"permission_id": looking, "is_granted": is_granted, "reason": reason}
        assert (await client.post(rights, json=wish, headers=admin.headers)).status_code == 200
    for method in ("POST", "DELETE"):
        await client.request(method, f"/api/v1/permissions/roles/{role}/permissions/{looking}", headers=admin.headers)

    async def shown(query: str) -> list[tuple[str, str | None]]:
        page = (await client.get(f"/api/v1/permissions/audit?{query}", headers=admin.headers)).json()
        return [(entry["action"], entry["target_user_name"]) for entry in page["items"]]

    revoked, assigned = ("role_permission_revoked", None), ("role_permission_assigned", None)
    denied, granted = ("permission_denied", "Kunthea Chea"), ("permission_granted", "Kunthea Chea")
    assert await shown("") == [revoked, assigned, denied, granted]
    for one in (revoked, assigned, denied, granted):
        assert await shown(f"action_type={one[0]}") == [one]
    assert await shown("entity_type=role_permission") == [revoked, assigned]
    page = (await client.get("/api/v1/permissions/audit", headers=admin.headers)).json()
    assert [entry["permission_name"] for entry in page["items"]] == ["analytics:read:all"] * 4
    assert await shown(f"target_user_id={viewer.user.id}") == await shown("search=kunthea") == [denied, granted]
    assert await shown("search=FIGURES") == [granted]
    assert await shown(f"search={admin.user.first_name}") == await shown(""), "the administrator did it all"
    assert await shown("search=viewer") == [revoked, assigned], "the role stands in the facts"
    assert await shown("search=nobody%25") == []
    export = "/api/v1/permissions/audit/export?format=json&search=kunthea"
    taken = (await client.get(export, headers=admin.headers)).json()
    assert [entry["target_user_name"] for entry in taken] == ["Kunthea Chea"] * 2
    (entry,) = (await client.get(f"{URL}?kind=JournalExported", headers=admin.headers)).json()["items"]
    assert entry["facts"]["filters"]["search"] == "yes"


def test_every_change_of_rights_has_a_word_on_its_page() -> None:
    assert CHANGES.keys() == RIGHTS


async def test_a_table_says_which_role_was_given_to_whom(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    viewer = await sign_in("viewer")
    wish = {"role_id": await role_id("auditor"), "reason": "Covers for Kunthea"}
    await client.post(f"/api/v1/users/{viewer.user.id}/roles", json=wish, headers=admin.headers)
    table = await client.get("/api/v1/permissions/audit/export", headers=admin.headers)
    (row,) = DictReader(StringIO(table.content.decode("utf-8-sig")))
    assert (row["kind"], row["subject_id"], row["reason"]) == ("RoleGiven", str(viewer.user.id), wish["reason"])
    assert loads(row["facts"])["role"] == "auditor"


async def test_changes_of_rights_are_given_out_as_json_too(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    address = "/api/v1/permissions/audit/export"
    nothing = await client.get(f"{address}?format=json&action_type=role_assigned", headers=admin.headers)
    assert (nothing.headers["content-type"].partition(";")[0], nothing.content) == ("application/json", b"[]")
    for name in ("archive_clerk", "night_clerk"):
        wish = {"name": name, "display_name": "Clerk"}
        await client.post("/api/v1/permissions/roles", json=wish, headers=admin.headers)
    given = await client.get(f"{address}?format=json&action_type=role_created", headers=admin.headers)
    assert given.headers["content-disposition"].startswith("attachment")
    listed = await client.get("/api/v1/permissions/audit?action_type=role_created", headers=admin.headers)
    assert given.json() == listed.json()["items"][::-1]
    assert [entry["role_name"] for entry in given.json()] == ["archive_clerk", "night_clerk"]
    table = await client.get(f"{address}?format=csv", headers=admin.headers)
    assert table.content.startswith(b"\xef\xbb\xbfnumber")
    assert (await client.get(f"{address}?format=xml", headers=admin.headers)).status_code == 422


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.AUDITOR, Role.MANAGER}])
async def test_others_do_not_read_the_journal(client: AsyncClient, sign_in: SignIn, role: Role) -> None:
    person = await sign_in(role)
    for path in ("", "/export", "/verify", "/anchors"):
        assert (await client.get(f"{URL}{path}", headers=person.headers)).status_code == 403
