"""Looking whether a value is still free."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.availability.schemas import Availability
from lc_workflow.identity.users.access import visible_to
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.schemas import EmployeeNumber, Username
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.fields import field_errors
from lc_workflow.platform.http.shapes import Email
from lc_workflow.platform.phones import NotAPhone, e164
from lc_workflow.platform.security.columns import found_by

FORMS: Final[dict[str, Any]] = {"email": Email, "username": Username, "employee_id": EmployeeNumber}
NOUNS: Final = {"email": "e-mail address", "username": "user name", "employee_id": "employee id"}


class Registry:
    """Answers for forms; a value that is the changed account's own counts as free."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def unique(self, name: str, value: str, *, except_for: UUID | None) -> Availability:
        """Whether an account can have this e-mail address, user name or employee id.

        Only people who open accounts may ask, and the answer reveals no more than opening one would.
        """
        normal = value.strip().lower()
        if faults := field_errors({"value": normal}, msgspec.defstruct("Value", [("value", FORMS[name])])):
            return Availability(available=False, valid=False, message=f"The {NOUNS[name]} {faults[0].msg}.")
        if await self._is_there(getattr(User, name) == normal, except_for):
            return Availability(available=False, valid=True, message=f"Another account has this {NOUNS[name]}.")
        return Availability(available=True, valid=True, message=f"This {NOUNS[name]} is free.")

    async def phone(self, value: str, *, except_for: UUID | None, principal: Principal) -> Availability:
        """Whether a number is a telephone number, and whether an account the person may see has it already.

        Numbers may be shared, so this is advice; nothing is said of accounts the person may not see.
        """
        try:
            number = e164(value)
        except NotAPhone as refusal:
            return Availability(available=False, valid=False, message=refusal.detail)
        if await self._is_there(found_by(User.phone_index, number, of="phone") & visible_to(principal), except_for):
            return Availability(available=False, valid=True, message="A colleague has this telephone number already.")
        return Availability(available=True, valid=True, message=f"This telephone number ({number}) is free.")

    async def _is_there(self, which: ColumnElement[bool], except_for: UUID | None) -> bool:
        others = User.id.is_distinct_from(except_for)
        return bool(await self._session.scalar(select(exists().where(which, others))))
