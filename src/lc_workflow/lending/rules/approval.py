"""Who has to agree to a loan: the approval matrix, and an application's path through it (lending.md §2)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final
from uuid import UUID

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.schedule import EXACT


class Reach(StrEnum):
    """How far somebody's role reaches; each is wider than the one before."""

    BRANCH = "branch"
    REGION = "region"
    ORGANISATION = "organisation"

    def covers(self, other: "Reach") -> bool:
        """Whether this is at least as wide as another."""
        return _WIDTH[self] >= _WIDTH[other]


_CLOSEST: Final = Decimal("1e-12")
"""Two different sums of money differ by more than this, at any exchange rate."""

_WIDTH: Final = {reach: width for width, reach in enumerate(Reach)}


class Risk(StrEnum):
    """How risky a loan is: in its officer's judgement, or by its score, which has one level more."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    VERY_HIGH = "very_high"


class MatrixStatus(StrEnum):
    """Whether a matrix may still be changed."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Basis(StrEnum):
    """What the bounds of a matrix are compared with: this loan alone, or all its customer would owe with it."""

    AMOUNT = "amount"
    EXPOSURE = "exposure"


class Place(StrEnum):
    """Where an added stage goes among those of the rule."""

    FIRST = "first"
    BEFORE_LAST = "before_last"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class ApprovalStage:
    """One stage of a path: so many people (`quorum`) who hold `role` over at least `scope` have to agree."""

    code: str
    role: str
    scope: Reach
    quorum: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Which loans a rule is for; an empty set means any, bounds are inclusive and in the matrix's base currency.

    `exceptions` is None where policy exceptions make no difference, else whether there have to be some or none.
    """

    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    currencies: Collection[Currency] = ()
    products: Collection[str] = ()
    risks: Collection[str] = ()
    branches: Collection[UUID] = ()
    exceptions: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """The stages for the loans it is for; the rule with the lowest `priority` that fits decides."""

    priority: int
    when: When
    stages: tuple[ApprovalStage, ...]


@dataclass(frozen=True, slots=True)
class Surcharge:
    """An additional stage for a loan with policy exceptions, whatever its rule."""

    stage: ApprovalStage
    place: Place = Place.BEFORE_LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """All the rules of one version; with `needs_limit` nobody approves without a limit of their own on record."""

    base_currency: Currency
    basis: Basis
    needs_limit: bool
    rules: tuple[Rule, ...]
    surcharges: tuple[Surcharge, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanCase:
    """A loan as the matrix sees it.

    `amount` is in `currency`, `exposure` what its customer owes besides it, in the base currency; `khr_per_usd` is the
    rate for comparing both. `products` are the names of what is borrowed: the code of the institution's product, and
    the kind of loan. Unknown values are None or empty, and match no rule that asks for them.
    """

    amount: Decimal
    currency: Currency
    khr_per_usd: Decimal
    products: Collection[str] = ()
    risk: str | None = None
    branch_id: UUID | None = None
    exposure: Decimal = field(default=Decimal(0))
    exceptions: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """The stages a loan has to pass in order, the rule they come from, and the unrounded figure it was found by."""

    priority: int
    basis: Decimal
    stages: tuple[ApprovalStage, ...]


class NoPath(Invalid):
    """No rule of the matrix is for this loan; a published matrix covers every loan."""


class BadMatrix(Invalid):
    """The matrix contradicts itself."""


class NoSuchLoans(Invalid):
    """A rule is for an unknown branch or product: it would match no loan, and nobody would notice."""


class NobodyDecides(Invalid):
    """A stage needs a role that does not exist and that nobody was given: loans would wait for ever."""


def exchanged(amount: Decimal, source: Currency, target: Currency, *, khr_per_usd: Decimal) -> Decimal:
    """Express an amount in another currency, unrounded."""
    if source is target:
        return amount
    return amount / khr_per_usd if target is Currency.USD else amount * khr_per_usd


def compared(amount: Decimal) -> Decimal:
    """An amount for comparison with a bound: unrounded, but without the error of converting back and forth.

    Division stops after 28 digits, so 4,500,000 riel converted back from dollars would be slightly more.
    """
    with localcontext(EXACT):
        return amount.quantize(_CLOSEST)


def path_for(matrix: Matrix, case: LoanCase) -> Path:
    """Find the stages a loan has to pass.

    Raises:
        NoPath: No rule is for it.
    """
    basis = exchanged(case.amount, case.currency, matrix.base_currency, khr_per_usd=case.khr_per_usd)
    if matrix.basis is Basis.EXPOSURE:
        basis += case.exposure
    case = replace(case, risk=_risk_for(matrix, case.risk))
    for rule in sorted(matrix.rules, key=lambda rule: rule.priority):
        if is_for(rule.when, case) and _within(rule.when, compared(basis)):
            return Path(rule.priority, basis, _with_surcharges(rule.stages, matrix.surcharges, case))
    raise NoPath(f"No rule of the approval matrix is for {case.amount} {case.currency}.")


def _risk_for(matrix: Matrix, risk: str | None) -> str | None:
    """The risk in the matrix's words: a matrix without a very high risk treats it as high."""
    if risk == Risk.VERY_HIGH and not any(risk in rule.when.risks for rule in matrix.rules):
        return Risk.HIGH
    return risk


