"""The paths of profile photos."""

from typing import ClassVar, Final
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, SkipValidation
from msgspec import Struct

from lc_workflow.identity.photos.schemas import PhotoAnswer
from lc_workflow.identity.photos.service import FOLDER, PhotoService, sizes_of
from lc_workflow.identity.users.access import UPDATE
from lc_workflow.identity.users.schemas import photo_url
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.compression import UNCOMPRESSED
from lc_workflow.platform.http.cors import EMBEDDED
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.ratelimit import UNLIMITED, limit, limit_uploads
from lc_workflow.platform.security.guards import PUBLIC, requires
from lc_workflow.platform.storage.base import ObjectStore

FOR_A_YEAR: Final = "private, max-age=31536000, immutable"
"""A photo never changes: another one has another name."""


class PhotoUpload(Struct):
    """A form with a picture in its field `file`."""

    EXAMPLE: ClassVar[dict[str, object]] = {"file": "dara.jpg"}

    file: UploadFile


def open_photos(db_session: DbSession, store: NamedDependency[SkipValidation[ObjectStore]]) -> PhotoService:
    """Provide the photo service with the store of this installation."""
    return PhotoService(db_session, store=store)


PHOTOS = {"photos": Provider(open_photos)}


class ProfilePhotoController(Controller):
    """Changing profile photos."""

    path = "/api/v1/users/{user_id:uuid}/profile-photo"
    tags = ("Users",)
    dependencies = PHOTOS

    @post(guards=[requires(UPDATE), limit_uploads], status_code=200)
    async def put_up(
        self,
        user_id: FromPath[UUID],
        data: MultipartBody[PhotoUpload],
        photos: NamedDependency[PhotoService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
    ) -> PhotoAnswer:
        """Put up a profile photo: the middle square of a JPEG, PNG, GIF or WebP picture."""
        key = await photos.put_up(user_id, data.file.file, principal=principal, at=clock())
        sizes = {size: str(photo_url(own, base_url=base_url)) for size, own in sizes_of(key).items()}
        return PhotoAnswer(profile_image_url=sizes["large"], primary_url=sizes["large"], sizes=sizes)

    @delete(guards=[requires(UPDATE)], status_code=200)
    async def take_down(
        self,
        user_id: FromPath[UUID],
        photos: NamedDependency[PhotoService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PhotoAnswer:
        """Take a profile photo down."""
        await photos.take_down(user_id, principal=principal, at=clock())
        return PhotoAnswer(profile_image_url=None, primary_url=None, sizes={})


class PhotoController(Controller):
    """Looking at photos, as pages of the web app do it: without a token, by a name that cannot be guessed."""

    path = f"/api/v1/{FOLDER}"
    tags = ("Users",)
    dependencies = PHOTOS

    # Pages show dozens of photos at once, so they have a limit of their own.
    @get(
        "/{name:str}",
        opt={PUBLIC: True, UNLIMITED: True, UNCOMPRESSED: True},
        guards=[limit("1000/minute", name="photos")],
        media_type="image/jpeg",
    )
    async def look_at(self, name: FromPath[str], photos: NamedDependency[PhotoService]) -> Response[bytes]:
        """Show a profile photo."""
        headers = {"cache-control": FOR_A_YEAR, **EMBEDDED}
        return Response(await photos.look_at(name), media_type="image/jpeg", headers=headers)
