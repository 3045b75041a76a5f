"""Opening, showing, changing and deactivating users, over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import bcrypt
import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.roles import STANDINGS, Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.identity.factories import PASSWORD, a_session, a_user
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, a_position, an_employee

URL = "/api/v1/users"
NOBODY = "00000000-0000-4000-8000-000000000000"
NEW: dict[str, Any] = {
    "username": "Dara",
    "email": "Dara.Keo@Branch.Example",
    "password": "Dara#2026pass",
    "first_name": "តារា",
    "last_name": "កែវ",
}

Told = Callable[[], Awaitable[list[str]]]


@pytest.fixture
async def sokha(session: AsyncSession, branch: Branch) -> User:
    """An officer with all there is to an account."""
    user = a_user(
        username="sokha",
        email="sokha@branch.example",
        branch_id=branch.id,
        employee_id="0042",
        phone_number="012 345 678",
    )
    session.add(user)
    await session.commit()
    return user


async def facts_of(session: AsyncSession, kind: str) -> dict[str, Any]:
    entries = (await session.scalars(select(JournalEntry).where(JournalEntry.kind == kind))).all()
    assert len(entries) == 1, [entry.kind for entry in entries]
    return entries[0].facts


class TestOpening:
    """An administrator opens an account for somebody."""

    async def test_the_web_apps_form_opens_an_account(
        self, client: AsyncClient, session: AsyncSession, admin: Person, announced: Told
    ) -> None:
        empty = ("phone_number", "position_id", "department_id", "branch_id", "portfolio_id", "line_manager_id")
        form = NEW | {"role": "officer", "employee_id": "", "profile_image_url": ""} | dict.fromkeys(empty, "")
        answer = await client.post(f"{URL}/", json=form, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        user = answer.json()
        assert (user["username"], user["email"]) == ("dara", "dara.keo@branch.example")
        assert (user["first_name"], user["role"], user["status"]) == ("តារា", "officer", "active")
        assert [user[name] for name in (*empty, "department", "branch", "profile_image_url")] == [None] * 9
        assert (user["created_at"], user["login_count"]) == ("2026-11-24T05:00:00Z", 0)
        assert "password" not in answer.text
        digest = (await session.get_one(User, UUID(user["id"]))).password_hash
        assert bcrypt.checkpw(NEW["password"].encode(), str(digest).encode())
        assert (await client.get(f"{URL}/{user['id']}", headers=admin.headers)).json() == user
        assert await announced() == ["AccountOpened"]
        assert NEW["password"] not in str(await facts_of(session, "AccountOpened"))

    async def test_whoever_got_an_account_signs_in(self, client: AsyncClient, admin: Person) -> None:
        await client.post(URL, json=NEW, headers=admin.headers)
        entry = await client.post("/api/v1/auth/login", data={"username": "DARA", "password": NEW["password"]})
        assert entry.status_code == 200, entry.text

    async def test_an_account_has_its_place_in_the_company(
        self, client: AsyncClient, session: AsyncSession, branch: Branch, admin: Person
    ) -> None:
        session.add_all([department := a_department(), position := a_position()])
        session.add_all([chief := an_employee(branch_id=branch.id), head_office := an_employee()])
        await session.commit()
        place = {
            "branch_id": str(branch.id),
            "department_id": str(department.id),
            "position_id": str(position.id),
            "portfolio_id": str(chief.id),
            "line_manager_id": str(head_office.id),
        }
        user = (await client.post(URL, json=NEW | place | {"employee_id": "0007"}, headers=admin.headers)).json()
        assert {name: user[name] for name in place} == place
        assert (user["branch"]["code"], user["department"]["name"]) == (branch.code, department.name)
        assert (user["position"]["name"], user["employee_id"]) == (position.name, "0007")
        assert user["portfolio"]["employee_code"] == chief.employee_code
        assert user["line_manager"]["full_name_khmer"] == head_office.full_name_khmer

    @pytest.mark.parametrize("role", Role)
    async def test_an_administrator_gives_every_role(self, client: AsyncClient, admin: Person, role: str) -> None:
        answer = await client.post(URL, json=NEW | {"role": role}, headers=admin.headers)
        assert (answer.status_code, answer.json()["role_name"]) == (201, role)
        assert answer.json()["role"] == STANDINGS[Role(role)].web_word

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    async def test_nobody_else_opens_accounts(self, client: AsyncClient, sign_in: SignIn, role: Role) -> None:
        person = await sign_in(role)
        answer = await client.post(URL, json=NEW, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "NotPermitted")

    async def test_an_account_may_wait_for_its_first_day(self, client: AsyncClient, admin: Person) -> None:
        answer = await client.post(URL, json=NEW | {"status": "pending"}, headers=admin.headers)
        assert (answer.json()["status"], answer.json()["is_active"]) == ("pending", False)
        entry = await client.post("/api/v1/auth/login", data={"username": "dara", "password": NEW["password"]})
        assert entry.status_code == 403

    async def test_an_account_whose_box_is_not_ticked_waits_too(self, client: AsyncClient, admin: Person) -> None:
        answer = await client.post(URL, json=NEW | {"is_active": False, "status": ""}, headers=admin.headers)
        assert (answer.json()["status"], answer.json()["is_active"]) == ("pending", False)
        entry = await client.post("/api/v1/auth/login", data={"username": "dara", "password": NEW["password"]})
        assert entry.status_code == 403
        ticked = {"username": "vuthy", "email": "vuthy@branch.example", "is_active": True}
        answer = await client.post(URL, json=NEW | ticked, headers=admin.headers)
        assert (answer.json()["status"], answer.json()["is_active"]) == ("active", True)
        waiting = {"username": "bopha", "email": "bopha@branch.example", "is_active": True, "status": "pending"}
        answer = await client.post(URL, json=NEW | waiting, headers=admin.headers)
        assert (answer.json()["status"], answer.json()["is_active"]) == ("pending", False)

    @pytest.mark.parametrize("status", ["inactive", "suspended", "archived"])
    async def test_an_account_does_not_begin_with_its_end(
        self, client: AsyncClient, admin: Person, status: str
    ) -> None:
        answer = await client.post(URL, json=NEW | {"status": status}, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "NoSuchStatusMove")

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"username": "sokha"}, "UsernameTaken", "username"),
            ({"username": "SOKHA"}, "UsernameTaken", "username"),
            ({"email": "SOKHA@branch.example"}, "EmailTaken", "email"),
            ({"employee_id": "0042"}, "EmployeeIdTaken", "employee_id"),
            ({"branch_id": NOBODY}, "NoSuchBranch", "branch_id"),
            ({"department_id": NOBODY}, "NoSuchDepartment", "department_id"),
            ({"position_id": NOBODY}, "NoSuchPosition", "position_id"),
            ({"portfolio_id": NOBODY}, "NoSuchPortfolio", "portfolio_id"),
            ({"line_manager_id": NOBODY}, "NoSuchLineManager", "line_manager_id"),
            ({"password": "short"}, "WeakPassword", "password"),
            ({"password": "x" * 73}, "WeakPassword", "password"),
            ({"password": "ក" * 25}, "WeakPassword", "password"),
        ],
    )
    @pytest.mark.usefixtures("sokha")
    async def test_what_cannot_be_is_refused_by_name(
        self, client: AsyncClient, session: AsyncSession, admin: Person, change: dict[str, Any], code: str, field: str
    ) -> None:
        answer = await client.post(URL, json=NEW | change, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert len((await session.scalars(select(User))).all()) == 2, "nothing is written"

    async def test_there_must_be_such_a_role(self, client: AsyncClient, admin: Person) -> None:
        answer = await client.post(URL, json=NEW | {"role": "boss"}, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "NoSuchRole")
        assert [error["field"] for error in answer.json()["errors"]] == ["role"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"username": None}, "username"),
            ({"username": "a b"}, "username"),
            ({"username": "dara@branch.example"}, "username"),
            ({"username": "ab"}, "username"),
            ({"username": "x" * 51}, "username"),
            ({"username": "da\0ra"}, "username"),
            ({"username": "dara\n"}, "username"),
            ({"username": 7}, "username"),
            ({"email": "nobody"}, "email"),
            ({"email": "x" * 250 + "@b.kh"}, "email"),
            ({"password": None}, "password"),
            ({"password": "x" * 201}, "password"),
            ({"first_name": " "}, "first_name"),
            ({"first_name": "x" * 101}, "first_name"),
            ({"last_name": ["Keo"]}, "last_name"),
            ({"phone_number": "0" * 41}, "phone_number"),
            ({"employee_id": "12"}, "employee_id"),
            ({"employee_id": "12345"}, "employee_id"),
            ({"employee_id": "១២៣៤"}, "employee_id"),
            ({"employee_id": "123\n"}, "employee_id"),
            ({"role": "The boss"}, "role"),
            ({"status": "asleep"}, "status"),
            ({"status_reason": "x" * 4001}, "status_reason"),
            ({"branch_id": "here"}, "branch_id"),
            ({"branch_id": 1}, "branch_id"),
        ],
    )
    async def test_a_field_that_does_not_fit_is_named(
        self, client: AsyncClient, session: AsyncSession, admin: Person, change: dict[str, Any], field: str
    ) -> None:
        answer = await client.post(URL, json=NEW | change, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "InvalidInput"), answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert len((await session.scalars(select(User))).all()) == 1

    async def test_an_address_whose_small_letters_are_longer_does_no_harm(
        self, client: AsyncClient, admin: Person
    ) -> None:
        answer = await client.post(URL, json=NEW | {"email": "İ" * 248 + "@b.kh"}, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "OutOfRange")


class TestSameBranch:
    """Portfolio and line manager are people of the user's own branch; the web app looks for the very words."""

    @pytest.fixture
    async def elsewhere(self, session: AsyncSession, other_branch: Branch) -> str:
        session.add(stranger := an_employee(branch_id=other_branch.id))
        await session.commit()
        return str(stranger.id)

    @pytest.mark.parametrize(("field", "word"), [("portfolio_id", "Portfolio"), ("line_manager_id", "Line")])
    async def test_somebody_of_another_branch_is_refused(
        self, client: AsyncClient, admin: Person, branch: Branch, elsewhere: str, field: str, word: str
    ) -> None:
        place = {"branch_id": str(branch.id), field: elsewhere}
        opened = await client.post(URL, json=NEW | place, headers=admin.headers)
        assert (opened.status_code, opened.json()["code"]) == (422, "OtherBranch")
        assert "same branch" in opened.json()["detail"]
        assert word in opened.json()["detail"]
        user = (await client.post(URL, json=NEW, headers=admin.headers)).json()
        changed = await client.patch(f"{URL}/{user['id']}", json=place, headers=admin.headers)
        assert (changed.status_code, changed.json()["detail"]) == (422, opened.json()["detail"])

    async def test_nobody_is_put_into_what_was_closed_or_under_whoever_has_left(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User
    ) -> None:
        session.add_all([closed := a_branch(is_active=False), gone := an_employee(is_active=False)])
        await session.commit()
        for place in ({"branch_id": str(closed.id)}, {"portfolio_id": str(gone.id)}):
            (field,) = place
            for answer in (
                await client.post(URL, json=NEW | place, headers=admin.headers),
                await client.patch(f"{URL}/{sokha.id}", json=place, headers=admin.headers),
            ):
                assert (answer.status_code, answer.json()["code"]) == (422, "NotInUse"), answer.text
                assert [error["field"] for error in answer.json()["errors"]] == [field]
        session.add(there := a_user(branch_id=closed.id))
        await session.commit()
        form = {"branch_id": str(closed.id), "phone_number": "012345678"}
        kept = await client.patch(f"{URL}/{there.id}", json=form, headers=admin.headers)
        assert kept.status_code == 200, "the branch closed around them"

    async def test_who_moves_to_another_branch_needs_others_around_them(
        self,
        client: AsyncClient,
        session: AsyncSession,
        admin: Person,
        sokha: User,
        elsewhere: str,
        other_branch: Branch,
    ) -> None:
        session.add(here := an_employee(branch_id=sokha.branch_id))
        await session.commit()
        path = f"{URL}/{sokha.id}"
        answer = await client.patch(path, json={"portfolio_id": str(here.id)}, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        moved = await client.patch(path, json={"branch_id": str(other_branch.id)}, headers=admin.headers)
        assert moved.json()["code"] == "OtherBranch"
        wish = {"branch_id": str(other_branch.id), "portfolio_id": None}
        assert (await client.patch(path, json=wish, headers=admin.headers)).status_code == 200
        back = {"branch_id": None, "portfolio_id": elsewhere}
        assert (await client.patch(path, json=back, headers=admin.headers)).status_code == 200, "the head office"


class TestReading:
    """Whom one may see."""

    async def test_an_officer_sees_themselves_and_nobody_else(
        self, client: AsyncClient, sign_in: SignIn, sokha: User
    ) -> None:
        officer = await sign_in("officer", branch_id=sokha.branch_id)
        assert (await client.get(f"{URL}/{officer.user.id}", headers=officer.headers)).status_code == 200
        answer = await client.get(f"{URL}/{sokha.id}", headers=officer.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
        assert (await client.get(URL, headers=officer.headers)).json()["total"] == 1

    async def test_a_manager_sees_their_branch(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn, sokha: User
    ) -> None:
        session.add(stranger := a_user())
        manager = await sign_in("manager", branch_id=sokha.branch_id)
        listed = (await client.get(URL, headers=manager.headers)).json()["items"]
        assert {user["id"] for user in listed} == {str(sokha.id), str(manager.user.id)}
        assert (await client.get(f"{URL}/{sokha.id}", headers=manager.headers)).status_code == 200
        assert (await client.get(f"{URL}/{stranger.id}", headers=manager.headers)).status_code == 404

    async def test_a_manager_of_no_branch_sees_only_themselves(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn
    ) -> None:
        session.add(a_user(branch_id=None))
        manager = await sign_in("manager", branch_id=None)
        assert (await client.get(URL, headers=manager.headers)).json()["total"] == 1

    async def test_an_auditor_sees_everybody(self, client: AsyncClient, sign_in: SignIn, sokha: User) -> None:
        auditor = await sign_in("auditor")
        assert (await client.get(f"{URL}/{sokha.id}", headers=auditor.headers)).json()["username"] == "sokha"

    @pytest.mark.parametrize("user_id", [NOBODY, "me", "0", "%00", "x" * 300])
    async def test_nobody_is_there_under_another_address(
        self, client: AsyncClient, admin: Person, user_id: str
    ) -> None:
        answer = await client.get(f"{URL}/{user_id}", headers=admin.headers)
        assert answer.status_code in {404, 405, 422}, answer.text
        assert isinstance(answer.json()["detail"], str)


class TestChanging:
    """An administrator changes any part of an account."""

    async def test_a_change_touches_only_what_it_names(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User
    ) -> None:
        answer = await client.patch(
            f"{URL}/{sokha.id}", json={"last_name": "Chan", "phone_number": None}, headers=admin.headers
        )
        assert answer.status_code == 200, answer.text
        user = answer.json()
        assert (user["last_name"], user["phone_number"], user["employee_id"]) == ("Chan", None, "0042")
        facts = await facts_of(session, "AccountChanged")
        assert facts["fields"] == ["last_name", "phone_number"]
        assert "Chan" not in str(facts), "the journal names fields, not people"

    async def test_a_whole_form_that_changes_nothing_changes_nothing(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User, announced: Told
    ) -> None:
        sokha.updated_at = NOON - timedelta(days=1)
        await session.commit()
        form = (await client.get(f"{URL}/{sokha.id}", headers=admin.headers)).json()
        answer = await client.patch(f"{URL}/{sokha.id}", json=form | {"password": ""}, headers=admin.headers)
        assert (answer.status_code, answer.json()) == (200, form)
        assert await announced() == []

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"username": "TAKEN"}, "UsernameTaken"),
            ({"email": "taken@branch.example"}, "EmailTaken"),
            ({"employee_id": "0001"}, "EmployeeIdTaken"),
            ({"branch_id": NOBODY}, "NoSuchBranch"),
            ({"department_id": NOBODY}, "NoSuchDepartment"),
            ({"position_id": NOBODY}, "NoSuchPosition"),
            ({"portfolio_id": NOBODY}, "NoSuchPortfolio"),
            ({"line_manager_id": NOBODY}, "NoSuchLineManager"),
            ({"password": "short"}, "WeakPassword"),
            ({"first_name": "x" * 101}, "InvalidInput"),
            ({"role": None}, "InvalidInput"),
            ({"username": None}, "InvalidInput"),
        ],
    )
    async def test_what_cannot_be_is_refused_by_name(
        self,
        client: AsyncClient,
        session: AsyncSession,
        admin: Person,
        sokha: User,
        change: dict[str, Any],
        code: str,
    ) -> None:
        session.add(a_user(username="taken", email="taken@branch.example", employee_id="0001"))
        await session.commit()
        answer = await client.patch(f"{URL}/{sokha.id}", json={"first_name": "Other"} | change, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        await session.refresh(sokha)
        assert sokha.first_name == "Chanthy", "nothing of it is written"

    async def test_somebody_who_is_not_there_is_not_changed(self, client: AsyncClient, admin: Person) -> None:
        for body in ({"first_name": "X"}, {"password": "Given#2026pass"}):
            answer = await client.patch(f"{URL}/{NOBODY}", json=body, headers=admin.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "Missing")

    async def test_a_role_is_changed_and_the_change_stands_in_the_journal(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User
    ) -> None:
        answer = await client.patch(f"{URL}/{sokha.id}", json={"role": "teller"}, headers=admin.headers)
        assert answer.json()["role"] == "teller"
        facts = await facts_of(session, "RoleChanged")
        assert (facts["source"], facts["target"], facts["actor_id"]) == ("officer", "teller", str(admin.user.id))

    async def test_the_word_that_the_web_app_sends_back_changes_no_role(
        self, client: AsyncClient, session: AsyncSession, admin: Person
    ) -> None:
        session.add(auditor := a_user(role=Role.AUDITOR))
        await session.commit()
        shown = (await client.get(f"{URL}/{auditor.id}", headers=admin.headers)).json()
        assert (shown["role"], shown["role_name"]) == ("viewer", "auditor")
        saved = await client.patch(f"{URL}/{auditor.id}", json=shown | {"first_name": "Dara"}, headers=admin.headers)
        assert (saved.status_code, saved.json()["first_name"], saved.json()["role_name"]) == (200, "Dara", "auditor")


class TestStatus:
    """Accounts move between statuses by the table, and lose their sessions when they are no longer active."""

    @pytest.fixture
    async def visit(self, session: AsyncSession, sokha: User) -> Session:
        session.add(visit := a_session(sokha.id))
        await session.commit()
        return visit

    @pytest.mark.parametrize("status", ["inactive", "suspended", "archived"])
    async def test_an_account_that_leaves_is_out_at_once(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User, visit: Session, status: str
    ) -> None:
        answer = await client.patch(
            f"{URL}/{sokha.id}", json={"status": status, "status_reason": "ចាកចេញ"}, headers=admin.headers
        )
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert (answer.json()["status_reason"], answer.json()["is_active"]) == ("ចាកចេញ", False)
        await session.refresh(visit)
        assert visit.ended_at == NOON
        facts = await facts_of(session, "AccountStatusMoved")
        assert (facts["source"], facts["target"], facts["reason"]) == ("active", status, "ចាកចេញ")

    async def test_a_move_that_is_not_in_the_table_is_refused(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User
    ) -> None:
        sokha.status = UserStatus.ARCHIVED
        await session.commit()
        answer = await client.patch(f"{URL}/{sokha.id}", json={"status": "active"}, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "NoSuchStatusMove")

    async def test_a_reason_belongs_to_its_status(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User
    ) -> None:
        sokha.status, sokha.status_reason = UserStatus.SUSPENDED, "Audit"
        await session.commit()
        answer = await client.patch(f"{URL}/{sokha.id}", json={"status": "active"}, headers=admin.headers)
        assert (answer.json()["status"], answer.json()["status_reason"]) == ("active", None)

    @pytest.mark.parametrize(
        ("source", "ticked", "target"),
        [
            ("active", False, "inactive"),
            ("active", True, "active"),
            ("inactive", True, "active"),
            ("inactive", False, "inactive"),
            ("pending", True, "active"),
            ("pending", False, "pending"),
            ("suspended", False, "suspended"),
            ("suspended", True, "active"),
            ("archived", False, "archived"),
        ],
    )
    async def test_the_web_apps_tick_box_moves_an_account_only_when_it_is_touched(
        self,
        client: AsyncClient,
        session: AsyncSession,
        admin: Person,
        sokha: User,
        source: str,
        ticked: bool,  # noqa: FBT001 - a tick box
        target: str,
    ) -> None:
        sokha.status = UserStatus(source)
        await session.commit()
        answer = await client.patch(f"{URL}/{sokha.id}", json={"is_active": ticked}, headers=admin.headers)
        assert (answer.status_code, answer.json()["status"]) == (200, target), answer.text

    async def test_a_status_says_more_than_the_tick_box(self, client: AsyncClient, admin: Person, sokha: User) -> None:
        wish = {"is_active": True, "status": "suspended"}
        answer = await client.patch(f"{URL}/{sokha.id}", json=wish, headers=admin.headers)
        assert answer.json()["status"] == "suspended"

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("active", "inactive"),
            ("pending", "archived"),
            ("suspended", "archived"),
            ("inactive", "inactive"),
            ("archived", "archived"),
        ],
    )
    async def test_deleting_takes_an_account_out_of_use(
        self,
        client: AsyncClient,
        session: AsyncSession,
        admin: Person,
        sokha: User,
        visit: Session,
        source: str,
        target: str,
    ) -> None:
        sokha.status = UserStatus(source)
        await session.commit()
        for _ in range(2):
            assert (await client.delete(f"{URL}/{sokha.id}", headers=admin.headers)).status_code == 204
        user = (await client.get(f"{URL}/{sokha.id}", headers=admin.headers)).json()
        assert (user["status"], user["username"]) == (target, "sokha"), "what they did stays on record"
        await session.refresh(visit)
        assert (visit.ended_at is not None) is (source != target)

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    async def test_only_administrators_deactivate(
        self, client: AsyncClient, sign_in: SignIn, sokha: User, role: Role
    ) -> None:
        person = await sign_in(role, branch_id=sokha.branch_id)
        for user_id in (sokha.id, person.user.id):
            answer = await client.delete(f"{URL}/{user_id}", headers=person.headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "NotPermitted")


