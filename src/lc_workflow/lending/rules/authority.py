"""Who may decide at a stage: the roles people hold, where, up to what, and for whom they stand in (lending.md §2)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import ApprovalStage, Reach


class OutOfScope(Forbidden):
    """The stage needs somebody who holds its role where the application belongs."""


class LimitExceeded(Forbidden):
    """The loan is above what the person may approve."""


class SodRepeat(Forbidden):
    """The person has decided on this application already."""


class SodParty(Forbidden):
    """The person is a party to the loan."""


class NotYoursToDelegate(Forbidden):
    """Nobody delegates a role they do not hold themselves; a delegated role is not delegated further."""


class LimitAboveOwn(Forbidden):
    """The limit of a delegation is above that of whoever delegates."""


class BadPeriod(Invalid):
    """The period ends before it begins, or is over already."""


class BadAuthority(Invalid):
    """An authority must name the branch or the region it covers."""


class NotToOneself(Forbidden):
    """Authority is given by somebody else, and delegated to somebody else."""


Limits = Mapping[Currency, Decimal]
"""The amount somebody may approve, by currency; a currency that is not named may not be approved at all."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where an application belongs."""

    branch_id: UUID | None
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A role somebody holds: over a branch, a region or everything, up to limits.

    `limits` is None where none are on record. `absent` is the person the holder stands in for: then `limits` are that
    person's, and `handed_on` narrows them. `is_given` marks what was given by name, as opposed to what comes with a
    post.
    """

    role: str
    reach: Reach
    branch_id: UUID | None = None
    region: str | None = None
    limits: Limits | None = None
    absent: UUID | None = None
    handed_on: Limits | None = None
    is_given: bool = False

    def contains(self, where: Where) -> bool:
        """Whether it covers an application."""
        match self.reach:
            case Reach.ORGANISATION:
                return True
            case Reach.REGION:
                return self.region is not None and self.region == where.region
            case Reach.BRANCH:
                return self.branch_id is not None and self.branch_id == where.branch_id

    def allows(self, amount: Decimal, currency: Currency, *, needs_limit: bool) -> bool:
        """Whether it allows an amount; a delegated limit narrows the one on record, and replaces none."""
        return is_within(self.limits, amount, currency, needs_limit=needs_limit) and is_within(
            self.handed_on, amount, currency, needs_limit=False
        )

    def most(self, currency: Currency) -> Decimal | None:
        """The limit in a currency, where there is one."""
        return min(
            (limits[currency] for limits in (self.limits, self.handed_on) if limits and currency in limits),
            default=None,
        )


def check_reach(reach: Reach, *, branch_id: UUID | None, region: str | None) -> None:
    """Refuse an authority that does not say what it covers.

    Raises:
        BadAuthority: It does not, or says more than one thing.
    """
    if (reach is Reach.BRANCH) != (branch_id is not None) or (reach is Reach.REGION) != (region is not None):
        raise BadAuthority("Name the branch of a branch's authority, the region of a region's, and neither otherwise.")


def fitting(stage: ApprovalStage, where: Where, holdings: Iterable[Holding]) -> list[Holding]:
    """List the holdings that let somebody sit at a stage; their own before those as a stand-in."""
    return sorted(
        (
            holding
            for holding in holdings
            if holding.role == stage.role and holding.reach.covers(stage.scope) and holding.contains(where)
        ),
        key=lambda holding: holding.absent is not None,
    )


def is_within(limits: Limits | None, amount: Decimal, currency: Currency, *, needs_limit: bool) -> bool:
    """Whether limits allow an amount; without any on record it depends on the matrix."""
    if limits is None:
        return not needs_limit
    return currency in limits and amount <= limits[currency]


def check_delegation(
    *,
    from_id: UUID,
    to_id: UUID,
    role: str,
    limits: Limits | None,
    starts_at: datetime,
    ends_at: datetime,
    own: Collection[Holding],
    at: datetime,
) -> None:
    """Refuse a delegation that is not the delegator's to make.

    `own` are the delegator's own holdings, without delegated ones: what was delegated is not delegated further.

    Raises:
        NotToOneself, BadPeriod, NotYoursToDelegate, LimitAboveOwn: What speaks against it.
    """
    if from_id == to_id:
        raise NotToOneself("Choose somebody else to stand in for you.")
    if not starts_at < ends_at or ends_at <= at:
        raise BadPeriod("A delegation ends after it begins, and not before now.")
    mine = [holding for holding in own if holding.role == role and holding.absent is None]
    if not mine:
        raise NotYoursToDelegate(f"The role {role} is not held by whoever would hand it on; delegated roles stay put.")
    for currency, limit in (limits or {}).items():
        if not any(is_within(holding.limits, limit, currency, needs_limit=False) for holding in mine):
            raise LimitAboveOwn(f"{limit} {currency} is above the limit of whoever would hand it on.")
