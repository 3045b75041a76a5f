"""A draft is thrown away while somebody looks at it: they hear that it is gone."""

from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.lending.workflow.queries import Dockets
from tests.lending.factories import an_application
from tests.moments import NOON


async def test_nothing_keeps_anybody_from_the_steps_of_a_draft_that_is_gone(session: AsyncSession) -> None:
    gone, officer = an_application(uuid4(), id=uuid4()), Principal(id=uuid4(), role="officer", session_id=uuid4())
    with pytest.raises(Missing, match="thrown away"):
        await Dockets(session).of(gone, officer, at=NOON)


async def test_a_draft_that_is_gone_is_not_reckoned(session: AsyncSession) -> None:
    gone = an_application(uuid4(), id=uuid4())
    with pytest.raises(Missing, match="thrown away"):
        await QuoteService(session).reckoned(gone, gone.requested, at=NOON)
