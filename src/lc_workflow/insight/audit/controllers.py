"""The paths of the audit trail."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, MediaType, get
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Schema
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from msgspec.structs import asdict, replace

from lc_workflow.identity.events import (
    AboutPermission,
    AboutRole,
    AboutTemplate,
    AboutUser,
    RightGiven,
    RightTaken,
    RoleChanged,
    RoleGiven,
    RoleTaken,
)
from lc_workflow.identity.permissions.access import READ as READ_PERMISSIONS
from lc_workflow.insight.audit.access import EXPORT, READ
from lc_workflow.insight.audit.queries import HEADER, Audit
from lc_workflow.insight.audit.schemas import (
    AnchorAnswer,
    AuditFilter,
    EntryAnswer,
    ExportFormat,
    FaultAnswer,
    PersonalReadAnswer,
    PersonalReadFilter,
    RightsEntryAnswer,
    VerdictAnswer,
)
from lc_workflow.insight.audit.service import JournalExportService
from lc_workflow.insight.rules.rights import ASSIGNED, CHANGES, DENIED, REVOKED, action_of, kinds_called
from lc_workflow.kernel.events import Event
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.answers import ENCODER
from lc_workflow.platform.http.csv import MEDIA_TYPE, PIECE, download
from lc_workflow.platform.http.long_lists import LONG_WINDOW, LongPage
from lc_workflow.platform.http.operations import WithOurRefusals
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import DbSession, Provider, provide
from lc_workflow.platform.journal.chain import Seals, Verdict
from lc_workflow.platform.security.guards import NotPermitted, requires
from lc_workflow.platform.storage.disposition import content_disposition

Word = Annotated[str | None, QueryParameter(max_length=80)]
Words = Annotated[str | None, QueryParameter(max_length=2_000, description="Several are separated by commas.")]

_ABOUT_RIGHTS: Final[tuple[type[Event], ...]] = (
    RightGiven,
    RightTaken,
    RoleChanged,
    RoleGiven,
    RoleTaken,
    *AboutRole.__subclasses__(),
    *AboutPermission.__subclasses__(),
    *AboutTemplate.__subclasses__(),
)
RIGHTS: Final = frozenset(kind.__name__ for kind in _ABOUT_RIGHTS)
"""The kinds of fact that are about who may do what."""


def open_audit(db_session: DbSession, seals: NamedDependency[Seals]) -> Audit:
    """Provide the audit trail on the request's session."""
    return Audit(db_session, seals)


def audit_filter(
    kind: Words = None,
    subject: Word = None,
    subject_id: FromQuery[UUID | None] = None,
    actor_id: FromQuery[UUID | None] = None,
    request_id: Word = None,
    date_from: FromQuery[date | None] = None,
    date_to: FromQuery[date | None] = None,
) -> AuditFilter:
    """Read which entries are wanted; `kind` takes several, separated by commas."""
    kinds = frozenset(name.strip() for name in (kind or "").split(",")) - {""}
    return AuditFilter(
        kinds=kinds or None,
        subject=subject,
        subject_id=subject_id,
        actor_id=actor_id,
        request_id=request_id,
        date_from=date_from,
        date_to=date_to,
    )


def read_filter(
    reader_id: FromQuery[UUID | None] = None,
    subject: Word = None,
    subject_id: FromQuery[UUID | None] = None,
    date_from: FromQuery[date | None] = None,
    date_to: FromQuery[date | None] = None,
) -> PersonalReadFilter:
    """Read which looks at numbers are wanted."""
    return PersonalReadFilter(
        reader_id=reader_id, subject=subject, subject_id=subject_id, date_from=date_from, date_to=date_to
    )


def of_any_application(
    narrowed: NamedDependency[AuditFilter], application_id: FromQuery[UUID | None] = None
) -> AuditFilter:
    """Read whether entries about one application are wanted, where the path does not name it."""
    return replace(narrowed, application_id=application_id)


