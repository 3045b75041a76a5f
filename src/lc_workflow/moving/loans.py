"""Applications of the old service, with their customers, guarantors, collateral, and what happened to them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.service import ApprovalService
from lc_workflow.lending.backing.service import BackingService
from lc_workflow.lending.customers.service import AccountOfAnother, CustomerService, paper_kind
from lc_workflow.lending.products.service import ProductService
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.expiry import VALID_DAYS, begin_of_validity, valid_days
from lc_workflow.lending.rules.matching import scripts_of
from lc_workflow.lending.rules.stages import CLOSED, PREPARING, Stage
from lc_workflow.lending.rules.tasks import WORK
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.lending.workflow.models import Move
from lc_workflow.moving.applying import PICTURE_ALONE, application_of, names_lost_picture
from lc_workflow.moving.events import ApplicationMovedIn
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import Passed, name, stage_of, steps_of, text, word
from lc_workflow.moving.report import Unfit
from lc_workflow.moving.taking import FUTURE, LONGEST_NAME, Taking, or_left_behind
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.system.settings.service import SettingService

PAID_OUT: Final = "it was approved, and counts as paid out for what else the old service says of it"
NO_OFFICER: Final = "its officer's account did not come"
UNDECIDED_WHEN: Final = "it was decided, and nobody wrote down when"
ACCOUNT_OF_ANOTHER: Final = "its account id is another customer's; it stands on the application alone"
OLD_WORDS: Final = ("status", "workflow_status", "workflow_stage", "loan_status", "product_type", "desired_loan_term")
OLD_MOMENTS: Final = (
    "created_at",
    "po_created_at",
    "submitted_at",
    "user_completed_at",
    "teller_processed_at",
    "manager_reviewed_at",
    "approved_at",
    "rejected_at",
)
OLD_PEOPLE: Final = (
    "user_id",
    "po_created_by",
    "user_completed_by",
    "teller_processed_by",
    "manager_reviewed_by",
    "approved_by",
    "rejected_by",
)
FROM_THERE: Final = "As the old service recorded it."


class Newcomers(CustomerService):
    """Customers as a move recognises them; the move has locked their whole table, so it needs no single locks."""

    async def _hold_keys(self, keys: Iterable[str]) -> None:
        """Lock nothing: a whole book's locks would not fit into the server's memory."""


class Loans:
    """Takes the applications one by one; one that cannot be taken stays behind alone."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._session = taking.session
        self._customers = Newcomers(self._session)
        self._backing = BackingService(self._session, customers=self._customers)
        self._approvals = ApprovalService(self._session)
        self._tasks = TaskService(self._session)
        self._products = ProductService(self._session)
        self._versions: dict[str, UUID | None] = {}
        self._valid_since = taking.at

    async def take(self) -> None:
        """Take the applications that are not here yet, the oldest first: the first of a customer writes them down."""
        taking = self._taking
        branch_of = {row["id"]: taking.branches.get(row.get("branch_id")) async for row in taking.old.rows("users")}
        days = valid_days(await SettingService(self._session).value_of(VALID_DAYS))
        self._valid_since = begin_of_validity(taking.at, days=days)
        papers = {row["file_path"] async for row in taking.old.rows("files")}
        applications = taking.unseen("customer_applications", taking.applications, CustomerApplication)
        async for row, part in applications:
            mended: list[str] = []
            with or_left_behind(part, row["id"]):
                stage, steps = self._course(row)
                application = application_of(row, taking, stage, branch_id=branch_of[row["user_id"]], mended=mended)
                async with self._session.begin_nested():
                    await self._take(row, application, steps, mended)
                taking.taken(part, row["id"], taking.applications)
                for how in mended:
                    part.mend(how, row["id"])
                if names_lost_picture(row, papers):
                    part.mend(PICTURE_ALONE, row["id"])

    def _course(self, row: OldRow) -> tuple[Stage, list[Passed]]:
        """The stage of an application, and the steps that led there.

        Raises:
            Unfit: Nobody drew it up, nobody knows, or it happened in the future.
        """
        if row["user_id"] not in self._taking.users:
            raise Unfit(NO_OFFICER)
        stage = stage_of(row, at=self._taking.at, valid_since=self._valid_since)
        steps = steps_of(row, stage, self._taking.users.ids)
        if any(step.at > self._taking.at for step in steps):
            raise Unfit(FUTURE)
        return stage, steps

    async def _take(
        self, row: OldRow, application: CustomerApplication, steps: list[Passed], mended: list[str]
    ) -> None:
        stage, at = application.workflow_status, self._taking.at
        moves = _course_of(application, steps)
        if stage is Stage.DISBURSED and word(row.get("status")) != "disbursed":
            mended.append(PAID_OUT)
        if stage in CLOSED and not any(step.target in CLOSED for step in steps):
            mended.append(UNDECIDED_WHEN)
        if stage not in CLOSED and application.product_type:
            application.product_version_id = await self._version_of(application.product_type)
        await self._know(application)
        self._session.add(application)
        await self._session.flush()
        self._session.add_all(moves)
        await self._guarantee(row, application)
        if pledged := _entries(row.get("collaterals")):
            await self._backing.pledge(application.id, pledged, at=application.created_at)
        if application.account_id and application.account_id_validated and application.customer_id:
            try:
                await self._customers.own_account(application.account_id, application.customer_id, at=at)
            except AccountOfAnother:
                mended.append(ACCOUNT_OF_ANOTHER)
        self._session.add(JournalEntry.of(_fact(row, application, at=at)))
        await self._session.flush()
        # An approval that expires within the hour needs no task any more.
        if stage in WORK and not (application.approved_at and application.approved_at <= self._valid_since):
            await self._approvals.open(application, by=None, at=at)
            await self._tasks.follow(application, None, by=application.teller_processed_by, at=at)
            await self._session.flush()

    async def _version_of(self, product: str) -> UUID | None:
        if product not in self._versions:
            self._versions[product] = await self._products.in_force(product)
        return self._versions[product]

    async def _know(self, application: CustomerApplication) -> None:
        """Find or write down the customer; a submitted application has one, however little it says of them."""
        application.customer_id = await self._customers.identify(
            application,
            written_for=application.id,
            current=None,
            alone=_never,
            by=None,
            at=application.created_at,
        )
        if application.customer_id is None and application.workflow_status is not Stage.PO_CREATED:
            application.customer_id = await self._customers.written_down(
                application, written_for=application.id, at=application.created_at
            )

    async def _guarantee(self, row: OldRow, application: CustomerApplication) -> None:
        called = (name(row.get("guarantor_name")) or "")[:LONGEST_NAME] or None
        khmer = called is not None and "KHMER" in scripts_of(called)
        number = text(row.get("guarantor_id_number"))
        fields = {
            "full_name_khmer": called if khmer else None,
            "full_name_latin": None if khmer else called,
            "phone": text(row.get("guarantor_phone")),
            "id_number": number,
            "current_address": text(row.get("guarantor_address")),
            "relation": text(row.get("guarantor_relationship")),
        }
        if any(fields.values()):
            await self._backing.join(
                application.id,
                PartyRole.GUARANTOR,
                fields | {"id_card_type": paper_kind(number)},
                branch_id=application.branch_id,
                alone=_never,
                by=None,
                at=application.created_at,
            )


