"""What happened to an application, from its moves, and what its next step depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Date, Uuid, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision, ApprovalCase, ApprovalCondition
from lc_workflow.lending.approvals.queries import (
    CARD_PHONE,
    FORMER_PHONES,
    KNOWN_PHONES,
    OWN_PHONE,
    PHONES,
    TELEPHONES_OF,
    telephones_of,
)
from lc_workflow.lending.approvals.service import Sitting
from lc_workflow.lending.assessment.models import Affordability
from lc_workflow.lending.authorities.queries import Holders
from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.customers.models import Account
from lc_workflow.lending.quotes.queries import Grounds, read_grounds, with_grounds
from lc_workflow.lending.rules.authority import Where
from lc_workflow.lending.rules.deliberation import VOTES, Vote
from lc_workflow.lending.rules.expiry import VALID_DAYS
from lc_workflow.lending.rules.objections import parties_among
from lc_workflow.lending.rules.scoring import Recommendation
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.stays import Stay, stays
from lc_workflow.lending.scoring.models import ApplicationScore
from lc_workflow.lending.workflow.models import Move
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.phones import phone_keys
from lc_workflow.system.settings.models import Setting

AT_A_SEAT: Final = frozenset({Stage.MANAGER_REVIEW, Stage.APPROVED})
"""The stages with steps that need a seat: there the person's holdings matter."""


@dataclass(frozen=True, slots=True)
class ToldMove:
    """A move with the names of who made it and for whom; the application itself has no name."""

    move: Move
    actor_name: str | None
    on_behalf_of_name: str | None


