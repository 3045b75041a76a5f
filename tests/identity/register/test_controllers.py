"""Lists of accounts over HTTP: what goes in, what is named as wrong, and what comes out again."""

import csv
from collections.abc import Awaitable, Callable
from io import StringIO
from time import perf_counter, process_time
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.register.models import AccountImport
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.register import COLUMNS, SHOWN
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.identity.factories import a_user
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, a_position, an_employee

URL = "/api/v1/users/import/csv"
EXPORT = "/api/v1/users/export/csv"
HEADINGS = "email,username,first_name,last_name,phone_number,employee_id,role,branch"

TakeIn = Callable[..., Awaitable[Any]]


@pytest.fixture
def take_in(client: AsyncClient, admin: Person) -> TakeIn:
    async def take_in(*rows: str, person: Person = admin, status: int = 200, **form: str) -> Any:
        content = "\n".join(rows).encode("utf-8-sig")
        answer = await client.post(URL, files={"file": ("ក.csv", content)}, data=form, headers=person.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    return take_in


async def counted(session: AsyncSession, kind: type[Any]) -> int:
    return await session.scalar(select(func.count()).select_from(kind)) or 0


async def test_people_of_a_list_get_accounts_and_an_activation_code_each(
    client: AsyncClient, session: AsyncSession, take_in: TakeIn, branch: Branch, announced: Any
) -> None:
    session.add_all(
        [a_department(code="CR", name="Credit"), a_position(name="Teller"), an_employee(employee_code="0042")]
    )
    await session.commit()
    answer = await take_in(
        "Email,Username,First name,Last name,Phone number,Employee-ID,Role,Branch,Department,Position,Line manager id",
        "Dara@Branch.example,dara,តារា,Keo,'+855 12 345 678,42,Teller,pp01,credit,TELLER,0042",
        "",
        "sok@branch.example,sok,Sok,Chan,,,,,,,",
    )
    assert (answer["status"], answer["successful_imports"], answer["errors"]) == ("completed", 2, [])
    dara = (await session.scalars(select(User).where(User.email == "dara@branch.example"))).one()
    assert (dara.first_name, dara.phone_number, dara.employee_id) == ("តារា", "+855 12 345 678", "0042")
    assert (dara.role, dara.status, dara.password_hash) == ("teller", "pending", None)
    assert dara.branch_id == branch.id
    assert None not in {dara.department_id, dara.position_id, dara.line_manager_id}
    assert [(code["row"], code["username"]) for code in answer["activation_codes"]] == [(2, "dara"), (4, "sok")]
    assert await announced() == ["AccountOpened", "AccountOpened", "AccountsImported"]

    sign_in = {"username": "dara", "password": "Own#2026pass"}
    assert (await client.post("/api/v1/auth/login", data=sign_in)).status_code == 401
    wish = sign_in | {"code": answer["activation_codes"][0]["code"]}
    assert (await client.post("/api/v1/auth/activate", json=wish)).status_code == 200
    entry = await client.post("/api/v1/auth/login", data=sign_in)
    assert (entry.status_code, entry.json()["user"]["status"]) == (200, "active")


async def test_each_wrong_cell_is_named_and_good_rows_go_in(
    session: AsyncSession, take_in: TakeIn, branch: Branch
) -> None:
    session.add_all([a_user(username="taken", employee_id="0001"), a_department(code="A", name="Same")])
    session.add(a_department(code="B", name="Same"))
    await session.commit()
    answer = await take_in(
        f"{HEADINGS},department,status",
        "good@branch.example,good,Good,One,,,,,,",
        "nonsense,x,,,,12345,,,,",
        "a@branch.example,taken,A,B,,1,,,,",
        "b@branch.example,good,A,B,,,,,,",
        "c@branch.example,,A,,,,,,,",
        "d@branch.example,d.d,A,B,,,boss,PP99,Same,",
        "e@branch.example,e.e,A,B,,,,,,suspended",
        "e@branch.example,e.f,A,B,,,,,,",
    )
    assert (answer["status"], answer["successful_imports"], answer["failed_imports"]) == ("partial", 2, 6)
    wrong: dict[int, set[str]] = {}
    for error in answer["errors"]:
        wrong.setdefault(error["row"], set()).add(error["field"])
    assert wrong == {
        3: {"email", "username", "employee_id"},
        4: {"username", "employee_id"},
        5: {"username"},
        6: {"username", "last_name"},
        7: {"branch", "role", "department"},
        8: {"status"},
    }
    assert ("row 2 has it already") in {error["message"] for error in answer["errors"]}
    assert set(await session.scalars(select(User.username).where(User.password_hash.is_(None)))) == {"good", "e.f"}


async def test_what_was_done_is_said_row_by_row(session: AsyncSession, take_in: TakeIn) -> None:
    """The web app shows a table of them, and offers to go on after a trial in which nothing failed."""
    session.add_all([a_user(email="old@branch.example"), a_user(email="same@branch.example", first_name="Sok")])
    await session.commit()
    rows = (
        HEADINGS,
        "new@branch.example,new,New,One,,,,",
        "old@branch.example,,Sokha,,•••678,,,",
        "same@branch.example,,Sok,,,,,",
    )
    tried = await take_in(*rows, preview_only="true")
    assert (tried["status"], tried["preview_mode"], tried["failed_imports"]) == ("completed", True, 0)
    done = await take_in(*rows, "none,,,,,,,")
    assert [(row["row_number"], row["action"], row["email"]) for row in done["results"]] == [
        (2, "created", "new@branch.example"),
        (3, "updated", "old@branch.example"),
        (4, "skipped", "same@branch.example"),
        (5, "failed", "none"),
    ]
    assert [len(row["warnings"]) for row in done["results"]] == [0, 1, 0, 0]
    assert [row["errors"] for row in done["results"][:3]] == [[], [], []]
    assert "email: " in done["results"][3]["errors"][0]
    assert (done["status"], done["preview_mode"], done["skipped_rows"]) == ("partial", False, 1)


async def test_a_trial_says_the_same_and_writes_nothing(session: AsyncSession, take_in: TakeIn, announced: Any) -> None:
    session.add(a_user(email="old@branch.example", status=UserStatus.ARCHIVED))
    await session.commit()
    rows = (
        f"{HEADINGS},status,password",
        "new@branch.example,new,New,One,,,,,,secret",
        "old@branch.example,,Old,,,,,,active,",
    )
    before = await counted(session, User)
    tried = await take_in(*rows, preview_only="true")
    assert (tried["status"], tried["preview_mode"], tried["id"]) == ("partial", True, None)
    assert tried["activation_codes"] == []
    assert (await counted(session, User), await counted(session, AccountImport), await announced()) == (before, 0, [])
    done = await take_in(*rows)
    same = ("successful_imports", "successful_updates", "failed_imports", "results", "errors", "warnings", "total_rows")
    assert {name: tried[name] for name in same} == {name: done[name] for name in same}
    assert (done["successful_imports"], [error["row"] for error in done["errors"]]) == (1, [3])
    assert "archived" in done["errors"][0]["message"]
    assert "activation code" in done["warnings"][0]


async def test_an_address_that_is_known_changes_its_account(
    session: AsyncSession, take_in: TakeIn, branch: Branch, announced: Any
) -> None:
    session.add(user := a_user(email="old@branch.example", phone_number="012", status_reason="New here"))
    await session.flush()
    session.add(Session(user_id=user.id, created_at=NOON))
    await session.commit()
    rows = (f"{HEADINGS},status", "OLD@branch.example,,Sokha,,,,manager,PP01,inactive")
    answer = await take_in(*rows, import_mode="update_only")
    assert (answer["successful_updates"], answer["activation_codes"]) == (1, [])
    await session.refresh(user)
    assert (user.first_name, user.last_name, user.phone_number) == ("Sokha", "Sok", "012")
    assert (user.role, user.status, user.status_reason, user.branch_id) == ("manager", "inactive", None, branch.id)
    ended = await session.scalars(select(Session.ended_at).where(Session.user_id == user.id))
    assert ended.all() == [NOON]
    assert await announced() == ["AccountChanged", "RoleChanged", "AccountStatusMoved", "AccountsImported"]
    assert (await take_in(*rows))["skipped_rows"] == 1


@pytest.mark.parametrize(
    ("mode", "created", "updated", "said"),
    [
        ("create_only", 1, 0, "there is an account with this address already"),
        ("update_existing", 0, 1, "there is no account with this address"),
        ("Create and update", 1, 1, None),
    ],
)
async def test_the_mode_says_what_rows_may_do(
    session: AsyncSession, take_in: TakeIn, mode: str, created: int, updated: int, said: str | None
) -> None:
    session.add(a_user(email="old@branch.example"))
    await session.commit()
    rows = ("new@branch.example,new,New,One,,,,", "old@branch.example,,Other,,,,,")
    answer = await take_in(HEADINGS, *rows, import_mode=mode)
    assert (answer["successful_imports"], answer["successful_updates"]) == (created, updated)
    assert [error["message"] for error in answer["errors"]] == ([said] if said else [])


async def test_a_list_obeys_the_rules_that_single_changes_obey(
    session: AsyncSession, take_in: TakeIn, branch: Branch, admin: Person
) -> None:
    session.add(other := a_branch(name="Siem Reap", code="SR01"))
    await session.flush()
    session.add(an_employee(employee_code="0007", branch_id=other.id))
    session.add(a_branch(code="KT01", is_active=False))
    session.add_all([a_user(email=f"{name}@branch.example", branch_id=branch.id) for name in ("old", "mover")])
    await session.commit()
    answer = await take_in(
        f"{HEADINGS},portfolio,status",
        f"{admin.user.email},,,,,,officer,,,",
        "old@branch.example,,,,,,,,0007,",
        "new@branch.example,new,New,One,,,,PP01,0007,",
        "late@branch.example,late,Late,One,,,,KT01,,",
        "mover@branch.example,,,,,,,KT01,,",
    )
    assert (answer["status"], answer["successful_updates"]) == ("failed", 0)
    messages = {error["row"]: error["message"] for error in answer["errors"]}
    assert "own account" in messages[2]
    assert messages[3] == messages[4] == "must be from the same branch"
    assert messages[5] == messages[6] == "is closed"


class Stopwatch:
    """Measures our own work, which a crowded machine does not prolong, and the waiting, which the web app bounds."""

    def __init__(self) -> None:
        self._work, self._clock = process_time(), perf_counter()

    def check(self) -> None:
        assert process_time() - self._work < 10
        assert perf_counter() - self._clock < 30
        self._work, self._clock = process_time(), perf_counter()


async def test_a_list_of_a_thousand_people_takes_less_than_ten_seconds(
    client: AsyncClient, session: AsyncSession, take_in: TakeIn, admin: Person, branch: Branch
) -> None:
    rows = [f"p{n}@branch.example,p{n}.x,Sok,Dara,012 345 678,{n:04},officer,PP01" for n in range(1_000)]
    stopwatch = Stopwatch()
    answer = await take_in(HEADINGS, *rows, "broken,,,,,,,")
    assert (answer["successful_imports"], answer["failed_imports"]) == (1_000, 1)
    assert len({code["code"] for code in answer["activation_codes"]}) == 1_000
    stopwatch.check()
    changed = [row.replace(",Sok,", ",Keo,").replace(",officer,", ",teller,") for row in rows]
    assert (await take_in(HEADINGS, *changed))["successful_updates"] == 1_000
    stopwatch.check()
    standing = (await client.get(URL, headers=admin.headers)).json()
    assert {(one["total_rows"], one["done_rows"]) for one in standing} == {(1_000, 1_000), (1_001, 1_001)}
    assert all(one["finished_at"] for one in standing)
    opened = select(func.count()).select_from(JournalEntry).where(JournalEntry.kind == "AccountOpened")
    assert await session.scalar(opened) == 1_000


@pytest.mark.parametrize(
    ("content", "form", "status", "code"),
    [
        ("email\nសុខ".encode("utf-16"), {}, 422, "NotUtf8"),
        (b"name\nDara", {}, 422, "NotATable"),
        (b"email,Branch,branch code\nx,y,z", {}, 422, "NotATable"),
        (b"email\n" + b"a@b.example\n" * 5_001, {}, 422, "TooManyRows"),
        (b"email\n" + b"x" * 5_300_000, {}, 413, "TableTooLarge"),
        (b"email\n", {"import_mode": "sometimes"}, 422, "NoSuchImportMode"),
        (b"email\n", {"preview_only": "perhaps"}, 422, "InvalidInput"),
    ],
)
async def test_what_is_no_list_is_refused(
    client: AsyncClient, admin: Person, content: bytes, form: dict[str, str], status: int, code: str
) -> None:
    answer = await client.post(URL, files={"file": ("a.csv", content)}, data=form, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_only_holders_of_the_permissions_take_lists_in_or_out(client: AsyncClient, sign_in: SignIn) -> None:
    manager, auditor = await sign_in("manager"), await sign_in("auditor")
    for person in (manager, auditor):
        sent = await client.post(URL, files={"file": ("a.csv", b"email\n")}, headers=person.headers)
        assert sent.status_code == 403
        assert (await client.get(f"{EXPORT}/template", headers=person.headers)).status_code == 403
    assert (await client.get(EXPORT, headers=manager.headers)).status_code == 403
    assert (await client.get(EXPORT, headers=auditor.headers)).status_code == 200


async def test_the_template_has_the_columns_that_an_import_takes(
    client: AsyncClient, admin: Person, take_in: TakeIn
) -> None:
    answer = await client.get(f"{EXPORT}/template", headers=admin.headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "users-template.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbfemail,username,")
    assert (await take_in(answer.content.decode("utf-8-sig").strip()))["warnings"] == []


async def test_an_export_is_taken_back_without_a_change(
    client: AsyncClient, session: AsyncSession, admin: Person, take_in: TakeIn, branch: Branch, announced: Any
) -> None:
    session.add(a_user(first_name="=1+1", last_name="សុខ", phone_number="+855 12 345 678", branch_id=branch.id))
    session.add_all(a_user() for _ in range(600))
    await session.commit()
    answer = await client.get(EXPORT, headers=admin.headers)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 602
    assert tuple(rows[0]) == (*COLUMNS, *SHOWN)
    assert len({row["id"] for row in rows}) == 602
    formula = next(row for row in rows if row["last_name"] == "សុខ")
    assert (formula["first_name"], formula["phone_number"]) == ("'=1+1", "'+855 12 345 678")
    assert "password" not in answer.text
    assert await announced() == ["RegisterExported"]
    back = await take_in(answer.content.decode("utf-8-sig"))
    assert (back["skipped_rows"], back["errors"], back["warnings"]) == (602, [], [])


async def test_a_code_that_is_also_the_name_of_another_place_is_taken_back(
    client: AsyncClient, session: AsyncSession, admin: Person, take_in: TakeIn
) -> None:
    cards, systems = a_department(code="IT", name="Systems"), a_department(code="ITD", name="IT")
    first, second = a_position(name="Teller"), a_position(name="teller")
    session.add_all([cards, systems, first, second])
    await session.flush()
    session.add(a_user(username="dara", department_id=cards.id, position_id=second.id))
    await session.commit()
    table = await client.get(f"{EXPORT}?search=dara", headers=admin.headers)
    answer = await take_in(*table.content.decode("utf-8-sig").splitlines(), import_mode="update_only")
    assert (answer["errors"], answer["skipped_rows"]) == ([], 1)


async def test_an_export_holds_what_the_filter_says_and_the_person_may_see(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    session.add(a_user(username="teller.one", role="teller"))
    await session.commit()
    answer = await client.get(f"{EXPORT}?role=teller&search=", headers=admin.headers)
    assert [row["username"] for row in csv.DictReader(StringIO(answer.text))] == ["teller.one"]
    await client.get(f"{EXPORT}?status=active&search=nobody", headers=admin.headers)
    told = await session.scalars(select(JournalEntry.facts).order_by(JournalEntry.number))
    assert [(facts["filters"], facts["searched"], facts["numbers_whole"], facts["rows"]) for facts in told] == [
        ({"role": "teller"}, False, True, 1),
        ({"status": "active"}, True, True, 0),
    ]


async def test_a_telephone_that_is_none_is_refused_where_it_is_new(
    client: AsyncClient, session: AsyncSession, admin: Person, take_in: TakeIn
) -> None:
    session.add(a_user(email="old@branch.example", phone_number="desk"))
    await session.commit()
    rows = ["old@branch.example,,,desk", "new@branch.example,Dara,Sok,desk"]
    answer = await take_in(
        "email,first_name,last_name,phone_number,username", *(f"{row},d.{n}" for n, row in enumerate(rows))
    )
    assert [(error["row"], error["field"]) for error in answer["errors"]] == [(3, "phone_number")]
    assert answer["successful_updates"] == 1  # the user name; the telephone was there before


async def test_whoever_exports_and_opens_the_accounts_of_a_branch_does_neither_with_others(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, take_in: TakeIn
) -> None:
    role = CompanyRole(
        name="staff_office",
        display_name="Staff office",
        level=50,
        web_word="manager",
        is_system_role=False,
        is_active=True,
        grants=["user:read:all", "user:export:branch", "user:import:all", "user:create:branch"],
        created_at=NOON,
        updated_at=NOON,
    )
    session.add_all([role, a_user(username="elsewhere"), a_branch(code="SRP01")])
    await session.flush()
    session.add(a_user(username="here", branch_id=branch.id))
    clerk = await sign_in("staff_office", branch_id=branch.id, username="clerk")
    answer = await client.get(EXPORT, headers=clerk.headers)
    assert {row["username"] for row in csv.DictReader(StringIO(answer.text))} == {"here", "clerk"}
    people = [
        f"{name},{name}@branch.example,Dara,Sok,{place}" for name, place in (("a.a", branch.code), ("b.b", "SRP01"))
    ]
    taken = await take_in("username,email,first_name,last_name,branch", *people, person=clerk)
    assert (taken["successful_imports"], [error["field"] for error in taken["errors"]]) == (1, ["branch"])
    role.level = 30  # below the officer that one becomes whose role is not said
    await session.commit()
    person = f"c.c,c.c@branch.example,Dara,Sok,{branch.code}"
    taken = await take_in("username,email,first_name,last_name,branch", person, person=clerk)
    assert (taken["successful_imports"], [error["field"] for error in taken["errors"]]) == (0, ["role"])
