"""How soon an application should be worked on, and who reviews it: said wherever it stands."""

from datetime import datetime
from uuid import UUID

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import APPROVE, PROCESS, UPDATE, permissions_for, visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.events import ApplicationChanged
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.service import Service


class NotYourApplication(Forbidden):
    """The person may see the application, but does not work on it."""


class NoSuchReviewer(Invalid):
    """The account that is to review does not exist, or cannot sign in."""


class ReviewerOfAnotherBranch(Invalid):
    """An application is reviewed in its own branch."""


class ReviewerPrepared(Invalid):
    """Whoever prepared an application does not review it (lending.md §2)."""


class ReviewingService(Service[CustomerApplication]):
    """The priority of applications, and their reviewers."""

    noun = "application"

    async def prioritise(
        self,
        application_id: UUID,
        priority: Priority,
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> None:
        """Set how soon an application should be worked on, at any stage.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotYourApplication: The person may look at it, and not work on it.
        """
        async with self.transaction():
            application = await self._workable(application_id, principal, expected_version)
            if application.priority_level is not priority:
                application.priority_level = priority
                application.updated_at = at
                self._announce_change(application, "priority_level", by=principal.id, at=at)

    async def give_to_reviewer(
        self,
        application_id: UUID,
        reviewer_id: UUID | None,
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> None:
        """Ask somebody to review an application, or nobody in particular any more.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotYourApplication: The person may look at it, and not work on it.
            NoSuchReviewer: There is no such account, or it cannot sign in.
            ReviewerOfAnotherBranch: The account belongs to another branch.
            ReviewerPrepared: They had a hand in the application, so its review would be their own.
        """
        async with self.transaction():
            application = await self._workable(application_id, principal, expected_version)
            if reviewer_id is not None:
                reviewer = await self.session.get(User, reviewer_id)
                if reviewer is None or not reviewer.is_active:
                    raise NoSuchReviewer("There is no active account of this id.")
                if reviewer.branch_id and application.branch_id and reviewer.branch_id != application.branch_id:
                    raise ReviewerOfAnotherBranch("The reviewer has to be of the same branch as the application.")
                if reviewer_id in {*application.preparers, *application.editors}:
                    raise ReviewerPrepared("This person prepared the application; somebody else has to review it.")
            if application.assigned_reviewer != reviewer_id:
                application.assigned_reviewer = reviewer_id
                application.updated_at = at
                self._announce_change(application, "assigned_reviewer", by=principal.id, at=at)

    async def _workable(
        self, application_id: UUID, principal: Principal, expected_version: int | None
    ) -> CustomerApplication:
        """Load and lock an application that this person works on."""
        application = await self.find(visible_to(principal), id=application_id, lock=True)
        check_version(expected_version, application.version)
        if not permissions_for(principal, application) & {UPDATE, PROCESS, APPROVE}:
            raise NotYourApplication("You may look at this application, and others work on it.")
        return application

    def _announce_change(self, application: CustomerApplication, field: str, *, by: UUID, at: datetime) -> None:
        self.announce(ApplicationChanged(actor_id=by, at=at, application_id=application.id, fields=(field,)))
