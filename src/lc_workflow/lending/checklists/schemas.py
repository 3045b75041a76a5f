"""Checklists as requests and answers, and as the documents that are stored."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, convert, field

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.checklist import ChecklistStatus, Gate, PaperRule, When, Whom
from lc_workflow.lending.rules.terms import MaritalStatus
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.shapes import MOST, Amount, Code, Line, Name

Word = Annotated[str, Meta(min_length=1, max_length=100)]


class PaperWhenDocument(Struct, frozen=True, kw_only=True):
    """The loans a rule is for; what is left empty means any.

    `min_amount` is inclusive and in the loan's own currency; a currency it leaves out has no bound, so the paper is
    asked for. `products` are codes of products or the web app's product types.
    """

    min_amount: dict[Currency, Amount] = {}
    income_sources: Annotated[list[Word], Meta(max_length=50)] = []
    marital_statuses: Annotated[list[MaritalStatus], Meta(max_length=10)] = []
    collateral_kinds: Annotated[list[Word], Meta(max_length=50)] = []
    products: Annotated[list[Word], Meta(max_length=50)] = []

    def __post_init__(self) -> None:
        """Refuse amounts that no loan has."""
        for currency, amount in self.min_amount.items():
            if not (amount.is_finite() and 0 <= amount <= MOST):
                raise cannot_take([FieldError(f"min_amount.{currency}", f"must be an amount from 0 to {MOST}")])


class PaperRuleDocument(Struct, frozen=True, kw_only=True):
    """One kind of paper that is asked for; see `rules.checklist.PaperRule`."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "code": "ID-CARD",
        "document_type": "borrower_id_card",
        "whom": "borrower",
        "gate": "submit",
        "verified": True,
        "note": "Both sides, readable",
    }

    code: Code
    document_type: Annotated[str, Meta(min_length=1, max_length=60)]
    whom: Whom
    when: PaperWhenDocument = field(default_factory=PaperWhenDocument)
    count: Annotated[int, Meta(ge=1, le=100)] = 1
    any_of: Code | None = None
    gate: Gate | None = None
    max_age_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    verified: bool = False
    waivable: bool = True
    note: Line | None = None


class ChecklistDocument(Struct, frozen=True, kw_only=True):
    """All the rules of a checklist; one without rules asks for nothing."""

    rules: Annotated[list[PaperRuleDocument], Meta(max_length=200)]


class NewChecklist(ChecklistDocument, frozen=True, kw_only=True):
    """A checklist to draft."""

    EXAMPLE: ClassVar[dict[str, object]] = {"name": "From 2027", "rules": [PaperRuleDocument.EXAMPLE]}

    name: Name


class ChecklistChange(Struct, frozen=True, kw_only=True):
    """What to change about a draft: absent fields stay."""

    EXAMPLE: ClassVar[dict[str, object]] = {"rules": [PaperRuleDocument.EXAMPLE]}

    name: Name | UnsetType = UNSET
    rules: Annotated[list[PaperRuleDocument], Meta(max_length=200)] | UnsetType = UNSET


class ChecklistAnswer(Struct, frozen=True, kw_only=True):
    """A version of the checklist; `is_current` marks the one that applications to come are given."""

    id: UUID
    number: int
    name: str
    status: ChecklistStatus
    is_current: bool
    rules: list[PaperRuleDocument]
    created_by: UUID | None
    created_at: datetime
    published_by: UUID | None
    published_at: datetime | None


def read_document(stored: dict[str, Any]) -> ChecklistDocument:
    """Read a stored checklist."""
    return convert(stored, ChecklistDocument, strict=False)


def as_rules(document: ChecklistDocument) -> tuple[PaperRule, ...]:
    """Turn a document into what the rules look at."""
    return tuple(
        PaperRule(
            code=rule.code,
            document_type=rule.document_type,
            whom=rule.whom,
            when=When(
                min_amount=rule.when.min_amount,
                income_sources=rule.when.income_sources,
                marital_statuses=rule.when.marital_statuses,
                collateral_kinds=rule.when.collateral_kinds,
                products=rule.when.products,
            ),
            count=rule.count,
            any_of=rule.any_of,
            gate=rule.gate,
            max_age_days=rule.max_age_days,
            verified=rule.verified,
            waivable=rule.waivable,
        )
        for rule in document.rules
    )
