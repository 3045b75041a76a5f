"""Looking roles and rights up by their names, as the pages show them."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, Permission

Named = Callable[[str], Awaitable[str]]


@pytest.fixture
def role_id(session: AsyncSession) -> Named:
    async def role_id(name: str) -> str:
        return str((await session.scalars(select(CompanyRole.id).where(CompanyRole.name == name))).one())

    return role_id


@pytest.fixture
def right_id(session: AsyncSession) -> Named:
    async def right_id(name: str) -> str:
        return str((await session.scalars(select(Permission.id).where(Permission.name == name))).one())

    return right_id
