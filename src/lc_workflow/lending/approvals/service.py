"""Deciding on applications: who may at the open stage, on what, and what it comes to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision, ApprovalCase, ApprovalCondition
from lc_workflow.lending.approvals.queries import HOLD_CUSTOMERS, WhatIsSeen, figure_of, stages_of
from lc_workflow.lending.approvals.schemas import StoredPath, read_path, stage_documents
from lc_workflow.lending.events import DecisionsVoided, DecisionTaken
from lc_workflow.lending.matrices.schemas import MatrixDocument, as_matrix
from lc_workflow.lending.matrices.service import MatrixService
from lc_workflow.lending.rules import objections
from lc_workflow.lending.rules.approval import ApprovalStage, LoanCase, path_for
from lc_workflow.lending.rules.authority import Holding, Where, fitting
from lc_workflow.lending.rules.deliberation import (
    AGREEING,
    VOTES,
    Decision,
    SnapshotChanged,
    StageClosed,
    Vote,
    open_stage,
    tally,
)
from lc_workflow.lending.rules.editing import Incomplete
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.stages import CLOSED
from lc_workflow.platform.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What somebody wants to say: what its terms leave out is as offered.

    `stage` and `snapshot_hash` say which stage and which state of things the decision is meant for.
    """

    decision: Decision
    terms: LoanTerms = UNSAID
    conditions: Sequence[str] = ()
    reason: str | None = None
    comment: str | None = None
    stage: str | None = None
    snapshot_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What lies on the table when somebody would decide, read beforehand so that weighing it asks nothing more.

    `votes` are those of the case that count, `place` is what people call the branch, `held` what the person holds, and
    `parties` are those who borrow or stand in, of the person and whom they stand in for.
    """

    application: CustomerApplication
    person: UUID
    case: ApprovalCase | None
    votes: Sequence[Vote]
    where: Where
    place: str
    held: Sequence[Holding]
    parties: Collection[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What keeps a person from deciding, and what lets them; `is_entitled` by an authority given to them by name."""

    obstacles: tuple[DomainError, ...] = ()
    terms: LoanTerms | None = None
    stage: ApprovalStage | None = None
    holding: Holding | None = None
    is_entitled: bool = False

    @property
    def absent(self) -> UUID | None:
        """For whom the person stands in, if for anybody."""
        return self.holding.absent if self.holding else None


