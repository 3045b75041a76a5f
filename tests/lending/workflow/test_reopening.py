"""What begins again is a new loan: it begins where loans are made."""

from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.lending.checklist.steps import blocked
from tests.lending.steps import Draft, Take


async def test_a_loan_begins_again_only_in_a_branch_that_is_open(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    loan = await draft(officer)
    assert (await take(officer, loan, "withdraw", reason="Not now")).status_code == 200
    await session.execute(update(Branch).values(is_active=False))
    await session.commit()
    assert await blocked(client, officer, loan, "reopen") == ["BranchClosed"]
    refused = await take(officer, loan, "reopen", reason="She is back")
    assert (refused.status_code, refused.json()["code"]) == (422, "BranchClosed"), refused.text
    await session.execute(update(Branch).values(is_active=True))
    await session.commit()
    assert (await take(officer, loan, "reopen", reason="She is back")).status_code == 200
