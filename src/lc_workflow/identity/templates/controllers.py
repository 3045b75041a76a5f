"""The paths of permission templates."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, RequestBody, Schema
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import DecodeError, json
from msgspec.structs import asdict

from lc_workflow.identity.permissions.access import MANAGE, READ
from lc_workflow.identity.roles.models import PermissionTemplate
from lc_workflow.identity.templates.schemas import (
    Applied,
    Brought,
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
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.fields import IS_NEEDED, cannot_take, read_as
from lc_workflow.platform.http.operations import SentOnce
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.security.guards import requires


class NoTemplateFile(Invalid):
    """The file is none that the export of a template gave."""


@dataclass
class TakingIn(SentOnce):
    """The operation of taking a template in, which is sent as it was exported: as JSON, or as a file in a form."""

    def __post_init__(self) -> None:
        """Say what the handler reads by itself."""
        text = Schema(type=OpenAPIType.STRING)
        template = Schema(
            type=OpenAPIType.OBJECT,
            properties={
                "name": Schema(type=OpenAPIType.STRING, min_length=1, max_length=100),
                "description": Schema(type=OpenAPIType.STRING, max_length=500),
                "permissions": Schema(type=OpenAPIType.ARRAY, items=text, max_items=1_000),
            },
            required=["name"],
            examples=[Exported.EXAMPLE],
        )
        form = Schema(
            type=OpenAPIType.OBJECT,
            properties={"file": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)},
            required=["file"],
            examples=[{"file": "permission-template.json"}],
        )
        kinds = {"application/json": template, "multipart/form-data": form}
        self.request_body = RequestBody(
            {kind: OpenAPIMediaType(schema) for kind, schema in kinds.items()}, required=True
        )
        super().__post_init__()


class TemplateController(Controller):
    """Permission templates."""

    path = "/api/v1/permissions/templates"
    tags = ("Permissions",)
    dependencies = {"templates": provide(TemplateService), **WINDOW}

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
        """Add a template."""
        return _shown(await templates.write(data, principal=principal, at=clock()))

    @post("/import", guards=[requires(MANAGE)], operation_class=TakingIn)
    async def take_in(
        self,
        request: CheckedRequest,
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        update_if_exists: FromQuery[bool] = False,
    ) -> Brought:
        """Import an exported template, as JSON or as a file; `update_if_exists` replaces one of the same name."""
        wish = await _exported(request)
        row, is_new = await templates.take_in(wish, in_place=update_if_exists, principal=principal, at=clock())
        return Brought(
            **asdict(_shown(row)),
            action="created" if is_new else "updated",
            mapped_count=len(row.rights),
            unmapped_count=len({*wish.permissions}) - len(row.rights),
        )

    @post("/generate-from-roles", guards=[requires(MANAGE)])
    async def generate(
        self,
        data: JSONBody[FromRoles],
        templates: NamedDependency[TemplateService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Page[TemplateAnswer]:
        """Make templates from the rights of roles."""
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
        """Show what giving a template to a role or a person would do."""
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
        """Export a template as a file."""
        row = await templates.find(id=template_id)
        return Response(
            Exported(name=row.name, description=row.description, permissions=row.rights, template_name=row.name),
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


async def _exported(request: CheckedRequest) -> Exported:
    """Read a template as it was exported, from a JSON body or from the file of a form.

    Raises:
        InvalidInput: It does not fit, or there is no file.
        NoTemplateFile: The file is no JSON.
    """
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        return await request.body_as(Exported)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise cannot_take([FieldError("file", IS_NEEDED)])
    try:
        written: Any = json.decode(await file.read())
    except (DecodeError, UnicodeDecodeError) as unreadable:
        raise NoTemplateFile(
            "This file is no template; choose one that was exported.", errors=(FieldError("file", "is no JSON"),)
        ) from unreadable
    return read_as(written, Exported)


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
