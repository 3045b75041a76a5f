"""Which papers an application needs, what a second person found about them, and which were waived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.documents.library.models import File
from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.checklists.models import Checklist
from lc_workflow.lending.checklists.schemas import as_rules, read_document
from lc_workflow.lending.checklists.service import ChecklistService
from lc_workflow.lending.events import PaperDescribed, PaperVerified, PaperWaived, WaiverEnded
from lc_workflow.lending.products.models import ProductVersion
from lc_workflow.lending.requirements.access import DESCRIBE, VERIFY, WAIVE, acted_on
from lc_workflow.lending.requirements.models import PaperCheck, PaperWaiver
from lc_workflow.lending.requirements.schemas import NewWaiver, PaperDescription, Verification
from lc_workflow.lending.rules.checklist import (
    Exemption,
    Gate,
    Item,
    Loan,
    Paper,
    PaperRule,
    PaperVerdict,
    Subject,
    Whom,
    asked_by_product,
    check_verifier,
    check_waiver,
    in_the_way,
    items_of,
    refusals_for,
)
from lc_workflow.lending.rules.paper_days import check_days
from lc_workflow.lending.rules.stages import CLOSED, SodEditor, SodMaker, Stage
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service

UNFINISHED: Final = frozenset(Stage) - (CLOSED - {Stage.APPROVED})
"""The stages of an application that papers may still be verified and waived for; paying out is a gate as well."""


class NoSuchSubject(Invalid):
    """Nobody and nothing of this application has the id."""

    def __init__(self) -> None:
        super().__init__(
            "Name a party or a collateral of this application.",
            errors=(FieldError("subject_id", "is no party or collateral of this application"),),
        )


class NoSuchRule(Invalid):
    """The checklist of this application has no such rule."""

    def __init__(self) -> None:
        super().__init__(
            "The checklist of this application has no such rule.", errors=(FieldError("rule", "is no rule"),)
        )


class VerdictNeedsWords(Invalid):
    """Whoever refuses a paper says why."""


class PapersSettled(Invalid):
    """The application has ended; its papers are looked at no more."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A paper that counts, with what is known of it."""

    file: File
    check: PaperCheck | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An application's checklist as it stands: None where it was given none; its product may ask for papers as well."""

    checklist: Checklist | None
    items: Sequence[Item]
    papers: Mapping[UUID, HandedIn]
    waivers: Sequence[PaperWaiver]
    kinds: Mapping[str, PaperKind]


