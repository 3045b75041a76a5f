"""Adding, changing and removing guarantors, co-borrowers and collateral, where the application stands open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import permissions_for, visible_to
from lc_workflow.lending.applications.models import BACKED, CustomerApplication
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.backing.schemas import CollateralChange, NewParty, PartyChange
from lc_workflow.lending.backing.service import a_collateral, understand
from lc_workflow.lending.events import ApplicationChanged
from lc_workflow.lending.rules.backing import says_something, with_changes
from lc_workflow.lending.rules.editing import check_edit
from lc_workflow.lending.rules.matching import NAMES, check_person
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.phones import check_phones
from lc_workflow.platform.security.personal import refuse_masked, without_masked


class PartyNameNeeded(Invalid):
    """A party to a loan has a name."""


class NothingPledged(Invalid):
    """Collateral has to be something."""


class TooManyBehind(Invalid):
    """There are more parties or things behind the loan than anybody can review."""


MOST: Final = 50
"""As many as the web app's form takes."""

NUMBERS: Final = ("phone", "id_number")

RowT = TypeVar("RowT", Party, Collateral)


class PartyService:
    """Who and what stands behind the applications a person may see."""

    def __init__(self, session: AsyncSession, *, applications: ApplicationService) -> None:
        self._session = session
        self._applications = applications
        self._backing = applications.backing

    async def parties_of(self, application_id: UUID, *, principal: Principal) -> Sequence[Party]:
        """List who stands behind an application, in the order they were named.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        return (await self._seen(application_id, principal)).parties

    async def application(self, application_id: UUID) -> CustomerApplication:
        """The application whose parties were just read or changed; the session still holds it."""
        return await self._session.get_one(CustomerApplication, application_id)

    async def collateral_of(self, application_id: UUID, *, principal: Principal) -> Sequence[Collateral]:
        """List what is pledged for an application, in the order of its form.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        return (await self._seen(application_id, principal)).collateral

    async def join(
        self,
        application_id: UUID,
        wish: NewParty,
        *,
        principal: Principal,
        at: datetime,
        expected_version: int | None = None,
    ) -> Party:
        """Add a party to an application; the customer they are is found or written down.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: It is closed for changes, or for this person.
            PartyNameNeeded, MixedScripts, NotAPhone, NotBornYet, MaskedNumber: They cannot be written down so.
            TooManyBehind, AlreadyBehind: Enough stand behind it, or they do already.
        """
        fields = given(wish)
        check_person(fields, today=local_day(at))
        refuse_masked(fields, NUMBERS)
        role = fields.pop("role")
        if not any(fields.get(name) for name in NAMES):
            raise PartyNameNeeded("Write the name, in Khmer or in Latin letters.")
        async with self._applications.transaction():
            application = await self._locked(application_id, "parties", principal, expected_version)
            check_phones(fields, "phone")
            if len(application.parties) >= MOST:
                raise TooManyBehind(f"No more than {MOST} people stand behind one loan.")
            party = await self._backing.join(
                application_id,
                role,
                fields,
                branch_id=application.branch_id,
                alone=self._applications.borrows_nowhere,
                by=principal.id,
                at=at,
            )
            self._tell(application, "parties", principal, at=at)
        return party

    async def change(
        self,
        application_id: UUID,
        party_id: UUID,
        wish: PartyChange,
        *,
        principal: Principal,
        at: datetime,
        expected_version: int | None = None,
    ) -> Party:
        """Change what is known of a party.

        Raises:
            Missing: There is no such application or party, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: The application is closed for changes, or for this person.
            PartyNameNeeded, MixedScripts, NotAPhone, NotBornYet: They cannot be written down like this.
            AlreadyBehind: They would be somebody who stands behind it in the same role already.
        """
        async with self._applications.transaction():
            application = await self._locked(application_id, "parties", principal, expected_version)
            party = await self._row(Party, application_id, party_id)
            fields = without_masked(given(wish), NUMBERS)
            check_person(fields, today=local_day(at))
            changes = {name: value for name, value in fields.items() if getattr(party, name) != value}
            check_phones(changes, "phone")
            for name, value in changes.items():
                setattr(party, name, value)
            if not party.name:
                raise PartyNameNeeded("Whoever stands behind a loan keeps a name.")
            if changes:
                party.updated_at = at
                await self._backing.know(
                    party,
                    branch_id=application.branch_id,
                    alone=self._applications.borrows_nowhere,
                    by=principal.id,
                    at=at,
                )
                self._tell(application, "parties", principal, at=at)
        return party

    async def leave(
        self,
        application_id: UUID,
        party_id: UUID,
        *,
        principal: Principal,
        at: datetime,
        expected_version: int | None = None,
    ) -> None:
        """Remove a party from an application.

        Raises:
            Missing: There is no such application or party, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: The application is closed for changes, or for this person.
        """
        async with self._applications.transaction():
            application = await self._locked(application_id, "parties", principal, expected_version)
            party = await self._row(Party, application_id, party_id)
            await self._backing.leave(party, alone=self._applications.borrows_nowhere, by=principal.id, at=at)
            self._tell(application, "parties", principal, at=at)

    async def pledge(
        self,
        application_id: UUID,
        wish: CollateralChange,
        *,
        principal: Principal,
        at: datetime,
        expected_version: int | None = None,
    ) -> Collateral:
        """Add collateral to an application.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: It is closed for changes, or for this person.
            NothingPledged: Nothing is said of it.
            TooManyBehind: Too much is pledged already.
        """
        async with self._applications.transaction():
            application = await self._locked(application_id, "collaterals", principal, expected_version)
            if len(application.collateral) >= MOST:
                raise TooManyBehind(f"No more than {MOST} things are pledged for one loan.")
            last = max((row.position for row in application.collateral), default=0)
            row = a_collateral(application_id, _said(_entry({}, wish)), position=last + 1, at=at)
            self._session.add(row)
            self._tell(application, "collaterals", principal, at=at)
        return row

    async def revalue(
        self,
        application_id: UUID,
        collateral_id: UUID,
        wish: CollateralChange,
        *,
        principal: Principal,
        at: datetime,
        expected_version: int | None = None,
    ) -> Collateral:
        """Change what is known of some collateral.

        Raises:
            Missing: There is no such application or collateral, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: The application is closed for changes, or for this person.
            NothingPledged: Nothing of it would be left.
        """
        async with self._applications.transaction():
            application = await self._locked(application_id, "collaterals", principal, expected_version)
            row = await self._row(Collateral, application_id, collateral_id)
            entry = _entry(row.entry, wish)
            if entry != row.entry:
                understand(row, _said(entry), at=at)
                self._tell(application, "collaterals", principal, at=at)
        return row

    async def release(
        self,
        application_id: UUID,
        collateral_id: UUID,
        *,
        principal: Principal,
        at: datetime,
        expected_version: int | None = None,
    ) -> None:
        """Remove collateral.

        Raises:
            Missing: There is no such application or collateral, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NotEditable, NotYourEdit: The application is closed for changes, or for this person.
        """
        async with self._applications.transaction():
            application = await self._locked(application_id, "collaterals", principal, expected_version)
            await self._session.delete(await self._row(Collateral, application_id, collateral_id))
            self._tell(application, "collaterals", principal, at=at)

    async def _seen(self, application_id: UUID, principal: Principal) -> CustomerApplication:
        return await self._applications.find(visible_to(principal), id=application_id, load=BACKED)

    async def _locked(
        self, application_id: UUID, field: str, principal: Principal, expected_version: int | None = None
    ) -> CustomerApplication:
        """Load and lock an application whose parties and collateral this person may change now."""
        application = await self._applications.find(visible_to(principal), id=application_id, load=BACKED, lock=True)
        check_version(expected_version, application.version)
        check_edit([field], application.workflow_status, permissions=permissions_for(principal, application))
        return application

    async def _row(self, kind: type[RowT], application_id: UUID, row_id: UUID) -> RowT:
        row = await self._session.scalar(select(kind).where(kind.id == row_id, kind.application_id == application_id))
        if row is None:
            raise Missing("Nothing of this id stands behind the application.")
        return row

    def _tell(self, application: CustomerApplication, field: str, principal: Principal, *, at: datetime) -> None:
        """Make a new version of the application, and announce what was changed about it."""
        self._applications.touch(application, (field,), by=principal.id, at=at)
        self._applications.announce(
            ApplicationChanged(actor_id=principal.id, at=at, application_id=application.id, fields=(field,))
        )


def _entry(entry: dict[str, Any], wish: CollateralChange) -> dict[str, Any]:
    """Apply a change to an entry; keys it does not name stay."""
    fields = given(wish)
    others = fields.pop("others", {})
    known = {"collateral_type": "kind", "estimated_value": "value"}
    return with_changes(others | entry | others, {known.get(name, name): value for name, value in fields.items()})


def _said(entry: dict[str, Any]) -> dict[str, Any]:
    """Refuse an entry that says nothing."""
    if not says_something(entry):
        raise NothingPledged("Say what is pledged: its kind, what it looks like, or what it is worth.")
    return entry
