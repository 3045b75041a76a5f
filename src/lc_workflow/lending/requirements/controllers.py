"""The paths of the papers that an application is asked for."""

from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.requirements.access import DESCRIBE, READ, VERIFY, WAIVE
from lc_workflow.lending.requirements.queries import HandedIn, PapersAsked, Standing
from lc_workflow.lending.requirements.schemas import (
    ChecklistOfApplication,
    ItemAnswer,
    NewWaiver,
    PaperAnswer,
    PaperDescription,
    Verification,
    WaiverAnswer,
)
from lc_workflow.lending.requirements.service import RequirementService
from lc_workflow.lending.rules.checklist import Gate, Item, in_the_way
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import ALARMING, requires


class RequirementController(Controller):
    """The papers an application is asked for."""

    path = "/api/v1/applications/{application_id:uuid}/checklist"
    tags = ("Checklists",)
    dependencies = {"requirements": provide(RequirementService), "asked": provide(PapersAsked)}

    @get(guards=[requires(READ)])
    async def show(
        self,
        application_id: FromPath[UUID],
        asked: NamedDependency[PapersAsked],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistOfApplication:
        """Show the papers an application is asked for, the state of each, and which step waits for it."""
        return as_answer(application_id, await asked.shown(application_id, principal=principal, at=clock()))

    @put("/papers/{file_id:uuid}", guards=[requires(DESCRIBE)])
    async def describe(
        self,
        application_id: FromPath[UUID],
        file_id: FromPath[UUID],
        data: JSONBody[PaperDescription],
        requirements: NamedDependency[RequirementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistOfApplication:
        """Set whom a paper is about, its date, and its expiry."""
        at = clock()
        return as_answer(
            application_id, await requirements.describe(application_id, file_id, data, principal=principal, at=at)
        )

    @post("/papers/{file_id:uuid}/verification", guards=[requires(VERIFY)], status_code=200)
    async def verify(
        self,
        application_id: FromPath[UUID],
        file_id: FromPath[UUID],
        data: JSONBody[Verification],
        requirements: NamedDependency[RequirementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistOfApplication:
        """Accept or refuse a paper that somebody else handed in."""
        at = clock()
        return as_answer(
            application_id, await requirements.verify(application_id, file_id, data, principal=principal, at=at)
        )

    @post("/waivers", guards=[requires(WAIVE)], opt={ALARMING: Forbidden})
    async def waive(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[NewWaiver],
        requirements: NamedDependency[RequirementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistOfApplication:
        """Waive a paper until the end of a day."""
        at = clock()
        return as_answer(application_id, await requirements.waive(application_id, data, principal=principal, at=at))

    @delete("/waivers/{waiver_id:uuid}", guards=[requires(WAIVE)], status_code=200)
    async def end_waiver(
        self,
        application_id: FromPath[UUID],
        waiver_id: FromPath[UUID],
        requirements: NamedDependency[RequirementService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ChecklistOfApplication:
        """Take a waiver back."""
        at = clock()
        return as_answer(
            application_id, await requirements.end_waiver(application_id, waiver_id, principal=principal, at=at)
        )


def as_answer(application_id: UUID, standing: Standing) -> ChecklistOfApplication:
    """Show how an application stands with its papers."""
    checklist = standing.checklist
    return ChecklistOfApplication(
        application_id=application_id,
        checklist_id=checklist.id if checklist else None,
        checklist_number=checklist.number if checklist else None,
        checklist_name=checklist.name if checklist else None,
        items=[_item(item, standing) for item in standing.items],
        waivers=[shaped(row, WaiverAnswer) for row in standing.waivers],
        blocking={gate: len(in_the_way(standing.items, gate)) for gate in Gate},
    )


def _item(item: Item, standing: Standing) -> ItemAnswer:
    rule, kind = item.rule, standing.kinds.get(item.rule.document_type)
    return ItemAnswer(
        rule=rule.code,
        document_type=rule.document_type,
        label=kind.label_en if kind else rule.document_type,
        label_khmer=kind.label_km if kind else rule.document_type,
        whom=rule.whom,
        subject_id=item.subject.id,
        subject_name=item.subject.name,
        count=rule.count,
        any_of=rule.any_of,
        gate=rule.gate,
        status=item.need,
        blocks=rule.gate if item.outstanding else None,
        verified=rule.verified,
        max_age_days=rule.max_age_days,
        papers=[_paper(standing.papers[file_id]) for file_id in item.papers],
    )


def _paper(handed_in: HandedIn) -> PaperAnswer:
    file, check = handed_in.file, handed_in.check
    return PaperAnswer(
        file_id=file.id,
        document_type=file.document_type or "",
        uploaded_by=file.uploaded_by,
        uploaded_at=file.created_at,
        subject_id=check.subject_id if check else None,
        issued_on=check.issued_on if check else None,
        expires_on=check.expires_on if check else None,
        verdict=check.verdict if check else None,
        note=check.note if check else None,
        verified_by=check.verified_by if check else None,
        verified_at=check.verified_at if check else None,
    )
