"""Writing legal profiles down, confirming them, and choosing which one applies."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, exists, select
from sqlalchemy.orm import aliased

from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.events import (
    JurisdictionChosen,
    JurisdictionProfileChanged,
    JurisdictionProfileConfirmed,
    JurisdictionProfileWritten,
)
from lc_workflow.lending.jurisdictions.access import visible_to
from lc_workflow.lending.jurisdictions.models import JurisdictionProfile, JurisdictionUse
from lc_workflow.lending.jurisdictions.schemas import NewProfile, ProfileChange
from lc_workflow.lending.rules.jurisdiction import Profile
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import differing, given
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.service import Service

NONE: Final = "NONE"
"""The code of no law: what a new installation follows."""


LATEST_USE: Final = select(JurisdictionUse.code).order_by(JurisdictionUse.number.desc()).limit(1)
"""The law chosen last."""


_PROFILE = aliased(JurisdictionProfile)


def in_force(*, on: date | ColumnElement[date]) -> ScalarSelect[UUID]:
    """Find the profile that applies: the latest that is confirmed and valid by a day."""
    return (
        select(_PROFILE.id)
        .where(
            _PROFILE.code == LATEST_USE.scalar_subquery(),
            _PROFILE.confirmed_at.is_not(None),
            _PROFILE.valid_from <= on,
        )
        .order_by(_PROFILE.valid_from.desc(), _PROFILE.confirmed_at.desc())
        .limit(1)
        .scalar_subquery()
    )


class ProfileConfirmed(Invalid):
    """A confirmed profile never changes."""


class OwnProfile(Forbidden):
    """Whoever wrote a profile does not confirm it."""


class ProfileNotConfirmed(Invalid):
    """No profile of this law is both confirmed and valid now."""


class CodeReserved(Invalid):
    """NONE means that no law is followed; it has no profile."""


class JurisdictionService(Service[JurisdictionProfile]):
    """The legal profiles of the places where the institution lends."""

    noun = "profile"

    async def page(
        self, window: Window, *, code: str | None, principal: Principal
    ) -> tuple[Sequence[JurisdictionProfile], int]:
        """List profiles by their codes, the latest of each law first, with how many there are in all."""
        where = [visible_to(principal), *([JurisdictionProfile.code == code] if code else [])]
        order = JurisdictionProfile.code, JurisdictionProfile.valid_from.desc(), JurisdictionProfile.id
        return await self.page_of(window, *where, by=order)

    async def write(self, wish: NewProfile, *, principal: Principal, at: datetime) -> JurisdictionProfile:
        """Write a profile down; it applies once somebody else has confirmed it.

        Raises:
            CodeReserved: NONE has no profile.
        """
        if wish.code == NONE:
            raise CodeReserved("NONE means that no law is followed; choose another code.")
        async with self.transaction():
            profile = await self.create(
                JurisdictionProfile(**given(wish), written_by=principal.id, created_at=at, updated_at=at)
            )
            self.announce(
                JurisdictionProfileWritten(actor_id=principal.id, at=at, profile_id=profile.id, code=profile.code)
            )
        return profile

    async def change(
        self, profile_id: UUID, wish: ProfileChange, *, principal: Principal, at: datetime
    ) -> JurisdictionProfile:
        """Change a profile that nobody has confirmed.

        Raises:
            Missing: There is no such profile.
            ProfileConfirmed: It is confirmed.
        """
        async with self.transaction():
            profile = await self.find(visible_to(principal), id=profile_id, lock=True)
            if profile.confirmed_at is not None:
                raise ProfileConfirmed("A confirmed profile never changes; write the law down anew, from a later day.")
            if changes := differing(profile, wish):
                profile.change(changes, at=at)
                profile.written_by = principal.id
                self.announce(
                    JurisdictionProfileChanged(
                        actor_id=principal.id, at=at, profile_id=profile.id, fields=tuple(sorted(changes))
                    )
                )
        return profile

    async def confirm(self, profile_id: UUID, *, principal: Principal, at: datetime) -> JurisdictionProfile:
        """Confirm that this is the law, as a compliance officer; confirming it again changes nothing.

        Raises:
            Missing: There is no such profile.
            OwnProfile: The same person wrote it down, or changed it.
        """
        async with self.transaction():
            profile = await self.find(visible_to(principal), id=profile_id, lock=True)
            if profile.confirmed_at is None:
                if principal.id == profile.written_by or await self._had_a_hand_in(profile, principal):
                    raise OwnProfile("You wrote this profile down or changed it; somebody else has to confirm it.")
                profile.confirmed_at = profile.updated_at = at
                profile.confirmed_by = principal.id
                self.announce(JurisdictionProfileConfirmed(actor_id=principal.id, at=at, profile_id=profile.id))
        return profile

    async def _had_a_hand_in(self, profile: JurisdictionProfile, principal: Principal) -> bool:
        """Whether the journal knows of anything this person did to a profile."""
        theirs = exists().where(
            JournalEntry.subject == JurisdictionProfileWritten.subject,
            JournalEntry.subject_id == profile.id,
            JournalEntry.actor_id == principal.id,
        )
        return bool(await self.session.scalar(select(theirs)))

    async def choose(self, code: str, *, principal: Principal, at: datetime) -> None:
        """Follow a law from now on; choosing it again changes nothing.

        Raises:
            ProfileNotConfirmed: No profile of it is confirmed and in force.
        """
        async with self.transaction():
            before = await self.code_in_use()
            if code != NONE and await self._in_force(code, at=at) is None:
                raise ProfileNotConfirmed(f"No profile of {code} is confirmed and in force; confirm one first.")
            if code != before:
                self.session.add(use := JurisdictionUse(code=code, used_from=at, chosen_by=principal.id))
                await self.session.flush()
                self.announce(
                    JurisdictionChosen(actor_id=principal.id, at=at, use_id=use.id, before=before, after=code)
                )

    async def code_in_use(self) -> str:
        """Which law is followed now."""
        return await self.session.scalar(LATEST_USE) or NONE

    async def in_use(self, *, at: datetime) -> tuple[str, JurisdictionProfile | None]:
        """Which law is followed, and its profile in force at a moment."""
        code = await self.code_in_use()
        return code, None if code == NONE else await self._in_force(code, at=at)

    async def law(self, *, at: datetime) -> Profile:
        """The profile that loans are checked against at a moment."""
        _, profile = await self.in_use(at=at)
        return Profile(NONE) if profile is None else profile.profile

    async def _in_force(self, code: str, *, at: datetime) -> JurisdictionProfile | None:
        row = JurisdictionProfile
        found: JurisdictionProfile | None = await self.session.scalar(
            select(row)
            .where(
                row.code == code,
                row.confirmed_at.is_not(None),
                row.valid_from <= local_day(at),
            )
            .order_by(row.valid_from.desc(), row.confirmed_at.desc())
            .limit(1)
        )
        return found
