"""Templates: sets of rights are written down, taken elsewhere, looked at, and given in one go."""

import json

from httpx import AsyncClient, Response

from lc_workflow.identity.rules.roles import STANDINGS, Role
from tests.conftest import Person, SignIn
from tests.identity.rights import Named

URL = "/api/v1/permissions/templates"
NOBODY = "00000000-0000-4000-8000-000000000000"
READING = {"name": "Reading", "permissions": ["file:read:branch", "application:read:branch"]}


async def test_a_template_is_written_changed_carried_elsewhere_and_removed(
    client: AsyncClient, admin: Person, right_id: Named
) -> None:
    made = await client.post(URL, json=READING, headers=admin.headers)
    assert (made.status_code, made.json()["permissions"]) == (201, sorted(READING["permissions"]))
    url = f"{URL}/{made.json()['id']}"
    taken = await client.post(URL, json=READING, headers=admin.headers)
    assert (taken.status_code, taken.json()["code"]) == (422, "TemplateNameTaken")

    wish = {"permission_ids": [await right_id("user:read:all")], "description": "People"}
    changed = (await client.put(url, json=wish, headers=admin.headers)).json()
    assert (changed["permissions"], changed["description"]) == (["user:read:all"], "People")
    exported = await client.get(f"{url}/export", headers=admin.headers)
    assert exported.headers["content-disposition"].startswith("attachment")
    brought = await client.post(f"{URL}/import", json=exported.json() | {"name": "Brought"}, headers=admin.headers)
    assert (brought.status_code, brought.json()["permissions"]) == (201, ["user:read:all"])
    assert (await client.delete(url, headers=admin.headers)).status_code == 204
    names = [row["name"] for row in (await client.get(URL, headers=admin.headers)).json()["items"]]
    assert names == ["Brought"]


async def test_a_template_is_carried_elsewhere_as_a_file(client: AsyncClient, admin: Person) -> None:
    made = (await client.post(URL, json=READING, headers=admin.headers)).json()
    exported = await client.get(f"{URL}/{made['id']}/export", headers=admin.headers)
    assert exported.json()["template_name"] == "Reading"
    wish = exported.json() | {"permissions": ["file:read:all"], "description": "All papers"}

    async def bring(content: bytes, *, over: bool) -> Response:
        return await client.post(
            f"{URL}/import?update_if_exists={str(over).lower()}",
            files={"file": ("template.json", content, "application/json")},
            headers=admin.headers,
        )

    taken = await bring(json.dumps(wish).encode(), over=False)
    assert (taken.status_code, taken.json()["code"]) == (422, "TemplateNameTaken"), taken.text
    brought = (await bring(json.dumps(wish).encode(), over=True)).json()
    assert (brought["id"], brought["action"], brought["permissions"]) == (made["id"], "updated", ["file:read:all"])
    assert (brought["mapped_count"], brought["unmapped_count"]) == (1, 0)
    new = (await bring(json.dumps(wish | {"name": "Papers"}).encode(), over=True)).json()
    assert (new["action"], new["name"], new["description"]) == ("created", "Papers", "All papers")
    for content, code in ((b"\xff\xfe no", "NoTemplateFile"), (b"[]", "InvalidInput"), (b"{}", "InvalidInput")):
        refused = await bring(content, over=True)
        assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    empty = await client.post(f"{URL}/import", data={"file": "no file"}, files={"x": b""}, headers=admin.headers)
    assert (empty.status_code, empty.json()["code"]) == (422, "InvalidInput"), empty.text