class PastMoves:
    """Reads the moves of applications one may see."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def history(self, application_id: UUID, *, principal: Principal) -> list[ToldMove]:
        """List the steps an application took, oldest first.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self._begun_at(application_id, principal)
        actor, absent = aliased(User), aliased(User)
        rows = await self._session.execute(
            select(Move, actor.first_name, actor.last_name, absent.first_name, absent.last_name)
            .outerjoin(actor, actor.id == Move.actor_id)
            .outerjoin(absent, absent.id == Move.on_behalf_of)
            .where(Move.application_id == application_id)
            .order_by(Move.number)
        )
        return [ToldMove(move, _name(names[:2]), _name(names[2:])) for move, *names in rows]

    async def stays(self, application_id: UUID, *, principal: Principal, at: datetime) -> tuple[Stay, ...]:
        """List where an application stood and for how long.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        begun_at = await self._begun_at(application_id, principal)
        moves = await self._session.scalars(
            select(Move).where(Move.application_id == application_id).order_by(Move.number)
        )
        return stays(begun_at, moves.all(), at=at)

    async def _begun_at(self, application_id: UUID, principal: Principal) -> datetime:
        begun_at = await self._session.scalar(
            select(CustomerApplication.created_at).where(
                visible_to(principal), CustomerApplication.id == application_id
            )
        )
        if begun_at is None:
            raise Missing.unseen("application")
        return begun_at


def _name(names: Sequence[str | None]) -> str | None:
    return " ".join(name for name in names if name) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """Everything that an application's next step depends on, read at once.

    `recommended` is what the last score recommends, `outdated` names judgements made before the application changed
    materially, `is_behind_own` says that its borrower also guarantees it, `is_behind_twice` that somebody has one role
    twice, `has_account` that its account is known and nobody else's, `open_conditions` counts those of valid approvals,
    and `valid_days` is the setting for how long an approval is valid.
    """

    application: CustomerApplication
    grounds: Grounds
    sitting: Sitting
    recommended: Recommendation | None
    outdated: Sequence[str]
    is_branch_open: bool
    is_behind_own: bool
    is_behind_twice: bool
    has_account: bool
    open_conditions: int
    valid_days: object


class Dockets:
    """Reads dockets: the application, what belongs to it, its case if there is one, and holdings where they matter."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._holders = Holders(session)

    async def keep(self, principal: Principal) -> None:
        """Lock what lets a person decide, before a docket is read by which they do."""
        await self._holders.keep(principal.id)

    async def seen_by(self, principal: Principal, application_id: UUID, *, at: datetime) -> Docket:
        """Read the docket of an application for somebody who wants to take its next step.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        application = await self._session.scalar(
            select(CustomerApplication).where(visible_to(principal), CustomerApplication.id == application_id)
        )
        if application is None:
            raise Missing.unseen("application")
        return await self.of(application, principal, at=at)

    async def of(self, application: CustomerApplication, principal: Principal, *, at: datetime) -> Docket:
        """Read the docket of a loaded application, for somebody who may see it."""
        await self._session.flush()
        day = local_day(at)
        row = await _DOCKET.one(self._session, application_id=application.id, person=principal.id, on=day)
        if row is None:
            raise Missing("This application was thrown away just now.")
        case = await self._session.get(ApprovalCase, row.case_id) if row.case_id else None
        sits = application.workflow_status in AT_A_SEAT
        held = await self._holders.of(principal.id, at=at) if sits else ()
        absent = {holding.absent for holding in held if holding.absent}
        theirs = await TELEPHONES_OF.rows(self._session, people=[*absent], on=day) if absent else ()
        telephones = telephones_of([(principal.id, row.own_phone, row.card_phone, *row.former_phones), *theirs])
        return Docket(
            application=application,
            grounds=read_grounds(row),
            sitting=Sitting(
                application=application,
                person=principal.id,
                case=case,
                votes=msgspec.convert(row.votes or [], list[Vote]),
                where=Where(application.branch_id, row.region),
                place=row.place or "no branch",
                held=held,
                parties=parties_among(telephones, phone_keys(application.phone, *row.phones, *row.known_phones)),
            ),
            recommended=row.recommended,
            outdated=[
                name for name, is_it in (("affordability", row.old_household), ("score", row.old_score)) if is_it
            ],
            is_branch_open=row.is_branch_open,
            is_behind_own=row.is_behind_own,
            is_behind_twice=row.is_behind_twice,
            has_account=application.account_id is not None and not row.is_of_another,
            open_conditions=row.open_conditions,
            valid_days=row.valid_days,
        )


_VOTES: Final = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    *("stage", ApplicationDecision.stage),
                    *("decision", ApplicationDecision.decision),
                    *("person", ApplicationDecision.actor_id),
                    *("absent", ApplicationDecision.on_behalf_of),
                ),
                ApplicationDecision.number,
            )
        )
    )
    .where(
        ApplicationDecision.case_id == ApprovalCase.id,
        ApplicationDecision.voided_at.is_(None),
        or_(*(ApplicationDecision.decision == vote for vote in sorted(VOTES))),
    )
    .scalar_subquery()
    .label("votes")
)

_RECOMMENDED: Final = (
    select(ApplicationScore.system_decision)
    .where(ApplicationScore.application_id == CustomerApplication.id)
    .order_by(ApplicationScore.number.desc())
    .limit(1)
    .scalar_subquery()
    .label("recommended")
)


_BEHIND_OWN: Final = (
    exists()
    .where(Party.application_id == CustomerApplication.id, Party.customer_id == CustomerApplication.customer_id)
    .correlate(CustomerApplication)
    .label("is_behind_own")
)


_BEHIND_TWICE: Final = (
    select(Party.customer_id)
    .where(Party.application_id == CustomerApplication.id, Party.customer_id.is_not(None))
    .group_by(Party.role, Party.customer_id)
    .having(func.count() > 1)
    .correlate(CustomerApplication)
    .exists()
    .label("is_behind_twice")
)


_OF_ANOTHER: Final = (
    exists()
    .where(Account.account_id == CustomerApplication.account_id, Account.customer_id != CustomerApplication.customer_id)
    .correlate(CustomerApplication)
    .label("is_of_another")
)


def _is_outdated(judgement: type[ApplicationScore | Affordability], label: str) -> ColumnElement[bool]:
    return (
        select(judgement.material_changes != CustomerApplication.material_changes)
        .where(judgement.application_id == CustomerApplication.id)
        .order_by(judgement.number.desc())
        .limit(1)
        .correlate(CustomerApplication)
        .scalar_subquery()
        .label(label)
    )


_OPEN_CONDITIONS: Final = (
    select(func.count())
    .select_from(ApprovalCondition)
    .join(ApplicationDecision, ApplicationDecision.id == ApprovalCondition.decision_id)
    .where(
        ApprovalCondition.application_id == CustomerApplication.id,
        ApprovalCondition.closed_at.is_(None),
        ApplicationDecision.voided_at.is_(None),
        ApplicationDecision.cycle == CustomerApplication.cycle,
    )
    .scalar_subquery()
    .label("open_conditions")
)

_VALID_DAYS: Final = select(Setting.value).where(Setting.key == VALID_DAYS).scalar_subquery().label("valid_days")


_DOCKET: Final = Written(
    with_grounds(
        select(
            ApprovalCase.id.label("case_id"),
            Branch.code.label("place"),
            Branch.region,
            Branch.is_active.is_not(False).label("is_branch_open"),
            OWN_PHONE,
            CARD_PHONE,
            FORMER_PHONES,
            PHONES,
            KNOWN_PHONES,
            _VOTES,
            _RECOMMENDED,
            _is_outdated(ApplicationScore, "old_score"),
            _is_outdated(Affordability, "old_household"),
            _BEHIND_OWN,
            _BEHIND_TWICE,
            _OF_ANOTHER,
            _OPEN_CONDITIONS,
            _VALID_DAYS,
        )
        .select_from(CustomerApplication)
        .outerjoin(
            ApprovalCase,
            (ApprovalCase.application_id == CustomerApplication.id) & (ApprovalCase.cycle == CustomerApplication.cycle),
        )
        .outerjoin(Branch, Branch.id == CustomerApplication.branch_id)
        .where(CustomerApplication.id == bindparam("application_id", type_=Uuid)),
        on=bindparam("on", type_=Date),
    )
)
"""Prepared once: with so many parts, building it takes longer than sending it."""
