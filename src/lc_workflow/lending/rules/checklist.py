"""Which papers an application needs, which it has, and which gate stays shut for the lack of one (lending.md §6)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Final
from uuid import UUID

from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.money import Currency


class ChecklistStatus(StrEnum):
    """Whether a checklist is still being written."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Gate(StrEnum):
    """The step before which a paper must be there; it must be there for every later step as well."""

    SUBMIT = "submit"
    REVIEW = "review"
    APPROVE = "approve"
    DISBURSE = "disburse"


GATES: Final = tuple(Gate)
"""The gates in the order an application passes them."""


class Whom(StrEnum):
    """Whose paper it is."""

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    GUARANTOR = "guarantor"
    COLLATERAL = "collateral"
    APPLICATION = "application"


MANY: Final = frozenset({Whom.CO_BORROWER, Whom.GUARANTOR, Whom.COLLATERAL})
"""The parties and things of which there may be several; each needs papers of its own."""


class PaperVerdict(StrEnum):
    """What a second person found about a paper."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Need(StrEnum):
    """The state of one paper that is asked for."""

    MET = "met"
    WAIVED = "waived"
    ANOTHER = "another"
    UNVERIFIED = "unverified"
    OUTDATED = "outdated"
    REFUSED = "refused"
    MISSING = "missing"


SETTLED: Final = frozenset({Need.MET, Need.WAIVED, Need.ANOTHER})
"""The states that keep nobody from anything; `ANOTHER` means that another paper of the group is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Which loans a rule is for; empty means any.

    `min_amount` is inclusive, in the loan's own currency; a currency without one has no bound, so the paper is asked
    for. Words are compared without regard to case.
    """

    min_amount: Mapping[Currency, Decimal] = field(default_factory=dict)
    income_sources: Collection[str] = ()
    marital_statuses: Collection[str] = ()
    collateral_kinds: Collection[str] = ()
    products: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRule:
    """One kind of paper that is asked for: `count` of it for each of `whom`, before `gate`.

    Of the rules of one group `any_of`, one is enough. A paper older than `max_age_days` no longer counts. `verified`
    papers count once somebody other than their uploader has accepted them. Without a gate the paper is optional.
    """

    code: str
    document_type: str
    whom: Whom
    when: When = field(default_factory=When)
    count: int = 1
    any_of: str | None = None
    gate: Gate | None = None
    max_age_days: int | None = None
    verified: bool = False
    waivable: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody or something a paper can be about; a collateral has a kind."""

    whom: Whom
    id: UUID | None = None
    name: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What decides which papers an application needs; `products` are the names of its product."""

    currency: Currency
    amount: Decimal | None
    income_source: str | None
    marital_status: str | None
    products: Collection[str]
    subjects: Sequence[Subject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper that was handed in: its date, its expiry, whom it is about, and the finding about it.

    Papers of the same `content` are copies of one.
    """

    id: UUID
    document_type: str
    dated: date
    expires_on: date | None = None
    subject_id: UUID | None = None
    verdict: PaperVerdict | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """A waiver that holds today: of a rule for one of its subjects, or for all."""

    rule: str
    subject_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an application's checklist; `papers` are those counted for it."""

    rule: PaperRule
    subject: Subject
    need: Need
    papers: tuple[UUID, ...]

    @property
    def outstanding(self) -> bool:
        """Whether the paper is still waited for."""
        return self.need not in SETTLED


class BadChecklist(Invalid):
    """The rules of a checklist contradict each other."""


class PaperMissing(Invalid):
    """A paper that the checklist asks for is not there."""


class PaperUnverified(Invalid):
    """Somebody other than the uploader has to accept a paper, and nobody has yet."""


class PaperOutdated(Invalid):
    """A paper is older than the checklist allows, or has expired."""


class PaperRefused(Invalid):
    """Somebody looked at a paper and found fault with it."""


class SodUploader(Forbidden):
    """Whoever handed a paper in does not verify it (lending.md §6)."""


class NotWaivable(Invalid):
    """The checklist does not let this paper be waived."""


class WaiverOver(Invalid):
    """The last day of a waiver has already passed."""


REFUSAL_FOR: Final = {
    Need.MISSING: PaperMissing,
    Need.UNVERIFIED: PaperUnverified,
    Need.OUTDATED: PaperOutdated,
    Need.REFUSED: PaperRefused,
}
_WORD: Final = {
    Need.MISSING: "missing",
    Need.UNVERIFIED: "not verified yet",
    Need.OUTDATED: "too old",
    Need.REFUSED: "refused",
}


