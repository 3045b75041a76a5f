"""Background work on accounts."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete

from lc_workflow.identity.users.models import FormerTelephone
from lc_workflow.platform.jobs import Job, Workplace

SAYS_NOTHING_AFTER: Final = timedelta(days=367)
"""How long a former telephone ties its holder to loans (`lending/approvals`): a year, leap or not."""


async def forget_former_telephones(place: Workplace) -> None:
    """Delete telephones given up so long ago that others have them by now."""
    async with place.sessions() as session:
        over = FormerTelephone.given_up_at < place.clock() - SAYS_NOTHING_AFTER
        await session.execute(delete(FormerTelephone).where(over))
        await session.commit()


FORGET_FORMER_TELEPHONES: Final = Job(
    name="forget_former_telephones", work=forget_former_telephones, every="40 19 * * *"
)
"""At twenty to three in the night of Phnom Penh."""
