"""Who may do what with applications: the one place every query about them starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Select, all_, and_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from lc_workflow.identity.roles.service import Moment
from lc_workflow.identity.users.access import Place, may_act, may_at_all
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import ApplicationName, ApplicationTally, CustomerApplication
from lc_workflow.lending.rules.stages import CLOSED, Stage
from lc_workflow.platform.db.reach import ways, within
from lc_workflow.platform.security.reads import Reader

READ: Final = "application:read"
CREATE: Final = "application:create"
UPDATE: Final = "application:update"
DELETE: Final = "application:delete"
PROCESS: Final = "application:process"
APPROVE: Final = "application:approve"
PERMISSIONS: Final = (READ, CREATE, UPDATE, DELETE, PROCESS, APPROVE)


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the applications this person may see."""
    return reached(principal, READ)


def reached(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Narrow a query to the applications a permission of this person reaches."""
    return within(principal, permission, owner=CustomerApplication.user_id, branch=CustomerApplication.branch_id)


def tallies_visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the tallies of the applications this person may see."""
    return within(principal, READ, owner=ApplicationTally.owner_id, branch=ApplicationTally.branch_id)


def names_visible_to(principal: Principal) -> list[ColumnElement[bool]]:
    """The conditions for the search rows of applications this person may see; a row meets at least one of them."""
    return ways(principal, READ, owner=ApplicationName.owner_id, branch=ApplicationName.branch_id)


def permissions_for(principal: Principal, application: CustomerApplication) -> frozenset[str]:
    """The permissions this person holds for one application: the same reach as `reached`, for a loaded row."""
    return frozenset(
        permission
        for permission in PERMISSIONS
        if principal.reaches(permission, owner_id=application.user_id, branch_id=application.branch_id)
    )


def seen_by_accounts(
    owner: UUID | BindParameter[UUID] | InstrumentedAttribute[UUID], branch: Place, *, at: Moment
) -> ColumnElement[bool]:
    """Match the accounts that may see an application now, by who drafted it and where it belongs."""
    return ((User.id == owner) & may_at_all(READ, at=at)) | may_act(READ, branch_id=branch, at=at)


class Shown(Protocol):
    """An answer about an application, as far as it says whose it is."""

    @property
    def user_id(self) -> UUID:
        """Who drafted it."""

    @property
    def branch_id(self) -> UUID | None:
        """The branch it belongs to."""


def reads_numbers(reader: Reader) -> Callable[[Shown], bool]:
    """Return a test for whether this person may read the numbers on an application in full."""
    return lambda shown: reader.reaches(owner_id=shown.user_id, branch_id=shown.branch_id)


# Made once: an alias of so wide a table takes longer than the statement it stands in.
_ONE, _OTHER = aliased(CustomerApplication), aliased(CustomerApplication)
_CLOSED: Final = literal([*CLOSED], ARRAY(CustomerApplication.workflow_status.type))


@dataclass(frozen=True, slots=True)
class PapersOfApplications:
    """Answers `documents.ports.ApplicationAccess`; any two are equal, so that prepared statements are shared."""

    def readable(self, principal: Principal) -> Select[UUID]:
        """Papers are seen by whoever sees the application."""
        return select(CustomerApplication.id).where(visible_to(principal))

    def of_different_people(
        self, one: InstrumentedAttribute[UUID | None], other: InstrumentedAttribute[UUID | None]
    ) -> ColumnElement[bool]:
        """Two applications are of one person when their customer is the same; a draft may have no customer yet."""
        return (
            select(_ONE.id)
            .join(_OTHER, _OTHER.id == other)
            .where(
                _ONE.id == one,
                _ONE.id != _OTHER.id,
                func.coalesce(_ONE.customer_id, _ONE.id) != func.coalesce(_OTHER.customer_id, _OTHER.id),
            )
            .exists()
        )

    def writable(self, principal: Principal) -> Select[UUID]:
        """Papers are added and removed by whoever works on the application, until it is decided.

        Where a checklist applies, until the loan is paid out, since papers may still be needed for that.
        """
        return select(CustomerApplication.id).where(
            visible_to(principal),
            reached(principal, UPDATE) | reached(principal, PROCESS) | reached(principal, APPROVE),
            (CustomerApplication.workflow_status != all_(_CLOSED))
            | and_(
                CustomerApplication.workflow_status == Stage.APPROVED, CustomerApplication.checklist_id.is_not(None)
            ),
        )
