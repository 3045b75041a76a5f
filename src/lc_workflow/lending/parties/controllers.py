"""The paths of who and what stands behind an application."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import reads_numbers
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.backing.schemas import (
    CollateralAnswer,
    CollateralChange,
    NewParty,
    PartyAnswer,
    PartyChange,
)
from lc_workflow.lending.parties.access import READ, UPDATE
from lc_workflow.lending.parties.service import PartyService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.versions import EXPECTED_VERSION, ExpectedVersion
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader


def open_parties(db_session: DbSession, applications: NamedDependency[ApplicationService]) -> PartyService:
    """Provide the service beside the application service of the same request."""
    return PartyService(db_session, applications=applications)


class PartyController(Controller):
    """Guarantors and co-borrowers of an application."""

    path = "/api/v1/applications/{application_id:uuid}/parties"
    tags = ("Applications",)
    dependencies = {"parties": Provider(open_parties), **EXPECTED_VERSION}

    @get(guards=[requires(READ)])
    async def list_parties(
        self,
        application_id: FromPath[UUID],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        reader: NamedDependency[Reader],
    ) -> list[PartyAnswer]:
        """List the guarantors and co-borrowers of an application, in the order they were named."""
        answers = [shaped(row, PartyAnswer) for row in await parties.parties_of(application_id, principal=principal)]
        application = await parties.application(application_id)
        return await reader.show(answers, "party", allowed=lambda _: reads_numbers(reader)(application))

    @post(guards=[requires(UPDATE)])
    async def join(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[NewParty],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
        reader: NamedDependency[Reader],
    ) -> PartyAnswer:
        """Add a guarantor or co-borrower to an application."""
        joined = await parties.join(
            application_id, data, principal=principal, at=clock(), expected_version=expected_version
        )
        return await _party(joined, parties, reader)

    @patch("/{party_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        application_id: FromPath[UUID],
        party_id: FromPath[UUID],
        data: JSONBody[PartyChange],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
        reader: NamedDependency[Reader],
    ) -> PartyAnswer:
        """Change a guarantor or co-borrower."""
        changed = await parties.change(
            application_id, party_id, data, principal=principal, at=clock(), expected_version=expected_version
        )
        return await _party(changed, parties, reader)

    @delete("/{party_id:uuid}", guards=[requires(UPDATE)])
    async def leave(
        self,
        application_id: FromPath[UUID],
        party_id: FromPath[UUID],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> None:
        """Remove a guarantor or co-borrower."""
        await parties.leave(
            application_id, party_id, principal=principal, at=clock(), expected_version=expected_version
        )


class CollateralController(Controller):
    """What is pledged for an application."""

    path = "/api/v1/applications/{application_id:uuid}/collaterals"
    tags = ("Applications",)
    dependencies = {"parties": Provider(open_parties), **EXPECTED_VERSION}

    @get(guards=[requires(READ)])
    async def list_collateral(
        self,
        application_id: FromPath[UUID],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
    ) -> list[CollateralAnswer]:
        """List what is pledged for an application, in the order of its form."""
        return [_shown(row) for row in await parties.collateral_of(application_id, principal=principal)]

    @post(guards=[requires(UPDATE)])
    async def pledge(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[CollateralChange],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> CollateralAnswer:
        """Add collateral to an application."""
        return _shown(
            await parties.pledge(
                application_id, data, principal=principal, at=clock(), expected_version=expected_version
            )
        )

    @patch("/{collateral_id:uuid}", guards=[requires(UPDATE)])
    async def revalue(
        self,
        application_id: FromPath[UUID],
        collateral_id: FromPath[UUID],
        data: JSONBody[CollateralChange],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> CollateralAnswer:
        """Change some collateral."""
        return _shown(
            await parties.revalue(
                application_id, collateral_id, data, principal=principal, at=clock(), expected_version=expected_version
            )
        )

    @delete("/{collateral_id:uuid}", guards=[requires(UPDATE)])
    async def release(
        self,
        application_id: FromPath[UUID],
        collateral_id: FromPath[UUID],
        parties: NamedDependency[PartyService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        expected_version: ExpectedVersion,
    ) -> None:
        """Remove collateral."""
        await parties.release(
            application_id, collateral_id, principal=principal, at=clock(), expected_version=expected_version
        )


async def _party(row: Party, parties: PartyService, reader: Reader) -> PartyAnswer:
    """Show a guarantor or co-borrower, as far as the person may read their numbers."""
    application = await parties.application(row.application_id)
    return await reader.show_one(
        shaped(row, PartyAnswer), "party", allowed=lambda _: reads_numbers(reader)(application)
    )


def _shown(row: Collateral) -> CollateralAnswer:
    """Show a collateral under the names the forms use."""
    return CollateralAnswer(
        id=row.id,
        collateral_type=row.kind,
        description=row.description,
        estimated_value=row.value,
        currency=row.currency,
        owner_name=row.owner_name,
        title_number=row.title_number,
        entry=row.entry,
    )
