"""How much the papers of one application may take."""

from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service.refusals import ApplicationFull
from lc_workflow.documents.rules.uploads import readable

_ONE_AFTER_THE_OTHER = text("SELECT pg_advisory_xact_lock(hashtextextended('papers of ' || CAST(:id AS text), 0))")


async def check_room(
    session: AsyncSession, application_id: UUID | None, size: int, *, most: int, lock: bool = False
) -> None:
    """Let another `size` bytes in when the papers of the application stay within `most`, removed ones aside.

    With a `lock` others who bring papers wait until the commit, so that many at once do not pass together.

    Raises:
        ApplicationFull: They would not.
    """
    if application_id is None:
        return
    if lock:
        await session.execute(_ONE_AFTER_THE_OTHER, {"id": str(application_id)})
    used = await session.scalar(
        select(func.coalesce(func.sum(File.file_size), 0)).where(
            File.application_id == application_id, File.deleted_at.is_(None)
        )
    )
    if int(used or 0) + size > most:
        raise ApplicationFull(
            f"The papers of this application take {readable(int(used or 0))} of {readable(most)} already; "
            "remove what nobody needs, or send smaller files."
        )
