"""Puts nonsense into fields, as much of it into one request as each part of it can still be answered for."""

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from httpx import Response

UNREAD = frozenset({"MalformedBody", "MalformedRequest"})
"""What is answered to a request that cannot be read at all."""

Send = Callable[[Mapping[str, str]], Awaitable[Response]]
"""Sends one request: which fields hold which nonsense, by what it is called; the others hold what fits."""


@dataclass
class Mixer:
    """Knows from earlier doors which kind of field takes what, and what was tried by itself.

    Each door hears every nonsense, and in every field all that the field takes. What a kind of field refuses as soon
    as it is read is sent once for the kind, for its reader is the same at each door.
    """

    nonsense: Collection[str]
    taken: dict[tuple[str, str], bool] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    async def mix(self, kinds: Mapping[str, str], fitting: Mapping[str, object], send: Send) -> None:
        """Send everything to one door, whose fields are of these `kinds`."""
        if not self.taken:
            await self._find_unread(kinds, send)
        else:
            for what in self.unread:
                await send(dict.fromkeys(kinds, what))
        readable = [what for what in self.nonsense if what not in self.unread]
        heard = await self._ask(kinds, readable, send)
        taken = {name: [what for what in readable if self.taken[kind, what]] for name, kind in kinds.items()}
        heard.update(*taken.values())
        for mixed in dealt([what for what in readable if what not in heard], kinds):
            await send(mixed)
        for mixed in rounds(taken):
            await self._into_each(mixed, fitting, send)

    async def _find_unread(self, kinds: Mapping[str, str], send: Send) -> None:
        """Find what makes a whole request unreadable, and would keep others from being looked at."""
        for what in self.nonsense:
            answer = await send(dict.fromkeys(kinds, what))
            if answer.is_client_error and answer.json()["code"] in UNREAD:
                self.unread.add(what)

    async def _ask(self, kinds: Mapping[str, str], readable: Iterable[str], send: Send) -> set[str]:
        """Find out what those kinds take that no door had before; answers what was sent for it."""
        one_of_each = {kind: name for name, kind in kinds.items()}
        asked = {
            name: [what for what in readable if (kind, what) not in self.taken] for kind, name in one_of_each.items()
        }
        heard: set[str] = set()
        for mixed in rounds(asked):
            answer = await send(mixed)
            misread = answer.is_client_error and answer.json()["code"] == "InvalidInput"
            left = unnamed(mixed, answer) if misread else mixed
            self.taken |= {(kinds[name], what): name in left for name, what in mixed.items()}
            heard.update(mixed.values())
        return heard

    async def _into_each(self, mixed: Mapping[str, str], fitting: Mapping[str, object], send: Send) -> None:
        """Send a mixture, then what nobody complained about, in the end each by itself.

        What a name stands for is `tried` by itself once, not at every door that asks for the same thing.
        """
        answer = await send(mixed)
        left = unnamed(mixed, answer)
        if answer.is_success or len(mixed) == 1:
            return
        if len(left) == len(mixed):
            for name in left:
                said = f"{mixed[name]} {name} {fitting.get(name)}"
                if said not in self.tried:
                    self.tried.add(said)
                    await send({name: mixed[name]})
        elif left:
            await self._into_each({name: mixed[name] for name in left}, fitting, send)


def unnamed(fields: Iterable[str], answer: Response) -> list[str]:
    """The fields that an answer does not complain about; none when the request could not even be read."""
    problem: Any = answer.json() if answer.is_client_error else {"code": "", "errors": []}
    if problem["code"] in UNREAD:
        return []
    named = {re.split(r"[.[]", error["field"])[0] for error in problem["errors"]}
    return [name for name in fields if name not in named]


def rounds(lists: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    """The first of each list, then the second of each, until the longest is at its end."""
    for turn in range(max(map(len, lists.values()), default=0)):
        yield {name: them[turn] for name, them in lists.items() if turn < len(them)}


def dealt(them: list[str], names: Iterable[str]) -> Iterator[dict[str, str]]:
    """Deal them out, one to each name and round after round."""
    hands = list(names)
    for first in range(0, len(them), len(hands)):
        yield dict(zip(hands, them[first:], strict=False))
