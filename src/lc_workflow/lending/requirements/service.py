"""Which papers an application needs, what a second person found about them, and which were waived."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.events import PaperDescribed, PaperVerified, PaperWaived, WaiverEnded
from lc_workflow.lending.requirements.access import DESCRIBE, VERIFY, WAIVE, acted_on
from lc_workflow.lending.requirements.models import PaperCheck, PaperWaiver
from lc_workflow.lending.requirements.queries import PapersAsked, Standing
from lc_workflow.lending.requirements.schemas import NewWaiver, PaperDescription, Verification
from lc_workflow.lending.rules.checklist import (
    PaperVerdict,
    check_verifier,
    check_waiver,
)
from lc_workflow.lending.rules.paper_days import check_days
from lc_workflow.lending.rules.stages import CLOSED, SodEditor, SodMaker, Stage
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service

UNFINISHED: Final = frozenset(Stage) - (CLOSED - {Stage.APPROVED})
"""The stages in which papers may still be verified and waived, up to the payment."""


class NoSuchSubject(Invalid):
    """Nobody and nothing of this application has the id."""

    def __init__(self) -> None:
        super().__init__(
            "Name a party or a collateral of this application.",
            errors=(FieldError("subject_id", "is no party or collateral of this application"),),
        )


class VerdictNeedsWords(Invalid):
    """Whoever refuses a paper says why."""


class PapersSettled(Invalid):
    """The application has ended; its papers are no longer verified."""


class RequirementService(Service[PaperCheck]):
    """The papers applications are asked for."""

    noun = "paper"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._asked = PapersAsked(session)
        self._seen = WhatIsSeen(session)

    async def describe(
        self, application_id: UUID, file_id: UUID, wish: PaperDescription, *, principal: Principal, at: datetime
    ) -> Standing:
        """Record whom a paper is about and its dates; it then has to be verified again.

        Raises:
            Missing: There is no such application or paper, or it is not theirs to see.
            PapersSettled: The application has ended.
            NoSuchSubject: The paper would be about somebody else.
            PaperNotIssuedYet, PaperExpiredBeforeIssue: Its days cannot be.
        """
        async with self.transaction():
            application = await self._locked(application_id, DESCRIBE, principal)
            check, _ = await self._check_of(application, file_id, at=at)
            if await self._describe(check, application, wish, at=at):
                check.verdict = check.note = check.verified_by = check.verified_at = None
                self.session.add(check)
                self.announce(
                    PaperDescribed(actor_id=principal.id, at=at, application_id=application_id, file_id=file_id)
                )
        return await self._asked.standing(application, at=at)

    async def verify(
        self, application_id: UUID, file_id: UUID, finding: Verification, *, principal: Principal, at: datetime
    ) -> Standing:
        """Record the finding of somebody who did not hand the paper in.

        Raises:
            Missing: There is no such application or paper, or it is not theirs to verify.
            SodUploader: They handed it in themselves.
            SodRepeat, SodParty: They recused themselves from the application, or it is theirs.
            VerdictNeedsWords: They refuse it and do not say why.
            PapersSettled, NoSuchSubject: See `describe`.
        """
        async with self.transaction():
            application = await self._locked(application_id, VERIFY, principal)
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
        return await self._asked.standing(application, at=at)

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
            application = await self._locked(application_id, WAIVE, principal)
            await self._seen.check_has_no_tie(application, principal.id, at=at)
            if principal.id in {application.user_id, *application.preparers}:
                raise SodMaker("You prepared this application; somebody else has to waive its papers.")
            if principal.id in application.editors:
                raise SodEditor("You changed what this application comes to; somebody else has to waive its papers.")
            rule = await self._asked.rule(application, wish.rule)
            check_waiver(rule, ends_on=wish.ends_on, today=local_day(at))
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
                    reason=waiver.reason,
                )
            )
        return await self._asked.standing(application, at=at)

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
            application = await self._locked(application_id, WAIVE, principal)
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
        return await self._asked.standing(application, at=at)

    async def _locked(self, application_id: UUID, permission: str, principal: Principal) -> CustomerApplication:
        """Load and lock an application."""
        application: CustomerApplication | None = await self.session.scalar(
            select(CustomerApplication)
            .where(acted_on(principal, permission), CustomerApplication.id == application_id)
            .with_for_update()
        )
        if application is None:
            raise Missing.unseen("application")
        if application.workflow_status not in UNFINISHED:
            raise PapersSettled(f"An application at {application.workflow_status} waits for no papers.")
        return application

    async def _check_of(
        self, application: CustomerApplication, file_id: UUID, *, at: datetime
    ) -> tuple[PaperCheck, File]:
        """Load what is known of a paper, or begin it for the caller to add; the application is locked."""
        found = {each.file.id: each for each in await self._asked.papers(application.id)}.get(file_id)
        if found is None:
            raise Missing("There is no such paper of this application.")
        check = found.check
        if check is None:
            check = PaperCheck(file_id=file_id, application_id=application.id, created_at=at, updated_at=at)
        return check, found.file

    async def _describe(
        self, check: PaperCheck, application: CustomerApplication, wish: PaperDescription, *, at: datetime
    ) -> bool:
        """Take over what is said of a paper; return whether any of it is new."""
        of_it = PaperDescription.__struct_fields__
        said = {name: value for name, value in given(wish).items() if name in of_it and getattr(check, name) != value}
        await self._check_subject(application, said.get("subject_id"))
        for name, value in said.items():
            setattr(check, name, value)
        if said:
            check_days(check.issued_on, check.expires_on, today=local_day(at))
            check.updated_at = at
        return bool(said)

    async def _check_subject(self, application: CustomerApplication, subject_id: UUID | None) -> None:
        if subject_id is not None and subject_id not in {each.id for each in await self._asked.subjects(application)}:
            raise NoSuchSubject