def check_checklist(rules: Sequence[PaperRule], *, known_types: Collection[str]) -> None:
    """Refuse a checklist whose rules contradict each other.

    Raises:
        BadChecklist: Two rules have one code, a kind of paper is not known, or a group does not belong together.
    """
    codes = [rule.code for rule in rules]
    if doubled := sorted({code for code in codes if codes.count(code) > 1}):
        raise BadChecklist(f"Two rules have the code {doubled[0]}.")
    for rule in rules:
        if rule.document_type not in known_types:
            raise BadChecklist(f"The rule {rule.code} asks for {rule.document_type}, which is no kind of paper here.")
    for group, members in _grouped(rules).items():
        if len({(rule.whom, rule.gate) for rule in members}) > 1:
            raise BadChecklist(f"The rules of the group {group} have to be for the same people and the same gate.")


def items_of(
    rules: Sequence[PaperRule],
    loan: Loan,
    papers: Sequence[Paper],
    exemptions: Collection[Exemption] = (),
    *,
    today: date,
) -> list[Item]:
    """Work out an application's checklist: every paper it is asked for, and its state."""
    items: list[Item] = []
    for rule in rules:
        subjects = [subject for subject in loan.subjects if _applies(rule, loan, subject)]
        of_kind = _without_copies(
            rule, [paper for paper in papers if paper.document_type == rule.document_type], today=today
        )
        dealt = _dealt(rule, subjects, of_kind, today=today)
        items += [
            Item(
                rule=rule,
                subject=subject,
                need=_need(rule, subject, taken, exemptions, today=today),
                papers=tuple(paper.id for paper in taken),
            )
            for subject, taken in zip(subjects, dealt, strict=True)
        ]
    return _with_alternatives(items)


def asked_by_product(document_types: Iterable[str], *, besides: Iterable[Item] = ()) -> list[PaperRule]:
    """The rules a product adds to the checklist: one paper of each kind, before the application is submitted.

    A paper that the checklist itself asks for by then is not asked for twice.
    """
    by_then = {item.rule.document_type for item in besides if item.rule.gate is Gate.SUBMIT and not item.rule.any_of}
    return [
        PaperRule(code=f"PRODUCT-{place}", document_type=kind, whom=Whom.APPLICATION, gate=Gate.SUBMIT)
        for place, kind in enumerate(document_types, 1)
        if kind not in by_then
    ]


def in_the_way(items: Iterable[Item], gate: Gate) -> list[Item]:
    """The missing papers that keep an application from passing a gate, those of earlier gates included."""
    passed = GATES[: GATES.index(gate) + 1]
    return [item for item in items if item.outstanding and item.rule.gate in passed]


def refusals_for(items: Iterable[Item], *, labels: Mapping[str, str]) -> list[Invalid]:
    """One sentence for each missing paper, or for each group; `labels` name kinds of papers."""
    found: list[Invalid] = []
    said: set[tuple[str, UUID | None]] = set()
    items = list(items)
    for item in items:
        if item.rule.any_of is None:
            found.append(REFUSAL_FOR[item.need](_sentence([item], labels)))
        elif (group := (item.rule.any_of, item.subject.id)) not in said:
            said.add(group)
            together = [other for other in items if (other.rule.any_of, other.subject.id) == group]
            nearest = min(together, key=lambda other: _NEARNESS.index(other.need))
            found.append(REFUSAL_FOR[nearest.need](_sentence(together, labels, nearest.need)))
    return found


_NEARNESS: Final = (Need.UNVERIFIED, Need.OUTDATED, Need.REFUSED, Need.MISSING)


def check_verifier(*, person: UUID, uploaded_by: UUID) -> None:
    """Refuse a verification by the uploader.

    Raises:
        SodUploader: It is the first.
    """
    if person == uploaded_by:
        raise SodUploader("You handed this paper in; somebody else has to verify it.")


def check_waiver(rule: PaperRule, *, ends_on: date, today: date) -> None:
    """Refuse a waiver that the checklist or the date does not allow.

    Raises:
        NotWaivable: The checklist lets nobody do without it.
        WaiverOver: The waiver would have ended before today.
    """
    if not rule.waivable:
        raise NotWaivable("The checklist lets nobody do without this paper.")
    if ends_on < today:
        raise WaiverOver("Name a day from today on for the waiver to end.")


def _applies(rule: PaperRule, loan: Loan, subject: Subject) -> bool:
    when = rule.when
    if subject.whom is not rule.whom:
        return False
    least = when.min_amount.get(loan.currency)
    if least is not None and (loan.amount is None or loan.amount < least):
        return False
    kinds = [subject.kind] if subject.whom is Whom.COLLATERAL else [each.kind for each in loan.subjects]
    return (
        _among([loan.income_source], when.income_sources)
        and _among([loan.marital_status], when.marital_statuses)
        and _among(loan.products, when.products)
        and _among(kinds, when.collateral_kinds)
    )


