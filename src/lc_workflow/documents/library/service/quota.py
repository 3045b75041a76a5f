"""How much the papers of one application may take."""

from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.service.refusals import ApplicationFull
from lc_workflow.documents.rules.uploads import readable
from lc_workflow.platform.db.written import Written

_ONE_AFTER_THE_OTHER = text("SELECT pg_advisory_xact_lock(hashtextextended('papers of ' || CAST(:id AS text), 0))")

_USED: Final = Written(
    select(func.coalesce(func.sum(File.file_size), 0)).where(
        File.application_id == bindparam("id", type_=Uuid), File.deleted_at.is_(None)
    )
)


async def check_room(
    session: AsyncSession, application_id: UUID | None, size: int, *, most: int, lock: bool = False
) -> None:
    """Accept `size` more bytes if the papers of the application stay within `most`, not counting removed ones.

    With a `lock` other uploads wait until the commit, so that many at once cannot exceed the quota together.

    Raises:
        ApplicationFull: They would not.
    """
    if application_id is None:
        return
    if lock:
        await session.execute(_ONE_AFTER_THE_OTHER, {"id": str(application_id)})
    used = int(await _USED.value(session, id=application_id))
    if used + size > most:
        raise ApplicationFull(
            f"The papers of this application take {readable(used)} of {readable(most)} already; "
            "remove what nobody needs, or send smaller files."
        )
