"""Whether an identity number is known, within what one may see."""

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.customers.models import Customer, IdentityPaper
from lc_workflow.lending.rules.matching import identity_key
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.security.columns import blind
from tests.conftest import SignIn
from tests.moments import NOON
from tests.organization.factories import a_branch

URL = "/api/v1/validation/check-id-number"


async def test_a_number_is_known_to_those_who_may_see_its_customer(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    session.add(elsewhere := a_branch(name="Siem Reap", code="SR01"))
    await session.flush()
    session.add(customer := a_customer(branch))
    await session.flush()
    session.add(
        IdentityPaper(
            customer_id=customer.id,
            id_card_type=IdCardType.PASSPORT,
            id_number="N 1234567",
            identity_index=blind(identity_key(IdCardType.PASSPORT, "N 1234567"), of="identity"),
            created_at=NOON,
        )
    )
    await session.commit()
    officer, stranger = await sign_in("officer", branch_id=branch.id), await sign_in("officer", branch_id=elsewhere.id)

    async def ask(headers: dict[str, str], **query: str) -> tuple[bool, bool]:
        answer = await client.get(URL, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["valid"], answer.json()["available"]

    assert await ask(officer.headers, id_number="n1234567") == (True, False)
    assert await ask(officer.headers, id_number="N1234567", id_card_type="passport") == (True, False)
    assert await ask(officer.headers, id_number="N1234567", id_card_type="monk-card") == (True, True)
    assert await ask(officer.headers, id_number="N1234567", exclude_customer_id=str(customer.id)) == (True, True)
    assert await ask(officer.headers, id_number="N7654321") == (True, True)
    assert await ask(officer.headers, id_number="??") == (False, False)
    assert await ask(stranger.headers, id_number="N1234567") == (True, True)


async def test_a_number_that_no_identity_card_can_have_is_not_said_to_be_valid(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    for number, message in (
        ("012345678(5)", "The check digit does not belong to this number; look at the card again."),
        ("01234567", "A Cambodian identity card has nine digits."),
    ):
        wish = {"id_number": number, "id_card_type": "cambodian_identity"}
        told = (await client.get(URL, params=wish, headers=officer.headers)).json()
        assert told == {"available": False, "valid": False, "message": message}
    wish = {"id_number": "០១២៣៤៥៦៧៨ (៤)", "id_card_type": "cambodian_identity"}
    assert (await client.get(URL, params=wish, headers=officer.headers)).json()["valid"] is True


def a_customer(branch: Branch) -> Customer:
    return Customer(branch_id=branch.id, version=1, created_at=NOON, updated_at=NOON)