def _among(words: Iterable[str | None], wanted: Collection[str]) -> bool:
    return not wanted or not {_plain(word) for word in words if word}.isdisjoint(map(_plain, wanted))


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()


def _without_copies(rule: PaperRule, papers: Sequence[Paper], *, today: date) -> list[Paper]:
    """Keep, of papers with the same content about the same subject, the one that counts best."""
    best: dict[object, Paper] = {}
    for paper in sorted(papers, key=lambda paper: _RANKS.index(_quality(rule, paper, today=today))):
        best.setdefault((paper.content, paper.subject_id) if paper.content else paper.id, paper)
    kept = {paper.id for paper in best.values()}
    return [paper for paper in papers if paper.id in kept]


def _dealt(rule: PaperRule, subjects: Sequence[Subject], papers: Sequence[Paper], *, today: date) -> list[list[Paper]]:
    """Give each subject its papers; those about nobody in particular fill the remaining lines, the best first."""

    def rank(paper: Paper) -> int:
        return _RANKS.index(_quality(rule, paper, today=today))

    loose = sorted((paper for paper in papers if paper.subject_id is None), key=rank)

    def among(some: Iterable[Paper], *qualities: Need) -> list[Paper]:
        return [paper for paper in some if _quality(rule, paper, today=today) in qualities]

    dealt = []
    for subject in subjects:
        own = [paper for paper in papers if subject.id is not None and paper.subject_id == subject.id]
        if rule.whom not in MANY:
            own = loose
        else:
            for counting in ((Need.MET,), (Need.MET, Need.UNVERIFIED), _RANKS):
                open_seats = max(0, rule.count - len(among(own, *counting)))
                taken = among(loose, *counting)[:open_seats]
                own = [*own, *taken]
                loose = [paper for paper in loose if paper not in taken]
        dealt.append(sorted(own, key=rank))
    return dealt


_RANKS: Final = (Need.MET, Need.UNVERIFIED, Need.OUTDATED, Need.REFUSED)


def _quality(rule: PaperRule, paper: Paper, *, today: date) -> Need:
    if paper.verdict is PaperVerdict.REFUSED:
        return Need.REFUSED
    too_old = rule.max_age_days is not None and (today - paper.dated).days > rule.max_age_days
    if too_old or (paper.expires_on is not None and paper.expires_on < today):
        return Need.OUTDATED
    if rule.verified and paper.verdict is not PaperVerdict.ACCEPTED:
        return Need.UNVERIFIED
    return Need.MET


def _need(
    rule: PaperRule, subject: Subject, papers: Sequence[Paper], exemptions: Collection[Exemption], *, today: date
) -> Need:
    if any(each.rule == rule.code and each.subject_id in {None, subject.id} for each in exemptions):
        return Need.WAIVED
    qualities = [_quality(rule, paper, today=today) for paper in papers]
    for reached in range(len(_RANKS)):
        if sum(quality in _RANKS[: reached + 1] for quality in qualities) >= rule.count:
            return _RANKS[reached]
    return Need.MISSING


def _with_alternatives(items: Sequence[Item]) -> list[Item]:
    """Ask for no more papers of a group of which one is there."""
    met = {
        (item.rule.any_of, item.subject.id)
        for item in items
        if item.rule.any_of is not None and item.need in {Need.MET, Need.WAIVED}
    }
    return [
        Item(rule=item.rule, subject=item.subject, need=Need.ANOTHER, papers=item.papers)
        if item.outstanding and (item.rule.any_of, item.subject.id) in met
        else item
        for item in items
    ]


def _grouped(rules: Iterable[PaperRule]) -> dict[str, list[PaperRule]]:
    named = sorted((rule for rule in rules if rule.any_of), key=lambda rule: rule.any_of or "")
    return {group or "": list(members) for group, members in groupby(named, key=lambda rule: rule.any_of)}


def _sentence(items: Sequence[Item], labels: Mapping[str, str], need: Need | None = None) -> str:
    names = [
        labels.get(item.rule.document_type, item.rule.document_type)
        + (f" (×{item.rule.count})" if item.rule.count > 1 else "")
        for item in items
    ]
    first = items[0]
    about = f", for {first.subject.name}" if first.rule.whom in MANY and first.subject.name else ""
    return f"Paper {_WORD[need or first.need]}: {' or '.join(names)}{about}."
