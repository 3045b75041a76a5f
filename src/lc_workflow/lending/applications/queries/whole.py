"""Applications with everything an answer shows, in statements that are written once."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.json import Decoder
from sqlalchemy import (
    Row,
    Select,
    Uuid,
    any_,
    bindparam,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.cards import DocumentCard
from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import Assignment, CustomerApplication
from lc_workflow.lending.applications.schemas import (
    ApplicationAnswer,
    AssignedEmployee,
    AssignmentAnswer,
)
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.backing.schemas import PartyAnswer
from lc_workflow.lending.rules.backing import GUARANTOR_FIELDS, PartyRole
from lc_workflow.lending.rules.stages import STATUS_OF
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.cards import BranchCard, DepartmentCard
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.config import read_json
from lc_workflow.platform.db.nested import as_list, as_object, as_object_or_null
from lc_workflow.platform.db.written import Written


async def whole(session: AsyncSession, ids: Sequence[UUID]) -> list[ApplicationAnswer]:
    """Read applications whole, in the order of their ids: rows straight into structs.

    Those behind the loans have a statement of their own: their numbers are sealed, and opened column by column.
    """
    if not ids:
        return []
    behind: dict[UUID, list[PartyAnswer]] = {each: [] for each in ids}
    for application_id, *party in await _PARTIES.rows(session, ids=list(ids)):
        behind[application_id].append(PartyAnswer(**dict(zip(PartyAnswer.__struct_fields__, party, strict=True))))
    found = {row.id: _answer(row, behind[row.id]) for row in await _WHOLE.rows(session, ids=list(ids))}
    return [found[each] for each in ids if each in found]


def _answer(row: Row[Any], behind: list[PartyAnswer]) -> ApplicationAnswer:
    fields = dict(zip(_COLUMNS, row, strict=False))
    assignments, papers, collateral = row[len(_COLUMNS) :]
    guarantor = next((party for party in behind if party.role is PartyRole.GUARANTOR), None)
    fields["guarantor_name"] = guarantor and (guarantor.full_name_latin or guarantor.full_name_khmer)
    fields |= {field: guarantor and getattr(guarantor, column) for field, column in GUARANTOR_FIELDS.items()}
    return ApplicationAnswer(
        **fields,
        status=STATUS_OF[fields["workflow_status"]],
        workflow_stage=fields["workflow_status"],
        parties=behind,
        collaterals=read_json(collateral),
        documents=_PAPERS.decode(papers),
        employee_assignments=_ASSIGNMENTS.decode(assignments),
    )


def _whole() -> Select[Any]:
    """Write the statement that reads applications with everything an answer shows, once and for all."""
    table, assigned, employee = _TABLE, Assignment.__table__, Employee.__table__
    department, branch = Department.__table__, Branch.__table__
    officer = as_object(
        AssignedEmployee,
        employee,
        department=as_object_or_null(DepartmentCard, department),
        branch=as_object_or_null(BranchCard, branch),
    )
    assignments = as_list(
        as_object(AssignmentAnswer, assigned, employee=officer),
        order=assigned.c.assigned_at,
        source=assigned.join(employee, employee.c.id == assigned.c.employee_id)
        .outerjoin(department, department.c.id == employee.c.department_id)
        .outerjoin(branch, branch.c.id == employee.c.branch_id),
    ).where(assigned.c.application_id == table.c.id, assigned.c.is_active)
    file, pledged = File.__table__, Collateral.__table__
    card = as_object(
        DocumentCard,
        file,
        type=file.c.document_type,
        name=file.c.display_name,
        file_id=file.c.id,
        upload_date=file.c.created_at,
    )
    children = (
        assignments,
        as_list(card, order=file.c.created_at, source=file).where(file.c.application_id == table.c.id, File.standing()),
        as_list(pledged.c.entry, order=pledged.c.position, source=pledged).where(
            pledged.c.application_id == table.c.id
        ),
    )
    return select(
        *(table.c[name] for name in _COLUMNS), *(child.correlate(table).scalar_subquery() for child in children)
    ).where(table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def _parties() -> Select[Any]:
    """Write the statement that reads who stands behind applications."""
    party = Party.__table__
    return (
        select(party.c.application_id, *(party.c[name] for name in PartyAnswer.__struct_fields__))
        .where(party.c.application_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        .order_by(party.c.position)
    )


_TABLE: Final = CustomerApplication.__table__
_COLUMNS: Final = tuple(name for name in ApplicationAnswer.__struct_fields__ if name in _TABLE.c)
_WHOLE: Final = Written(_whole())
_ASSIGNMENTS: Final = Decoder(list[AssignmentAnswer])
_PAPERS: Final = Decoder(list[DocumentCard])
_PARTIES: Final = Written(_parties())
