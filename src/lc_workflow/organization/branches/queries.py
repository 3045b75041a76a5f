"""What is asked about branches together."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.names import look
from lc_workflow.organization.branches.models import Branch


async def known_region(session: AsyncSession, name: str) -> str | None:
    """Give a region as its branches spell it, however it is typed; None when no branch belongs to it."""
    regions = await session.scalars(select(Branch.region).where(Branch.region.is_not(None)).distinct())
    alike = [region for region in regions if region is not None and look(region) == look(name)]
    return name if name in alike else next(iter(sorted(alike)), None)
