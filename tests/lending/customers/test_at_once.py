"""Two tellers meet one new person at the same moment, and write one row."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from sqlalchemy import URL, NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.lending.customers.models import Customer, IdentityPaper, Telephone
from lc_workflow.lending.customers.service import CustomerService, Person
from lc_workflow.lending.rules.terms import IdCardType
from tests.moments import NOON

AT_ONCE = 8


@pytest.fixture
def own_database(copy_database: Callable[[], URL]) -> URL:
    """A database whose commits are real."""
    return copy_database()


@pytest.fixture
async def engine_of_its_own(own_database: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(own_database, poolclass=NullPool)
    yield engine
    await engine.dispose()


async def never(_: object) -> bool:
    return False


async def test_tellers_who_meet_one_person_at_once_write_one_row(engine_of_its_own: AsyncEngine) -> None:
    card = Person(
        id_card_type=IdCardType.CAMBODIAN_IDENTITY,
        id_number="010234567",
        full_name_latin="SOK CHANTHY",
        phone="012 345 678",
    )
    phone = Person(full_name_latin="SOK CHANTHY", phone="+85512345678")

    async def meet(person: Person) -> object:
        async with AsyncSession(engine_of_its_own, expire_on_commit=False) as session:
            service = CustomerService(session)
            async with service.transaction():
                return await service.identify(person, written_for=uuid4(), current=None, alone=never, by=None, at=NOON)

    met = await asyncio.gather(*(meet(card if number % 2 else phone) for number in range(AT_ONCE)))
    assert len(set(met)) == 1
    async with AsyncSession(engine_of_its_own) as session:
        for row in (Customer, IdentityPaper, Telephone):
            assert await session.scalar(select(func.count()).select_from(row)) == 1
