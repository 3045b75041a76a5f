"""The paths of products."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.products.access import PUBLISH, READ, UPDATE
from lc_workflow.lending.products.schemas import (
    ConditionsBody,
    NewProduct,
    ProductAnswer,
    ProductChange,
    VersionAnswer,
)
from lc_workflow.lending.products.service import ProductService, Shelf
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires

Number = Annotated[int, PathParameter(ge=1, le=32_000, description="The number of the version, from 1.")]


class ProductController(Controller):
    """Products and their versions."""

    path = "/api/v1/products"
    tags = ("Products",)
    dependencies = {"products": provide(ProductService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_products(
        self,
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        search: FromQuery[str | None] = None,
    ) -> Page[ProductAnswer]:
        """List products by their codes."""
        shelves, total = await products.page(window, search=search, principal=principal)
        return Page.of(map(_shown, shelves), total=total, window=window)

    @post(guards=[requires(UPDATE)])
    async def offer(
        self,
        data: JSONBody[NewProduct],
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ProductAnswer:
        """Add a product; it can be lent once its first version is published."""
        product_id = await products.offer(data, principal=principal, at=clock())
        return _shown(await products.shelf(product_id, principal=principal))

    @get("/{product_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        product_id: FromPath[UUID],
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
    ) -> ProductAnswer:
        """Show one product."""
        return _shown(await products.shelf(product_id, principal=principal))

    @patch("/{product_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        product_id: FromPath[UUID],
        data: JSONBody[ProductChange],
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ProductAnswer:
        """Change a product's names, or stop and resume lending it."""
        await products.change(product_id, data, principal=principal, at=clock())
        return _shown(await products.shelf(product_id, principal=principal))

    @get("/{product_id:uuid}/versions", guards=[requires(READ)])
    async def list_versions(
        self,
        product_id: FromPath[UUID],
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
    ) -> list[VersionAnswer]:
        """List the versions of a product, the latest first."""
        return [shaped(version, VersionAnswer) for version in await products.versions(product_id, principal=principal)]

    @post("/{product_id:uuid}/versions", guards=[requires(UPDATE)])
    async def begin_version(
        self,
        product_id: FromPath[UUID],
        data: JSONBody[ConditionsBody],
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> VersionAnswer:
        """Begin the next version of a product."""
        version = await products.begin_version(product_id, data, principal=principal, at=clock())
        return shaped(version, VersionAnswer)

    @put("/{product_id:uuid}/versions/{number:int}", guards=[requires(UPDATE)])
    async def write_version(
        self,
        product_id: FromPath[UUID],
        number: Number,
        data: JSONBody[ConditionsBody],
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> VersionAnswer:
        """Rewrite a draft."""
        version = await products.write_version(product_id, number, data, principal=principal, at=clock())
        return shaped(version, VersionAnswer)

    @post("/{product_id:uuid}/versions/{number:int}/publish", guards=[requires(PUBLISH)], status_code=200)
    async def publish(
        self,
        product_id: FromPath[UUID],
        number: Number,
        products: NamedDependency[ProductService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> VersionAnswer:
        """Put a draft in force, for applications begun from now on."""
        version = await products.publish(product_id, number, principal=principal, at=clock())
        return shaped(version, VersionAnswer)


def _shown(shelf: Shelf) -> ProductAnswer:
    product = shelf.product
    return ProductAnswer(
        product.id,
        product.code,
        product.name_en,
        product.name_km,
        product.is_active,
        shaped(shelf.in_force, VersionAnswer) if shelf.in_force else None,
        shaped(shelf.draft, VersionAnswer) if shelf.draft else None,
        product.created_at,
        product.updated_at,
    )
