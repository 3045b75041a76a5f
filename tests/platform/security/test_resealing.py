"""Sealed columns: the keys are changed and everything is found and read as before; a wrong key is said at the start."""

import asyncio
import re

import pytest
from click.testing import CliRunner
from sqlalchemy import NullPool, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.cli import house
from lc_workflow.identity.secondfactor.models import SecondFactor
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.queries import ApplicationQueries, Wanted
from lc_workflow.lending.customers.models import Customer, IdentityPaper
from lc_workflow.lending.customers.service import CustomerService, Person
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.journal.chain import Seals, anchor
from lc_workflow.platform.security.resealing import open_one_of_each, reseal_columns
from lc_workflow.platform.security.vault import CannotOpen, Vault, use
from lc_workflow.platform.variables import BadSetting
from tests.conftest import SECRET
from tests.identity.factories import a_user
from tests.lending.factories import an_application
from tests.moments import NOON

NEW = "a new key that only the tests know, as long"


async def found(session: AsyncSession, reader: Principal, search: str) -> int:
    part = await ApplicationQueries(session).cards(Wanted(search=search), Window(1, 20), principal=reader)
    return part.total or 0


async def test_a_new_key_finds_what_the_old_one_sealed_and_then_takes_it_over(session: AsyncSession) -> None:
    session.add(user := a_user(phone_number="011 555 777"))
    await session.flush()
    session.add(row := an_application(user.id, phone="012 345 678", id_number="010234567"))
    await session.commit()
    customers = CustomerService(session)
    person = Person(id_card_type=IdCardType.CAMBODIAN_IDENTITY, id_number="010234567", full_name_latin="SOK CHANTHY")
    customer_id = await customers.written_down(person, at=NOON)
    await session.commit()
    reader = Principal(id=user.id, role="admin", session_id=user.id, grants={"application:read": Scope.ALL})
    version = row.version

    use(both := Vault(NEW, previous=[SECRET]))
    session.expunge_all()
    assert await found(session, reader, "+855 12 345 678") == 1
    # Who comes back between the change of keys and the resealing is recognised, and gets no second paper.
    again = await customers.identify(person, written_for=user.id, current=None, alone=_never, by=None, at=NOON)
    assert again == customer_id
    assert await reseal_columns(session, both) == (3, 0)
    assert await reseal_columns(session, both) == (0, 0)

    use(Vault(NEW))
    session.expunge_all()
    row = await session.get_one(CustomerApplication, row.id)
    assert (row.phone, row.id_number, row.version) == ("012 345 678", "010234567", version)
    assert await found(session, reader, "010 234 567") == 1
    assert len((await session.execute(text("SELECT 1 FROM customer_identities"))).all()) == 1
    assert await customers.identify(person, written_for=user.id, current=None, alone=_never, by=None, at=NOON) == again


async def test_one_paper_under_two_keys_becomes_one(session: AsyncSession) -> None:
    session.add(customer := Customer(full_name_latin="KEO BOPHA", created_at=NOON, updated_at=NOON))
    await session.flush()
    both = Vault(NEW, previous=[SECRET])
    for vault in (Vault(SECRET), both):
        use(vault)
        paper = IdentityPaper(
            customer_id=customer.id, id_card_type=IdCardType.PASSPORT, id_number="N 1234567", created_at=NOON
        )
        paper.identity_index = paper.indexes()["identity_index"] or b""
        session.add(paper)
        await session.commit()
    assert await reseal_columns(session, both) == (1, 1)
    assert len((await session.execute(text("SELECT 1 FROM customer_identities"))).all()) == 1


async def test_what_cannot_be_written_for_another_reason_is_not_removed(session: AsyncSession) -> None:
    use(Vault(SECRET))
    session.add(user := a_user(phone_number="011 555 777"))
    await session.commit()
    user_id = user.id
    await session.execute(text("ALTER TABLE users ADD CONSTRAINT never CHECK (false) NOT VALID"))
    with pytest.raises(IntegrityError):
        await reseal_columns(session, use(Vault(NEW, previous=[SECRET])))
    await session.rollback()
    assert await session.get(User, user_id, populate_existing=True)


async def _never(_: object) -> bool:
    return False


def test_the_house_does_not_open_with_a_wrong_key(copy_planted: Settings) -> None:
    async def start(vault: Vault) -> None:
        use(vault)
        engine = create_async_engine(copy_planted.database_url, poolclass=NullPool)
        await open_one_of_each(engine)

    asyncio.run(start(Vault(copy_planted.secret_key)))
    with pytest.raises(BadSetting, match="ENCRYPTION_KEYS"):
        asyncio.run(start(Vault(NEW)))


def test_the_command_seals_a_whole_installation_anew(copy_planted: Settings) -> None:
    async def begin() -> None:
        vault = use(Vault("m" * 32, previous=[copy_planted.secret_key]))  # a key with a comma is in no list
        async with AsyncSession(create_async_engine(copy_planted.database_url, poolclass=NullPool)) as session:
            await reseal_columns(session, vault)
            user_id = (await session.scalars(select(User.id).limit(1))).one()
            sealed = vault.seal("of a telephone", about=str(user_id))
            session.add(SecondFactor(user_id=user_id, secret=sealed, created_at=NOON))
            await anchor(session, Seals("p" * 32), day=NOON.date(), at=NOON)
            await session.commit()

    async def open_with_the_newest_key_alone() -> str:
        vault = use(Vault("n" * 32))
        engine = create_async_engine(copy_planted.database_url, poolclass=NullPool)
        await open_one_of_each(engine)
        async with AsyncSession(engine) as session:
            factor = (await session.scalars(select(SecondFactor))).one()
        return vault.open(factor.secret, about=str(factor.user_id))

    asyncio.run(begin())
    environ = {
        "DATABASE_URL": copy_planted.database_url.render_as_string(hide_password=False),
        "SECRET_KEY": copy_planted.secret_key,
        "PREVIOUS_SECRET_KEYS": "p" * 32,
        "ENCRYPTION_KEYS": f"{'n' * 32},{'m' * 32}",
    }
    first, second = (CliRunner(env=environ).invoke(house, ["reseal"]) for _ in range(2))
    rows = r"\d{2,} rows were sealed anew; the newest key opens everything now.\n"
    assert re.fullmatch(rows + r"Days of the journal that were sealed anew with SECRET_KEY: 1.\n", first.output)
    assert second.output == "0 rows were sealed anew; the newest key opens everything now.\n"
    assert asyncio.run(open_with_the_newest_key_alone()) == "of a telephone"
    lost = CliRunner(env={**environ, "SECRET_KEY": "s" * 32}).invoke(house, ["reseal"])
    assert (lost.exit_code, "the seals of 1 days of the journal" in lost.output) == (1, True)
    unknown = CliRunner(env={**environ, "ENCRYPTION_KEYS": "x" * 32})
    refused = unknown.invoke(house, ["reseal"])
    assert (refused.exit_code, refused.output[:6]) == (1, "Error:")
    assert "is not among ENCRYPTION_KEYS" in refused.output


async def test_a_wrong_key_reads_nothing(session: AsyncSession) -> None:
    session.add(user := a_user(phone_number="011 555 777"))
    await session.commit()
    use(Vault(NEW))
    session.expire(user)
    with pytest.raises(CannotOpen):
        await session.refresh(user)
