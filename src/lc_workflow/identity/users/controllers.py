"""The paths of users."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec.structs import asdict

from lc_workflow.identity.rules.register import COLUMNS, SHOWN, cells_of
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import CREATE, DELETE, EXPORT, READ, UPDATE, visible_to
from lc_workflow.identity.users.models import WHOLE, User
from lc_workflow.identity.users.schemas import (
    ANYWHERE,
    ActivityLevel,
    DepartmentWithPeople,
    NewUser,
    SearchField,
    SortBy,
    UserAnswer,
    UserCard,
    UserChange,
    UserFilter,
)
from lc_workflow.identity.users.service import UserService
from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.access import visible_to as branches_visible_to
from lc_workflow.organization.branches.schemas import BranchAnswer
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.organization.departments.access import READ as READ_DEPARTMENTS
from lc_workflow.organization.departments.access import visible_to as departments_visible_to
from lc_workflow.organization.departments.schemas import DepartmentAnswer
from lc_workflow.organization.departments.service import DepartmentService
from lc_workflow.organization.ports import NOBODY, ForHeadcounts
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.csv import download
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.long_lists import LONG_WINDOW, WIDE_LONG_WINDOW, LongPage
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.provide import DbSession, Provider, provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.personal import masked
from lc_workflow.platform.security.reads import Reader

Search = Annotated[str | None, QueryParameter(max_length=200, description="A part of what is looked for.")]
SearchFields = Annotated[
    str | None,
    QueryParameter(
        max_length=200,
        description=f"Where to look, separated by commas: {', '.join(SearchField)}.",
        schema_extra={"pattern": rf"^ *({'|'.join(SearchField)}) *(, *({'|'.join(SearchField)}) *)*$"},
    ),
]
Days = Annotated[
    int | None,
    QueryParameter(
        ge=0,
        le=36_500,
        description="For how many days the account was not used.",
        schema_extra={"minimum": 0},  # Litestar leaves a zero out
    ),
]


def open_users(
    db_session: DbSession, passwords: NamedDependency[Passwords], settings: NamedDependency[Settings]
) -> UserService:
    """Provide the user service with the password policy of this installation."""
    return UserService(db_session, passwords=passwords, policy=settings.passwords)


def user_filter(
    role: Annotated[
        str | None, QueryParameter(max_length=40, description="A role, by its name or by the web app’s word.")
    ] = None,
    status: FromQuery[UserStatus | None] = None,
    department_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    position_id: FromQuery[UUID | None] = None,
    search: Search = None,
    search_fields: SearchFields = None,
    created_from: FromQuery[date | None] = None,
    created_to: FromQuery[date | None] = None,
    last_login_from: FromQuery[date | None] = None,
    last_login_to: FromQuery[date | None] = None,
    activity_level: FromQuery[ActivityLevel | None] = None,
    inactive_days: Days = None,
    sort_by: FromQuery[SortBy] = "created_at",
    sort_order: FromQuery[Literal["asc", "desc"]] = "desc",
) -> UserFilter:
    """Read which accounts are wanted.

    Raises:
        InvalidInput: `search_fields` names something that is not searched.
    """
    named = {name.strip() for name in (search_fields or "").split(",")} - {""}
    if not named <= set(SearchField):
        raise cannot_take([FieldError("search_fields", f"must be some of {', '.join(SearchField)}", "query")])
    return UserFilter(
        role=role,
        status=status,
        department_id=department_id,
        branch_id=branch_id,
        position_id=position_id,
        search=search,
        search_fields=frozenset(map(SearchField, named)) or ANYWHERE,
        created_from=created_from,
        created_to=created_to,
        last_login_from=last_login_from,
        last_login_to=last_login_to,
        activity_level=activity_level,
        inactive_days=inactive_days,
        sort_by=sort_by,
        descending=sort_order == "desc",
    )


USERS = {"users": Provider(open_users), **LONG_WINDOW}


class UserController(Controller):
    """Users."""

    path = "/api/v1/users"
    tags = ("Users",)
    dependencies = {**USERS, "wanted": Provider(user_filter)}

    @get(guards=[requires(READ)], dependencies=WIDE_LONG_WINDOW)
    async def list_users(
        self,
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        wanted: NamedDependency[UserFilter],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> LongPage[UserAnswer]:
        """List users, the newest first unless asked otherwise."""
        part = await users.page(window, wanted, principal=principal, at=clock())
        return LongPage.of(await _listed(part.rows, reader, base_url=base_url), part=part, window=window)

    @get("/export/csv", guards=[requires(EXPORT), limit("10/minute", name="export")], media_type="text/csv")
    async def export(
        self,
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[UserFilter],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> Stream:
        """Export the wanted users as a CSV file, which can be imported again."""
        rows = users.export(wanted, principal=principal, at=clock())

        def cells(user: User) -> list[object]:
            mine = user.id == principal.id or reader.reaches(owner_id=user.id, branch_id=user.branch_id)
            return cells_of(user, phone_number=user.phone_number if mine else masked(user.phone_number))

        return await download("users.csv", (*COLUMNS, *SHOWN), (cells(user) async for user in rows))

    @post(guards=[requires(CREATE)])
    async def open(
        self,
        data: JSONBody[NewUser],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> UserAnswer:
        """Open an account for somebody."""
        opened = await users.open(data, principal=principal, at=clock())
        return await _shown(opened, reader, base_url=base_url)

    @get("/{user_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        user_id: FromPath[UUID],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> UserAnswer:
        """Show one user."""
        found = await users.find(visible_to(principal), id=user_id, load=WHOLE)
        return await _shown(found, reader, base_url=base_url)

    @patch("/{user_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        user_id: FromPath[UUID],
        data: JSONBody[UserChange],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> UserAnswer:
        """Change a user; of oneself only what is personal."""
        user = await users.change(user_id, data, principal=principal, at=clock())
        return await _shown(user, reader, base_url=base_url)

    @delete("/{user_id:uuid}", guards=[requires(DELETE)])
    async def deactivate(
        self,
        user_id: FromPath[UUID],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Take a user's account out of use; what they did stays on record."""
        await users.deactivate(user_id, principal=principal, at=clock())


