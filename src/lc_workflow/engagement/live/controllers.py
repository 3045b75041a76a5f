"""What happens, while it happens: over a web socket, and as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Coroutine
from time import monotonic
from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, WebSocket, get, websocket
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Stream

from lc_workflow.engagement.live.hub import TOO_SLOW, Ear, Farewell, Hub, NoRoom, TooManyConnections
from lc_workflow.engagement.live.schemas import Ping, Pong, Refused, Subscribed, SubscribePattern
from lc_workflow.engagement.live.service import Entrance
from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.compression import UNCOMPRESSED
from lc_workflow.platform.security.guards import PUBLIC, SESSION_COOKIE, cookie, is_our_page, token_of
from lc_workflow.platform.security.tokens import SessionEnded

LARGEST_MESSAGE: Final = 4_096
"""Characters of a client's message; its messages are a line long."""

CHECK_SECONDS: Final = 30.0
"""How often it is checked whether the person may still listen."""

SILENT_SECONDS: Final = 150.0
"""After this long without a message the client counts as gone: the web app pings every 30 seconds, and a browser lets a
page in the background do so once a minute."""

HEARTBEAT_SECONDS: Final = 15.0
"""How often a quiet stream says that it is alive; proxies close one that carries nothing for a minute."""

RETRY_MILLISECONDS: Final = 3_000
"""When a browser connects again after a stream ended."""

SEND_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 1.0

_DECODER: Final = msgspec.json.Decoder(Ping | SubscribePattern)


NOT_SIGNED_IN: Final = Farewell(4001, "The access token is not valid any more; sign in again.")
NOT_TEXT: Final = Farewell(1003, "Messages are text.")
TOO_LARGE: Final = Farewell(1009, f"A message has at most {LARGEST_MESSAGE} characters.")
SILENT: Final = Farewell(1001, "Nothing was heard of you for a while; connect again.")
NO_ROOM: Final = 1013
"""The close code for one socket too many: try again later."""


class NotYourPattern(Forbidden):
    """Somebody wants to listen to a pattern that is not theirs."""


class LiveController(Controller):
    """The live socket; its token is in the address, because a browser cannot send headers, or in the cookie."""

    path = "/api/v1/ws"
    opt = {PUBLIC: True}

    @websocket("/realtime")
    async def realtime(
        self,
        socket: WebSocket[Any, Any, Any],
        hub: NamedDependency[Hub],
        entrance: NamedDependency[Entrance],
        settings: NamedDependency[Settings],
    ) -> None:
        """Let the person behind `?token=`, or behind the cookie of a page of ours, hear what is sent to them."""
        token = socket.query_params.get("token") or _of_our_page(socket, settings.cors_origins)
        person = await entrance.person(token)
        await socket.accept()
        if person is None:
            await _close(socket, NOT_SIGNED_IN)
            return
        socket.scope["state"]["subject"] = str(person.id)
        try:
            with hub.listening(person) as ear:
                farewell = await _first(_hear(socket, ear), _speak(socket, ear), _watch(ear, entrance, token))
        except (TooManyConnections, NoRoom) as refusal:
            farewell = Farewell(NO_ROOM, refusal.detail)
        if farewell:
            await _close(socket, farewell)

    @get("/events", opt={UNCOMPRESSED: True}, media_type="text/event-stream", tags=["Live"])
    async def events(
        self,
        request: Request[Any, Any, Any],
        hub: NamedDependency[Hub],
        entrance: NamedDependency[Entrance],
        token: Annotated[str | None, QueryParameter(max_length=4_096)] = None,
        pattern: Annotated[list[str] | None, QueryParameter(max_items=20)] = None,
    ) -> Stream:
        """Hear the same as server-sent events: what is sent to the patterns, or to all of one's own.

        The access token comes as `?token=`, in the header or in the cookie. Events carry no id, because not everything
        that is sent is kept: after a gap the notifications are read from their list.

        Raises:
            SessionEnded: The access token is not valid any more.
            NotYourPattern: A pattern is not one's own.
            TooManyConnections: The person holds as many connections as they may.
            NoRoom: The process holds as many as it can.
        """
        token = token or token_of(request.scope)
        person = await entrance.person(token)
        if person is None:
            raise SessionEnded(NOT_SIGNED_IN.reason)
        request.scope["state"]["subject"] = str(person.id)
        events = _events(hub, person, pattern, entrance, token)
        return Stream(
            _after(await anext(events), events),
            media_type="text/event-stream; charset=utf-8",
            headers={"X-Accel-Buffering": "no"},
        )


def _of_our_page(socket: WebSocket[Any, Any, Any], origins: Collection[str]) -> str:
    """The token in the cookie, when a page of ours opens the socket.

    Browsers send cookies along with a socket that any site opens.
    """
    return (cookie(socket.scope, SESSION_COOKIE) or "") if is_our_page(socket, origins) else ""


async def _events(
    hub: Hub, person: Principal, patterns: list[str] | None, entrance: Entrance, token: str
) -> AsyncGenerator[bytes, None]:
    """Write what is sent to a person, comments while nothing is, until they may not listen any more."""
    with hub.listening(person) as ear:
        if not ear.allowed.issuperset(patterns or ()):
            raise NotYourPattern(_allowed(ear))
        ear.listen(*(patterns or ear.allowed))
        yield f": listening\nretry: {RETRY_MILLISECONDS}\n\n".encode()
        over = asyncio.create_task(ear.over.wait())
        try:
            checked = monotonic()
            while not over.done():
                said = await _said(ear, over)
                yield f"data: {said}\n\n".encode() if said else b": still here\n\n"
                if monotonic() - checked >= CHECK_SECONDS:
                    checked = monotonic()
                    if not await entrance.still_welcomes(person, token):
                        return
        finally:
            over.cancel()


async def _said(ear: Ear, over: asyncio.Task[Any]) -> str | None:
    """Wait for the next message; None when there was none for a while, or the stream is about to end."""
    hears = asyncio.create_task(ear.next())
    await asyncio.wait((hears, over), timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if hears.done():
        return hears.result()
    hears.cancel()
    return None


async def _after(first: bytes, events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the message that was fetched first to see whether there is one, and then the rest."""
    yield first
    async for event in events:
        yield event


async def _hear(socket: WebSocket[Any, Any, Any], ear: Ear) -> Farewell | None:
    """Answer the client's messages until it leaves."""
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
        return Refused(NotYourPattern.__name__, _allowed(ear))
    ear.listen(message.pattern)
    return Subscribed(message.pattern)


def _allowed(ear: Ear) -> str:
    return f"You may listen to {', '.join(sorted(ear.allowed))}."


async def _speak(socket: WebSocket[Any, Any, Any], ear: Ear) -> Farewell:
    """Send what is waiting, in order."""
    while True:
        text = await ear.next()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_text(text)
        except TimeoutError:
            return TOO_SLOW


async def _watch(ear: Ear, entrance: Entrance, token: str) -> Farewell | None:
    """Wait until the connection is over, or its person may not listen any more."""
    while True:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await ear.over.wait()
        except TimeoutError:
            if not await entrance.still_welcomes(ear.person, token):
                return NOT_SIGNED_IN
        else:
            return ear.farewell


async def _first(*work: Coroutine[Any, Any, Farewell | None]) -> Farewell | None:
    """Run several tasks until the first of them ends, and end the others."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(socket: WebSocket[Any, Any, Any], farewell: Farewell) -> None:
    """Close the socket in order; if the client does not even accept that, drop the connection."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(farewell.code, farewell.reason)
    except TimeoutError:
        return
