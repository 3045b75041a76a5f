"""Putting up and taking down profile photos."""

import re
from datetime import datetime
from io import BytesIO
from secrets import token_hex
from typing import IO, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import AccountChanged
from lc_workflow.identity.users.access import UPDATE, in_reach
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Missing, Unavailable
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.pictures.squares import square_jpegs
from lc_workflow.platform.service import Service
from lc_workflow.platform.storage.base import ObjectStore

FOLDER: Final = "profile-photos"
"""Where photos are kept in the store, and the word their addresses begin with."""

SIDES: Final = {"large": 512, "medium": 128, "small": 48}
"""Pixels a side: for a page about somebody, for a card, and beside a name in a list."""

_NAME: Final = re.compile(r"[0-9a-f]{32}(?:-medium|-small)?\.jpg")

_log = structlog.stdlib.get_logger()


class PhotoService(Service[User]):
    """The profile photos of users, each under an unguessable name: whoever knows it may look."""

    noun = "user"

    def __init__(self, session: AsyncSession, *, store: ObjectStore) -> None:
        """Open the service on the request's session and the store of this installation."""
        super().__init__(session)
        self._store = store

    async def look_at(self, name: str) -> bytes:
        """Give the JPEG of a photo.

        Raises:
            Missing: There is no photo of this name.
        """
        if not _NAME.fullmatch(name):
            raise Missing("There is no such photo.")
        return b"".join([piece async for piece in await self._store.get(f"{FOLDER}/{name}")])

    async def put_up(self, user_id: UUID, source: IO[bytes], *, principal: Principal, at: datetime) -> str:
        """Make the picture in `source` somebody's photo; return its key.

        Raises:
            Missing: There is no such user within the person's reach.
            NotAPicture, PictureTooLarge: It cannot become a photo.
            Unavailable: The store cannot be reached.
        """
        await self.find(in_reach(principal, UPDATE), id=user_id)
        await self.session.rollback()  # gives the connection back while the picture is made and stored
        photos = await square_jpegs(source, sides=list(SIDES.values()))
        key = f"{FOLDER}/{token_hex(16)}.jpg"
        for own_key, photo in zip(sizes_of(key).values(), photos, strict=True):
            await self._store.put(own_key, BytesIO(photo), size=len(photo), content_type="image/jpeg")
        await self._show(user_id, key, principal=principal, at=at)
        return key

    async def take_down(self, user_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Remove somebody's photo.

        Raises:
            Missing: There is no such user within the person's reach.
        """
        await self._show(user_id, None, principal=principal, at=at)

    async def _show(self, user_id: UUID, key: str | None, *, principal: Principal, at: datetime) -> None:
        """Set somebody's photo; the former one is deleted once nothing refers to it."""
        async with self.transaction():
            user = await self.find(in_reach(principal, UPDATE), id=user_id, lock=True)
            former, user.profile_photo_key = user.profile_photo_key, key
            if former != key:
                user.updated_at = at
                self.announce(AccountChanged(actor_id=principal.id, at=at, user_id=user.id, fields=("profile_photo",)))
        if former is not None:
            await self._forget(former)

    async def _forget(self, key: str) -> None:
        """Delete an unused photo; if that fails now, it stays unseen in the store."""
        try:
            for own_key in sizes_of(key).values():
                await self._store.remove(own_key)
        except Unavailable:
            _log.warning("a photo that nobody has stays in the store", key=key)


def sizes_of(key: str) -> dict[str, str]:
    """The keys of a photo's three sizes; the large one's is the photo's own."""
    bare = key.removesuffix(".jpg")
    return {size: key if size == "large" else f"{bare}-{size}.jpg" for size in SIDES}
