"""What a loan is checked against besides its terms: product, law, collateral, holidays."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Date, Select, String, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.jurisdictions.models import JurisdictionProfile
from lc_workflow.lending.jurisdictions.service import LATEST_USE, NONE, in_force
from lc_workflow.lending.products.models import ProductVersion
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.jurisdiction import Profile
from lc_workflow.lending.rules.products import Conditions
from lc_workflow.organization.hours.models import Holiday


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a loan is checked against: its product's conditions when it was begun, the law, and what stands behind it.

    `code` names the law that is followed and `law` is its profile now. `collateral` are the kinds of what is pledged,
    in the application's words, `holidays` the days on which its branch is closed.
    """

    conditions: Conditions | None
    code: str
    law: Profile
    has_guarantor: bool
    has_collateral: bool
    collateral: tuple[str, ...]
    holidays: frozenset[date]

    def rate(self, *said: Decimal | None) -> Decimal | None:
        """The yearly rate of a loan: the first that anybody named, or else the usual one of its product."""
        usual = self.conditions.rate_default if self.conditions else None
        return next((rate for rate in (*said, usual) if rate is not None), None)


def with_grounds(statement: Select[Any], *, on: date | ColumnElement[date]) -> Select[Any]:
    """Add to a statement about applications the grounds of each on a day; `read_grounds` reads them."""
    row = CustomerApplication
    version = select(ProductVersion.document).where(ProductVersion.id == row.product_version_id)
    pledged = (
        select(func.coalesce(Collateral.kind, ""))
        .where(Collateral.application_id == row.id)
        .order_by(Collateral.position)
    )
    closed = select(Holiday.day).where(or_(Holiday.branch_id.is_(None), Holiday.branch_id == row.branch_id))
    return statement.outerjoin(JurisdictionProfile, JurisdictionProfile.id == in_force(on=on)).add_columns(
        version.scalar_subquery().label("product_says"),
        LATEST_USE.scalar_subquery().label("law_followed"),
        JurisdictionProfile.code.label("law_code"),
        *(JurisdictionProfile.rate_ceiling, JurisdictionProfile.flat_allowed, JurisdictionProfile.fees_count),
        JurisdictionProfile.prohibited_collateral,
        exists().where(Party.application_id == row.id, Party.role == PartyRole.GUARANTOR).label("has_guarantor"),
        func.array(pledged.scalar_subquery(), type_=ARRAY(String)).label("pledged"),
        func.array(closed.scalar_subquery(), type_=ARRAY(Date)).label("closed_on"),
    )


def read_grounds(row: Any) -> Grounds:
    """Read what `with_grounds` added to a row."""
    law = Profile(NONE)
    if row.law_code is not None:
        prohibited = frozenset(row.prohibited_collateral)
        law = Profile(row.law_code, row.rate_ceiling, row.flat_allowed, row.fees_count, prohibited)
    return Grounds(
        conditions=None if row.product_says is None else msgspec.convert(row.product_says, Conditions),
        code=row.law_followed or NONE,
        law=law,
        has_guarantor=row.has_guarantor,
        has_collateral=bool(row.pledged),
        collateral=tuple(filter(None, row.pledged)),
        holidays=frozenset(row.closed_on),
    )
