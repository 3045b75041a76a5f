"""Applications with everything an answer shows, by statements that are compiled once."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec.json import Decoder
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Uuid, any_, bindparam, select
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
from lc_workflow.platform.db.exact_json import read_json
from lc_workflow.platform.db.nested import as_list, as_object, as_object_or_null
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.security.columns import opened

_ANSWER: Final[Callable[..., ApplicationAnswer]] = ApplicationAnswer
"""The answer's constructor, untyped: the columns of a row are not known to the type checker."""


async def whole(session: AsyncSession, ids: Sequence[UUID]) -> list[ApplicationAnswer]:
    """Read whole applications in the order of their ids, rows straight into structs."""
    if not ids:
        return []
    asked = _ONE.rows(session, id=ids[0]) if len(ids) == 1 else _WHOLE.rows(session, ids=list(ids))
    found = {row.id: answer_of(row) for row in await asked}
    return [found[each] for each in ids if each in found]


def answer_of(row: Any) -> ApplicationAnswer:
    """Make the answer of a row."""
    assignments, papers, collateral, parties = row[len(_COLUMNS) : len(COLUMNS)]
    behind = [_opened(party) for party in _PARTIES.decode(parties)]
    guarantor = next((party for party in behind if party.role is PartyRole.GUARANTOR), None)
    return _ANSWER(  # by position: with so many fields, keywords take many times as long
        *row[: len(_COLUMNS)],
        status=STATUS_OF[row.workflow_status],
        workflow_stage=row.workflow_status,
        guarantor_name=guarantor and (guarantor.full_name_latin or guarantor.full_name_khmer),
        **{field: guarantor and getattr(guarantor, column) for field, column in GUARANTOR_FIELDS.items()},
        parties=behind,
        collaterals=read_json(collateral),
        documents=_PAPERS.decode(papers),
        employee_assignments=_ASSIGNMENTS.decode(assignments),
    )


def _opened(party: PartyAnswer) -> PartyAnswer:
    """Unseal the numbers of somebody who stands behind a loan; JSON from the database holds them sealed."""
    phone, id_number = (
        opened(getattr(party, name), about=f"application_parties.{name}") for name in ("phone", "id_number")
    )
    return replace(party, phone=phone, id_number=id_number)


def _columns() -> tuple[ColumnElement[Any], ...]:
    """Build the columns that an answer shows."""
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
    party = Party.__table__
    children = (
        assignments,
        as_list(card, order=file.c.created_at, source=file).where(file.c.application_id == table.c.id, File.standing()),
        as_list(pledged.c.entry, order=pledged.c.position, source=pledged).where(
            pledged.c.application_id == table.c.id
        ),
        as_list(as_object(PartyAnswer, party), order=party.c.position, source=party).where(
            party.c.application_id == table.c.id
        ),
    )
    return (
        *(table.c[name] for name in _COLUMNS),
        *(child.correlate(table).scalar_subquery() for child in children),
    )


_TABLE: Final = CustomerApplication.__table__
_COLUMNS: Final = tuple(name for name in ApplicationAnswer.__struct_fields__ if name in _TABLE.c)
COLUMNS: Final = _columns()
"""The first columns of every statement whose rows are given to `answer_of`."""

_ONE: Final = Written(select(*COLUMNS).where(_TABLE.c.id == bindparam("id", type_=Uuid)))
"""One application by `id =`: a statement with an array of ids is planned anew each time."""

_WHOLE: Final = Written(select(*COLUMNS).where(_TABLE.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))))
_ASSIGNMENTS: Final = Decoder(list[AssignmentAnswer])
_PAPERS: Final = Decoder(list[DocumentCard])
_PARTIES: Final = Decoder(list[PartyAnswer])
