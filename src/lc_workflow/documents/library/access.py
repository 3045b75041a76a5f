"""Who may do what with files and folders."""

from typing import Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, false, or_
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.documents.library.models import File, Folder
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.kernel.principal import Principal, Scope

READ: Final = "file:read"
CREATE: Final = "file:create"
DELETE: Final = "file:delete"
READ_FOLDERS: Final = "folder:read"
MAKE_FOLDERS: Final = "folder:create"
REMOVE_FOLDERS: Final = "folder:delete"


def files_visible_to(principal: Principal, access: ApplicationAccess, *, removed: bool = False) -> ColumnElement[bool]:
    """The files this person may see, or with `removed` those they may be able to bring back.

    The papers of an application are seen by whoever sees the application; a file without one by whoever uploaded it,
    and by those who read files everywhere.
    """
    scope = principal.scope_of(READ)
    if scope is None:
        return false()
    without = File.application_id.is_(None)
    return and_(
        File.deleted_at.is_not(None) if removed else File.deleted_at.is_(None),
        or_(
            _among(File.application_id, access.readable(principal)),
            without if scope is Scope.ALL else and_(without, File.uploaded_by == principal.id),
        ),
    )


def folders_visible_to(principal: Principal, access: ApplicationAccess) -> ColumnElement[bool]:
    """The folders this person may see: those of applications they see, and those of the house."""
    if not principal.may(READ_FOLDERS):
        return false()
    return _among(Folder.application_id, access.readable(principal)) | Folder.application_id.is_(None)


def reaches(principal: Principal, permission: str, *, owner_id: UUID | None, application_id: UUID | None) -> bool:
    """Whether a permission reaches one file or folder that this person sees.

    A permission wider than their own things covers the papers of applications, further restricted by the rights on the
    application; what belongs to no application is changed by its owner, and by those who hold the permission
    everywhere.
    """
    scope = principal.scope_of(permission)
    if scope is None:
        return False
    return scope is Scope.ALL or owner_id == principal.id or (scope is not Scope.OWN and application_id is not None)


def only(
    applications: Select[UUID], application_id: UUID | InstrumentedAttribute[UUID | None] | BindParameter[UUID]
) -> Select[UUID]:
    """Narrow a selection of applications to a single one."""
    (id_column,) = applications.selected_columns
    return applications.where(id_column == application_id)


def _among(application_id: InstrumentedAttribute[UUID | None], applications: Select[UUID]) -> ColumnElement[bool]:
    """Whether the application of a row is selected; tested for each row, because the list may have a million ids."""
    return only(applications, application_id).exists()
