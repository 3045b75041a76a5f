"""The paths of permission templates."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from lc_workflow.identity.permissions.access import MANAGE, READ
from lc_workflow.identity.roles.models import PermissionTemplate
from lc_workflow.identity.templates.schemas import (
    Applied,
    Exported,
    FromRoles,
    NewTemplate,
    Preview,
    PreviewRequest,
    Target,
    TemplateAnswer,
    TemplateChange,
)
from lc_workflow.identity.templates.service import TemplateService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class TemplateController(Controller):
    """Permission templates."""

    path = "/api/v1/permissions/templates"
    tags = ("Permissions",)
    dependencies = {"templates": provide(TemplateService), **WINDOW}  # noqa: RUF012 - Litestar's own form

    @get(guards=[requires(READ)])
    async def list_templates(
        self,
        templates: NamedDependency[TemplateService],
        window: NamedDependency[Window],
        search: Annotated[str | None, QueryParameter(max_length=200, description="A part of the name.")] = None,
    ) -> Page[TemplateAnswer]:
        """List templates by name."""
        rows, total = await templates.page(window, search=search)
        return Page.of([_shown(row) for row in rows], total=total, window=window)

    @post(guards=[requires(MANAGE)])
    async def write(
        self,
        data: JSONBody[NewTemplate],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> TemplateAnswer:
        """Write a template down."""
        return _shown(await templates.write(data, principal=principal, at=clock()))

    @post("/import", guards=[requires(MANAGE)])
    async def take_in(
        self,
        data: JSONBody[Exported],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> TemplateAnswer:
        """Take in a template that was exported."""
        return _shown(await templates.write(data, principal=principal, at=clock()))

    @post("/generate-from-roles", guards=[requires(MANAGE)])
    async def generate(
        self,
        data: JSONBody[FromRoles],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Page[TemplateAnswer]:
        """Write the rights of roles down as templates."""
        rows = [_shown(row) for row in await templates.from_roles(data, principal=principal, at=clock())]
        return Page.of(rows, total=len(rows), window=Window(1, len(rows)))

    @post("/preview", guards=[requires(READ)], status_code=200)
    async def preview(
        self,
        data: JSONBody[PreviewRequest],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Preview:
        """Say what giving a template to a role or a person would do."""
        return await templates.preview(data, principal=principal, at=clock())

    @put("/{template_id:uuid}", guards=[requires(MANAGE)])
    async def change(
        self,
        template_id: FromPath[UUID],
        data: JSONBody[TemplateChange],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> TemplateAnswer:
        """Change a template, in part."""
        return _shown(await templates.change(template_id, data, principal=principal, at=clock()))

    @delete("/{template_id:uuid}", guards=[requires(MANAGE)])
    async def remove(
        self,
        template_id: FromPath[UUID],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Remove a template."""
        await templates.remove(template_id, principal=principal, at=clock())

    @get("/{template_id:uuid}/export", guards=[requires(READ)])
    async def export(
        self, template_id: FromPath[UUID], templates: NamedDependency[TemplateService]
    ) -> Response[Exported]:
        """Give a template out as a file."""
        row = await templates.find(id=template_id)
        return Response(
            Exported(name=row.name, description=row.description, permissions=row.rights),
            headers={"content-disposition": f'attachment; filename="permission-template-{template_id}.json"'},
        )

    @post("/{template_id:uuid}/apply/{target_type:str}/{target_id:uuid}", guards=[requires(MANAGE)], status_code=200)
    async def apply(
        self,
        template_id: FromPath[UUID],
        target_type: FromPath[Target],
        target_id: FromPath[UUID],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Applied:
        """Give the rights of a template to a role (`role`) or a person (`user`)."""
        return Applied(await templates.apply(template_id, target_type, target_id, principal=principal, at=clock()))


def _shown(row: PermissionTemplate) -> TemplateAnswer:
    return TemplateAnswer(
        id=row.id,
        name=row.name,
        description=row.description,
        permissions=row.rights,
        permission_count=len(row.rights),
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
