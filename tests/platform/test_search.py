"""Names in Khmer are found through their index, which takes letters for what the database's locale calls letters."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def test_a_name_in_khmer_has_trigrams(session: AsyncSession) -> None:
    """Without any, the index gives every row, and each is looked at."""
    trigrams = await session.scalar(text("SELECT show_trgm(searchable('បុប្ផា'))"))
    assert len(trigrams) > 5
