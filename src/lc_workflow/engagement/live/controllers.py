"""The live socket: what happens, while it happens."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Controller, WebSocket, websocket
from litestar.di import NamedDependency

from lc_workflow.engagement.live.hub import Ear, Hub
from lc_workflow.engagement.live.schemas import Ping, Pong, Refused, Subscribed, SubscribePattern
from lc_workflow.engagement.live.service import Entrance
from lc_workflow.platform.security.guards import PUBLIC

LARGEST_MESSAGE: Final = 4_096
"""Characters of a client's message; its messages are a line long."""

CHECK_SECONDS: Final = 30.0
"""How often it is asked whether the person may still listen."""

SILENT_SECONDS: Final = 150.0
"""After this long without a message the client is taken for gone: the web app pings every 30 seconds, and a browser
lets a page in the background do so once a minute."""

SEND_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 1.0

_DECODER: Final = msgspec.json.Decoder(Ping | SubscribePattern)


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why the server closes a socket."""

    code: int
    reason: str


NOT_SIGNED_IN: Final = Farewell(4001, "The access token is not valid any more; sign in again.")
NOT_TEXT: Final = Farewell(1003, "Messages are text.")
TOO_LARGE: Final = Farewell(1009, f"A message has at most {LARGEST_MESSAGE} characters.")
TOO_SLOW: Final = Farewell(1013, "Messages were not read fast enough; connect again.")
SILENT: Final = Farewell(1001, "Nothing was heard of you for a while; connect again.")


class LiveController(Controller):
    """The live socket; it reads its token from the address, because a browser cannot send headers with it."""

    path = "/api/v1/ws"
    opt = {PUBLIC: True}  # noqa: RUF012 - Litestar's own form

    @websocket("/realtime")
    async def realtime(
        self, socket: WebSocket[Any, Any, Any], hub: NamedDependency[Hub], entrance: NamedDependency[Entrance]
    ) -> None:
        """Let the person behind `?token=` hear what is sent to them, until one of the two ends it."""
        token = socket.query_params.get("token", "")
        person = await entrance.person(token)
        await socket.accept()
        if person is None:
            await _close(socket, NOT_SIGNED_IN)
            return
        socket.scope["state"]["subject"] = str(person.id)
        with hub.listening(person) as ear:
            farewell = await _first(_hear(socket, ear), _speak(socket, ear), _watch(ear, entrance, token))
        if farewell:
            await _close(socket, farewell)


async def _hear(socket: WebSocket[Any, Any, Any], ear: Ear) -> Farewell | None:
    """Answer what the client says, until it leaves."""
    while True:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                event = await socket.receive()
        except TimeoutError:
            return SILENT
        if event["type"] != "websocket.receive":
            return None
        text = event.get("text")
        if text is None:
            return NOT_TEXT
        if len(text) > LARGEST_MESSAGE:
            return TOO_LARGE
        ear.say(_answer(text, ear))


def _answer(text: str, ear: Ear) -> Pong | Subscribed | Refused:
    try:
        message = _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return Refused("MalformedMessage", "Send a ping, or subscribe_pattern with a pattern.")
    if isinstance(message, Ping):
        return Pong()
    if message.pattern not in ear.allowed:
        return Refused("NotYourPattern", f"You may listen to {', '.join(sorted(ear.allowed))}.")
    ear.patterns.add(message.pattern)
    return Subscribed(message.pattern)


async def _speak(socket: WebSocket[Any, Any, Any], ear: Ear) -> Farewell:
    """Send what waits, in its order."""
    while True:
        text = await ear.next()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_text(text)
        except TimeoutError:
            return TOO_SLOW


async def _watch(ear: Ear, entrance: Entrance, token: str) -> Farewell:
    """Wait until the reader is too slow, or may not listen any more as who they were."""
    while True:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await ear.too_slow.wait()
        except TimeoutError:
            if not await entrance.still_welcomes(ear.person, token):
                return NOT_SIGNED_IN
        else:
            return TOO_SLOW


async def _first(*work: Coroutine[Any, Any, Farewell | None]) -> Farewell | None:
    """Do several things at once until the first of them ends, and end the others."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(socket: WebSocket[Any, Any, Any], farewell: Farewell) -> None:
    """Say farewell, unless the client does not even take that: then the connection is dropped."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(farewell.code, farewell.reason)
    except TimeoutError:
        return
