"""Which papers applications are asked for, which they have, and what is still missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.documents.library.models import File
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.checklists.models import Checklist
from lc_workflow.lending.checklists.schemas import as_rules, read_document
from lc_workflow.lending.products.models import ProductVersion
from lc_workflow.lending.requirements.models import PaperCheck, PaperWaiver
from lc_workflow.lending.rules.checklist import (
    Exemption,
    Gate,
    Item,
    Loan,
    Paper,
    PaperRule,
    Subject,
    Whom,
    asked_by_product,
    in_the_way,
    items_of,
    refusals_for,
)


class NoSuchRule(Invalid):
    """The application is asked for no paper by such a rule."""

    def __init__(self) -> None:
        super().__init__(
            "The checklist of this application has no such rule.", errors=(FieldError("rule", "is no rule"),)
        )


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A paper that counts, with what is known of it."""

    file: File
    check: PaperCheck | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The state of an application's checklist; None where it was given none, though its product may ask for papers."""

    checklist: Checklist | None
    items: Sequence[Item]
    papers: Mapping[UUID, HandedIn]
    waivers: Sequence[PaperWaiver]
    kinds: Mapping[str, PaperKind]


class PapersAsked:
    """The papers applications are asked for, and their state."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def shown(self, application_id: UUID, *, principal: Principal, at: datetime) -> Standing:
        """Show the checklist of an application.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        application = await self._session.scalar(
            select(CustomerApplication).where(visible_to(principal), CustomerApplication.id == application_id)
        )
        if application is None:
            raise Missing.unseen("application")
        return await self.standing(application, at=at)

    async def standing(self, application: CustomerApplication, *, at: datetime) -> Standing:
        """Work out the state of an application's papers; the caller has made sure that it may be seen."""
        return await self._standing(application, await self._asked_by_product(application), at=at)

    async def _standing(self, application: CustomerApplication, by_product: Sequence[str], *, at: datetime) -> Standing:
        checklist = await self._session.get(Checklist, application.checklist_id) if application.checklist_id else None
        papers = await self.papers(application.id)
        waivers = await self._waivers(application)
        kinds = {kind.code: kind for kind in await self._session.scalars(select(PaperKind))}
        items: list[Item] = []
        if checklist is not None or by_product:
            today = local_day(at)
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

    async def obstacles(
        self, application: CustomerApplication, gate: Gate, *, by_product: Sequence[str], at: datetime
    ) -> list[Invalid]:
        """List the missing papers that keep an application from a gate; `by_product` are kinds its product asks for."""
        if application.checklist_id is None and not by_product:
            return []
        standing = await self._standing(application, by_product, at=at)
        labels = {code: kind.label_en for code, kind in standing.kinds.items()}
        return refusals_for(in_the_way(standing.items, gate), labels=labels)

    async def papers(self, application_id: UUID) -> list[HandedIn]:
        """The papers that count for an application, the first handed in first."""
        rows = await self._session.execute(
            select(File, PaperCheck)
            .outerjoin(PaperCheck, PaperCheck.file_id == File.id)
            .where(File.application_id == application_id, File.standing())
            .order_by(File.created_at, File.id)
        )
        return [HandedIn(file, check) for file, check in rows]

    async def _waivers(self, application: CustomerApplication) -> Sequence[PaperWaiver]:
        rows = await self._session.scalars(
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
            subjects=await self.subjects(application),
        )

    async def subjects(self, application: CustomerApplication) -> list[Subject]:
        """Everybody and everything that a paper of an application can be about."""
        await self._session.refresh(application, ["parties", "collateral"])
        return [
            Subject(Whom.APPLICATION),
            Subject(Whom.BORROWER, name=application.full_name_latin or application.full_name_khmer),
            *(Subject(Whom(party.role.value), party.id, party.name) for party in application.parties),
            *(
                Subject(Whom.COLLATERAL, row.id, row.title_number or row.description or row.kind, row.kind)
                for row in application.collateral
            ),
        ]

    async def _asked_by_product(self, application: CustomerApplication) -> Sequence[str]:
        version_id = application.product_version_id
        version = await self._session.get(ProductVersion, version_id) if version_id else None
        return version.conditions.required_documents if version else ()

    async def rule(self, application: CustomerApplication, code: str) -> PaperRule:
        """The rule by which an application is asked for a paper.

        Raises:
            NoSuchRule: Neither its checklist nor its product has it.
        """
        checklist = await self._session.get(Checklist, application.checklist_id) if application.checklist_id else None
        rules = [*_rules(checklist), *asked_by_product(await self._asked_by_product(application))]
        if (rule := next((rule for rule in rules if rule.code == code), None)) is None:
            raise NoSuchRule
        return rule


def _rules(checklist: Checklist | None) -> Sequence[PaperRule]:
    return as_rules(read_document(checklist.document)) if checklist else ()


def _paper(handed_in: HandedIn) -> Paper:
    file, check = handed_in.file, handed_in.check
    uploaded_on = local_day(file.created_at)
    return Paper(
        id=file.id,
        document_type=file.document_type or "",
        dated=(check.issued_on if check else None) or uploaded_on,
        expires_on=check.expires_on if check else None,
        subject_id=check.subject_id if check else None,
        verdict=check.verdict if check else None,
        content=file.sha256,
    )