async def test_a_template_holds_only_rights_that_mean_something(client: AsyncClient, admin: Person) -> None:
    for right in ("loan:eat:all", "nonsense", "system:manage:own"):
        wish = READING | {"permissions": [right]}
        refused = await client.post(URL, json=wish, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchRight")


async def test_a_template_is_looked_at_before_it_is_given(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    wish = {"name": "Mixed", "permissions": ["application:approve:all", "file:read:branch", "permission:read:all"]}
    template = (await client.post(URL, json=wish, headers=admin.headers)).json()
    viewer = await sign_in("viewer")
    for kind, target in (("role", await role_id("viewer")), ("user", str(viewer.user.id))):
        asked = {"template_id": template["id"], "target_type": kind, "target_id": target}
        shown = (await client.post(f"{URL}/preview", json=asked, headers=admin.headers)).json()
        assert (shown.pop("estimated_template_size"), len(shown.pop("suggested_permissions"))) == (3, 3)
        assert shown == {
            "added": ["permission:read:all"],
            "held": ["file:read:branch"],
            "refused": ["application:approve:all"],
        }
        refused = await client.post(f"{URL}/{template['id']}/apply/{kind}/{target}", headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "GrantAboveOwn")


async def test_a_template_is_given_to_a_role_and_to_a_person(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    wish = {"name": "Looking into the rights", "permissions": ["permission:read:all"]}
    template = (await client.post(URL, json=wish, headers=admin.headers)).json()
    viewer, teller = await sign_in("viewer"), await sign_in("teller")
    for kind, target in (("role", await role_id("viewer")), ("user", str(teller.user.id))):
        given = await client.post(f"{URL}/{template['id']}/apply/{kind}/{target}", headers=admin.headers)
        assert (given.status_code, given.json()) == (200, {"added": 1})
    for person in (viewer, teller):
        assert (await client.get("/api/v1/permissions", headers=person.headers)).status_code == 200
    wrong = await client.post(f"{URL}/{template['id']}/apply/branch/{viewer.user.id}", headers=admin.headers)
    assert wrong.status_code in {404, 422}


async def test_what_a_person_holds_already_is_not_given_once_more(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    """Managers approve and administrators do not: what the trial says of such a template, giving it does."""
    manager = await sign_in("manager")
    made = await client.post(
        f"{URL}/generate-from-roles", json={"role_ids": [await role_id("manager")]}, headers=admin.headers
    )
    (template,) = made.json()["items"]
    asked = {"template_id": template["id"], "target_type": "user", "target_id": str(manager.user.id)}
    shown = (await client.post(f"{URL}/preview", json=asked, headers=admin.headers)).json()
    assert (shown["added"], shown["refused"]) == ([], [])
    given = await client.post(f"{URL}/{template['id']}/apply/user/{manager.user.id}", headers=admin.headers)
    assert (given.status_code, given.json()) == (200, {"added": 0})


async def test_what_somebody_was_denied_stays_denied_whatever_template_they_are_given(
    client: AsyncClient, admin: Person, sign_in: SignIn, right_id: Named
) -> None:
    teller = await sign_in("teller")
    denial = {"permission_id": await right_id("permission:read:all"), "is_granted": False, "reason": "Under inquiry"}
    rights_of_teller = f"/api/v1/users/{teller.user.id}/permissions"
    assert (await client.post(rights_of_teller, json=denial, headers=admin.headers)).status_code == 200
    wish = {"name": "Looking into", "permissions": ["permission:read:all", "permission:manage:all"]}
    template = (await client.post(URL, json=wish, headers=admin.headers)).json()
    asked = {"template_id": template["id"], "target_type": "user", "target_id": str(teller.user.id)}
    shown = (await client.post(f"{URL}/preview", json=asked, headers=admin.headers)).json()
    assert (shown["added"], shown["refused"]) == (["permission:manage:all"], ["permission:read:all"])
    given = await client.post(f"{URL}/{template['id']}/apply/user/{teller.user.id}", headers=admin.headers)
    assert (given.status_code, given.json()) == (200, {"added": 1})
    assert (await client.get("/api/v1/permissions", headers=teller.headers)).status_code == 403


async def test_the_trial_gives_nothing_to_whom_nothing_may_be_given(
    client: AsyncClient, admin: Person, role_id: Named
) -> None:
    asked = {"permissions": ["application:read:own"]}
    for kind, target in (("role", await role_id("admin")), ("user", str(admin.user.id))):
        wish = asked | {"target_type": kind, "target_id": target}
        shown = (await client.post(f"{URL}/preview", json=wish, headers=admin.headers)).json()
        assert (shown["added"], shown["refused"]) == ([], asked["permissions"])


async def test_the_rights_of_roles_become_templates(client: AsyncClient, admin: Person, role_id: Named) -> None:
    wish = {"role_ids": [await role_id("teller"), await role_id("viewer")]}
    made = (await client.post(f"{URL}/generate-from-roles", json=wish, headers=admin.headers)).json()
    assert {row["name"]: tuple(row["permissions"]) for row in made["items"]} == {
        STANDINGS[role].display_name: STANDINGS[role].rights for role in (Role.TELLER, Role.VIEWER)
    }


async def test_rights_are_named_by_their_ids_among_their_names(
    client: AsyncClient, admin: Person, right_id: Named
) -> None:
    """The page that changes a template adds ids to the names it was shown."""
    mixed = {"name": "Mixed", "permissions": ["file:read:branch", await right_id("user:read:all")]}
    made = await client.post(URL, json=mixed, headers=admin.headers)
    assert (made.status_code, made.json().get("permissions")) == (201, ["file:read:branch", "user:read:all"])
    wish = {"permissions": [*made.json()["permissions"], await right_id("application:read:branch")]}
    changed = await client.put(f"{URL}/{made.json()['id']}", json=wish, headers=admin.headers)
    assert changed.json()["permissions"] == ["application:read:branch", "file:read:branch", "user:read:all"]
    refused = await client.post(URL, json=mixed | {"permissions": [NOBODY]}, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchPermission")


async def test_the_rights_of_several_roles_become_one_template(
    client: AsyncClient, admin: Person, role_id: Named, right_id: Named
) -> None:
    retired = {
        "name": "retired",
        "display_name": "Retired",
        "permission_ids": [await right_id("user:read:all")],
    }
    role = (await client.post("/api/v1/permissions/roles", json=retired, headers=admin.headers)).json()
    put_aside = f"/api/v1/permissions/roles/{role['id']}"
    assert (await client.put(put_aside, json={"is_active": False}, headers=admin.headers)).status_code == 200
    wish = {
        "source_role_ids": [await role_id("teller"), await role_id("viewer"), role["id"]],
        "template_name": "Counter",
        "template_description": "What the counter needs",
        "include_inactive_roles": False,
    }
    together = {*STANDINGS[Role.TELLER].rights, *STANDINGS[Role.VIEWER].rights}
    asked = wish | {"preview_type": "detailed"}
    shown = (await client.post(f"{URL}/preview", json=asked, headers=admin.headers)).json()
    assert ({*shown["added"], *shown["refused"]}, shown["held"]) == (together, [])
    made = await client.post(f"{URL}/generate-from-roles", json=wish, headers=admin.headers)
    (template,) = made.json()["items"]
    assert (template["name"], template["description"]) == ("Counter", "What the counter needs")
    assert template["permissions"] == sorted(together)
    wish |= {"template_name": "Counter of old", "include_inactive_roles": True}
    made = await client.post(f"{URL}/generate-from-roles", json=wish, headers=admin.headers)
    assert made.json()["items"][0]["permissions"] == sorted(together | {"user:read:all"})


async def test_templates_from_roles_need_roles_and_one_of_several_a_name(
    client: AsyncClient, admin: Person, role_id: Named
) -> None:
    only = {"role_ids": [await role_id("teller")], "template_name": "Counter"}
    made = await client.post(f"{URL}/generate-from-roles", json=only, headers=admin.headers)
    assert [row["name"] for row in made.json()["items"]] == [STANDINGS[Role.TELLER].display_name]
    for wish, field in (({}, "role_ids"), ({"source_role_ids": [await role_id("viewer")]}, "template_name")):
        refused = await client.post(f"{URL}/generate-from-roles", json=wish, headers=admin.headers)
        assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (422, [field])


async def test_a_trial_for_somebody_says_for_whom(client: AsyncClient, admin: Person, role_id: Named) -> None:
    for half in ({"target_type": "role"}, {"target_id": await role_id("viewer")}):
        wish = half | {"permissions": ["file:read:branch"]}
        refused = await client.post(f"{URL}/preview", json=wish, headers=admin.headers)
        assert (refused.status_code, len(refused.json()["errors"])) == (422, 1)