def _course_of(application: CustomerApplication, steps: list[Passed]) -> list[Move]:
    """Put on record how the application came to where it stands, as the old service knew it."""
    source, moves = Stage.PO_CREATED, []
    for step in steps:
        if step.action in PREPARING and step.by:
            application.prepared_by(step.by)
        if step.target is Stage.APPROVED:
            application.approved_at, application.approved_by = step.at, step.by
        if step.target is Stage.REJECTED:
            application.rejected_at, application.rejected_by = step.at, step.by
        moves.append(
            Move(
                application_id=application.id,
                action=step.action,
                source=source,
                target=step.target,
                actor_id=step.by,
                at=step.at,
                cycle=1,
                reason=step.reason,
                comment=FROM_THERE,
            )
        )
        source = step.target
    return moves


async def _never(_: UUID) -> bool:
    return False


def _entries(written: object) -> list[dict[str, Any]]:
    """The collateral of a form, each thing as an entry."""
    things = written if isinstance(written, list) else [written] if written else []
    return [thing if isinstance(thing, dict) else {"description": str(thing)} for thing in things if thing]


def _fact(row: OldRow, application: CustomerApplication, *, at: datetime) -> ApplicationMovedIn:
    written = {column: row[column] for column in (*OLD_WORDS, *OLD_MOMENTS, *OLD_PEOPLE) if row.get(column) is not None}
    return ApplicationMovedIn(
        actor_id=None,
        at=at,
        application_id=application.id,
        stage=application.workflow_status.value,
        old={column: str(written[column]) for column in OLD_WORDS if column in written},
        moments={column: written[column].isoformat() for column in OLD_MOMENTS if column in written},
        people={column: str(written[column]) for column in OLD_PEOPLE if column in written},
    )
