"""Many people hire at the same moment, on a database of their own."""

from asyncio import gather
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.identity.rules.roles import Role
from lc_workflow.platform.security.tokens import Tokens
from tests.conftest import open_house, settings_for
from tests.identity.factories import a_session, a_user
from tests.moments import NOON

URL_OF_EMPLOYEES = "/api/v1/employees"
NAMES = {"full_name_khmer": "សុខ ចាន់ធី", "full_name_latin": "SOK CHANTHY"}


@pytest.fixture
def database(copy_database: Callable[[], URL]) -> URL:
    """A database that these tests commit to."""
    return copy_database()


@pytest.fixture
async def office(database: URL, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """A client of an application on its own database, signed in as its administrator."""
    settings = settings_for(database, upload_folder=tmp_path)
    engine = create_async_engine(database, poolclass=NullPool)
    async with AsyncSession(engine) as session, session.begin():
        session.add(admin := a_user(role=Role.ADMIN))
        await session.flush()
        session.add(visit := a_session(admin.id))
        await session.flush()
        tokens = Tokens(settings.secret_key, algorithm="HS256", lifetime=timedelta(minutes=30))
        token = tokens.issue(admin.id, visit.id, at=NOON)
    async with open_house(settings, clock=lambda: NOON) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def hire(office: AsyncClient, **wish: str) -> Response:
    return await office.post(URL_OF_EMPLOYEES, json=NAMES | wish)


async def test_twenty_people_hired_at_once_get_twenty_codes(office: AsyncClient) -> None:
    hired = await gather(*(hire(office) for _ in range(20)))
    assert [answer.status_code for answer in hired] == [201] * 20
    assert sorted(answer.json()["employee_code"] for answer in hired) == [f"{number:04}" for number in range(1, 21)]


async def test_one_of_many_gets_the_code_that_all_of_them_name(office: AsyncClient) -> None:
    answers = await gather(*(hire(office, employee_code="0007") for _ in range(10)), *(hire(office) for _ in range(10)))
    named, unnamed = answers[:10], answers[10:]
    assert Counter(answer.status_code for answer in named) <= Counter({201: 1, 422: 10})
    assert {answer.json()["code"] for answer in named if answer.status_code == 422} == {"EmployeeCodeTaken"}
    assert [answer.status_code for answer in unnamed] == [201] * 10
    codes = [answer.json()["employee_code"] for answer in answers if answer.status_code == 201]
    assert len(codes) == len(set(codes)) >= 10
    assert "0007" in codes


async def test_codes_reserved_and_given_at_once_are_all_different(office: AsyncClient) -> None:
    people = [(await hire(office)).json()["id"] for _ in range(5)]
    answers = await gather(
        *(office.post(f"{URL_OF_EMPLOYEES}/generate-codes", json={"count": 4}) for _ in range(5)),
        *(hire(office) for _ in range(5)),
        *(
            office.patch(f"{URL_OF_EMPLOYEES}/{employee}", json={"employee_code": f"{number:04}"})
            for number, employee in enumerate(people, start=6)
        ),
    )
    reserved, hired, recoded = answers[:5], answers[5:10], answers[10:]
    assert {answer.status_code for answer in (*reserved, *hired)} == {201}
    assert {answer.status_code for answer in recoded} <= {200, 422}
    codes = [code for answer in reserved for code in answer.json()["codes"]]
    codes += [answer.json()["employee_code"] for answer in hired]
    assert len(codes) == len(set(codes)) == 25
