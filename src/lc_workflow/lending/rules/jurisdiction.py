"""What the local law allows: the ceiling on a loan's rate, its method, its collateral."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lc_workflow.kernel.errors import DomainError, Invalid
from lc_workflow.kernel.names import look
from lc_workflow.lending.rules.schedule import Method


class FlatMethodProhibited(Invalid):
    """Interest on the whole principal until the end is against the law here."""


class RateCapExceeded(Invalid):
    """The yearly rate is above the lawful ceiling."""


class CollateralProhibited(Invalid):
    """The law forbids this as collateral."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The law of one place from one day on; `rate_ceiling` in percent a year, None where there is no ceiling."""

    code: str
    rate_ceiling: Decimal | None = None
    flat_allowed: bool = True
    fees_count: bool = False
    prohibited_collateral: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """A loan as the law sees it, all rates in percent a year.

    `interest_rate` is the rate of the installments alone, `rate_with_fees` includes all fees.
    """

    method: Method
    annual_rate: Decimal
    interest_rate: Decimal
    rate_with_fees: Decimal
    collateral: Iterable[str] = ()


def rate_held_to_the_ceiling(profile: Profile, offer: Offer) -> Decimal:
    """The contract's own rate, unless the law counts fees or the true cost of a flat rate."""
    if profile.fees_count:
        return offer.rate_with_fees
    return offer.interest_rate if offer.method is Method.FLAT else offer.annual_rate


def refusals(profile: Profile, offer: Offer) -> tuple[DomainError, ...]:
    """Everything the law has against the loan; nothing when it is lawful."""
    found: list[DomainError] = []
    if offer.method is Method.FLAT and not profile.flat_allowed:
        found.append(FlatMethodProhibited("Flat interest is prohibited here."))
    if profile.rate_ceiling is not None and rate_held_to_the_ceiling(profile, offer) > profile.rate_ceiling:
        found.append(RateCapExceeded(f"The yearly rate is above the ceiling of {profile.rate_ceiling} %."))
    pledged = {_as_compared(kind) for kind in offer.collateral}
    if taken := sorted(kind for kind in profile.prohibited_collateral if _as_compared(kind) in pledged):
        found.append(CollateralProhibited(f"This may not be taken as collateral: {', '.join(taken)}."))
    return tuple(found)


def fees_lift_above_the_ceiling(profile: Profile, offer: Offer) -> bool:
    """Whether the rate is lawful only because fees do not count: worth a warning, no refusal."""
    return (
        profile.rate_ceiling is not None
        and not profile.fees_count
        and offer.rate_with_fees > max(profile.rate_ceiling, offer.interest_rate)
    )


def _as_compared(kind: str) -> str:
    """A kind of collateral as it is compared: officers write “Identity papers” for `identity_papers`."""
    return re.sub("[ _-]+", " ", look(kind)).strip()
