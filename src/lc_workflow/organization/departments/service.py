"""Opening, changing and closing departments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.departments.access import visible_to
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.departments.schemas import DepartmentChange, NewDepartment
from lc_workflow.organization.events import DepartmentChanged, DepartmentClosed, DepartmentOpened
from lc_workflow.organization.rules.naming import codes_for
from lc_workflow.platform.db.alike import first_free, is_taken
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import differing, given
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class DepartmentCodeTaken(Invalid):
    """Another department has this code."""

    def __init__(self) -> None:
        super().__init__(
            "Another department already has this code; capital letters make no difference.",
            errors=(FieldError("code", "is taken"),),
        )


class DepartmentService(Service[Department]):
    """The departments of the institution."""

    noun = "department"

    async def page(
        self, window: Window, *, search: str | None, is_active: bool | None, principal: Principal
    ) -> tuple[Sequence[Department], int]:
        """List departments by name, with how many there are in all."""
        where: list[ColumnElement[bool]] = [visible_to(principal)]
        if search:
            where.append(or_(contains(Department.name, search), contains(Department.code, search)))
        if is_active is not None:
            where.append(Department.is_active.is_(is_active))
        return await self.page_of(window, *where, by=[Department.name, Department.id])

    async def open(self, wish: NewDepartment, *, principal: Principal, at: datetime) -> Department:
        """Open a department; without a code it gets one from its name.

        Raises:
            DepartmentCodeTaken: Another department has the code.
            NoSuchManager: The manager is nobody.
        """
        async with self.transaction():
            code = wish.code
            if code is None:
                code = await first_free(self.session, Department.code, codes_for(wish.name, otherwise="DEP"))
            elif await is_taken(self.session, Department.code, code):
                raise DepartmentCodeTaken
            department = await self.create(Department(**given(wish) | {"code": code}, created_at=at, updated_at=at))
            self.announce(
                DepartmentOpened(actor_id=principal.id, at=at, department_id=department.id, code=department.code)
            )
        return department

    async def change(
        self, department_id: UUID, wish: DepartmentChange, *, principal: Principal, at: datetime
    ) -> Department:
        """Change what the wish names.

        Raises:
            Missing: There is no such department.
            DepartmentCodeTaken: Another department has the code.
            NoSuchManager: The manager is nobody.
        """
        async with self.transaction():
            department = await self.find(visible_to(principal), id=department_id, lock=True)
            if changes := differing(department, wish):
                if "code" in changes and await is_taken(
                    self.session, Department.code, changes["code"], but=department.id
                ):
                    raise DepartmentCodeTaken
                department.change(changes, at=at)
                self.announce(
                    DepartmentChanged(
                        actor_id=principal.id, at=at, department_id=department.id, fields=tuple(sorted(changes))
                    )
                )
        return department

    async def close(self, department_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Close a department; what happened there stays on record, and closing it again changes nothing.

        Raises:
            Missing: There is no such department.
        """
        async with self.transaction():
            department = await self.find(visible_to(principal), id=department_id, lock=True)
            if department.is_active:
                department.change({"is_active": False}, at=at)
                self.announce(DepartmentClosed(actor_id=principal.id, at=at, department_id=department.id))