class DepartmentUserController(Controller):
    """The users of departments."""

    path = "/api/v1/departments/{department_id:uuid}"
    tags = ("Users",)
    dependencies = {**USERS, "departments": provide(DepartmentService)}

    @get("/users", guards=[requires(READ)])
    async def list_users(
        self,
        department_id: FromPath[UUID],
        departments: NamedDependency[DepartmentService],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> LongPage[UserAnswer]:
        """List the users of a department by name."""
        await departments.find(departments_visible_to(principal), id=department_id)
        wanted = UserFilter(department_id=department_id, sort_by="first_name", descending=False)
        part = await users.page(window, wanted, principal=principal, at=clock())
        return LongPage.of(await _listed(part.rows, reader, base_url=base_url), part=part, window=window)

    @get("/with-relations", guards=[requires(READ_DEPARTMENTS)])
    async def read_with_people(
        self,
        department_id: FromPath[UUID],
        departments: NamedDependency[DepartmentService],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        headcounts: ForHeadcounts,
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> DepartmentWithPeople:
        """Show a department with the users one may see, its branches, its manager and its numbers."""
        department = await departments.find(departments_visible_to(principal), id=department_id)
        people = await users.people_of(department, principal=principal)
        counts = await headcounts.of([department_id])
        rows = [*people.users, *([people.manager] if people.manager else [])]
        cards = [UserCard.of(user, base_url=base_url) for user in rows]
        shown = await reader.show(cards, "user", allowed=_reads(reader))
        return DepartmentWithPeople(
            **asdict(shaped(department, DepartmentAnswer).counting(counts.get(department_id, NOBODY))),
            users=shown[: len(people.users)],
            branches=[shaped(branch, BranchAnswer) for branch in people.branches],
            manager=shown[-1] if people.manager else None,
        )


class BranchUserController(Controller):
    """The users of branches."""

    path = "/api/v1/branches/{branch_id:uuid}"
    tags = ("Users",)
    dependencies = {**USERS, "branches": provide(BranchService)}

    @get("/users", guards=[requires(READ)])
    async def list_users(
        self,
        branch_id: FromPath[UUID],
        branches: NamedDependency[BranchService],
        users: NamedDependency[UserService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
        reader: NamedDependency[Reader],
    ) -> LongPage[UserAnswer]:
        """List the users of a branch by name."""
        await branches.find(branches_visible_to(principal), id=branch_id)
        wanted = UserFilter(branch_id=branch_id, sort_by="first_name", descending=False)
        part = await users.page(window, wanted, principal=principal, at=clock())
        return LongPage.of(await _listed(part.rows, reader, base_url=base_url), part=part, window=window)


def _reads(reader: Reader) -> Callable[[UserAnswer | UserCard], bool]:
    """Tell of each account whether a person reads its telephone whole."""
    return lambda shown: reader.reaches(owner_id=shown.id, branch_id=shown.branch_id)


async def _listed(rows: Sequence[User], reader: Reader, *, base_url: str) -> list[UserAnswer]:
    """Show accounts in a list, as far as the person may read what is personal in them."""
    answers = [UserAnswer.of(row, base_url=base_url) for row in rows]
    return await reader.show(answers, "user", allowed=_reads(reader))


async def _shown(user: User, reader: Reader, *, base_url: str) -> UserAnswer:
    """Show one account, as far as the person may read what is personal in it."""
    return await reader.show_one(UserAnswer.of(user, base_url=base_url), "user", allowed=_reads(reader))