class TestPasswords:
    """An administrator helps who forgot their password."""

    async def test_a_new_password_puts_everybody_out_who_knew_the_old_one(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sokha: User, announced: Told
    ) -> None:
        sokha.failed_login_attempts, sokha.locked_until = 5, NOON + timedelta(minutes=30)
        session.add(visit := a_session(sokha.id))
        await session.commit()
        answer = await client.patch(f"{URL}/{sokha.id}", json={"password": "Given#2026pass"}, headers=admin.headers)
        assert (answer.status_code, answer.json()["failed_login_attempts"]) == (200, 0), answer.text
        await session.refresh(visit)
        assert visit.ended_at == NOON
        assert await announced() == ["PasswordReset"]
        for password, status in ((PASSWORD, 401), ("Given#2026pass", 200)):
            body = {"username": "sokha", "password": password}
            assert (await client.post("/api/v1/auth/login", json=body)).status_code == status

    async def test_one_changes_ones_own_password_with_the_old_one(self, client: AsyncClient, admin: Person) -> None:
        answer = await client.patch(
            f"{URL}/{admin.user.id}", json={"password": "Given#2026pass"}, headers=admin.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "NotYoursToChange")
        assert "/users/me/change-password" in answer.json()["detail"]


class TestOneself:
    """Everybody changes what is personal about themselves, and nobody their own rights."""

    @pytest.mark.parametrize("role", Role)
    async def test_everybody_corrects_their_own_name(self, client: AsyncClient, sign_in: SignIn, role: Role) -> None:
        person = await sign_in(role)
        form = (await client.get("/api/v1/auth/me", headers=person.headers)).json()
        wish = form | {"first_name": "Sophea", "email": "Sophea@branch.example", "phone_number": "012 345 678"}
        answer = await client.patch(f"{URL}/{person.user.id}", json=wish, headers=person.headers)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["first_name"], answer.json()["email"]) == ("Sophea", "sophea@branch.example")

    @pytest.mark.parametrize(
        "change",
        [
            {"role": "admin"},
            {"status": "archived"},
            {"is_active": False},
            {"username": "boss"},
            {"employee_id": "9999"},
            {"status_reason": "because"},
        ],
    )
    async def test_an_officer_gives_themselves_no_rights(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn, change: dict[str, Any]
    ) -> None:
        officer = await sign_in("officer")
        answer = await client.patch(
            f"{URL}/{officer.user.id}", json=change | {"first_name": "Other"}, headers=officer.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "NotYoursToChange")
        await session.refresh(officer.user)
        assert (officer.user.role, officer.user.first_name) == (Role.OFFICER, "Chanthy")

    async def test_an_administrator_who_decides_in_a_branch_moves_themselves_to_no_other(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
    ) -> None:
        """They would decide wherever they please; one who decides nothing may say where they sit."""
        session.add(elsewhere := a_branch(code="SRP01"))
        await session.commit()
        both, plain = await sign_in("admin", branch_id=branch.id), await sign_in("admin", branch_id=branch.id)
        manager = (await session.scalars(select(CompanyRole.id).where(CompanyRole.name == "manager"))).one()
        wish = {"role_id": str(manager)}
        given = await client.post(f"{URL}/{both.user.id}/roles", json=wish, headers=plain.headers)
        assert given.status_code == 200, given.text
        move = {"branch_id": str(elsewhere.id)}
        refused = await client.patch(f"{URL}/{both.user.id}", json=move, headers=both.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "NotYoursToChange"), refused.text
        for mover, moved in ((plain, plain), (plain, both)):
            answer = await client.patch(f"{URL}/{moved.user.id}", json=move, headers=mover.headers)
            assert answer.status_code == 200, answer.text

    async def test_an_officer_moves_themselves_to_no_other_branch(
        self, client: AsyncClient, sign_in: SignIn, branch: Branch
    ) -> None:
        officer = await sign_in("officer")
        answer = await client.patch(
            f"{URL}/{officer.user.id}", json={"branch_id": str(branch.id)}, headers=officer.headers
        )
        assert answer.json()["code"] == "NotYoursToChange"

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    async def test_others_are_out_of_reach(self, client: AsyncClient, sign_in: SignIn, sokha: User, role: Role) -> None:
        person = await sign_in(role, branch_id=sokha.branch_id)
        for body in ({"first_name": "X"}, {"password": "Given#2026pass"}):
            answer = await client.patch(f"{URL}/{sokha.id}", json=body, headers=person.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
            # some see the colleague, and the web app's form shows them this sentence
            assert answer.json()["detail"] == "There is no such user, or it is not yours to see or to change."

    @pytest.mark.parametrize("change", [{"role": "viewer"}, {"status": "inactive"}, {"is_active": False}])
    async def test_an_administrator_does_not_step_down_alone(
        self, client: AsyncClient, session: AsyncSession, admin: Person, change: dict[str, Any]
    ) -> None:
        session.add(a_user(role=Role.ADMIN))
        await session.commit()
        answer = await client.patch(f"{URL}/{admin.user.id}", json=change, headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "NotYoursToChange")
        answer = await client.delete(f"{URL}/{admin.user.id}", headers=admin.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "NotYoursToChange")

    async def test_an_administrator_changes_their_own_post(
        self, client: AsyncClient, admin: Person, branch: Branch
    ) -> None:
        wish = {"branch_id": str(branch.id), "employee_id": "0001"}
        answer = await client.patch(f"{URL}/{admin.user.id}", json=wish, headers=admin.headers)
        assert (answer.status_code, answer.json()["branch"]["code"]) == (200, branch.code)


class TestAdministrators:
    """Somebody always administers the installation."""

    async def test_an_administrator_is_deactivated_by_another(
        self, client: AsyncClient, session: AsyncSession, admin: Person
    ) -> None:
        session.add(other := a_user(role=Role.ADMIN))
        await session.commit()
        assert (await client.delete(f"{URL}/{other.id}", headers=admin.headers)).status_code == 204

    @pytest.mark.parametrize("change", [{"role": "manager"}, {"status": "suspended"}])
    async def test_an_administrator_becomes_something_else_by_another(
        self, client: AsyncClient, session: AsyncSession, admin: Person, change: dict[str, Any]
    ) -> None:
        session.add(other := a_user(role=Role.ADMIN))
        await session.commit()
        assert (await client.patch(f"{URL}/{other.id}", json=change, headers=admin.headers)).status_code == 200
