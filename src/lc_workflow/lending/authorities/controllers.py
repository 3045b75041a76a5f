"""The paths of authorities and delegations."""

from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.authorities.access import DELEGATE, MANAGE, READ
from lc_workflow.lending.authorities.schemas import (
    AuthorityAnswer,
    DelegationAnswer,
    NewAuthority,
    NewDelegation,
    read_limits,
)
from lc_workflow.lending.authorities.service import AuthorityService, DelegationService, Named, NamedDelegation
from lc_workflow.lending.ports import ForOffices
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import DbSession, Provider, provide
from lc_workflow.platform.security.guards import requires


def open_authorities(db_session: DbSession, offices: ForOffices) -> AuthorityService:
    """Provide the service of authorities."""
    return AuthorityService(db_session, offices)


class AuthorityController(Controller):
    """Who holds which role where, and up to what."""

    path = "/api/v1/authorities"
    tags = ("Authorities",)
    dependencies = {"authorities": Provider(open_authorities), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_authorities(
        self,
        authorities: NamedDependency[AuthorityService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        person_id: FromQuery[UUID | None] = None,
        with_ended: FromQuery[bool] = False,
    ) -> Page[AuthorityAnswer]:
        """List who may decide what, the newest first."""
        rows, total = await authorities.page(window, person_id=person_id, with_ended=with_ended, principal=principal)
        return Page.of([_authority(row) for row in rows], total=total, window=window)

    @post(guards=[requires(MANAGE)])
    async def give(
        self,
        data: JSONBody[NewAuthority],
        authorities: NamedDependency[AuthorityService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> AuthorityAnswer:
        """Give somebody a role over a branch, a region or everything."""
        return _authority(await authorities.give(data, principal=principal, at=clock()))

    @delete("/{authority_id:uuid}", guards=[requires(MANAGE)])
    async def end(
        self,
        authority_id: FromPath[UUID],
        authorities: NamedDependency[AuthorityService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """End an authority; it stays on record."""
        await authorities.end(authority_id, principal=principal, at=clock())


class DelegationController(Controller):
    """Who stands in for whom."""

    path = "/api/v1/delegations"
    tags = ("Authorities",)
    dependencies = {"delegations": provide(DelegationService), **WINDOW}

    @get(guards=[requires(READ, DELEGATE)])
    async def list_delegations(
        self,
        delegations: NamedDependency[DelegationService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        clock: NamedDependency[Clock],
        with_ended: FromQuery[bool] = False,
    ) -> Page[DelegationAnswer]:
        """List who stands in for whom, the latest first."""
        rows, total = await delegations.page(window, with_ended=with_ended, principal=principal, at=clock())
        return Page.of([_delegation(row) for row in rows], total=total, window=window)

    @post(guards=[requires(DELEGATE, MANAGE)])
    async def delegate(
        self,
        data: JSONBody[NewDelegation],
        delegations: NamedDependency[DelegationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DelegationAnswer:
        """Let somebody stand in for a while."""
        return _delegation(await delegations.delegate(data, principal=principal, at=clock()))

    @delete("/{delegation_id:uuid}", guards=[requires(READ, DELEGATE)])
    async def take_back(
        self,
        delegation_id: FromPath[UUID],
        delegations: NamedDependency[DelegationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """End a delegation before its time; it stays on record."""
        await delegations.take_back(delegation_id, principal=principal, at=clock())


def _authority(named: Named) -> AuthorityAnswer:
    row, name, is_active = named
    return AuthorityAnswer(
        id=row.id,
        person_id=row.person_id,
        person_name=name,
        person_is_active=is_active,
        role=row.role,
        reach=row.reach,
        branch_id=row.branch_id,
        region=row.region,
        limits=read_limits(row.limits),
        given_by=row.given_by,
        given_at=row.given_at,
        ended_at=row.ended_at,
    )


def _delegation(named: NamedDelegation) -> DelegationAnswer:
    row, giver, taker = named
    return DelegationAnswer(
        id=row.id,
        from_id=row.from_id,
        from_name=f"{giver.first_name} {giver.last_name}",
        from_is_active=giver.is_active,
        to_id=row.to_id,
        to_name=f"{taker.first_name} {taker.last_name}",
        to_is_active=taker.is_active,
        role=row.role,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        limits=read_limits(row.limits),
        reason=row.reason,
        made_by=row.made_by,
        made_at=row.made_at,
        ended_at=row.ended_at,
    )
