"""The paths of employees and of their codes."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.cards import EmployeeCard
from lc_workflow.organization.employees.access import CREATE, DELETE, READ, UPDATE, reaches
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.employees.schemas import (
    CODE_PATTERN,
    CodeCheck,
    CodesWanted,
    EmployeeAnswer,
    EmployeeChange,
    NewEmployee,
    NextCode,
    ReservedCodes,
)
from lc_workflow.organization.employees.service import EmployeeService, EmployeeSortKey, Wanted
from lc_workflow.organization.ports import AccountDirectory, ForAccountDirectory
from lc_workflow.organization.rules.codes import ANY, is_code
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, SortOrder, Window
from lc_workflow.platform.http.provide import Provider, provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader


def wanted(
    search: FromQuery[str | None] = None,
    department_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    is_active: FromQuery[bool | None] = None,
    sort_by: FromQuery[EmployeeSortKey] = EmployeeSortKey.EMPLOYEE_CODE,
    sort_order: FromQuery[SortOrder] = SortOrder.ASC,
) -> Wanted:
    """Read which employees a list is asked for."""
    return Wanted(
        search=search,
        department_id=department_id,
        branch_id=branch_id,
        is_active=is_active,
        sort_by=sort_by,
        descending=sort_order is SortOrder.DESC,
    )


class EmployeeController(Controller):
    """Employees."""

    path = "/api/v1/employees"
    tags = ("Employees",)
    dependencies = {"employees": provide(EmployeeService)}

    @get(guards=[requires(READ)], dependencies={**WINDOW, "wanted": Provider(wanted)})
    async def list_employees(
        self,
        employees: NamedDependency[EmployeeService],
        account_directory: ForAccountDirectory,
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        wanted: NamedDependency[Wanted],
        reader: NamedDependency[Reader],
    ) -> Page[EmployeeAnswer]:
        """List employees, by code unless asked otherwise."""
        rows, total = await employees.page(wanted, window, principal=principal)
        shown = await reader.show(
            await _shown(rows, account_directory, principal), "employee", allowed=lambda _: reader.may()
        )
        return Page.of(shown, total=total, window=window)

    @post(guards=[requires(CREATE)])
    async def hire(
        self,
        data: JSONBody[NewEmployee],
        employees: NamedDependency[EmployeeService],
        account_directory: ForAccountDirectory,
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> EmployeeAnswer:
        """Hire somebody."""
        hired = await employees.hire(data, accounts=account_directory, principal=principal, at=clock())
        return await _shown_whole(hired.id, employees, account_directory, principal, reader)

    @get("/next-code", guards=[requires(READ)])
    async def next_code(
        self,
        employees: NamedDependency[EmployeeService],
        clock: NamedDependency[Clock],
        pattern: Annotated[str, QueryParameter(schema_extra={"pattern": CODE_PATTERN})] = ANY,
    ) -> NextCode:
        """Tell the next free code; a pattern like `12??` asks for one from 1200 to 1299."""
        return NextCode(await employees.next_code(pattern, at=clock()), pattern)

    @get("/check-code/{code:str}", guards=[requires(READ)])
    async def check_code(
        self,
        code: FromPath[str],
        employees: NamedDependency[EmployeeService],
        principal: NamedDependency[Principal],
    ) -> CodeCheck:
        """Tell whether a code can be given to somebody; forms ask while it is being typed."""
        holder = await employees.holder_of(code) if is_code(code) else None
        card = shaped(holder, EmployeeCard) if holder and reaches(principal, READ, holder) else None
        return CodeCheck(is_code(code) and holder is None, code, card)

    @post("/generate-codes", guards=[requires(CREATE)])
    async def reserve_codes(
        self,
        data: JSONBody[CodesWanted],
        employees: NamedDependency[EmployeeService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ReservedCodes:
        """Set codes aside for a day."""
        reserved = await employees.reserve_codes(data.count, data.pattern, principal=principal, at=clock())
        return ReservedCodes(reserved.codes, len(reserved.codes), reserved.expires_at)

    @get("/{employee_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        employee_id: FromPath[UUID],
        employees: NamedDependency[EmployeeService],
        account_directory: ForAccountDirectory,
        principal: NamedDependency[Principal],
        reader: NamedDependency[Reader],
    ) -> EmployeeAnswer:
        """Show one employee."""
        return await _shown_whole(employee_id, employees, account_directory, principal, reader)

    @patch("/{employee_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        employee_id: FromPath[UUID],
        data: JSONBody[EmployeeChange],
        employees: NamedDependency[EmployeeService],
        account_directory: ForAccountDirectory,
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        reader: NamedDependency[Reader],
    ) -> EmployeeAnswer:
        """Change an employee."""
        await employees.change(employee_id, data, accounts=account_directory, principal=principal, at=clock())
        return await _shown_whole(employee_id, employees, account_directory, principal, reader)

    @delete("/{employee_id:uuid}", guards=[requires(DELETE)])
    async def retire(
        self,
        employee_id: FromPath[UUID],
        employees: NamedDependency[EmployeeService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Note that an employee left."""
        await employees.retire(employee_id, principal=principal, at=clock())


async def _shown_whole(
    employee_id: UUID, employees: EmployeeService, accounts: AccountDirectory, principal: Principal, reader: Reader
) -> EmployeeAnswer:
    """Show one employee as they stand now."""
    (answer,) = await _shown([await employees.whole(employee_id, principal=principal)], accounts, principal)
    return await reader.show_one(answer, "employee", allowed=lambda _: reader.may())


async def _shown(rows: Sequence[Employee], accounts: AccountDirectory, principal: Principal) -> list[EmployeeAnswer]:
    """Show employees with their accounts, which one question brings for all of them."""
    cards = await accounts.cards([row.user_id for row in rows if row.user_id], principal)
    return [EmployeeAnswer.of(row, cards.get(row.user_id) if row.user_id else None) for row in rows]
