"""Offering products, writing their versions and publishing them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.events import (
    ProductChanged,
    ProductOffered,
    ProductVersionPublished,
    ProductVersionWritten,
)
from lc_workflow.lending.products.access import visible_to
from lc_workflow.lending.products.models import Product, ProductVersion
from lc_workflow.lending.products.schemas import ConditionsBody, NewProduct, ProductChange
from lc_workflow.lending.rules.products import Conditions, VersionStatus, check_conditions, check_documents
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import differing
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class ProductCodeTaken(Invalid):
    """Another product has this code."""

    def __init__(self) -> None:
        super().__init__("Another product already has this code.", errors=(FieldError("code", "is taken"),))


class DraftUnderWay(Invalid):
    """Somebody is writing the next version already."""

    def __init__(self) -> None:
        super().__init__("The next version of this product is being written; change that one, or publish it.")


class VersionPublished(Invalid):
    """A published version never changes."""


class ProductNotOffered(Invalid):
    """No loans are made of this product now."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A product with the version in force and the one being written."""

    product: Product
    in_force: ProductVersion | None
    draft: ProductVersion | None


class ProductService(Service[Product]):
    """The products of the institution."""

    noun = "product"

    async def page(self, window: Window, *, search: str | None, principal: Principal) -> tuple[list[Shelf], int]:
        """List products by their codes, with how many there are in all."""
        where = [visible_to(principal)]
        if search:
            columns = (Product.code, Product.name_en, Product.name_km)
            where.append(or_(*(contains(column, search) for column in columns)))
        rows, total = await self.page_of(window, *where, by=[Product.code])
        return await self._shelves(rows), total

    async def shelf(self, product_id: UUID, *, principal: Principal) -> Shelf:
        """Show a product with the versions that matter now.

        Raises:
            Missing: There is no such product.
        """
        return (await self._shelves([await self.find(visible_to(principal), id=product_id)]))[0]

    async def versions(self, product_id: UUID, *, principal: Principal) -> Sequence[ProductVersion]:
        """List the versions of a product, the latest first.

        Raises:
            Missing: There is no such product.
        """
        await self.find(visible_to(principal), id=product_id)
        rows = await self.session.scalars(
            select(ProductVersion).where(ProductVersion.product_id == product_id).order_by(ProductVersion.number.desc())
        )
        return rows.all()

    async def offer(self, wish: NewProduct, *, principal: Principal, at: datetime) -> UUID:
        """Write down a new product, with its first version as a draft; return its id.

        Raises:
            ProductCodeTaken: Another product has the code.
            ProductIncomplete: The conditions contradict each other.
        """
        async with self.transaction():
            await self._check(wish.conditions.conditions())
            product = await self.create(
                Product(code=wish.code, name_en=wish.name_en, name_km=wish.name_km, created_at=at, updated_at=at)
            )
            self._begin(product, 1, wish.conditions, at=at)
            await self.session.flush()
            self.announce(ProductOffered(actor_id=principal.id, at=at, product_id=product.id, code=product.code))
        return product.id

    async def change(self, product_id: UUID, wish: ProductChange, *, principal: Principal, at: datetime) -> None:
        """Change a product's names, or stop and resume lending it; applications at hand keep their version.

        Raises:
            Missing: There is no such product.
        """
        async with self.transaction():
            product = await self.find(visible_to(principal), id=product_id, lock=True)
            if changes := differing(product, wish):
                product.change(changes, at=at)
                self.announce(
                    ProductChanged(actor_id=principal.id, at=at, product_id=product.id, fields=tuple(sorted(changes)))
                )

    async def begin_version(
        self, product_id: UUID, wish: ConditionsBody, *, principal: Principal, at: datetime
    ) -> ProductVersion:
        """Begin the next version of a product.

        Raises:
            Missing: There is no such product.
            DraftUnderWay: One is being written already.
            ProductIncomplete: The conditions contradict each other.
        """
        async with self.transaction():
            await self._check(wish.conditions())
            product = await self.find(visible_to(principal), id=product_id, lock=True)
            newest = (await self.versions(product_id, principal=principal))[0]
            if newest.status is VersionStatus.DRAFT:
                raise DraftUnderWay
            version = self._begin(product, newest.number + 1, wish, at=at)
            await self.session.flush()
            self._tell_written(version, principal=principal, at=at)
        return version

    async def write_version(
        self, product_id: UUID, number: int, wish: ConditionsBody, *, principal: Principal, at: datetime
    ) -> ProductVersion:
        """Write a draft anew.

        Raises:
            Missing: There is no such product, or no such version of it.
            VersionPublished: It is no draft any more.
            ProductIncomplete: The conditions contradict each other.
        """
        async with self.transaction():
            await self._check(wish.conditions())
            version = await self._draft(product_id, number, principal=principal)
            version.say(wish.conditions())
            version.updated_at = at
            self._tell_written(version, principal=principal, at=at)
        return version

    async def publish(self, product_id: UUID, number: int, *, principal: Principal, at: datetime) -> ProductVersion:
        """Put a draft in force, for applications that are begun from now on.

        Raises:
            Missing: There is no such product, or no such version of it.
            VersionPublished: It was published already.
            ProductIncomplete: It asks for a paper nobody knows.
        """
        async with self.transaction():
            version = await self._draft(product_id, number, principal=principal)
            await self._check(version.conditions)
            version.status = VersionStatus.PUBLISHED
            version.published_at = version.updated_at = at
            version.published_by = principal.id
            self.announce(ProductVersionPublished(actor_id=principal.id, at=at, product_id=product_id, number=number))
        return version

    async def in_force(self, code: str) -> UUID | None:
        """Find the version that a new application for a product gets; None when there is no such product.

        Raises:
            ProductNotOffered: It is not lent now, or nothing of it was ever published.
        """
        found = await self.session.execute(
            select(Product.is_active, ProductVersion.id)
            .outerjoin(
                ProductVersion,
                (ProductVersion.product_id == Product.id) & (ProductVersion.status == VersionStatus.PUBLISHED),
            )
            .where(Product.code == code)
            .order_by(ProductVersion.number.desc())
            .limit(1)
        )
        if (row := found.one_or_none()) is None:
            return None
        is_active, version_id = row
        if not is_active or version_id is None:
            raise ProductNotOffered(f"The product {code} is not offered now; choose another.")
        version: UUID = version_id
        return version

    async def begun_again(self, code: str, *, so_far: UUID | None) -> UUID | None:
        """Find the version for a reopened application; it keeps its own when the product is not lent now."""
        with suppress(ProductNotOffered):
            return await self.in_force(code) or so_far
        return so_far

    async def _check(self, conditions: Conditions) -> None:
        check_conditions(conditions)
        known = await self.session.scalars(
            select(PaperKind.code).where(PaperKind.code.in_(conditions.required_documents))
        )
        check_documents(conditions, known_types=frozenset(known))

    def _begin(self, product: Product, number: int, wish: ConditionsBody, *, at: datetime) -> ProductVersion:
        version = ProductVersion(
            product_id=product.id, number=number, status=VersionStatus.DRAFT, created_at=at, updated_at=at
        )
        version.say(wish.conditions())
        self.session.add(version)
        return version

    def _tell_written(self, version: ProductVersion, *, principal: Principal, at: datetime) -> None:
        self.announce(
            ProductVersionWritten(actor_id=principal.id, at=at, product_id=version.product_id, number=version.number)
        )

    async def _draft(self, product_id: UUID, number: int, *, principal: Principal) -> ProductVersion:
        await self.find(visible_to(principal), id=product_id, lock=True)
        version = await self.session.scalar(
            select(ProductVersion).where(ProductVersion.product_id == product_id, ProductVersion.number == number)
        )
        if version is None:
            raise Missing(f"This product has no version {number}.")
        if version.status is VersionStatus.PUBLISHED:
            raise VersionPublished("A published version never changes; begin the next one.")
        return version

    async def _shelves(self, products: Sequence[Product]) -> list[Shelf]:
        rows = await self.session.scalars(
            select(ProductVersion)
            .ext(distinct_on(ProductVersion.product_id, ProductVersion.status))
            .where(ProductVersion.product_id.in_([product.id for product in products]))
            .order_by(ProductVersion.product_id, ProductVersion.status, ProductVersion.number.desc())
        )
        latest = {(version.product_id, version.status): version for version in rows}
        return [
            Shelf(
                product,
                latest.get((product.id, VersionStatus.PUBLISHED)),
                latest.get((product.id, VersionStatus.DRAFT)),
            )
            for product in products
        ]
