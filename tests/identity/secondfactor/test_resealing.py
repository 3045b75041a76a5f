"""Keys are changed without anybody having to set their second factor up again."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.secondfactor.models import SecondFactor
from lc_workflow.identity.secondfactor.service import reseal
from lc_workflow.platform.security.vault import Vault
from tests.identity.factories import a_user
from tests.moments import NOON

OLD, NEW = "an old key that only the tests know, long", "a new key that only the tests know, as long"


async def test_secrets_are_sealed_anew_with_the_newest_key(session: AsyncSession) -> None:
    session.add_all([one := a_user(), two := a_user()])
    await session.flush()
    old, both = Vault(OLD), Vault(NEW, previous=[OLD])
    for user, vault in ((one, old), (two, both)):
        sealed = vault.seal(f"secret of {user.username}", about=str(user.id))
        session.add(SecondFactor(user_id=user.id, secret=sealed, created_at=NOON))
    await session.commit()
    assert await reseal(session, both) == 1
    await session.commit()
    assert await reseal(session, both) == 0
    new = Vault(NEW)
    for factor in await session.scalars(select(SecondFactor)):
        assert new.open(factor.secret, about=str(factor.user_id)).startswith("secret of ")
