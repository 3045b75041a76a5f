"""Gathers all that is known of one application."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, load_only

from lc_workflow.documents.library.models import File, Folder
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import DomainError, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import BACKED, CustomerApplication
from lc_workflow.lending.approvals.queries import Judged, WhatIsSeen
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.dossiers.access import readable_by
from lc_workflow.lending.dossiers.schemas import (
    AssessmentPart,
    BorrowerPart,
    ChecklistPart,
    CollateralPart,
    DossierContent,
    DossierSummary,
    MovePart,
    PaperPart,
    PartyPart,
    PaymentPart,
    RequestPart,
    WaiverPart,
)
from lc_workflow.lending.quotes.schemas import QuoteAnswer, told
from lc_workflow.lending.quotes.service import QuoteService
from lc_workflow.lending.requirements.queries import PapersAsked, Standing
from lc_workflow.lending.rules.loan_terms import LoanTerms
from lc_workflow.lending.workflow.queries import PastMoves, ToldMove
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.security.personal import READ as READ_NUMBERS
from lc_workflow.platform.security.personal import masked

_ENCODER: Final = msgspec.json.Encoder(order="deterministic", decimal_format="string")


class Everything:
    """Reads the content of a dossier, for people who may have it."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._seen = WhatIsSeen(session)
        self._quotes = QuoteService(session)
        self._asked = PapersAsked(session)
        self._moves = PastMoves(session)

    async def of(self, application_id: UUID, *, principal: Principal, at: datetime) -> DossierContent:
        """Gather the content of an application's dossier.

        Raises:
            Missing: There is no such application, or its dossier is not theirs to read.
        """
        found = (
            await self._session.execute(
                select(CustomerApplication, Branch.name, User.first_name, User.last_name)
                .outerjoin(Branch, Branch.id == CustomerApplication.branch_id)
                .outerjoin(User, User.id == CustomerApplication.user_id)
                .where(readable_by(principal), CustomerApplication.id == application_id)
                .options(*BACKED)
            )
        ).one_or_none()
        if found is None:
            raise Missing.unseen("application")
        application, branch, *drafter = found
        whole = principal.reaches(READ_NUMBERS, owner_id=application.user_id, branch_id=application.branch_id)
        schedule, refusal = await self._schedule(application, at=at)
        standing = await self._asked.standing(application, at=at)
        return DossierContent(
            application=DossierSummary(
                id=application.id,
                stage=application.workflow_status,
                cycle=application.cycle,
                branch=branch,
                drafted_by=" ".join(drafter),
                portfolio_officer_name=application.portfolio_officer_name,
                created_at=application.created_at,
                submitted_at=application.submitted_at,
                approved_at=application.approved_at,
            ),
            numbers_masked=not whole,
            borrower=_borrower(application, whole=whole),
            request=_request(application),
            parties=[_party(party, whole=whole) for party in application.parties],
            collateral=[_thing(row) for row in application.collateral],
            assessment=_assessment(await self._seen.judged(application)),
            schedule=schedule,
            schedule_refusal=refusal,
            decisions=await self._seen.decisions(application.id),
            conditions=await self._seen.conditions(application),
            payments=await self._payments(application.id),
            checklist=_checklist(standing),
            waivers=await self._waivers(standing),
            history=[_move(each) for each in await self._moves.history(application.id, principal=principal)],
            papers=await self._papers(application.id, standing),
        )

    async def files(self, file_ids: Sequence[UUID]) -> list[File]:
        """Load the papers that a dossier lists, in its order; those purged since are left out."""
        rows = {row.id: row for row in await self._session.scalars(select(File).where(File.id.in_(file_ids)))}
        return [rows[file_id] for file_id in file_ids if file_id in rows]

    async def _schedule(
        self, application: CustomerApplication, *, at: datetime
    ) -> tuple[QuoteAnswer | None, str | None]:
        try:
            return told(await self._quotes.reckoned(application, await self._terms(application), at=at), ()), None
        except DomainError as refusal:
            return None, refusal.detail

    async def _terms(self, application: CustomerApplication) -> LoanTerms:
        """What was approved, else what is on offer to those who decide, else what was asked for."""
        case = await self._seen.case(application) if application.approved_amount is None else None
        if case is None or case.material_changes != application.material_changes:
            return application.at_stake
        return case.offered

    async def _payments(self, application_id: UUID) -> list[PaymentPart]:
        """Everything that was asked to be paid, the oldest first."""
        row, asker, closer = DisbursementRequest, aliased(User), aliased(User)
        found = await self._session.execute(
            select(row, asker, closer)
            .join(asker, asker.id == row.requested_by)
            .outerjoin(closer, closer.id == row.closed_by)
            .where(row.application_id == application_id)
            .options(*(load_only(who.first_name, who.last_name) for who in (asker, closer)))
            .order_by(row.requested_at, row.id)
        )
        return [_payment(request, asked_by, closed_by) for request, asked_by, closed_by in found]

    async def _waivers(self, standing: Standing) -> list[WaiverPart]:
        """Everything that was not asked for though a rule names it, the oldest first."""
        ids = {each for row in standing.waivers for each in (row.granted_by, row.ended_by) if each}
        names: dict[UUID, str] = {}
        if ids:
            found = await self._session.execute(
                select(User.id, User.first_name, User.last_name).where(User.id.in_(ids))
            )
            names = {id_: f"{first} {last}" for id_, first, last in found}
        people = {item.subject.id: item.subject.name for item in standing.items}
        return [
            WaiverPart(
                rule=row.rule,
                subject_name=people.get(row.subject_id) if row.subject_id else None,
                cycle=row.cycle,
                reason=row.reason,
                granted_by_name=names[row.granted_by],
                granted_at=row.granted_at,
                ends_on=row.ends_on,
                ended_by_name=names[row.ended_by] if row.ended_by else None,
                ended_at=row.ended_at,
            )
            for row in standing.waivers
        ]

    async def _papers(self, application_id: UUID, standing: Standing) -> list[PaperPart]:
        rows = await self._session.execute(
            select(File, Folder.name)
            .outerjoin(Folder, Folder.id == File.folder_id)
            .where(File.application_id == application_id, File.standing())
            .order_by(File.created_at, File.id)
        )
        return [_paper(file, folder, standing) for file, folder in rows]


