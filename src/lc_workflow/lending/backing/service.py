"""Storing who and what stands behind an application; works inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.backing.models import Collateral, Party
from lc_workflow.lending.customers.service import Alone, CustomerService, Person, paper_kind
from lc_workflow.lending.rules.backing import (
    GUARANTOR_FIELDS,
    PartyRole,
    names_of,
    read_collateral,
    says_something,
)
from lc_workflow.lending.rules.objections import AlreadyBehind
from lc_workflow.platform.service import Service

COLUMNS: Final = ("kind", "description", "value", "currency", "owner_name", "title_number")
"""The columns filled in from a collateral's entry."""


class BackingService(Service[Party]):
    """The guarantors, co-borrowers and collateral of applications."""

    noun = "party"

    def __init__(self, session: AsyncSession, *, customers: CustomerService) -> None:
        """Open the service on the request's session, beside the customers of the same transaction."""
        super().__init__(session)
        self._customers = customers

    async def guarantee(
        self,
        application_id: UUID,
        fields: Mapping[str, Any],
        *,
        branch_id: UUID | None,
        alone: Alone,
        by: UUID,
        at: datetime,
    ) -> None:
        """Write the web app's `guarantor_*` fields to the first guarantor; remove one of whom nothing is left.

        Raises:
            MixedScripts: The name is written in two scripts.
            AlreadyBehind: They would be another guarantor of the same application.
        """
        party = await self.session.scalar(
            select(Party)
            .where(Party.application_id == application_id, Party.role == PartyRole.GUARANTOR)
            .order_by(Party.position)
            .limit(1)
        )
        changes = {column: fields[field] for field, column in GUARANTOR_FIELDS.items() if field in fields}
        if "guarantor_name" in fields:
            changes |= names_of(fields["guarantor_name"], field="guarantor_name")
        if "id_number" in changes:
            changes["id_card_type"] = paper_kind(changes["id_number"])
        if party is None:
            if any(changes.values()):
                await self.join(
                    application_id, PartyRole.GUARANTOR, changes, branch_id=branch_id, alone=alone, by=by, at=at
                )
            return
        for name, value in changes.items():
            setattr(party, name, value)
        if not (party.name or any(getattr(party, column) for column in GUARANTOR_FIELDS.values())):
            await self.leave(party, alone=alone, by=by, at=at)
            return
        party.updated_at = at
        await self.know(party, branch_id=branch_id, alone=alone, by=by, at=at)

    async def join(
        self,
        application_id: UUID,
        role: PartyRole,
        fields: Mapping[str, Any],
        *,
        branch_id: UUID | None,
        alone: Alone,
        by: UUID | None,
        at: datetime,
    ) -> Party:
        """Let somebody stand behind the application, after those who do already.

        Raises:
            AlreadyBehind: They do already, in the same role.
        """
        last = select(func.coalesce(func.max(Party.position), 0)).where(Party.application_id == application_id)
        party = Party(
            application_id=application_id,
            role=role,
            position=(await self.session.scalar(last) or 0) + 1,
            created_at=at,
            updated_at=at,
            **fields,
        )
        self.session.add(party)
        await self.session.flush()
        await self.know(party, branch_id=branch_id, alone=alone, by=by, at=at)
        return party

    async def leave(self, party: Party, *, alone: Alone, by: UUID, at: datetime) -> None:
        """Remove somebody from behind the application; forget a customer whom it alone wrote down and refers to."""
        known = party.customer_id
        if known:
            await self._customers.hold(customer_ids=[known])
        await self.session.delete(party)
        await self.session.flush()
        if known and await self._alone_with(party.id, alone, known):
            await self._customers.forget(known, written_for=party.application_id, by=by, at=at)

    async def know(self, party: Party, *, branch_id: UUID | None, alone: Alone, by: UUID | None, at: datetime) -> None:
        """Find or write down the customer that a party is.

        Raises:
            AlreadyBehind: They are somebody who stands behind the application in the same role already.
        """
        former = party.customer_id
        # Asked after the party's own claim: the caller answers for everything else.
        known = await self._customers.identify(
            person_of(party, branch_id),
            written_for=party.application_id,
            current=former,
            alone=partial(self._alone_with, party.id, alone),
            by=by,
            at=at,
        )
        party.customer_id = known
        if known and known != former and await self._is_named_twice(party):
            raise AlreadyBehind("This person stands behind the loan already.")
        if former and known != former and known and await self._alone_with(party.id, alone, former):
            await self.session.flush()
            await self._customers.forget(former, written_for=party.application_id, taker=known, by=by, at=at)

    async def pledge(self, application_id: UUID, entries: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
        """Make exactly these entries the application's collateral, in their order; blank entries are ignored."""
        entries = [entry for entry in entries if says_something(entry)]
        rows = list(
            await self.session.scalars(
                select(Collateral).where(Collateral.application_id == application_id).order_by(Collateral.position)
            )
        )
        for row in rows[len(entries) :]:
            await self.session.delete(row)
        for position, entry in enumerate(entries, start=1):
            if position > len(rows):
                self.session.add(a_collateral(application_id, entry, position=position, at=at))
            elif rows[position - 1].entry != entry:
                understand(rows[position - 1], entry, at=at)
        await self.session.flush()

    async def _is_named_twice(self, party: Party) -> bool:
        others = exists().where(
            Party.application_id == party.application_id,
            Party.role == party.role,
            Party.customer_id == party.customer_id,
            Party.id != party.id,
        )
        return bool(await self.session.scalar(select(others)))

    async def _alone_with(self, party_id: UUID, alone: Alone, customer_id: UUID) -> bool:
        others = exists().where(Party.customer_id == customer_id, Party.id != party_id)
        return not await self.session.scalar(select(others)) and await alone(customer_id)


def person_of(party: Party, branch_id: UUID | None) -> Person:
    """The person a party describes."""
    return Person(
        id_card_type=party.id_card_type,
        id_number=party.id_number,
        full_name_khmer=party.full_name_khmer,
        full_name_latin=party.full_name_latin,
        phone=party.phone,
        date_of_birth=party.date_of_birth,
        current_address=party.current_address,
        branch_id=branch_id,
    )


def a_collateral(application_id: UUID, entry: Mapping[str, Any], *, position: int, at: datetime) -> Collateral:
    """Make the row of an entry."""
    row = Collateral(application_id=application_id, position=position, created_at=at)
    understand(row, entry, at=at)
    return row


def understand(row: Collateral, entry: Mapping[str, Any], *, at: datetime) -> None:
    """Store an entry, and what can be understood of it."""
    row.entry = dict(entry)
    row.updated_at = at
    thing = read_collateral(entry)
    for name in COLUMNS:
        setattr(row, name, getattr(thing, name))
