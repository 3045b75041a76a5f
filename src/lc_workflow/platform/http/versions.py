"""Versions over HTTP: `ETag` names the version that was read, `If-Match` the one that a change is meant for."""

import re
from typing import Annotated, Final, TypeAlias, TypeVar

from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from lc_workflow.kernel.errors import Stale
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.provide import Provider

T = TypeVar("T")

_TAG: Final = re.compile(r'(?:W/)?"(?P<version>\d{1,9})"')


class StaleVersion(Stale):
    """The thing was changed since the person read it."""


def expected_version(
    if_match: Annotated[
        str | None, HeaderParameter(name="If-Match", description="The ETag the change is meant for.")
    ] = None,
) -> int | None:
    """Read `If-Match`; None when any version will do.

    Raises:
        StaleVersion: The tag is not one of ours, so it matches nothing.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    if not (found := _TAG.fullmatch(if_match.strip())):
        raise StaleVersion("If-Match names a version that does not exist; read it again.")
    return int(found["version"])


class Tagged(Answer[T]):
    """An answer with the version that it shows, as its `ETag`."""

    def __init__(self, content: T, version: int) -> None:
        super().__init__(content, headers={"ETag": f'"{version}"'})


EXPECTED_VERSION: Final = {"expected_version": Provider(expected_version)}
ExpectedVersion: TypeAlias = NamedDependency[int | None]


def check_version(expected: int | None, actual: int) -> None:
    """Let a change pass only if it was meant for the current version.

    Raises:
        StaleVersion: Somebody changed it in the meantime.
    """
    if expected is not None and expected != actual:
        raise StaleVersion(
            "Somebody else changed this in the meantime; read it again and repeat your change.", version=actual
        )