class RequirementService(Service[PaperCheck]):
    """The papers applications are asked for."""

    class Repo(SQLAlchemyAsyncRepository[PaperCheck]):
        """Checks of papers as rows."""

        model_type = PaperCheck

    repository_type = Repo
    noun = "paper"

    def __init__(self, session: AsyncSession) -> None:
        """Open the service on the request's session."""
        super().__init__(session)
        self._checklists = ChecklistService(session)
        self._seen = WhatIsSeen(session)

    async def obstacles(
        self, application: CustomerApplication, gate: Gate, *, by_product: Sequence[str], at: datetime
    ) -> list[Invalid]:
        """Say which papers keep an application from a gate; `by_product` are the kinds that its product asks for."""
        if application.checklist_id is None and not by_product:
            return []
        standing = await self._standing(application, by_product, at=at)
        labels = {code: kind.label_en for code, kind in standing.kinds.items()}
        return refusals_for(in_the_way(standing.items, gate), labels=labels)

    async def give_current(self, application: CustomerApplication) -> None:
        """Give an application that begins again the checklist of the day."""
        application.checklist_id = await self._checklists.current_id()

    async def shown(self, application_id: UUID, *, principal: Principal, at: datetime) -> Standing:
        """Show the checklist of an application.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        application = await self.session.scalar(
            select(CustomerApplication).where(visible_to(principal), CustomerApplication.id == application_id)
        )
        if application is None:
            raise _no_application()
        return await self.standing(application, at=at)

    async def standing(self, application: CustomerApplication, *, at: datetime) -> Standing:
        """Work out how an application stands with its papers; whoever passes it in has made sure it may be seen."""
        return await self._standing(application, await self._asked_by_product(application), at=at)

    async def _standing(self, application: CustomerApplication, by_product: Sequence[str], *, at: datetime) -> Standing:
        checklist = await self.session.get(Checklist, application.checklist_id) if application.checklist_id else None
        papers = await self._papers(application.id)
        waivers = await self._waivers(application)
        kinds = {kind.code: kind for kind in await self.session.scalars(select(PaperKind))}
        items: list[Item] = []
        if checklist is not None or by_product:
            today = at.astimezone(PHNOM_PENH).date()
            loan = await self._loan(application)
            handed_in = [_paper(each) for each in papers]
            exempt = [
                Exemption(row.rule, row.subject_id)
                for row in waivers
                if row.ended_at is None and row.ends_on >= today and row.cycle == application.cycle
            ]
            items = items_of(_rules(checklist), loan, handed_in, exempt, today=today)
            of_anybody = [replace(paper, subject_id=None) for paper in handed_in]
            items += items_of(asked_by_product(by_product, besides=items), loan, of_anybody, exempt, today=today)
        return Standing(
            checklist=checklist,
            items=items,
            papers={each.file.id: each for each in papers},
            waivers=waivers,
            kinds=kinds,
        )

    async def describe(
        self, application_id: UUID, file_id: UUID, wish: PaperDescription, *, principal: Principal, at: datetime
    ) -> Standing:
        """Write down whom a paper is about and of when it is; what was found about it has to be found again.

        Raises:
            Missing: There is no such application or paper, or it is not theirs to see.
            PapersSettled: The application has ended.
            NoSuchSubject: The paper would be about somebody else.
            PaperNotIssuedYet, PaperExpiredBeforeIssue: Its days cannot be.
        """
        async with self.transaction():
            application = await self._held(application_id, DESCRIBE, principal)
            check, _ = await self._check_of(application, file_id, at=at)
            if await self._describe(check, application, wish, at=at):
                check.verdict = check.note = check.verified_by = check.verified_at = None
                self.session.add(check)
                self.announce(
                    PaperDescribed(actor_id=principal.id, at=at, application_id=application_id, file_id=file_id)
                )
        return await self.standing(application, at=at)

    async def verify(
        self, application_id: UUID, file_id: UUID, finding: Verification, *, principal: Principal, at: datetime
    ) -> Standing:
        """Write down what somebody found who did not hand the paper in.

        Raises:
            Missing: There is no such application or paper, or it is not theirs to verify.
            SodUploader: They handed it in themselves.
            SodRepeat, SodParty: They recused themselves from the application, or it is theirs.
            VerdictNeedsWords: They refuse it and do not say why.
            PapersSettled, NoSuchSubject: See `describe`.
        """
        async with self.transaction():
            application = await self._held(application_id, VERIFY, principal)
            await self._seen.check_has_no_tie(application, principal.id, at=at)
            check, file = await self._check_of(application, file_id, at=at)
            check_verifier(person=principal.id, uploaded_by=file.uploaded_by)
            if finding.verdict is PaperVerdict.REFUSED and not plain(finding.note or ""):
                raise VerdictNeedsWords("Say what is wrong with the paper, so that a better one can be brought.")
            await self._describe(check, application, finding, at=at)
            check.verdict, check.note = finding.verdict, finding.note
            check.verified_by, check.verified_at, check.updated_at = principal.id, at, at
            self.session.add(check)
            self.announce(
                PaperVerified(
                    actor_id=principal.id,
                    at=at,
                    application_id=application.id,
                    file_id=file_id,
                    verdict=finding.verdict.value,
                )
            )
        return await self.standing(application, at=at)

    async def waive(self, application_id: UUID, wish: NewWaiver, *, principal: Principal, at: datetime) -> Standing:
        """Let an application pass without a paper, through a day.

        Raises:
            Missing: There is no such application, or it is not theirs to waive anything for.
            SodMaker, SodEditor: They had a hand in the application.
            SodRepeat, SodParty: They recused themselves from it, or it is theirs.
            NoSuchRule, NoSuchSubject: The checklist asks for no such paper, or not of this one.
            NotWaivable, WaiverOver: See `rules.checklist`.
            PapersSettled: The application has ended.
        """
        async with self.transaction():
            application = await self._held(application_id, WAIVE, principal)
            await self._seen.check_has_no_tie(application, principal.id, at=at)
            if principal.id in {application.user_id, *application.preparers}:
                raise SodMaker("You prepared this application; somebody else has to waive its papers.")
            if principal.id in application.editors:
                raise SodEditor("You changed what this application comes to; somebody else has to waive its papers.")
            rule = await self._rule(application, wish.rule)
            check_waiver(rule, ends_on=wish.ends_on, today=at.astimezone(PHNOM_PENH).date())
            await self._check_subject(application, wish.subject_id)
            waiver = PaperWaiver(
                application_id=application.id,
                cycle=application.cycle,
                rule=rule.code,
                subject_id=wish.subject_id,
                reason=wish.reason,
                granted_by=principal.id,
                granted_at=at,
                ends_on=wish.ends_on,
            )
            self.session.add(waiver)
            await self.session.flush()
            self.announce(
                PaperWaived(
                    actor_id=principal.id,
                    at=at,
                    application_id=application.id,
                    waiver_id=waiver.id,
                    rule=rule.code,
                    ends_on=wish.ends_on.isoformat(),
                )
            )
        return await self.standing(application, at=at)

    async def end_waiver(
        self, application_id: UUID, waiver_id: UUID, *, principal: Principal, at: datetime
    ) -> Standing:
        """Take a waiver back; it stays on record.

        Raises:
            Missing: There is no such application or waiver, or it is not theirs to end.
            SodRepeat, SodParty: They recused themselves from the application, or it is theirs.
            PapersSettled: The application has ended.
        """
        async with self.transaction():
            application = await self._held(application_id, WAIVE, principal)
            await self._seen.check_has_no_tie(application, principal.id, at=at)
            waiver = await self.session.scalar(
                select(PaperWaiver).where(
                    PaperWaiver.id == waiver_id,
                    PaperWaiver.application_id == application.id,
                    PaperWaiver.ended_at.is_(None),
                )
            )
            if waiver is None:
                raise Missing("There is no such waiver of this application.")
            waiver.ended_by, waiver.ended_at = principal.id, at
            self.announce(
                WaiverEnded(
                    actor_id=principal.id,
                    at=at,
                    application_id=application.id,
                    waiver_id=waiver.id,
                    rule=waiver.rule,
                )
            )
        return await self.standing(application, at=at)

    async def _held(self, application_id: UUID, permission: str, principal: Principal) -> CustomerApplication:
        """Load an application and keep others from moving it meanwhile."""
        application: CustomerApplication | None = await self.session.scalar(
            select(CustomerApplication)
            .where(acted_on(principal, permission), CustomerApplication.id == application_id)
            .with_for_update()
        )
        if application is None:
            raise _no_application()
        if application.workflow_status not in UNFINISHED:
            raise PapersSettled(f"An application at {application.workflow_status} waits for no papers.")
        return application

    async def _papers(self, application_id: UUID) -> list[HandedIn]:
        rows = await self.session.execute(
            select(File, PaperCheck)
            .outerjoin(PaperCheck, PaperCheck.file_id == File.id)
            .where(File.application_id == application_id, File.standing())
            .order_by(File.created_at, File.id)
        )
        return [HandedIn(file, check) for file, check in rows]

    async def _waivers(self, application: CustomerApplication) -> Sequence[PaperWaiver]:
        rows = await self.session.scalars(
            select(PaperWaiver)
            .where(PaperWaiver.application_id == application.id)
            .order_by(PaperWaiver.granted_at, PaperWaiver.id)
        )
        return rows.all()

    async def _loan(self, application: CustomerApplication) -> Loan:
        return Loan(
            currency=application.currency,
            amount=application.approved_amount or application.requested_amount,
            income_source=application.income_source,
            marital_status=application.marital_status,
            products=[word for word in (application.product_code, application.product_type) if word],
            subjects=await self._subjects(application),
        )

    async def _subjects(self, application: CustomerApplication) -> list[Subject]:
        await self.session.refresh(application, ["parties", "collateral"])
        return [
            Subject(Whom.APPLICATION),
            Subject(Whom.BORROWER, name=application.full_name_latin or application.full_name_khmer),
            *(Subject(Whom(party.role.value), party.id, party.name) for party in application.parties),
            *(
                Subject(Whom.COLLATERAL, row.id, row.title_number or row.description or row.kind, row.kind)
                for row in application.collateral
            ),
        ]

    async def _check_of(
        self, application: CustomerApplication, file_id: UUID, *, at: datetime
    ) -> tuple[PaperCheck, File]:
        """Load what is known of a paper, or begin it for the caller to add; the application's lock keeps others out."""
        found = {each.file.id: each for each in await self._papers(application.id)}.get(file_id)
        if found is None:
            raise Missing("There is no such paper of this application.")
        check = found.check
        if check is None:
            check = PaperCheck(file_id=file_id, application_id=application.id, created_at=at, updated_at=at)
        return check, found.file

    async def _describe(
        self, check: PaperCheck, application: CustomerApplication, wish: PaperDescription, *, at: datetime
    ) -> bool:
        """Take over what is said of a paper; answers whether anything of it is new."""
        of_it = PaperDescription.__struct_fields__
        said = {name: value for name, value in given(wish).items() if name in of_it and getattr(check, name) != value}
        await self._check_subject(application, said.get("subject_id"))
        for name, value in said.items():
            setattr(check, name, value)
        if said:
            check_days(check.issued_on, check.expires_on, today=at.astimezone(PHNOM_PENH).date())
            check.updated_at = at
        return bool(said)

    async def _check_subject(self, application: CustomerApplication, subject_id: UUID | None) -> None:
        if subject_id is not None and subject_id not in {each.id for each in await self._subjects(application)}:
            raise NoSuchSubject

    async def _asked_by_product(self, application: CustomerApplication) -> Sequence[str]:
        version_id = application.product_version_id
        version = await self.session.get(ProductVersion, version_id) if version_id else None
        return version.conditions.required_documents if version else ()

    async def _rule(self, application: CustomerApplication, code: str) -> PaperRule:
        checklist = await self.session.get(Checklist, application.checklist_id) if application.checklist_id else None
        rules = [*_rules(checklist), *asked_by_product(await self._asked_by_product(application))]
        if (rule := next((rule for rule in rules if rule.code == code), None)) is None:
            raise NoSuchRule
        return rule


def _rules(checklist: Checklist | None) -> Sequence[PaperRule]:
    return as_rules(read_document(checklist.document)) if checklist else ()


def _paper(handed_in: HandedIn) -> Paper:
    file, check = handed_in.file, handed_in.check
    uploaded_on: date = file.created_at.astimezone(PHNOM_PENH).date()
    return Paper(
        id=file.id,
        document_type=file.document_type or "",
        dated=(check.issued_on if check else None) or uploaded_on,
        expires_on=check.expires_on if check else None,
        subject_id=check.subject_id if check else None,
        verdict=check.verdict if check else None,
    )


def _no_application() -> Missing:
    return Missing("There is no such application, or it is not yours to see.")