def of_rights(
    wanted: NamedDependency[AuditFilter],
    action_type: Word = None,
    entity_type: Word = None,
    user_id: FromQuery[UUID | None] = None,
    target_user_id: FromQuery[UUID | None] = None,
    search: Annotated[str | None, QueryParameter(max_length=200)] = None,
    start_date: FromQuery[date | None] = None,
    end_date: FromQuery[date | None] = None,
) -> AuditFilter:
    """Read which changes of roles and rights are wanted, in our words or in those of the page that administers them."""
    kinds = RIGHTS & kinds_called(action_type, entity_type)
    if target_user_id is not None:
        wanted = replace(wanted, subject=AboutUser.subject, subject_id=target_user_id)
    facts = {ASSIGNED: "given", REVOKED: "taken", CHANGES["RightGiven"].action: "is_granted"}
    return replace(
        wanted,
        kinds=kinds if wanted.kinds is None else kinds & wanted.kinds,
        search=search,
        fact=facts.get(action_type or ""),
        without="is_granted" if action_type == DENIED else None,
        actor_id=wanted.actor_id or user_id,
        date_from=wanted.date_from or start_date,
        date_to=wanted.date_to or end_date,
    )


AUDIT: Final = {
    "audit": Provider(open_audit),
    "exports": provide(JournalExportService),
    "narrowed": Provider(audit_filter),
    "wanted": Provider(of_any_application),
    **LONG_WINDOW,
}


@dataclass
class AsTableOrList(WithOurRefusals):
    """An operation that answers with a table, or with a list of what the page of it shows."""

    def __post_init__(self) -> None:
        """Name both kinds."""
        super().__post_init__()
        table = OpenAPIMediaType(Schema(type=OpenAPIType.STRING))
        entries = OpenAPIMediaType(Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT)))
        kinds = {MEDIA_TYPE: table, MediaType.JSON.value: entries}
        self.responses = (self.responses or {}) | {"200": OpenAPIResponse("The changes.", content=kinds)}


class AuditController(Controller):
    """What happened, for those who look into it later."""

    path = "/api/v1/audit"
    tags = ("Audit",)
    dependencies = AUDIT

    @get(guards=[requires(READ)])
    async def list_entries(
        self,
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        wanted: NamedDependency[AuditFilter],
    ) -> LongPage[EntryAnswer]:
        """List what happened, the newest first."""
        part = await audit.page(window, wanted, principal=principal)
        return LongPage.of(part.rows, part=part, window=window)

    @get("/export", guards=[requires(EXPORT)], media_type=MEDIA_TYPE)
    async def export(
        self,
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[AuditFilter],
        exports: NamedDependency[JournalExportService],
        clock: NamedDependency[Clock],
    ) -> Stream:
        """Give what happened out as CSV, the oldest first."""
        last = await exports.begin(wanted, principal=principal, at=clock())
        return await download("audit.csv", HEADER, audit.rows(wanted, principal=principal, up_to=last))

    @get(
        "/personal-reads",
        guards=[requires(READ)],
        dependencies={"looked_for": Provider(read_filter)},
    )
    async def list_personal_reads(
        self,
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        looked_for: NamedDependency[PersonalReadFilter],
    ) -> LongPage[PersonalReadAnswer]:
        """List who was shown whose identity numbers and telephones whole, the newest first."""
        part = await audit.personal_reads(window, looked_for, principal=principal)
        return LongPage.of(part.rows, part=part, window=window)

    @get("/verify", guards=[requires(READ)])
    async def verify(self, audit: NamedDependency[Audit], principal: NamedDependency[Principal]) -> VerdictAnswer:
        """Check that nothing in the whole journal was altered, removed or cut.

        Raises:
            NotPermitted: The person reads a part of the journal only.
        """
        if principal.scope_of(READ) is not Scope.ALL:
            raise NotPermitted("The whole journal is checked by those who may read all of it.")
        return _verdict(await audit.verify())

    @get("/anchors", guards=[requires(READ)], dependencies=WINDOW)
    async def anchors(self, audit: NamedDependency[Audit], window: NamedDependency[Window]) -> Page[AnchorAnswer]:
        """List the daily seals on the journal, the newest first."""
        rows, total = await audit.anchors(window)
        shown = [
            AnchorAnswer(row.day, row.after, row.up_to, row.threads, row.digest.hex(), row.made_at) for row in rows
        ]
        return Page.of(shown, total=total, window=window)


