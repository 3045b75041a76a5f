"""Clients of the live socket and of the live stream in the test's own loop, which may also stop reading."""

import asyncio
import json
from typing import Any, Self

from litestar import Litestar

from tests.moments import PATIENCE


class Socket:
    """One connection to the application, over ASGI."""

    def __init__(self, app: Litestar, query: str, **headers: str) -> None:
        self._app = app
        self._query = query
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/api/v1/ws/realtime",
            "raw_path": b"/api/v1/ws/realtime",
            "query_string": self._query.encode(),
            "root_path": "",
            "headers": [(b"host", b"test"), *self._headers],
            "subprotocols": [],
            "client": ("127.0.0.1", 7),
            "server": ("test", 80),
            "state": {},
            "extensions": {},
        }
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._serving = asyncio.create_task(self._app(scope, self._to_app.get, self._take))  # type: ignore[arg-type]
        assert (await self._next())["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})
        async with asyncio.timeout(PATIENCE):
            await self._serving

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        self._to_app.put_nowait({"type": "websocket.receive", "text": text, "bytes": None})

    async def say_bytes(self, content: bytes) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": None, "bytes": content})

    async def hear(self) -> Any:
        message = await self._next()
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def ask(self, message: object) -> Any:
        await self.say(message)
        return await self.hear()

    async def subscribe(self, pattern: str) -> None:
        assert await self.ask({"type": "subscribe_pattern", "pattern": pattern}) == {
            "type": "subscribed",
            "pattern": pattern,
        }

    async def closed(self) -> int:
        """Wait for the server to close; answers its code."""
        message = await self._next()
        while message["type"] == "websocket.send":
            message = await self._next()
        assert message["type"] == "websocket.close"
        return int(message["code"])

    async def ended(self) -> None:
        """Wait until the server is done with this connection."""
        assert self._serving is not None
        async with asyncio.timeout(PATIENCE):
            await self._serving

    @property
    def is_quiet(self) -> bool:
        return self._from_app.empty()

    async def _take(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self._from_app.put_nowait(message)

    async def _next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self._from_app.get()


class Events:
    """One open stream of server-sent events, over ASGI."""

    def __init__(self, app: Litestar, query: str, headers: dict[str, str]) -> None:
        self._app = app
        self._query = query
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._left = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self.headers: dict[str, str] = {}
        self.reads = asyncio.Event()
        self.reads.set()

    async def __aenter__(self) -> Self:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/v1/ws/events",
            "raw_path": b"/api/v1/ws/events",
            "query_string": self._query.encode(),
            "root_path": "",
            "headers": [(b"host", b"test"), *self._headers],
            "client": ("127.0.0.1", 7),
            "server": ("test", 80),
            "state": {},
            "extensions": {},
        }
        self._serving = asyncio.create_task(self._app(scope, self._receive, self._take))  # type: ignore[arg-type]
        start = await self._next()
        assert start["status"] == 200, await self._next()
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None
        self._left.set()
        async with asyncio.timeout(PATIENCE):
            await self._serving

    async def hear(self) -> str:
        """Wait for the next event or comment, as it is written; empty at the end of the stream."""
        body: bytes = (await self._next())["body"]
        return body.decode()

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self._from_app.put_nowait(message)

    async def _next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self._from_app.get()
