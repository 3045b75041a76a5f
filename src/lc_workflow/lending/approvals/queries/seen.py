"""What a decision is based on, and what was decided so far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.documents.library.models import File
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import DomainError, Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision, ApprovalCase, ApprovalCondition
from lc_workflow.lending.approvals.queries.snapshots import OF_A_PARTY, SEEN, Snapshot, plain, told
from lc_workflow.lending.approvals.queries.statements import (
    GRANTED,
    JUDGED,
    PHONES_BEHIND,
    TIES,
    VOTES_OF_CASE,
    WHO_HAS,
)
from lc_workflow.lending.approvals.schemas import (
    ConditionAnswer,
    DecisionAnswer,
    Deliberations,
    OfferedTerms,
    StageStanding,
    StoredPath,
    read_path,
)
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.matrices.models import ApprovalMatrix
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.lending.rules.affordability import AffordabilityVerdict
from lc_workflow.lending.rules.approval import ApprovalStage, Basis, compared, exchanged
from lc_workflow.lending.rules.deliberation import VOTES, Tally, Vote, open_stage, tally
from lc_workflow.lending.rules.objections import keeping_away, parties_among, to_a_party
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.phones import phone_keys
from lc_workflow.platform.security.columns import blinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What assessment and score say about a loan: its risk, its number of policy exceptions, and the findings.

    `outdated` names those made before the application changed materially.
    """

    risk: str | None
    exceptions: int
    score: dict[str, Any] | None
    affordability: dict[str, Any] | None
    outdated: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a decision waits for: the open stage, the figure to compare limits with, and who has already voted."""

    stage: ApprovalStage
    figure: Decimal
    currency: Currency
    needs_limit: bool
    voters: frozenset[UUID]


class WhatIsSeen:
    """Reads what decisions are based on; the caller has made sure that the person may see the application."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._quotes = QuoteService(session)

    async def application(self, principal: Principal, application_id: UUID) -> CustomerApplication:
        """Load an application.

        Raises:
            Missing: There is none, or the person may not see it.
        """
        row: CustomerApplication | None = await self._session.scalar(
            select(CustomerApplication).where(visible_to(principal), CustomerApplication.id == application_id)
        )
        if row is None:
            raise Missing.unseen("application")
        return row

    async def case(self, application: CustomerApplication) -> ApprovalCase | None:
        """The case of an application's present cycle, if there is one yet."""
        case: ApprovalCase | None = await self._session.scalar(
            select(ApprovalCase).where(
                ApprovalCase.application_id == application.id, ApprovalCase.cycle == application.cycle
            )
        )
        return case

    async def standing(self, case: ApprovalCase) -> Sequence[ApplicationDecision]:
        """The decisions of a case that count; a case that is not stored yet has none."""
        if case.id is None:
            return ()
        rows = await self._session.scalars(
            select(ApplicationDecision)
            .where(ApplicationDecision.case_id == case.id, ApplicationDecision.voided_at.is_(None))
            .order_by(ApplicationDecision.number)
        )
        return rows.all()

    async def votes(self, case: ApprovalCase) -> list[Vote]:
        """The votes of a case that count."""
        await self._session.flush()
        return [Vote(*row) for row in await VOTES_OF_CASE.rows(self._session, case_id=case.id) if row.decision in VOTES]

    async def check_has_no_tie(self, application: CustomerApplication, person: UUID, *, at: datetime) -> None:
        """Refuse somebody who recused themselves from a loan, or who is a party to it.

        Raises:
            SodRepeat: They recused themselves in this cycle.
            SodParty: They borrow or stand in.
        """
        day = local_day(at)
        ties = await TIES.one(
            self._session, application_id=application.id, cycle=application.cycle, person=person, on=day
        )
        if ties.has_recused:
            raise keeping_away()
        telephones = telephones_of([(person, ties.own_phone, ties.card_phone, *ties.former_phones)])
        for objection in to_a_party(person, parties_among(telephones, _behind(application, ties))):
            raise objection

    async def open_seat(self, application: CustomerApplication) -> Seat | None:
        """What the present cycle waits for; None where no case says it."""
        case = await self.case(application)
        if case is None or case.path is None or case.amount is None:
            return None
        stored, votes = read_path(case.path), await self.votes(case)
        stage = open_stage(tally(stored.as_stages(), votes))
        if stage is None:
            return None
        return Seat(
            stage=stage,
            figure=figure_of(stored, case, case.amount, application.currency),
            currency=application.currency,
            needs_limit=stored.needs_limit,
            voters=frozenset(who for vote in votes for who in vote.binds),
        )

    async def judged(self, application: CustomerApplication) -> Judged:
        """What the latest score and the latest affordability assessment say about a loan."""
        score, scored_at, affordability, verdict, assessed_at = await JUDGED.one(
            self._session, application_id=application.id
        )
        judged_at = {"affordability": assessed_at, "score": scored_at}
        doubtful = affordability is not None and verdict is not AffordabilityVerdict.PASS
        return Judged(
            risk=str(score["risk"]).lower() if score else None,
            exceptions=max(1, len(affordability["flags"])) if doubtful else 0,
            score=score,
            affordability=affordability,
            outdated=tuple(name for name, at in judged_at.items() if at not in {None, application.material_changes}),
        )

    async def quote_hash(self, application: CustomerApplication, case: ApprovalCase, *, at: datetime) -> str | None:
        """The fingerprint of the quote on the offered terms; None where no quote can be calculated."""
        try:
            return (await self._quotes.reckoned(application, case.offered, at=at)).hash
        except DomainError:
            return None

    async def snapshot(self, application: CustomerApplication, case: ApprovalCase, *, at: datetime) -> Snapshot:
        """Record what a decision would be based on: terms, people, means, papers, judgements, and the rules that apply.

        The quote is that day's, so that a decision is on the schedule the customer is shown.
        """
        judged = await self.judged(application)
        papers = await self._session.execute(
            select(File.id, File.document_type, File.sha256)
            .where(File.application_id == application.id, File.standing())
            .order_by(File.created_at, File.id)
        )
        return Snapshot.of(
            {
                "application_id": str(application.id),
                "cycle": application.cycle,
                "material_changes": application.material_changes,
                "application": {name: told(name, getattr(application, name)) for name in SEEN},
                "parties": [
                    {name: told(name, getattr(party, name)) for name in OF_A_PARTY}
                    for party in await self.parties(application)
                ],
                "collateral": plain(list(await self._pledged(application))),
                "terms": {
                    "amount": plain(case.amount),
                    "currency": application.currency.value,
                    "term": case.term,
                    "interest_rate": plain(case.interest_rate),
                },
                "matrix": await self._matrix_number(case),
                "khr_per_usd": plain(case.khr_per_usd),
                "path": case.path,
                "quote": await self.quote_hash(application, case, at=at),
                "affordability": plain(judged.affordability),
                "score": plain(judged.score),
                "documents": [
                    {"id": str(paper_id), "type": kind, "sha256": sha256.hex()} for paper_id, kind, sha256 in papers
                ],
            }
        )

    async def parties(self, application: CustomerApplication) -> Sequence[Party]:
        """Who stands behind a loan besides its borrower."""
        rows = await self._session.scalars(
            select(Party).where(Party.application_id == application.id).order_by(Party.position, Party.id)
        )
        return rows.all()

    async def parties_to(self, application: CustomerApplication, *, at: datetime) -> list[UUID]:
        """Everybody with an account who is borrower, co-borrower or guarantor: matched by telephone number.

        Numbers known from their customer rows count too, so that somebody is recognised by their identity paper even
        when the application names another telephone, or none.
        """
        behind = _behind(application, await PHONES_BEHIND.one(self._session, application_id=application.id))
        wanted = {"indexes": blinds(*behind, of="phone"), "on": local_day(at)}
        found = await WHO_HAS.rows(self._session, **wanted)
        return sorted({person for person, former in found if former is None or phone_keys(former) & behind})

    async def _pledged(self, application: CustomerApplication) -> Sequence[dict[str, Any]]:
        rows = await self._session.scalars(
            select(Collateral.entry)
            .where(Collateral.application_id == application.id)
            .order_by(Collateral.position, Collateral.id)
        )
        return rows.all()

    async def exposure(self, application: CustomerApplication, *, base: Currency, khr_per_usd: Decimal) -> Decimal:
        """Add up what the customer owes besides this loan, in the base currency (lending.md §4).

        That is every loan granted to them and still in force, as borrower or co-borrower, and every loan they
        guarantee.
        """
        if application.customer_id is None:
            return Decimal(0)
        wanted = {"customer_id": application.customer_id, "but": application.id}
        granted = await GRANTED.rows(self._session, **wanted)
        return sum(
            (exchanged(amount or Decimal(0), currency, base, khr_per_usd=khr_per_usd) for currency, amount in granted),
            Decimal(0),
        )

    async def deliberations(self, application_id: UUID, *, principal: Principal, at: datetime) -> Deliberations:
        """Show how an application is decided, and what was decided so far.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        application = await self.application(principal, application_id)
        case = await self.case(application)
        stages: list[StageStanding] = []
        if case is not None:
            counted = tally(stages_of(case), votes_of(await self.standing(case)))
            waiting = open_stage(counted)
            stages = [_shown(at_stage, is_open=at_stage.stage == waiting) for at_stage in counted]
        return Deliberations(
            application_id=application.id,
            cycle=application.cycle,
            matrix_number=await self._matrix_number(case) if case else None,
            khr_per_usd=case.khr_per_usd if case else None,
            terms=OfferedTerms(case.amount, application.currency, case.term, case.interest_rate) if case else None,
            stages=stages,
            snapshot_hash=(await self.snapshot(application, case, at=at)).sha256.hex() if case else None,
            decisions=await self.decisions(application.id),
            conditions=await self.conditions(application),
        )

    async def decisions(self, application_id: UUID) -> list[DecisionAnswer]:
        """List all decisions on an application, void ones and those of earlier cycles included, oldest first."""
        actor, absent = aliased(User), aliased(User)
        rows = await self._session.execute(
            select(ApplicationDecision, actor.first_name, actor.last_name, absent.first_name, absent.last_name)
            .join(actor, actor.id == ApplicationDecision.actor_id)
            .outerjoin(absent, absent.id == ApplicationDecision.on_behalf_of)
            .where(ApplicationDecision.application_id == application_id)
            .order_by(ApplicationDecision.number)
        )
        return [_decision(row, names) for row, *names in rows]

    async def conditions(self, application: CustomerApplication) -> list[ConditionAnswer]:
        """List the conditions of the approvals that count; those of an earlier cycle no longer do."""
        rows = await self._session.scalars(
            select(ApprovalCondition)
            .join(ApplicationDecision, ApplicationDecision.id == ApprovalCondition.decision_id)
            .where(
                ApprovalCondition.application_id == application.id,
                ApplicationDecision.cycle == application.cycle,
                ApplicationDecision.voided_at.is_(None),
            )
            .order_by(ApprovalCondition.number)
        )
        return [shaped(row, ConditionAnswer) for row in rows]

    async def _matrix_number(self, case: ApprovalCase) -> int | None:
        """The number of the matrix a case was given."""
        number: int | None = await self._session.scalar(
            select(ApprovalMatrix.number).where(ApprovalMatrix.id == case.matrix_id)
        )
        return number


def _behind(application: CustomerApplication, row: Any) -> set[str]:
    """The telephones of all parties to a loan, as numbers are compared."""
    return phone_keys(application.phone, *row.phones, *row.known_phones)


def telephones_of(people: Iterable[tuple[UUID, *tuple[str | None, ...]]]) -> dict[UUID, set[str]]:
    """The telephones of people, present and former, as numbers are compared; a person may occur several times."""
    telephones: dict[UUID, set[str]] = {}
    for person, *numbers in people:
        telephones.setdefault(person, set()).update(phone_keys(*numbers))
    return telephones


def stages_of(case: ApprovalCase) -> tuple[ApprovalStage, ...]:
    """The stages a case has to pass; none while the requested amount is unknown."""
    return read_path(case.path).as_stages() if case.path else ()


def votes_of(rows: Sequence[ApplicationDecision]) -> list[Vote]:
    """The votes among decisions."""
    return [Vote(row.stage, row.decision, row.actor_id, row.on_behalf_of) for row in rows if row.decision in VOTES]


def figure_of(stored: StoredPath, case: ApprovalCase, amount: Decimal, currency: Currency) -> Decimal:
    """What a limit is compared with, in the application's currency: this loan, or all that its customer would owe."""
    if stored.basis is Basis.AMOUNT:
        return amount
    owed = exchanged(stored.exposure, stored.base_currency, currency, khr_per_usd=case.khr_per_usd)
    return compared(amount + owed)


def _shown(at_stage: Tally, *, is_open: bool) -> StageStanding:
    stage = at_stage.stage
    return StageStanding(stage.code, stage.role, stage.scope, stage.quorum, at_stage.agreed, at_stage.refused, is_open)


def _decision(row: ApplicationDecision, names: Sequence[str | None]) -> DecisionAnswer:
    return DecisionAnswer(
        id=row.id,
        cycle=row.cycle,
        stage=row.stage,
        decision=row.decision,
        actor_id=row.actor_id,
        actor_name=f"{names[0]} {names[1]}",
        on_behalf_of=row.on_behalf_of,
        on_behalf_of_name=f"{names[2]} {names[3]}" if row.on_behalf_of else None,
        at=row.at,
        amount=row.amount,
        currency=Currency(row.snapshot["terms"]["currency"]),
        term=row.term,
        interest_rate=row.interest_rate,
        quote_hash=row.quote_hash,
        reason=row.reason,
        comment=row.comment,
        snapshot_hash=row.snapshot_sha256.hex(),
        voided_at=row.voided_at,
        voided_because=row.voided_because,
    )
