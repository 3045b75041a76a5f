"""Planting the demo institution's applications: each takes the course of its story, with its papers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any
from uuid import UUID

from msgspec import convert
from sqlalchemy import select

from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.documents.library.schemas import Placement
from lc_workflow.documents.library.service import FileService
from lc_workflow.identity.rules.roles import Role
from lc_workflow.lending.applications.access import PapersOfApplications
from lc_workflow.lending.applications.schemas import NewApplication
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.rules.loan_terms import UNSAID, LoanTerms
from lc_workflow.lending.rules.stages import Action
from lc_workflow.lending.workflow.schemas import Wish
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.samples import photo, scan
from lc_workflow.seeding.calendar import moment
from lc_workflow.seeding.data import Act, Application, Demo
from lc_workflow.seeding.steps import Step, Turn


def application_steps(demo: Demo, *, now: datetime) -> Iterator[Step]:
    """Let every application take the course of its story."""
    staff = {
        (person.branch, person.account.role): person.account.username
        for person in demo.institution.people
        if person.account
    }
    for application in demo.applications:
        # A few minutes apart, so that not every application of a day is drafted at the same one.
        late = timedelta(minutes=application.number * 7 % 23)
        for number, act in enumerate(demo.stories[application.story].acts):
            at = moment(application.begun - act.day, act.at, now=now) + late
            yield from _steps_of(act, number, application, by=staff[application.branch, Role(act.by)], at=at)


def _steps_of(act: Act, number: int, application: Application, *, by: str, at: datetime) -> Iterator[Step]:
    key = f"application/{application.number}"
    match act.act:
        case "draft":
            yield Step(key, at, by, partial(_draft, application))
        case "papers" | "late_papers":
            kinds = application.papers if act.act == "papers" else application.late_papers
            for minutes, kind in enumerate(kinds):
                later = at + timedelta(minutes=2 * minutes)
                yield Step(f"{key}/{kind}", later, by, partial(_hand_in, application, kind))
        case _:
            yield Step(f"{key}/{number}-{act.act}", at, by, partial(_move, application, act))


async def _draft(application: Application, turn: Turn) -> UUID:
    looked_after = [{"employee_id": turn.made[f"person/{code}"]} for code in application.looked_after_by]
    wish = convert({**application.form, "employee_assignments": looked_after}, NewApplication)
    drafted = await ApplicationService(turn.session, store=turn.means.store).draft(
        wish, principal=turn.principal, at=turn.at
    )
    return drafted.id


async def _hand_in(application: Application, kind: str, turn: Turn) -> UUID:
    known = (await turn.session.scalars(select(PaperKind).where(PaperKind.code == kind))).one()
    name, content = paper(known, application.form)
    files = FileService(
        turn.session,
        store=turn.means.store,
        access=PapersOfApplications(),
        most_bytes=turn.means.settings.max_file_size,
        types=turn.means.settings.file_types,
        kept_for=timedelta(days=turn.means.settings.removed_files_days),
        quota=turn.means.settings.max_application_size,
    )
    where = Placement(application_id=turn.made[f"application/{application.number}"], document_type=kind)
    with SpooledTemporaryFile(max_size=len(content) + 1) as source:  # as uploads arrive
        source.write(content)
        source.seek(0)
        return (await files.take_in(source, name, where, principal=turn.principal, at=turn.at)).id


async def _move(application: Application, act: Act, turn: Turn) -> UUID:
    action = Action(act.act)
    recommended = None if application.recommended_amount is None else Decimal(application.recommended_amount)
    is_sent = action is Action.SEND_TO_REVIEW
    wish = Wish(
        action=action,
        account_id=application.account_id if is_sent else None,
        recommended=LoanTerms(amount=recommended) if is_sent else UNSAID,
        reason=act.reason,
        comment=act.comment,
    )
    moved = await WorkflowService(turn.session).move(
        turn.made[f"application/{application.number}"],
        wish,
        expected_version=None,
        principal=turn.principal,
        at=turn.at,
    )
    return moved.id


def paper(kind: PaperKind, form: dict[str, Any]) -> tuple[str, bytes]:
    """Make a paper of this kind about the person of a form: its file name in Khmer, and its bytes."""
    about_guarantor = kind.code.startswith("guarantor")
    lines = (
        *(("about the guarantor of",) if about_guarantor else ()),
        form["full_name_latin"],
        f"born {form['date_of_birth']:%d.%m.%Y}",
        f"{form['village']}, {form['commune']}, {form['district']}",
        form["province"],
    )
    if kind.code.endswith(("photo", "photos", "id_card")):
        return f"{kind.label_km}.jpg", photo(kind.label_en, *lines)
    return f"{kind.label_km}.pdf", scan(kind.label_en, *lines, f"{form['occupation']}, {form['purpose_details']}")
