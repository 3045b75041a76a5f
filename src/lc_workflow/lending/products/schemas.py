"""Products as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.business_days import BusinessDay
from lc_workflow.lending.rules.products import Conditions, FeeKind, FeeRule, Limits, VersionStatus
from lc_workflow.lending.rules.quoting import FeeTiming
from lc_workflow.lending.rules.schedule import DayCount, Frequency, Method, Rounding
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import MOST_PERCENT, Amount, Code, Name, Percent, check_amounts, check_percents

ProductCode = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Months = Annotated[int, Meta(ge=1, le=600)]
DocumentType = Annotated[str, Meta(min_length=1, max_length=60)]


class LimitsLine(Struct, frozen=True):
    """What is lent in one currency: amounts in it, terms in months."""

    currency: Currency
    amount_min: Amount
    amount_max: Amount
    term_min: Months
    term_max: Months
    guarantor_from: Amount | None = None
    collateral_from: Amount | None = None

    def __post_init__(self) -> None:
        """Refuse amounts that no column holds."""
        check_amounts(self, "amount_min", "amount_max", "guarantor_from", "collateral_from")


class FeeRuleLine(Struct, frozen=True):
    """A fee: percent of the principal, or an amount in `currency`."""

    code: Code
    kind: FeeKind
    value: Amount
    timing: FeeTiming
    currency: Currency | None = None

    def __post_init__(self) -> None:
        """Refuse values that are no amount, or no percentage."""
        if self.kind is FeeKind.PERCENT:
            if self.value > MOST_PERCENT:
                raise cannot_take([FieldError("value", f"must be at most {MOST_PERCENT} where the fee is in percent")])
            check_percents(self, "value")
        else:
            check_amounts(self, "value")


class ConditionsBody(Struct, frozen=True, kw_only=True):
    """What a version of a product says; rates are in percent per year."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "limits": [
            {
                "currency": "USD",
                "amount_min": 100,
                "amount_max": 5000,
                "term_min": 3,
                "term_max": 36,
                "guarantor_from": 2000,
            }
        ],
        "frequencies": ["monthly"],
        "methods": ["annuity"],
        "rate_min": 12,
        "rate_max": 18,
        "rate_default": 15,
        "fees": [{"code": "ADMIN", "kind": "percent", "value": 1, "timing": "deducted"}],
        "required_documents": ["borrower_id_card"],
    }

    limits: Annotated[list[LimitsLine], Meta(max_length=10)]
    frequencies: Annotated[list[Frequency], Meta(max_length=10)]
    methods: Annotated[list[Method], Meta(max_length=10)]
    rate_min: Percent
    rate_max: Percent
    rate_default: Percent
    fees: Annotated[list[FeeRuleLine], Meta(max_length=20)] = []
    installment_rounding: Rounding = Rounding.HALF_UP
    interest_rounding: Literal["HALF_UP", "FLOOR"] = "HALF_UP"
    day_count: DayCount = DayCount.PERIODIC
    business_day: BusinessDay = BusinessDay.NONE
    required_documents: Annotated[list[DocumentType], Meta(max_length=50)] = []

    def __post_init__(self) -> None:
        """Refuse percentages that no column holds."""
        check_percents(self, "rate_min", "rate_max", "rate_default")

    def conditions(self) -> Conditions:
        """The conditions that the rules know."""
        return Conditions(
            limits=tuple(
                Limits(
                    line.currency,
                    line.amount_min,
                    line.amount_max,
                    line.term_min,
                    line.term_max,
                    line.guarantor_from,
                    line.collateral_from,
                )
                for line in self.limits
            ),
            frequencies=tuple(dict.fromkeys(self.frequencies)),
            methods=tuple(dict.fromkeys(self.methods)),
            rate_min=self.rate_min,
            rate_max=self.rate_max,
            rate_default=self.rate_default,
            fees=tuple(FeeRule(fee.code, fee.kind, fee.value, fee.timing, fee.currency) for fee in self.fees),
            installment_rounding=self.installment_rounding,
            interest_rounding=Rounding(self.interest_rounding),
            day_count=self.day_count,
            business_day=self.business_day,
            required_documents=tuple(dict.fromkeys(self.required_documents)),
        )


class NewProduct(Struct, frozen=True, kw_only=True):
    """A product to offer; its first version is a draft."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "code": "market_loan",
        "name_en": "Market loan",
        "name_km": "ប្រាក់កម្ចីផ្សារ",
        "conditions": ConditionsBody.EXAMPLE,
    }

    code: ProductCode
    name_en: Name
    name_km: Name
    conditions: ConditionsBody


class ProductChange(Struct, frozen=True, kw_only=True):
    """What to change about a product besides its versions: absent fields stay."""

    EXAMPLE: ClassVar[dict[str, object]] = {"name_en": "Market loan"}

    name_en: Name | UnsetType = UNSET
    name_km: Name | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class VersionAnswer(Struct, frozen=True):
    """A version of a product."""

    id: UUID
    number: int
    status: VersionStatus
    conditions: Conditions
    published_at: datetime | None
    published_by: UUID | None
    created_at: datetime
    updated_at: datetime


class ProductAnswer(Struct, frozen=True):
    """A product with the version in force, and the one that is being written; null where there is none."""

    id: UUID
    code: str
    name_en: str
    name_km: str
    is_active: bool
    in_force: VersionAnswer | None
    draft: VersionAnswer | None
    created_at: datetime
    updated_at: datetime
