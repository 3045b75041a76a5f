"""Approval matrices as requests and answers, and as the documents that are stored."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, convert, field

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import (
    ApprovalStage,
    Basis,
    LoanCase,
    Matrix,
    MatrixStatus,
    Place,
    Reach,
    Risk,
    Rule,
    Surcharge,
    When,
)
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import MOST, Amount, Code, Name, check_amounts

RoleName = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
"""The name of a role, as `/permissions/roles` lists them or as the matrix calls a committee."""

Product = Annotated[str, Meta(min_length=1, max_length=60)]


class StageDocument(Struct, frozen=True):
    """One stage: so many people who hold the role over at least the scope have to agree."""

    code: Code
    role: RoleName
    scope: Reach
    quorum: Annotated[int, Meta(ge=1, le=20)] = 1


class WhenDocument(Struct, frozen=True, kw_only=True):
    """What a rule is for; an empty list means any. Bounds are inclusive and in the base currency."""

    min_amount: Amount | None = None
    max_amount: Amount | None = None
    currencies: Annotated[list[Currency], Meta(max_length=10)] = []
    products: Annotated[list[Product], Meta(max_length=50)] = []
    risks: Annotated[list[Risk], Meta(max_length=10)] = []
    branches: Annotated[list[UUID], Meta(max_length=500)] = []
    exceptions: bool | None = None

    def __post_init__(self) -> None:
        """Refuse amounts that no loan has."""
        check_amounts(self, "min_amount", "max_amount")


class RuleDocument(Struct, frozen=True):
    """The stages for the loans a rule is for; the lowest priority that fits decides."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "priority": 10,
        "stages": [{"code": "branch", "role": "manager", "scope": "branch", "quorum": 1}],
        "when": {"max_amount": 5000},
    }

    priority: Annotated[int, Meta(ge=0, le=1_000_000)]
    stages: Annotated[list[StageDocument], Meta(max_length=10)]
    when: WhenDocument = field(default_factory=WhenDocument)


class SurchargeDocument(Struct, frozen=True):
    """A stage more for every loan with policy exceptions."""

    stage: StageDocument
    place: Place = Place.BEFORE_LAST


class MatrixDocument(Struct, frozen=True, kw_only=True):
    """All the rules of a matrix; with `needs_limit` nobody approves who has no limit on record."""

    base_currency: Currency = Currency.USD
    basis: Basis = Basis.AMOUNT
    needs_limit: bool = True
    rules: Annotated[list[RuleDocument], Meta(max_length=50)]
    surcharges: Annotated[list[SurchargeDocument], Meta(max_length=5)] = []


class NewMatrix(MatrixDocument, frozen=True, kw_only=True):
    """A matrix to draft."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "name": "From 2027",
        "base_currency": "USD",
        "rules": [RuleDocument.EXAMPLE],
    }

    name: Name


class MatrixChange(Struct, frozen=True, kw_only=True):
    """What to change about a draft: absent fields stay."""

    EXAMPLE: ClassVar[dict[str, object]] = {"rules": [RuleDocument.EXAMPLE]}

    name: Name | UnsetType = UNSET
    base_currency: Currency | UnsetType = UNSET
    basis: Basis | UnsetType = UNSET
    needs_limit: bool | UnsetType = UNSET
    rules: Annotated[list[RuleDocument], Meta(max_length=50)] | UnsetType = UNSET
    surcharges: Annotated[list[SurchargeDocument], Meta(max_length=5)] | UnsetType = UNSET


class MatrixAnswer(Struct, frozen=True, kw_only=True):
    """A version of the matrix; `is_current` marks the one that applications to come are given."""

    id: UUID
    number: int
    name: str
    status: MatrixStatus
    is_current: bool
    document: MatrixDocument
    created_by: UUID | None
    created_at: datetime
    published_by: UUID | None
    published_at: datetime | None


class ShortBranch(Struct, frozen=True):
    """A branch at which too few may decide, and how many may."""

    id: UUID
    code: str
    name: str
    people: int


class Vacancy(Struct, frozen=True):
    """A stage at which fewer people may decide than have to agree: loans that come to it wait.

    `everywhere` says that it is so in every branch in use; `branches` names them.
    """

    code: str
    role: str
    scope: Reach
    quorum: int
    everywhere: bool
    branches: list[ShortBranch]


class Simulation(Struct, frozen=True, kw_only=True):
    """A loan to look up in a matrix, the current one unless `matrix_id` says another.

    `amount` is in `currency`, `exposure` in the matrix's base currency; without `khr_per_usd` the rate of the day
    is taken.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"amount": 1500, "currency": "USD", "product": "monthly_loan", "risk": "low"}

    amount: Amount
    currency: Currency = Currency.USD
    product: Product | None = None
    risk: Risk | None = None
    branch_id: UUID | None = None
    exposure: Amount = Decimal(0)
    exceptions: Annotated[int, Meta(ge=0, le=1_000)] = 0
    khr_per_usd: Annotated[Decimal, Meta(extra_json_schema={"minimum": 1, "maximum": float(MOST)})] | None = None
    matrix_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse amounts that no loan has, and rates that are none."""
        check_amounts(self, "amount", "exposure", "khr_per_usd")
        if self.khr_per_usd is not None and self.khr_per_usd < 1:
            raise cannot_take([FieldError("khr_per_usd", "must be at least 1")])


class PathAnswer(Struct, frozen=True):
    """The stages a loan has to pass in order, by which rule, and the figure (in the base currency) it was found by."""

    matrix_id: UUID
    matrix_number: int
    rule_priority: int
    basis: Basis
    basis_amount: Decimal
    base_currency: Currency
    khr_per_usd: Decimal
    stages: list[StageDocument]


def read_document(stored: dict[str, Any]) -> MatrixDocument:
    """Read a stored matrix."""
    return convert(stored, MatrixDocument, strict=False)


def as_matrix(document: MatrixDocument) -> Matrix:
    """Turn a document into what the rules look at."""
    return Matrix(
        base_currency=document.base_currency,
        basis=document.basis,
        needs_limit=document.needs_limit,
        rules=tuple(
            Rule(rule.priority, _when(rule.when), tuple(as_stage(stage) for stage in rule.stages))
            for rule in document.rules
        ),
        surcharges=tuple(Surcharge(as_stage(extra.stage), extra.place) for extra in document.surcharges),
    )


def as_stage(stage: StageDocument) -> ApprovalStage:
    """Turn a stored stage into what the rules look at."""
    return ApprovalStage(stage.code, stage.role, stage.scope, stage.quorum)


def as_case(wish: Simulation, *, khr_per_usd: Decimal) -> LoanCase:
    """Turn a loan to look up into what the rules look at."""
    return LoanCase(
        amount=wish.amount,
        currency=wish.currency,
        khr_per_usd=khr_per_usd,
        products=[wish.product] if wish.product else [],
        risk=wish.risk,
        branch_id=wish.branch_id,
        exposure=wish.exposure,
        exceptions=wish.exceptions,
    )


def _when(when: WhenDocument) -> When:
    return When(
        min_amount=when.min_amount,
        max_amount=when.max_amount,
        currencies=frozenset(when.currencies),
        products=frozenset(when.products),
        risks=frozenset(when.risks),
        branches=frozenset(when.branches),
        exceptions=when.exceptions,
    )
