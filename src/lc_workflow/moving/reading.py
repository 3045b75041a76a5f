"""How words and numbers of the old service are read: what each means here, and which mean nothing."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.rules.matching import clean
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.rules.terms import IdCardType, LoanPurpose, ProductType
from lc_workflow.moving.report import Unfit

Word = TypeVar("Word", bound=StrEnum)

ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {role.value: role for role in Role}
    | {
        "administrator": Role.ADMIN,
        "super_admin": Role.ADMIN,
        "superadmin": Role.ADMIN,
        "branch_manager": Role.MANAGER,
        "credit_officer": Role.OFFICER,
        "loan_officer": Role.OFFICER,
        "po": Role.PORTFOLIO_OFFICER,
    }
)
"""The role here for each old role; any other becomes a viewer, who changes nothing."""

STATUSES: Final[Mapping[str, UserStatus]] = MappingProxyType({status.value: status for status in UserStatus})

PRODUCTS: Final[Mapping[str, ProductType]] = MappingProxyType({kind.value: kind for kind in ProductType})

PAPERS: Final[Mapping[str, IdCardType]] = MappingProxyType(
    {kind.value.replace("-", "_"): kind for kind in IdCardType}
    | {
        "national_id": IdCardType.CAMBODIAN_IDENTITY,
        "nid": IdCardType.CAMBODIAN_IDENTITY,
        "id_card": IdCardType.CAMBODIAN_IDENTITY,
        "driving_license": IdCardType.DRIVER_LICENSE,
        "government_card": IdCardType.GOV_CARD,
    }
)
"""The kinds of identity papers by their old words; a dash and an underscore are the same."""

PURPOSES: Final[Mapping[str, LoanPurpose]] = MappingProxyType(
    {purpose.value: purpose for purpose in LoanPurpose} | {"business": LoanPurpose.COMMERCE}
)

PAID_OUT: Final = frozenset({"disbursed", "completed", "closed", "repaid", "defaulted"})
"""The old words for a loan whose money has left the house."""

BY_STATUS: Final[Mapping[str, Stage]] = MappingProxyType(
    {
        "draft": Stage.PO_CREATED,
        "pending": Stage.USER_COMPLETED,
        "submitted": Stage.USER_COMPLETED,
        "under_review": Stage.TELLER_PROCESSING,
        "approved": Stage.APPROVED,
        "rejected": Stage.REJECTED,
        "disbursed": Stage.DISBURSED,
        "cancelled": Stage.WITHDRAWN,
        "withdrawn": Stage.WITHDRAWN,
    }
)
BY_WORKFLOW: Final[Mapping[str, Stage]] = MappingProxyType(
    {
        stage.value.lower(): stage
        for stage in (
            Stage.PO_CREATED,
            Stage.USER_COMPLETED,
            Stage.TELLER_PROCESSING,
            Stage.MANAGER_REVIEW,
            Stage.APPROVED,
            Stage.REJECTED,
        )
    }
)
"""The old service said twice where an application stands, and not every release kept both."""

WAY: Final = (Stage.PO_CREATED, Stage.USER_COMPLETED, Stage.TELLER_PROCESSING, Stage.MANAGER_REVIEW)
"""The stages before a decision, in order."""

BCRYPT: Final = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")
NUMBER_IN_FRONT: Final = re.compile(r"\d{1,4}")
LONGEST_TERM: Final = 600
"""Months; a longer term is a mistake."""

FIRST_YEAR: Final = 1970
"""Nobody wrote anything down before this year."""

OLDEST: Final = 120
"""The highest age anybody has."""

MOST: Final = Decimal("9999999999999.99")


@dataclass(frozen=True, slots=True)
class Passed:
    """A step recorded by the old service: to which stage, when and by whom, and why if that was written."""

    action: Action
    target: Stage
    at: datetime
    by: UUID | None
    reason: str | None = None


def word(written: object) -> str:
    """The form in which a word of the old service is looked up."""
    return str(written or "").strip().lower().replace("-", "_").replace(" ", "_")


def among(written: object, words: Mapping[str, Word]) -> Word | None:
    """What a word means; None when it means nothing."""
    return words.get(word(written))


def member(written: object, kind: type[Word]) -> Word | None:
    """The member with this value."""
    return among(written, {each.value.lower().replace("-", "_"): each for each in kind})


def text(written: object) -> str | None:
    """Read a text; None for an empty one."""
    return str(written).strip() or None if written is not None else None


def name(written: object) -> str | None:
    """Read a name the way names are kept."""
    return clean(str(written)) or None if written is not None else None


def amount(written: object) -> Decimal | None:
    """Read an amount of money in the application's currency.

    Raises:
        Unfit: It is no amount, below zero, or more than there is room for.
    """
    if written is None:
        return None
    if not isinstance(written, Decimal) or not written.is_finite() or not 0 <= written <= MOST:
        raise Unfit("an amount is no amount")
    return written


def term(written: object) -> int | None:
    """Read a term in months: a number, or as the oldest release wrote it, `12_months`.

    Raises:
        Unfit: It is no number of months.
    """
    if text(written) is None:
        return None
    found = NUMBER_IN_FRONT.match(str(written).strip())
    if found is None or not 1 <= int(found[0]) <= LONGEST_TERM or "year" in word(written):
        raise Unfit("the term is no number of months")
    return int(found[0])


def percent(written: object) -> Decimal | None:
    """Read a rate in percent per year.

    Raises:
        Unfit: It is none between 0 and 100.
    """
    if written is None:
        return None
    if not isinstance(written, Decimal) or not written.is_finite() or not 0 <= written <= 100:  # noqa: PLR2004
        raise Unfit("the rate is none between 0 and 100")
    return written


def degrees(written: object) -> float | None:
    """Read a latitude or a longitude; None for what is no number."""
    return float(written) if isinstance(written, Decimal) and written.is_finite() else None


def birthday(written: date | None, *, at: datetime) -> date | None:
    """Read a day of birth.

    Raises:
        Unfit: It lies in the future, or nobody has lived since then.
    """
    if written is not None and written > at.date():
        raise Unfit("the day of birth lies in the future")
    if written is not None and written.year < at.year - OLDEST:
        raise Unfit("the day of birth lies too long ago")
    return written


def moment(written: datetime | None) -> datetime | None:
    """Read a moment; one without a zone was written by a server, in UTC, and one before 1970 was meant by nobody."""
    if written is None or written.year < FIRST_YEAR:
        return None
    return written.replace(tzinfo=UTC) if written.tzinfo is None else written


def stage_of(row: Mapping[str, Any], *, at: datetime, valid_since: datetime) -> Stage:
    """Say where an application of the old service stands here.

    It says so twice, in `status` and in `workflow_status`, and a release that kept only one left the other at its
    beginning: the one that is further on counts. An approved loan counts as paid out where the old service says so
    in a word, or knows a day of disbursement that has come, or calls a loan active that was approved before
    `valid_since`: the old service called it so from its approval on, and nobody waits for the money that long.

    Raises:
        Unfit: A word is known to nobody, or the two contradict each other.
    """
    said = []
    for column, words in (("status", BY_STATUS), ("workflow_status", BY_WORKFLOW)):
        written = word(row.get(column))
        if written and written not in words:
            raise Unfit(f"nobody knows what its {column} means")
        if written:
            said.append(words[written])
    if not said:
        raise Unfit("it does not say where it stands")
    ends = {stage for stage in said if stage not in WAY}
    if Stage.APPROVED in ends and Stage.DISBURSED in ends:
        ends.discard(Stage.APPROVED)
    if len(ends) > 1:
        raise Unfit("its status and its workflow contradict each other")
    if not ends:
        return max(said, key=WAY.index)
    (stage,) = ends
    called, day = word(row.get("loan_status")), row.get("loan_start_date")
    approved_at = moment(row.get("approved_at")) or moment(row.get("manager_reviewed_at"))
    paid_out = (
        called in PAID_OUT
        or (isinstance(day, date) and day <= at.date())
        or (called == "active" and approved_at is not None and approved_at <= valid_since)
    )
    return Stage.DISBURSED if stage is Stage.APPROVED and paid_out else stage


def steps_of(row: Mapping[str, Any], stage: Stage, people: Collection[UUID]) -> list[Passed]:
    """List the steps that an old application has on record; what nobody wrote down is not made up.

    Raises:
        Unfit: See `stage_of`.
    """
    decided_at = moment(row.get("manager_reviewed_at"))
    decided_by = row.get("manager_reviewed_by")
    written: list[tuple[Action, Stage, datetime | None, UUID | None, str | None]] = [
        (
            Action.SUBMIT,
            Stage.USER_COMPLETED,
            moment(row.get("user_completed_at")) or moment(row.get("submitted_at")),
            row.get("user_completed_by"),
            None,
        ),
        (
            Action.START,
            Stage.TELLER_PROCESSING,
            moment(row.get("teller_processed_at")),
            row.get("teller_processed_by"),
            None,
        ),
    ]
    if stage in {Stage.APPROVED, Stage.DISBURSED}:
        approved_at = moment(row.get("approved_at")) or decided_at
        written.append((Action.APPROVE, Stage.APPROVED, approved_at, row.get("approved_by") or decided_by, None))
    if stage is Stage.REJECTED:
        rejected_at, reason = moment(row.get("rejected_at")) or decided_at, text(row.get("rejection_reason"))
        written.append((Action.REJECT, Stage.REJECTED, rejected_at, row.get("rejected_by") or decided_by, reason))
    begun = WAY.index(stage) if stage in WAY else len(WAY)
    return [
        Passed(action, target, at, by if by in people else None, reason)
        for action, target, at, by, reason in written
        if at is not None and (target not in WAY or WAY.index(target) <= begun)
    ]
