"""What the tests of papers have in common."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person
from tests.lending.factories import an_application


@pytest.fixture
async def application_id(session: AsyncSession, officer: Person, branch: Branch) -> UUID:
    """An application that the officer drafted."""
    session.add(application := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    return application.id