class ApprovalService(Service[ApprovalCase]):
    """The decisions of a cycle; its verbs work inside the caller's transaction, on a row it has locked."""

    noun = "approval"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._matrices = MatrixService(session)
        self._seen = WhatIsSeen(session)

    async def hold_customers(self, application: CustomerApplication) -> None:
        """Let nobody agree to another loan of the same people meanwhile: each would leave the other out of the sum."""
        await HOLD_CUSTOMERS.rows(self.session, application_id=application.id)

    async def open(self, application: CustomerApplication, *, by: UUID | None, at: datetime) -> ApprovalCase:
        """Give the cycle its matrix and its rate, once; void what was decided when the substance changed since."""
        return await self.go_on(application, await self._seen.case(application), by=by, at=at)

    async def go_on(
        self,
        application: CustomerApplication,
        case: ApprovalCase | None,
        recommended: LoanTerms = UNSAID,
        *,
        by: UUID | None,
        at: datetime,
    ) -> ApprovalCase:
        """Do the same for a cycle whose case is known already, or that is known to have none.

        What is recommended goes on the table; where other terms lay there, what was decided on them is void.
        """
        if recommended != UNSAID:
            application.recommend(recommended)
        if case is None:
            case = await self._new_case(application, at=at)
            self.session.add(case)
            return case
        if case.material_changes != application.material_changes:
            await self._void(await self._seen.standing(case), "The application changed.", by=by, at=at)
            case.material_changes = application.material_changes
            case.offer(application.proposed)
        elif recommended != UNSAID and application.proposed != case.offered:
            await self._void(await self._seen.standing(case), "Other terms were recommended.", by=by, at=at)
            case.offer(application.proposed)
        await self._find_path_again(application, case, by=by, at=at)
        return case

    async def hear_of_judgement(self, application_id: UUID, *, by: UUID | None, at: datetime) -> None:
        """Look the path of an application up again: somebody judged it, or what its customer owes became another."""
        application = await self.session.scalar(
            select(CustomerApplication).where(CustomerApplication.id == application_id).with_for_update()
        )
        if application is None or application.workflow_status in CLOSED:
            return
        case = await self._seen.case(application)
        if case is not None:
            await self._find_path_again(application, case, by=by, at=at)

    async def _find_path_again(
        self, application: CustomerApplication, case: ApprovalCase, *, by: UUID | None, at: datetime
    ) -> None:
        """Look the path up as risk, exposure and exceptions stand now; another path voids what was decided on one."""
        stages, path = stages_of(case), await self._path(application, case, case.amount)
        if path != case.path:
            case.path = path
            if stages and stages_of(case) != stages:
                await self._void(await self._seen.standing(case), "Another path is demanded now.", by=by, at=at)
                await self._offer_what_was_proposed(application, case)

    async def _offer_what_was_proposed(self, application: CustomerApplication, case: ApprovalCase) -> None:
        """Take other terms off the table that nobody agrees to any more, and find the path of what was proposed."""
        agreed = any(row.decision in AGREEING for row in await self._seen.standing(case))
        if not agreed and case.offered != application.proposed:
            case.offer(application.proposed)
            case.path = await self._path(application, case, case.amount)

    async def ruling(self, sitting: Sitting, ballot: Ballot, *, at: datetime) -> Ruling:
        """Say what keeps a person from a decision, and in what capacity they may take it."""
        application = sitting.application
        case = sitting.case or await self._new_case(application, at=at)
        terms = _terms(case, ballot)
        if terms.amount is None:
            return Ruling(obstacles=(Incomplete("The application does not say how much is asked for."),))
        found = objections.to_terms(
            application, ballot.decision, terms, offered=case.offered, conditions=ballot.conditions
        )
        found += objections.to_asking_back(
            application,
            ballot.decision,
            ballot.terms,
            requested=application.requested,
            offered=case.offered,
            votes=sitting.votes,
        )
        path = case.path or await self._path(application, case, terms.amount)
        stored = read_path(path or {})
        votes, where, held = sitting.votes, sitting.where, sitting.held
        counted = tally(stored.as_stages(), votes)
        stage = open_stage(counted)
        is_entitled = any(holding.is_given for holding in held)
        if stage is None or ballot.stage not in {None, stage.code}:
            waits = f"it waits for {stage.code} now" if stage else "nothing waits for a decision"
            found.append(StageClosed(f"The stage {ballot.stage or ''} is closed; {waits}."))
            return Ruling(obstacles=tuple(found), terms=terms, is_entitled=is_entitled)
        seats = fitting(stage, where, held)
        if not seats:
            found.append(objections.to_having_no_seat(stage, counted, sitting.place, where, held))
            return Ruling(obstacles=tuple(found), terms=terms, is_entitled=is_entitled)
        if ballot.decision in VOTES:
            found += objections.to_a_party(sitting.person, sitting.parties)
        figure = figure_of(stored, case, terms.amount, application.currency)
        against = [
            (
                *found,
                *objections.to_seat(application, seat, ballot.decision, sitting.person, votes, parties=sitting.parties),
                *objections.to_figure(
                    seat, ballot.decision, figure, application.currency, needs_limit=stored.needs_limit
                ),
            )
            for seat in seats
        ]
        seat, obstacles = min(zip(seats, against, strict=True), key=lambda weighed: len(weighed[1]))
        if ballot.snapshot_hash and not obstacles:
            obstacles = await self._changes_since(ballot.snapshot_hash, application, case, at=at)
        is_entitled = any(possible.is_given for possible in seats)
        return Ruling(obstacles=obstacles, terms=terms, stage=stage, holding=seat, is_entitled=is_entitled)

    async def _changes_since(
        self, snapshot_hash: str, application: CustomerApplication, case: ApprovalCase, *, at: datetime
    ) -> tuple[DomainError, ...]:
        snapshot = await self._seen.snapshot(application, case, at=at)
        if snapshot.sha256.hex() == snapshot_hash.lower():
            return ()
        return (SnapshotChanged("What you decide on changed in the meantime; look at it again."),)

    async def decide(
        self,
        application: CustomerApplication,
        case: ApprovalCase,
        ballot: Ballot,
        ruling: Ruling,
        *,
        principal: Principal,
        at: datetime,
    ) -> Decision | None:
        """Write down a decision that `ruling` let through, and say what it comes to; None when others decide too."""
        assert ruling.stage is not None  # noqa: S101 - without one there were obstacles
        assert ruling.holding is not None  # noqa: S101 - likewise
        snapshot = await self._seen.snapshot(application, case, at=at)
        terms, decision, quote_hash = _terms(case, ballot), ballot.decision, snapshot.content["quote"]
        if decision in AGREEING and terms != case.offered:
            decision = Decision.COUNTER_OFFER
            await self._void(await self._seen.standing(case), "Other terms were offered.", by=principal.id, at=at)
            case.offer(terms)
            case.path = await self._path(application, case, terms.amount)
            quote_hash = await self._seen.quote_hash(application, case, at=at)
        row = ApplicationDecision(
            application_id=application.id,
            case_id=case.id,
            cycle=application.cycle,
            stage=ruling.stage.code,
            decision=decision,
            actor_id=principal.id,
            on_behalf_of=ruling.holding.absent,
            at=at,
            amount=terms.amount,
            term=terms.term,
            interest_rate=terms.interest_rate,
            reason=ballot.reason,
            comment=ballot.comment,
            quote_hash=quote_hash,
            snapshot=snapshot.content,
            snapshot_sha256=snapshot.sha256,
        )
        self.session.add(row)
        await self.session.flush()
        self.session.add_all(
            ApprovalCondition(application_id=application.id, decision_id=row.id, text=words, created_at=at)
            for words in ballot.conditions
        )
        self.announce(
            DecisionTaken(
                actor_id=principal.id,
                on_behalf_of=row.on_behalf_of,
                at=at,
                application_id=application.id,
                stage=row.stage,
                decision=row.decision.value,
                reason=row.reason,
                snapshot_hash=row.snapshot_sha256.hex(),
            )
        )
        return await self._outcome(application, case, row)

    async def _outcome(
        self, application: CustomerApplication, case: ApprovalCase, row: ApplicationDecision
    ) -> Decision | None:
        """Say where the votes have brought the application; approved terms are written beside the requested ones."""
        if row.decision is Decision.RETURN:
            return Decision.RETURN
        counted = tally(stages_of(case), await self._seen.votes(case))
        if any(at_stage.is_refused for at_stage in counted):
            return Decision.REJECT
        if open_stage(counted) is not None or row.decision not in AGREEING:
            return None
        application.approved_amount, application.approved_loan_term = case.amount, case.term
        application.approved_interest_rate = case.interest_rate
        return Decision.APPROVE

    async def reopen_last_stage(self, application: CustomerApplication, *, by: UUID, at: datetime) -> None:
        """Let the last stage decide again: its decisions no longer count."""
        case = await self.open(application, by=by, at=at)
        last = stages_of(case)[-1:]
        at_last = [row for row in await self._seen.standing(case) if row.stage in {stage.code for stage in last}]
        await self._void(at_last, "The approval was undone.", by=by, at=at)
        await self._offer_what_was_proposed(application, case)

    async def seat_at_last_stage(self, sitting: Sitting, *, at: datetime) -> Ruling:
        """Say what keeps a person from undoing an approval, and in what capacity they may: at its last stage."""
        case = sitting.case or await self._new_case(sitting.application, at=at)
        seat, against = None, []
        for stage in stages_of(case)[-1:]:
            seat = next(iter(fitting(stage, sitting.where, sitting.held)), None)
            if seat is None:
                against = [objections.to_having_no_seat(stage, (), sitting.place, sitting.where, sitting.held)]
        people = {sitting.person} if seat is None or seat.absent is None else {sitting.person, seat.absent}
        return Ruling(obstacles=(*objections.to_recused(people, sitting.votes), *against), holding=seat)

    async def _new_case(self, application: CustomerApplication, *, at: datetime) -> ApprovalCase:
        in_force = await self._matrices.in_force(at=at)
        case = ApprovalCase(
            application_id=application.id,
            cycle=application.cycle,
            matrix_id=in_force.matrix_id,
            khr_per_usd=in_force.khr_per_usd,
            material_changes=application.material_changes,
            opened_at=at,
        )
        case.offer(application.proposed)
        case.path = await self._path(application, case, case.amount, in_force.document)
        return case

    async def _path(
        self,
        application: CustomerApplication,
        case: ApprovalCase,
        amount: Decimal | None,
        document: MatrixDocument | None = None,
    ) -> dict[str, Any] | None:
        """Find the stages for an amount in the matrix of the case; none without an amount."""
        if amount is None:
            return None
        document = document or await self._matrices.document_of(case.matrix_id)
        exposure = await self._seen.exposure(application, base=document.base_currency, khr_per_usd=case.khr_per_usd)
        judged = await self._seen.judged(application)
        path = path_for(
            as_matrix(document),
            LoanCase(
                amount=amount,
                currency=application.currency,
                khr_per_usd=case.khr_per_usd,
                products=[word for word in (application.product_code, application.product_type) if word],
                risk=judged.risk or application.risk_category,
                branch_id=application.branch_id,
                exposure=exposure,
                exceptions=judged.exceptions,
            ),
        )
        return StoredPath(
            priority=path.priority,
            basis=document.basis,
            basis_amount=path.basis,
            base_currency=document.base_currency,
            exposure=exposure,
            risk=judged.risk or application.risk_category,
            exceptions=judged.exceptions,
            needs_limit=document.needs_limit,
            stages=stage_documents(path),
        ).written()

    async def _void(
        self, standing: Sequence[ApplicationDecision], because: str, *, by: UUID | None, at: datetime
    ) -> None:
        # Whoever recused themselves has a reason that no other terms take away.
        rows = [row for row in standing if row.decision is not Decision.RECUSE]
        for row in rows:
            row.voided_at, row.voided_because = at, because
        if rows:
            await self.session.flush()
            loan = rows[0].application_id
            self.announce(DecisionsVoided(actor_id=by, at=at, application_id=loan, decisions=len(rows), reason=because))


def _terms(case: ApprovalCase, ballot: Ballot) -> LoanTerms:
    """The terms on offer, with those that a ballot names instead."""
    if ballot.decision not in AGREEING:
        return case.offered
    return ballot.terms.over(case.offered)
