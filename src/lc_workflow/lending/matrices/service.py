"""Drafting, publishing and looking loans up in approval matrices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import structs, to_builtins
from sqlalchemy import Date, Select, Uuid, bindparam, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.authorities.models import Authority
from lc_workflow.lending.events import MatrixChanged, MatrixDrafted, MatrixPublished
from lc_workflow.lending.exchange_rates.models import ExchangeRate
from lc_workflow.lending.exchange_rates.service import ExchangeRateService
from lc_workflow.lending.matrices.access import visible_to
from lc_workflow.lending.matrices.models import ApprovalMatrix
from lc_workflow.lending.matrices.queries import vacancies
from lc_workflow.lending.matrices.schemas import (
    MatrixChange,
    MatrixDocument,
    NewMatrix,
    Simulation,
    Vacancy,
    as_case,
    as_matrix,
    read_document,
)
from lc_workflow.lending.products.models import Product
from lc_workflow.lending.rules.approval import (
    Matrix,
    MatrixStatus,
    Path,
    check_loans,
    check_matrix,
    check_words,
    path_for,
    words_of,
)
from lc_workflow.lending.rules.coverage import check_coverage
from lc_workflow.lending.rules.rates import KHR_PER_USD, rate_of
from lc_workflow.lending.rules.terms import ProductType
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.db.locks import Lock, take
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service
from lc_workflow.system.settings.models import Setting
from lc_workflow.system.settings.service import SettingService, or_begun


class AlreadyPublished(Invalid):
    """A published matrix does not change: applications were decided by it."""


@dataclass(frozen=True, slots=True)
class InForce:
    """What new applications are decided by: the newest matrix, its rules, and how many riel make a dollar."""

    matrix_id: UUID
    document: MatrixDocument
    khr_per_usd: Decimal


class MatrixService(Service[ApprovalMatrix]):
    """The versions of the approval matrix."""

    noun = "approval matrix"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._settings = SettingService(session)
        self._rates = ExchangeRateService(session)

    async def page(self, window: Window, *, principal: Principal) -> tuple[Sequence[ApprovalMatrix], int]:
        """List the versions, the newest first, with how many there are in all."""
        return await self.page_of(window, visible_to(principal), by=[ApprovalMatrix.number.desc()])

    async def current(self) -> ApprovalMatrix:
        """The matrix that new applications are given.

        Raises:
            Missing: Nothing was ever published; the first revision of the database publishes one.
        """
        row = await self.session.scalar(
            select(ApprovalMatrix)
            .where(ApprovalMatrix.status == MatrixStatus.PUBLISHED)
            .order_by(ApprovalMatrix.published_at.desc(), ApprovalMatrix.number.desc())
            .limit(1)
        )
        if row is None:
            raise Missing("No approval matrix is published; publish one before loans are decided.")
        return row

    async def draft(self, wish: NewMatrix, *, principal: Principal, at: datetime) -> ApprovalMatrix:
        """Write down a new version.

        Raises:
            BadMatrix: It contradicts itself.
        """
        document = MatrixDocument(**{name: getattr(wish, name) for name in MatrixDocument.__struct_fields__})
        check_matrix(as_matrix(document))
        async with self.transaction():
            await take(self.session, Lock.NUMBER_MATRICES)
            last = await self.session.scalar(select(func.max(ApprovalMatrix.number)))
            matrix = await self.create(
                ApprovalMatrix(
                    number=(last or 0) + 1,
                    name=wish.name,
                    status=MatrixStatus.DRAFT,
                    document=_written(document),
                    created_by=principal.id,
                    created_at=at,
                )
            )
            self.announce(
                MatrixDrafted(actor_id=principal.id, at=at, approval_matrix_id=matrix.id, number=matrix.number)
            )
        return matrix

    async def change(
        self, matrix_id: UUID, wish: MatrixChange, *, principal: Principal, at: datetime
    ) -> ApprovalMatrix:
        """Change a draft.

        Raises:
            Missing: There is no such matrix.
            AlreadyPublished: It is no draft any more.
            BadMatrix: It would contradict itself.
        """
        async with self.transaction():
            matrix = await self._draft(matrix_id, principal)
            changes = given(wish)
            matrix.name = changes.pop("name", matrix.name)
            document = structs.replace(read_document(matrix.document), **changes)
            check_matrix(as_matrix(document))
            matrix.document = _written(document)
            self.announce(
                MatrixChanged(actor_id=principal.id, at=at, approval_matrix_id=matrix.id, number=matrix.number)
            )
        return matrix

    async def publish(self, matrix_id: UUID, *, principal: Principal, at: datetime) -> ApprovalMatrix:
        """Put a draft in force for new applications; open ones keep their matrix.

        Raises:
            Missing: There is no such matrix.
            AlreadyPublished: It is no draft any more.
            CoverageGap: Some loans have no path through it.
            NobodyDecides: It waits for a role that there is none of and that nobody was given.
            NoSuchLoans: One of its rules is for a branch or a product that there is none of.
        """
        async with self.transaction():
            matrix = await self._draft(matrix_id, principal)
            rules = as_matrix(read_document(matrix.document))
            check_coverage(rules)
            check_words(rules, await self._known(set(words_of(rules).values())))
            await self._check_loans(rules)
            matrix.status = MatrixStatus.PUBLISHED
            matrix.published_by, matrix.published_at = principal.id, at
            self.announce(
                MatrixPublished(actor_id=principal.id, at=at, approval_matrix_id=matrix.id, number=matrix.number)
            )
        return matrix

    async def simulate(
        self, wish: Simulation, *, principal: Principal, at: datetime
    ) -> tuple[ApprovalMatrix, MatrixDocument, Path, Decimal]:
        """Look a loan up; returns the matrix, its rules, the path and the exchange rate used.

        Raises:
            Missing: There is no such matrix.
            NoPath: A draft has no path for such a loan.
        """
        matrix = await (self.find(visible_to(principal), id=wish.matrix_id) if wish.matrix_id else self.current())
        document = read_document(matrix.document)
        rate = wish.khr_per_usd or await self.khr_per_usd(at=at)
        return matrix, document, path_for(as_matrix(document), as_case(wish, khr_per_usd=rate)), rate

    async def vacancies(self, *, at: datetime) -> list[Vacancy]:
        """List the stages of the matrix in force at which too few people may decide.

        Raises:
            Missing: Nothing was ever published; the first revision of the database publishes one.
        """
        matrix = as_matrix(read_document((await self.current()).document))
        return await vacancies(self.session, matrix, at=at)

    async def in_force(self, *, at: datetime) -> InForce:
        """What new applications are decided by, in one statement.

        Raises:
            Missing: Nothing was ever published; the first revision of the database publishes one.
        """
        row = await _IN_FORCE.one(self.session, on=local_day(at))
        if row is None:
            raise Missing("No approval matrix is published; publish one before loans are decided.")
        rate = rate_of(row.rate or or_begun(KHR_PER_USD, row.set_rate))
        return InForce(row.id, read_document(row.document), rate)

    async def document_of(self, matrix_id: UUID) -> MatrixDocument:
        """The rules of a matrix that an application was given."""
        return read_document(await _DOCUMENT.value(self.session, matrix_id=matrix_id))

    async def khr_per_usd(self, *, at: datetime) -> Decimal:
        """The rate for comparing amounts in one currency with limits in the other: the day's, else the setting's."""
        of_the_day = await self._rates.snapshot(Currency.USD, at=at)
        rates = [row.rate for row in of_the_day if row.currency is Currency.KHR]
        return rate_of(rates[0] if rates else await self._settings.value_of(KHR_PER_USD))

    async def _known(self, words: Collection[str]) -> set[str]:
        """Which of some words are roles in use, or were given to somebody by name."""
        roles = select(CompanyRole.name).where(CompanyRole.is_active, CompanyRole.name.in_(words))
        given_by_name = select(Authority.role).where(Authority.ended_at.is_(None), Authority.role.in_(words))
        return set(await self.session.scalars(union(roles, given_by_name)))

    async def _check_loans(self, rules: Matrix) -> None:
        whens = [rule.when for rule in rules.rules]
        branches = select(Branch.id).where(Branch.id.in_({one for when in whens for one in when.branches}))
        products = select(Product.code).where(Product.code.in_({one for when in whens for one in when.products}))
        check_loans(
            rules,
            branches=set(await self.session.scalars(branches)),
            products={*ProductType, *await self.session.scalars(products)},
        )

    async def _draft(self, matrix_id: UUID, principal: Principal) -> ApprovalMatrix:
        matrix = await self.find(visible_to(principal), id=matrix_id, lock=True)
        if matrix.status is not MatrixStatus.DRAFT:
            raise AlreadyPublished("A published matrix does not change; draft a new version.")
        return matrix


def _in_force() -> Select[*tuple[Any, ...]]:
    rate = (
        select(ExchangeRate.rate)
        .where(
            ExchangeRate.base == Currency.USD,
            ExchangeRate.currency == Currency.KHR,
            ExchangeRate.valid_on <= bindparam("on", type_=Date),
        )
        .order_by(ExchangeRate.valid_on.desc(), ExchangeRate.number.desc())
        .limit(1)
    )
    set_rate = select(Setting.value).where(Setting.key == KHR_PER_USD)
    return (
        select(
            ApprovalMatrix.id,
            ApprovalMatrix.document,
            rate.scalar_subquery().label("rate"),
            set_rate.scalar_subquery().label("set_rate"),
        )
        .where(ApprovalMatrix.status == MatrixStatus.PUBLISHED)
        .order_by(ApprovalMatrix.published_at.desc(), ApprovalMatrix.number.desc())
        .limit(1)
    )


_IN_FORCE: Final = Written(_in_force())
_DOCUMENT: Final = Written(
    select(ApprovalMatrix.document).where(ApprovalMatrix.id == bindparam("matrix_id", type_=Uuid))
)


def _written(document: MatrixDocument) -> dict[str, Any]:
    """The document as JSON; amounts are text, to keep their digits."""
    written: dict[str, Any] = to_builtins(document)
    return written
