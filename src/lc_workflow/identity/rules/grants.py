"""Combining roles, grants and denials: which permissions result, and how far each reaches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Self

from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.principal import Scope


class NoSuchRight(Invalid):
    """Nothing uses this permission, or not in that scope."""


class GrantAboveOwn(Forbidden):
    """Nobody gives others a right that they do not hold themselves, at least as far."""


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A permission with its scope; written `application:read:branch`."""

    permission: str
    scope: Scope

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a written right.

        Raises:
            NoSuchRight: It is not written like one.
        """
        permission, _, scope = name.rpartition(":")
        if ":" not in permission or scope not in set(Scope):
            raise NoSuchRight(f"“{name}” is no right; one is written like application:read:branch.")
        return cls(permission, Scope(scope))

    def __str__(self) -> str:
        """Write the right."""
        return f"{self.permission}:{self.scope}"


def effective(granted: Iterable[Right], denied: Iterable[Right] = ()) -> dict[str, Scope]:
    """Combine grants and denials: permission → the widest scope it is held in.

    A denial removes its scope and every wider one; what was granted more narrowly stays.
    """
    limits: dict[str, int] = {}
    for right in denied:
        limits[right.permission] = min(right.scope.width, limits.get(right.permission, right.scope.width))
    held: dict[str, Scope] = {}
    for right in granted:
        if right.scope.width >= limits.get(right.permission, len(Scope)):
            continue
        if right.permission not in held or held[right.permission].width < right.scope.width:
            held[right.permission] = right.scope
    return held


@lru_cache(maxsize=1_000)
def known(rights: str, denials: str = "") -> Mapping[str, Scope]:
    """Parse rights that the database wrote as one text, and combine them.

    Equal texts mean equal grants, so the results are cached: people with the same roles share one.
    """
    return MappingProxyType(
        effective((Right.parse(name) for name in rights.split()), (Right.parse(name) for name in denials.split()))
    )


def check_within_own(own: Mapping[str, Scope], *given: Right) -> None:
    """Refuse to give rights the person does not hold, or holds less far.

    Raises:
        GrantAboveOwn: They do not hold it, or not that far.
    """
    for right in given:
        held = own.get(right.permission)
        if held is None or held.width < right.scope.width:
            raise GrantAboveOwn(f"You do not hold {right} yourself, so you cannot give it.")
