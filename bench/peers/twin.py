"""The twin: the same answers by FastAPI, SQLAlchemy's ORM and pydantic, as their documentation advises, on uvicorn.

It has the mapped classes of ours and answer models with the same fields, an engine with a pool, a session a request, a
dependency that verifies the token and loads the account with its role, and `response_model` on each route. It has no
journal, outbox, request log, security headers or problem bodies: what it lacks is in its favour.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin
from uuid import UUID, uuid4

import jwt
import msgspec
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import foreign, joinedload, relationship, selectinload

import lc_workflow.app  # noqa: F401 - maps all tables
from lc_workflow.documents.cards import DocumentCard
from lc_workflow.documents.library.models import File
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.users.models import WHOLE as PLACE
from lc_workflow.identity.users.models import Session, User
from lc_workflow.identity.users.schemas import UserAnswer
from lc_workflow.lending.applications.models import BACKED, WITH_EMPLOYEE, Assignment, CustomerApplication
from lc_workflow.lending.applications.schemas import ApplicationAnswer
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.config import database_url
from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.security.vault import Vault, use

T = TypeVar("T")
SECRET = os.environ["SECRET_KEY"]
use(Vault(SECRET))

engine = create_async_engine(
    database_url(os.environ["DATABASE_URL"]),
    pool_size=10,
    max_overflow=20,
    pool_pre_ping=True,
    json_serializer=write_json,
    json_deserializer=read_json,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
_models: dict[type, type[BaseModel]] = {}


def model_of(struct: type) -> type[BaseModel]:
    """Make the pydantic model with the fields of one of our structs."""
    if struct not in _models:
        fields: dict[str, Any] = {
            one.name: (
                _translated(one.type),
                Field() if one.default is msgspec.NODEFAULT else Field(default=one.default),
            )
            for one in msgspec.structs.fields(struct)
        }
        _models[struct] = create_model(struct.__name__, __config__=ConfigDict(from_attributes=True), **fields)
    return _models[struct]


def _translated(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return model_of(kind)
    parts = tuple(_translated(part) for part in get_args(kind))
    if get_origin(kind) is UnionType:
        return Union[parts]  # noqa: UP007 - made of parts that are known when it runs
    if get_origin(kind) is list:
        return list[parts[0]]  # type: ignore[valid-type]
    return kind


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    total: int
    page: int
    size: int
    pages: int


class Draft(BaseModel):
    """An application to draft."""

    full_name_latin: str = Field(max_length=200)
    full_name_khmer: str = Field(max_length=200)
    phone: str = Field(max_length=40)
    id_number: str = Field(max_length=100)
    requested_amount: Decimal = Field(ge=0, max_digits=15, decimal_places=2)
    desired_loan_term: int = Field(ge=1, le=600)
    currency: str = "USD"


# What the answer shows and the rows do not have by themselves.
Rows: Any = CustomerApplication
Rows.employee_assignments = relationship(
    Assignment,
    lazy="raise",
    viewonly=True,
    primaryjoin=(Assignment.application_id == CustomerApplication.id) & Assignment.is_active,
    order_by=Assignment.assigned_at,
    uselist=True,
)
Rows.papers = relationship(
    File,
    lazy="raise",
    viewonly=True,
    primaryjoin=(CustomerApplication.id == foreign(File.application_id)) & File.standing(),
    order_by=File.created_at,
    uselist=True,
)
WHOLE = (
    selectinload(Rows.employee_assignments).options(WITH_EMPLOYEE),
    selectinload(Rows.papers),
    *BACKED,
)

Rows.workflow_stage = property(lambda row: row.workflow_status)
Rows.documents = property(
    lambda row: [DocumentCard(one.document_type, one.display_name, one.id, one.created_at) for one in row.papers]
)

Application: Any = model_of(ApplicationAnswer)
Account: Any = model_of(UserAnswer)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the pool in the end."""
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def open_session() -> AsyncIterator[AsyncSession]:
    """A session a request."""
    async with sessions() as session:
        yield session


Open = Annotated[AsyncSession, Depends(open_session)]


async def signed_in(session: Open, authorization: Annotated[str, Header()]) -> User:
    """Load the account behind the token, if it may read applications."""
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"], audience="lc-workflow")
    except jwt.PyJWTError as error:
        raise HTTPException(401, "The token is not valid.") from error
    user: User | None = await session.scalar(
        select(User)
        .join(Session, Session.user_id == User.id)
        .where(Session.id == UUID(claims["sid"]), Session.ended_at.is_(None), User.status == "active")
        .options(joinedload(User.standing))
    )
    if user is None:
        raise HTTPException(401, "The session has ended.")
    standing: CompanyRole = user.standing
    if not any(right.startswith("application:read:") for right in standing.grants):
        raise HTTPException(403, "Not permitted.")
    return user


Person = Annotated[User, Depends(signed_in)]


@app.get("/me")
async def me(session: Open, person: Person) -> Account:
    """Show the account with its place in the company."""
    user = await session.get_one(User, person.id, options=PLACE, populate_existing=True)
    return Account.model_validate(user)


@app.get("/list")
async def list_applications(
    session: Open,
    person: Person,
    page: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page[Application]:
    """List the applications of the branch, newest first."""
    row = CustomerApplication
    seen = (row.user_id == person.id) | (row.branch_id == person.branch_id)
    rows = await session.scalars(
        select(row)
        .where(seen)
        .order_by(row.created_at.desc(), row.id)
        .limit(size)
        .offset((page - 1) * size)
        .options(*WHOLE)
    )
    total = await session.scalar(select(func.count()).select_from(row).where(seen)) or 0
    return Page(items=list(rows), total=total, page=page, size=size, pages=-(-total // size))


@app.get("/one/{application_id}")
async def read(session: Open, person: Person, application_id: UUID) -> Application:
    """Show one application."""
    row = CustomerApplication
    seen = (row.user_id == person.id) | (row.branch_id == person.branch_id)
    found = await session.scalar(select(row).where(seen, row.id == application_id).options(*WHOLE))
    if found is None:
        raise HTTPException(404, "There is no such application.")
    return Application.model_validate(found)


@app.post("/create", status_code=201)
async def draft(session: Open, person: Person, wish: Draft) -> Application:
    """Draft an application."""
    now = datetime.now(UTC)
    application = CustomerApplication(
        id=uuid4(),
        user_id=person.id,
        branch_id=person.branch_id,
        preparers=[person.id],
        existing_loans=[],
        loan_purposes=[],
        priority_level="normal",
        workflow_status=Stage.PO_CREATED,
        created_at=now,
        updated_at=now,
        **wish.model_dump(),
    )
    session.add(application)
    await session.commit()
    return await read(session, person, application.id)
