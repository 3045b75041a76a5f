"""Folders of the old service, and the employees who looked after its applications."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from lc_workflow.documents.library.models import Folder
from lc_workflow.documents.library.service.folders import DEEPEST
from lc_workflow.kernel.names import plain
from lc_workflow.lending.applications.models import Assignment, CustomerApplication
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import member, moment, text
from lc_workflow.moving.report import Known, Part, Unfit
from lc_workflow.moving.taking import FUTURE, LONGEST_NAME, NAMELESS, NO_APPLICATION, Taking

NO_EMPLOYEE: Final = "its employee did not come"
NO_PARENT: Final = "the folder it lies in did not come"
ELSEWHERE: Final = "the folder it lay in is another application's, so it lies at the top"
TOO_DEEP: Final = "it lay too deep in others, so it lies at the top"
SAME_FOLDER: Final = "a folder of this name is there already: it is the same"
UNKNOWN_ROLE: Final = "nobody knows what the employee did for it"


async def take_folders(taking: Taking) -> None:
    """Take the folders from the top down; two of one name in one place are one."""
    here = {
        (row.application_id, row.parent_id, row.name): row.id
        for row in await taking.session.execute(select(Folder.id, Folder.application_id, Folder.parent_id, Folder.name))
    }
    place_of = {id_: application_id for (application_id, _, _), id_ in here.items()}
    above = {id_: parent_id for (_, parent_id, _), id_ in here.items()}
    waiting: dict[UUID | None, list[OldRow]] = defaultdict(list)
    part = taking.report.of("folders")
    async for row, _ in taking.unseen("folders", taking.folders, Folder):
        waiting[row["parent_id"]].append(row)
    ready = [parent for parent in waiting if parent is None or parent in taking.folders]
    while ready:
        for row in waiting.pop(ready.pop(), ()):
            try:
                folder = _folder(taking, row, part, place_of, above)
            except Unfit as why:
                part.refuse(str(why), row["id"])
                continue
            place = (folder.application_id, folder.parent_id, folder.name)
            if place in here:
                taking.folders.ids[row["id"]] = here[place]
                part.there_already += 1
                part.mend(SAME_FOLDER, row["id"])
            elif await taking.put(part, row["id"], folder, known=taking.folders):
                here[place] = row["id"]
                place_of[row["id"]] = folder.application_id
                above[row["id"]] = folder.parent_id
            if row["id"] in taking.folders:
                ready.append(row["id"])
    for rows in waiting.values():
        for row in rows:
            part.refuse(NO_PARENT, row["id"])


def _folder(
    taking: Taking,
    row: OldRow,
    part: Part,
    place_of: Mapping[UUID, UUID | None],
    above: Mapping[UUID, UUID | None],
) -> Folder:
    called = plain(plain(row["name"] or "")[:LONGEST_NAME])
    if not called:
        raise Unfit(NAMELESS)
    application_id = taking.applications.get(row["application_id"])
    if row["application_id"] is not None and application_id is None:
        raise Unfit(NO_APPLICATION)
    parent_id = taking.folders.get(row["parent_id"])
    if parent_id is not None and place_of.get(parent_id) != application_id:
        parent_id = None
        part.mend(ELSEWHERE, row["id"])
    if _depth_of(parent_id, above) >= DEEPEST:
        parent_id = None
        part.mend(TOO_DEEP, row["id"])
    return Folder(id=row["id"], name=called, parent_id=parent_id, application_id=application_id, **taking.dated(row))


def _depth_of(folder_id: UUID | None, above: Mapping[UUID, UUID | None]) -> int:
    """Count a folder and those it lies in."""
    depth = 0
    while folder_id is not None:
        depth, folder_id = depth + 1, above.get(folder_id)
    return depth


async def take_assignments(taking: Taking) -> None:
    """Take who looked after which application; where nobody wrote down who asked for it, its officer did."""
    owners = select(CustomerApplication.id, CustomerApplication.user_id)
    owner_of: dict[UUID, UUID] = {row.id: row.user_id for row in await taking.session.execute(owners)}
    table = "application_employee_assignments"
    async for row, part in taking.unseen(table, Known(), Assignment):
        try:
            values = _assignment(taking, row, owner_of)
        except Unfit as why:
            part.refuse(str(why), row["id"])
        else:
            await taking.put(part, row["id"], Assignment(id=row["id"], **values))


def _assignment(taking: Taking, row: OldRow, owner_of: dict[UUID, UUID]) -> dict[str, Any]:
    application_id, employee_id = (
        taking.applications.get(row["application_id"]),
        taking.employees.get(row["employee_id"]),
    )
    if application_id is None:
        raise Unfit(NO_APPLICATION)
    if employee_id is None:
        raise Unfit(NO_EMPLOYEE)
    role = member(row["assignment_role"], AssignmentRole)
    if role is None:
        raise Unfit(UNKNOWN_ROLE)
    at = moment(row.get("assigned_at")) or taking.at
    if at > taking.at:
        raise Unfit(FUTURE)
    return {
        "application_id": application_id,
        "employee_id": employee_id,
        "assignment_role": role,
        "assigned_at": at,
        "assigned_by": taking.users.get(row.get("assigned_by")) or owner_of[application_id],
        "is_active": row.get("is_active") is not False,
        "notes": text(row.get("notes")),
    }