def is_for(when: When, case: LoanCase) -> bool:
    """Whether a rule is for loans like this, apart from amounts."""
    return (
        _takes(when.currencies, case.currency)
        and _takes(when.products, *case.products)
        and _takes(when.risks, case.risk)
        and _takes(when.branches, case.branch_id)
        and (when.exceptions is None or when.exceptions == (case.exceptions > 0))
    )


def _takes(wanted: Collection[object], *actual: object) -> bool:
    return not wanted or any(one in wanted for one in actual)


def _within(when: When, basis: Decimal) -> bool:
    return (when.min_amount is None or when.min_amount <= basis) and (
        when.max_amount is None or basis <= when.max_amount
    )


def _with_surcharges(
    stages: tuple[ApprovalStage, ...], surcharges: Iterable[Surcharge], case: LoanCase
) -> tuple[ApprovalStage, ...]:
    path = list(stages)
    for surcharge in surcharges if case.exceptions > 0 else ():
        at = {Place.FIRST: 0, Place.BEFORE_LAST: len(path) - 1, Place.LAST: len(path)}[surcharge.place]
        path.insert(at, surcharge.stage)
    return tuple(path)


def check_matrix(matrix: Matrix) -> None:
    """Refuse a matrix with more than one answer, or none, for a loan.

    Raises:
        BadMatrix: It says what it contradicts.
    """
    wrong = [] if matrix.rules else ["it has no rule"]
    priorities = Counter(rule.priority for rule in matrix.rules)
    wrong += [f"two rules have the priority {number}" for number, times in priorities.items() if times > 1]
    for rule in matrix.rules:
        low, high = rule.when.min_amount, rule.when.max_amount
        if low is not None and high is not None and low > high:
            wrong.append(f"rule {rule.priority} begins above its end")
        if not rule.stages:
            wrong.append(f"rule {rule.priority} has no stage")
        codes = Counter(stage.code for stage in (*rule.stages, *(extra.stage for extra in matrix.surcharges)))
        wrong += [f"rule {rule.priority} passes {code} twice" for code, times in codes.items() if times > 1]
    if wrong:
        raise BadMatrix(f"The matrix contradicts itself: {'; '.join(wrong[:5])}.")


def words_of(matrix: Matrix) -> dict[str, str]:
    """The roles a matrix needs, by the field of its document that names them."""
    words = {
        f"rules[{number}].stages[{place}].role": stage.role
        for number, rule in enumerate(matrix.rules)
        for place, stage in enumerate(rule.stages)
    }
    return words | {
        f"surcharges[{number}].stage.role": extra.stage.role for number, extra in enumerate(matrix.surcharges)
    }


def check_words(matrix: Matrix, known: Collection[str]) -> None:
    """Refuse to publish a matrix that needs roles nobody can have.

    `known` are the roles in use, and those given to people by name.

    Raises:
        NobodyDecides: It names the fields that speak of others.
    """
    strange = {field: role for field, role in words_of(matrix).items() if role not in known}
    if strange:
        raise NobodyDecides(
            f"Nobody could decide as {', '.join(sorted(set(strange.values()))[:5])}: no role in use is called so, and"
            " nobody was given it; correct the word, or give somebody that authority first.",
            errors=tuple(FieldError(field, "is a role that nobody has") for field in strange)[:100],
        )


def check_loans(matrix: Matrix, *, branches: Collection[UUID], products: Collection[str]) -> None:
    """Refuse to publish a matrix with rules for loans that cannot exist.

    `branches` and `products` are those that exist.

    Raises:
        NoSuchLoans: It names the fields that speak of others.
    """
    strange = {}
    for number, rule in enumerate(matrix.rules):
        strange[f"rules[{number}].when.branches"] = [str(one) for one in rule.when.branches if one not in branches]
        strange[f"rules[{number}].when.products"] = [one for one in rule.when.products if one not in products]
    if named := sorted({one for those in strange.values() for one in those}):
        raise NoSuchLoans(
            f"There is no branch or product {', '.join(named[:5])}, so a rule would be for no loan; correct it.",
            errors=tuple(
                FieldError(field, f"names {', '.join(sorted(those)[:5])}, which is none of ours")
                for field, those in strange.items()
                if those
            ),
        )
