"""Imports and exports of accounts as requests and answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from lc_workflow.identity.rules.register import ImportMode, RowAction
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.schemas import EmployeeNumber, PersonName, Username
from lc_workflow.platform.http.shapes import Email, Line, Phone


class GivenRow(Struct, frozen=True, kw_only=True):
    """The cells of a row, as they must be; an empty cell says nothing."""

    email: Email
    username: Username | UnsetType = UNSET
    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    phone_number: Phone | UnsetType = UNSET
    employee_id: EmployeeNumber | UnsetType = UNSET
    role: Line | UnsetType = UNSET
    status: UserStatus | UnsetType = UNSET
    department: Line | UnsetType = UNSET
    branch: Line | UnsetType = UNSET
    position: Line | UnsetType = UNSET
    portfolio: Line | UnsetType = UNSET
    line_manager: Line | UnsetType = UNSET


class RowError(Struct, frozen=True):
    """What is wrong with one cell: its row as a spreadsheet counts (the headings are row 1), and its column."""

    row: int
    field: str
    message: str


class NewCode(Struct, frozen=True):
    """The activation code of somebody who got an account, shown this once; null where it was mailed to them."""

    row: int
    user_id: UUID
    username: str
    email: str
    code: str | None
    expires_at: datetime


class RowResult(Struct, frozen=True):
    """What was done with one row, as the web app lists it; each error names its cell."""

    row_number: int
    action: RowAction
    email: str | None
    errors: list[str]
    warnings: list[str]


class ImportAnswer(Struct, frozen=True, kw_only=True):
    """What became of a list; with `preview_mode` what would become of it, and nothing was written.

    `status` is `completed` when every row went in, `partial` when some did, and `failed` when none did.
    """

    id: UUID | None
    status: Literal["completed", "partial", "failed"]
    preview_mode: bool
    import_mode: ImportMode
    total_rows: int
    successful_imports: int
    successful_updates: int
    skipped_rows: int
    failed_imports: int
    results: list[RowResult]
    errors: list[RowError]
    warnings: list[str]
    activation_codes: list[NewCode]


class ImportStanding(Struct, frozen=True, kw_only=True):
    """How far an import is; `finished_at` is null while it runs, and for ever when it was cut short."""

    id: UUID
    filename: str
    mode: ImportMode
    started_at: datetime
    finished_at: datetime | None
    total_rows: int
    done_rows: int
    successful_imports: int
    successful_updates: int
    skipped_rows: int
    failed_imports: int