class ApplicationAuditController(Controller):
    """What happened to one application."""

    path = "/api/v1/applications/{application_id:uuid}/audit"
    tags = ("Audit",)
    dependencies = AUDIT
    guards = (requires(READ),)

    @get()
    async def list_entries(
        self,
        application_id: FromPath[UUID],
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        narrowed: NamedDependency[AuditFilter],
    ) -> LongPage[EntryAnswer]:
        """List what happened to an application, the newest first."""
        await audit.check_visible(application_id, principal=principal)
        part = await audit.page(window, replace(narrowed, application_id=application_id), principal=principal)
        return LongPage.of(part.rows, part=part, window=window)

    @get("/verify")
    async def verify(
        self,
        application_id: FromPath[UUID],
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
    ) -> VerdictAnswer:
        """Check that nothing in the record of an application was altered, removed or cut."""
        return _verdict(await audit.verify_application(application_id, principal=principal))


class RightsAuditController(Controller):
    """Who changed who may do what."""

    path = "/api/v1/permissions/audit"
    tags = ("Permissions",)
    dependencies = {**AUDIT, "changes": Provider(of_rights)}

    @get(guards=[requires(READ_PERMISSIONS)])
    async def list_entries(
        self,
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        changes: NamedDependency[AuditFilter],
    ) -> LongPage[RightsEntryAnswer]:
        """List changes of roles and rights, the newest first."""
        part = await audit.page(window, changes, principal=principal)
        return LongPage.of([_in_words_of_the_page(entry) for entry in part.rows], part=part, window=window)

    @get("/export", guards=[requires(EXPORT)], operation_class=AsTableOrList)
    async def export(
        self,
        audit: NamedDependency[Audit],
        principal: NamedDependency[Principal],
        changes: NamedDependency[AuditFilter],
        exports: NamedDependency[JournalExportService],
        clock: NamedDependency[Clock],
        export_format: Annotated[ExportFormat, QueryParameter(name="format")] = ExportFormat.CSV,
    ) -> Stream:
        """Give changes of roles and rights out, the oldest first: as CSV, or as JSON with what the list shows."""
        last = await exports.begin(changes, principal=principal, at=clock())
        if export_format is ExportFormat.JSON:
            name = {"content-disposition": content_disposition("permission-audit.json")}
            entries = _in_pieces(audit.entries(changes, principal=principal, up_to=last))
            return Stream(entries, media_type=MediaType.JSON, headers=name)
        return await download("permission-audit.csv", HEADER, audit.rows(changes, principal=principal, up_to=last))


async def _in_pieces(entries: AsyncGenerator[EntryAnswer, None]) -> AsyncIterator[bytes]:
    """Write entries as a JSON list while it is sent."""
    piece, lead = bytearray(), b"["
    async with aclosing(entries):
        async for entry in entries:
            piece += lead + ENCODER.encode(_in_words_of_the_page(entry))
            lead = b","
            if len(piece) >= PIECE:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece) + (b"]" if lead == b"," else b"[]")


def _in_words_of_the_page(entry: EntryAnswer) -> RightsEntryAnswer:
    facts = entry.facts
    role = facts.get("role") or facts.get("target") or (facts.get("name") if entry.subject == "role" else None)
    right = facts.get("right") or (facts.get("name") if entry.subject == "permission" else None)
    moved = [*facts.get("given", ()), *facts.get("taken", ())]
    return RightsEntryAnswer(
        **asdict(entry),
        action=action_of(entry.kind, facts),
        entity_type=CHANGES[entry.kind].entity,
        user_name=entry.actor.name if entry.actor else None,
        target_user_id=entry.subject_id if entry.subject == AboutUser.subject else None,
        target_user_name=entry.subject_name,
        role_name=role,
        permission_name=right or (moved[0] if len(moved) == 1 else None),
        timestamp=entry.at,
        ip_address=entry.address,
        details=facts,
    )


def _verdict(found: Verdict) -> VerdictAnswer:
    faults = [
        FaultAnswer(fault.tampering, fault.thread_id, fault.position, fault.entry_id, fault.day)
        for fault in found.faults
    ]
    return VerdictAnswer(found.intact, found.entries, found.anchors, faults)