def written(content: DossierContent) -> bytes:
    """Write a dossier so that equal content is equal text; numbers are text, to keep their digits."""
    return _ENCODER.encode(content)


def fingerprint(content: bytes) -> bytes:
    """The SHA-256 of a written dossier."""
    return hashlib.sha256(content).digest()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _borrower(row: CustomerApplication, *, whole: bool) -> BorrowerPart:
    places = (row.current_address, row.village, row.commune, row.district, row.province)
    return BorrowerPart(
        full_name_khmer=row.full_name_khmer,
        full_name_latin=row.full_name_latin,
        id_card_type=row.id_card_type,
        id_number=row.id_number if whole else masked(row.id_number),
        date_of_birth=row.date_of_birth,
        sex=row.sex,
        marital_status=row.marital_status,
        phone=row.phone if whole else masked(row.phone),
        address=", ".join(place for place in places if place) or None,
        occupation=row.occupation,
        employer_name=row.employer_name,
        income_source=row.income_source,
        monthly_income=row.monthly_income,
        monthly_expenses=row.monthly_expenses,
        assets_value=row.assets_value,
        account_id=row.account_id,
    )


def _request(row: CustomerApplication) -> RequestPart:
    return RequestPart(
        product=row.product_code or row.product_type,
        currency=row.currency,
        requested_amount=row.requested_amount,
        requested_term=row.desired_loan_term,
        interest_rate=row.interest_rate,
        loan_purposes=row.loan_purposes,
        purpose_details=row.purpose_details or row.loan_purpose,
        requested_disbursement_date=row.requested_disbursement_date,
        recommended_amount=row.recommended_amount,
        recommended_term=row.recommended_loan_term,
        recommended_rate=row.recommended_interest_rate,
        approved_amount=row.approved_amount,
        approved_term=row.approved_loan_term,
        approved_rate=row.approved_interest_rate,
    )


def _party(row: Party, *, whole: bool) -> PartyPart:
    return PartyPart(
        role=row.role,
        full_name_khmer=row.full_name_khmer,
        full_name_latin=row.full_name_latin,
        id_number=row.id_number if whole else masked(row.id_number),
        phone=row.phone if whole else masked(row.phone),
        relation=row.relation,
        address=row.current_address,
    )


def _thing(row: Collateral) -> CollateralPart:
    return CollateralPart(
        kind=row.kind,
        description=row.description,
        title_number=row.title_number,
        owner_name=row.owner_name,
        value=row.value,
        currency=row.currency,
    )


def _assessment(judged: Judged) -> AssessmentPart:
    score, affordability = judged.score or {}, judged.affordability or {}
    return AssessmentPart(
        verdict=_text(affordability.get("verdict")),
        score=_text(score.get("total")),
        grade=_text(score.get("grade")),
        risk=judged.risk,
        recommendation=_text(score.get("decision") or score.get("system_decision")),
        outdated=[*judged.outdated],
    )


def _move(row: ToldMove) -> MovePart:
    return MovePart(
        at=row.move.at,
        action=row.move.action,
        source=row.move.source,
        target=row.move.target,
        cycle=row.move.cycle,
        actor_name=row.actor_name,
        on_behalf_of_name=row.on_behalf_of_name,
        reason=row.move.reason,
        comment=row.move.comment,
    )


def _payment(row: DisbursementRequest, asked_by: User, closed_by: User | None) -> PaymentPart:
    return PaymentPart(
        id=row.id,
        status=row.status,
        cycle=row.cycle,
        currency=row.currency,
        principal=row.principal,
        deducted_fees=row.deducted_fees,
        amount=row.amount,
        account_id=row.account_id,
        requested_at=row.requested_at,
        requested_by_name=f"{asked_by.first_name} {asked_by.last_name}",
        connector=row.connector,
        handed_over_at=row.handed_over_at,
        external_reference=row.external_reference,
        attempts=row.attempts,
        last_error=row.last_error,
        closed_at=row.closed_at,
        closed_by_name=None if closed_by is None else f"{closed_by.first_name} {closed_by.last_name}",
        paid_on=row.paid_on,
        reference=row.reference,
        failure_reason=row.failure_reason,
    )


def _checklist(standing: Standing) -> list[ChecklistPart]:
    parts = []
    for item in standing.items:
        kind = standing.kinds.get(item.rule.document_type)
        parts.append(
            ChecklistPart(
                rule=item.rule.code,
                label=kind.label_en if kind else item.rule.document_type,
                label_khmer=kind.label_km if kind else item.rule.document_type,
                subject_name=item.subject.name,
                count=item.rule.count,
                gate=item.rule.gate,
                status=item.need,
            )
        )
    return parts


def _paper(file: File, folder: str | None, standing: Standing) -> PaperPart:
    kind = standing.kinds.get(file.document_type or "")
    return PaperPart(
        file_id=file.id,
        document_type=file.document_type,
        label=kind.label_en if kind else None,
        label_khmer=kind.label_km if kind else None,
        name=file.display_name,
        folder=folder,
        mime_type=file.mime_type,
        size=file.file_size,
        sha256=file.sha256.hex(),
        uploaded_at=file.created_at,
        version=file.version,
    )
