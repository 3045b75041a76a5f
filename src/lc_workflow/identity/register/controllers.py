"""The paths of the register: lists of accounts that are taken in, and the form for one."""

from functools import partial
from typing import Annotated, ClassVar

import anyio.to_thread
from litestar import Controller, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody
from litestar.response import Stream
from msgspec import Meta, Struct

from lc_workflow.identity.register.schemas import ImportAnswer, ImportStanding
from lc_workflow.identity.register.service import RegisterService
from lc_workflow.identity.rules.register import COLUMNS, ImportMode, column_of, mode_of
from lc_workflow.identity.users.access import IMPORT
from lc_workflow.identity.users.service import UserService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.csv import download, read
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.ratelimit import limit_uploads
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import Vault

MOST_ROWS = 5_000
"""What is written well within the half minute after which the web app gives up."""


class ImportForm(Struct):
    """A list of accounts as a CSV file; `preview_only` tries it and writes nothing."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "file": "email,username,first_name,last_name,role\nsophea@branch.example,sophea.chan,Sophea,Chan,officer\n",
        "import_mode": "create_and_update",
        "preview_only": True,
    }

    file: UploadFile
    import_mode: Annotated[str, Meta(max_length=40)] = ImportMode.CREATE_AND_UPDATE.value
    preview_only: bool = False


def open_register(
    db_session: DbSession,
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
    vault: NamedDependency[Vault],
) -> RegisterService:
    """Provide the register."""
    users = UserService(db_session, passwords=passwords, policy=settings.passwords)
    return RegisterService(db_session, users=users, post=vault if settings.mail else None)


REGISTER = {"register": Provider(open_register)}


class ImportController(Controller):
    """Taking lists of accounts in."""

    path = "/api/v1/users/import/csv"
    tags = ("Users",)
    dependencies = REGISTER

    @post(guards=[requires(IMPORT), limit_uploads], status_code=200)
    async def take_in(
        self,
        data: MultipartBody[ImportForm],
        register: NamedDependency[RegisterService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ImportAnswer:
        """Open and change accounts as a list says; rows that cannot be taken are named and keep no other out.

        Whoever gets an account gets no password but an activation code, which the answer shows this once.
        """
        mode = mode_of(data.import_mode)
        table = await anyio.to_thread.run_sync(
            partial(read, data.file.file, required=("email",), most_rows=MOST_ROWS, name_of=column_of)
        )
        return await register.take_in(
            table,
            filename=data.file.filename,
            mode=mode,
            preview_only=data.preview_only,
            principal=principal,
            at=clock(),
        )

    @get(guards=[requires(IMPORT)])
    async def list_imports(
        self, register: NamedDependency[RegisterService], principal: NamedDependency[Principal]
    ) -> list[ImportStanding]:
        """List one's latest imports, the newest first, each with how far it is."""
        return [shaped(row, ImportStanding) for row in await register.latest(principal=principal)]


class RegisterController(Controller):
    """The form for a list of accounts."""

    path = "/api/v1/users"
    tags = ("Users",)

    @get("/export/csv/template", guards=[requires(IMPORT)], media_type="text/csv")
    async def show_form(self) -> Stream:
        """Give an empty list with the columns that an import takes."""
        return await download("users-template.csv", COLUMNS, [])
