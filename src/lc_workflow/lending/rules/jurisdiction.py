"""What the law of the place allows a loan to be: the ceiling on its rate, its method, its collateral."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lc_workflow.kernel.errors import DomainError, Invalid
from lc_workflow.lending.rules.schedule import Method


class FlatMethodProhibited(Invalid):
    """Interest on the whole principal to the end is against the law here."""


class RateCapExceeded(Invalid):
    """The yearly rate is above the lawful ceiling."""


class CollateralProhibited(Invalid):
    """The law forbids taking this as collateral."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The law of one place from one day on; `rate_ceiling` in percent a year, none where there is no ceiling."""

    code: str
    rate_ceiling: Decimal | None = None
    flat_allowed: bool = True
    fees_count: bool = False
    prohibited_collateral: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """A loan as the law looks at it, all rates in percent a year.

    `interest_rate` is what the installments alone come to, `rate_with_fees` what they come to with all fees.
    """

    method: Method
    annual_rate: Decimal
    interest_rate: Decimal
    rate_with_fees: Decimal
    collateral: Iterable[str] = ()


def rate_held_to_the_ceiling(profile: Profile, offer: Offer) -> Decimal:
    """The contract's own rate, unless the law looks through it: at fees, or at a flat rate's true cost."""
    if profile.fees_count:
        return offer.rate_with_fees
    return offer.interest_rate if offer.method is Method.FLAT else offer.annual_rate


def refusals(profile: Profile, offer: Offer) -> tuple[DomainError, ...]:
    """Everything the law has against the loan; nothing when it may be made."""
    found: list[DomainError] = []
    if offer.method is Method.FLAT and not profile.flat_allowed:
        found.append(FlatMethodProhibited("Flat interest is prohibited here."))
    if profile.rate_ceiling is not None and rate_held_to_the_ceiling(profile, offer) > profile.rate_ceiling:
        found.append(RateCapExceeded(f"The yearly rate is above the ceiling of {profile.rate_ceiling} %."))
    if taken := sorted(profile.prohibited_collateral.intersection(offer.collateral)):
        found.append(CollateralProhibited(f"This may not be taken as collateral: {', '.join(taken)}."))
    return tuple(found)


def fees_lift_above_the_ceiling(profile: Profile, offer: Offer) -> bool:
    """Whether the rate is lawful only as long as fees do not count: worth a warning, no refusal."""
    return profile.rate_ceiling is not None and not profile.fees_count and offer.rate_with_fees > profile.rate_ceiling
