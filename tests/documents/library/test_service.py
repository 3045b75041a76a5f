"""What becomes of files while their store is down."""

from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service import FileService
from lc_workflow.identity.rules.roles import STANDINGS, Role
from lc_workflow.kernel.errors import Unavailable
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import PapersOfApplications
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.storage.minio import MinioStore
from tests.conftest import Person
from tests.documents.library.conftest import JPEG, Upload
from tests.moments import NOON
from tests.servers.ports import free_port


@pytest.fixture
def principal(officer: Person) -> Principal:
    user = officer.user
    return Principal(id=user.id, role=user.role, session_id=uuid4(), grants=STANDINGS[Role(user.role)].grants)


@pytest.fixture
def files(session: AsyncSession) -> FileService:
    """The files, in a store that nobody serves."""
    nowhere = ObjectStoreSettings(
        endpoint=f"127.0.0.1:{free_port()}", secure=False, access_key="key", secret_key="secret", bucket="files"
    )
    return FileService(
        session,
        store=MinioStore(nowhere),
        access=PapersOfApplications(),
        most_bytes=1_000_000,
        types=("image/jpeg",),
        kept_for=timedelta(days=30),
        quota=1_000_000,
    )


async def test_a_file_that_cannot_be_stored_has_no_row(
    session: AsyncSession, files: FileService, principal: Principal
) -> None:
    with pytest.raises(Unavailable):
        await files.take_in(BytesIO(JPEG), "id.jpg", Placement(), principal=principal, at=NOON)
    assert await session.scalar(select(func.count()).select_from(File)) == 0


async def test_a_file_is_gone_for_everyone_also_when_its_bytes_cannot_be_reached(
    session: AsyncSession,
    files: FileService,
    principal: Principal,
    officer: Person,
    upload: Upload,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = (await upload(officer)).json()
    await files.remove(UUID(file["id"]), principal=principal, at=NOON + timedelta(hours=1))
    assert await session.scalar(select(func.count()).where(File.standing())) == 0
    assert file["file_path"] in capsys.readouterr().out, "the log says which bytes are left"
