"""What happens to files when nobody looks."""

from datetime import timedelta

from lc_workflow.documents.library.service.removal import purge
from lc_workflow.platform.jobs import Job, Workplace


async def purge_files(place: Workplace) -> None:
    """Let removed files go for good whose retention is over."""
    async with place.sessions() as session:
        await purge(session, place.store, kept_for=timedelta(days=place.settings.removed_files_days), at=place.clock())


PURGE_FILES = Job(name="purge_files", work=purge_files, every="40 18 * * *")
"""Every night in Phnom Penh."""
