"""A small application around a test's own handlers, wired like the real one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Protocol, cast

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.types import ControllerRouterHandler

from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.cors import Cors
from lc_workflow.platform.http.database import Refusals
from lc_workflow.platform.http.problems import exception_handlers, log_broken_socket
from lc_workflow.platform.http.requests import CheckedRequest, prepare
from lc_workflow.platform.http.shell import Shell
from lc_workflow.platform.stopping import Departure

WEB_APP = "https://app.example"


class Serve(Protocol):
    """Serve these handlers and give a client for them."""

    async def __call__(
        self,
        *handlers: ControllerRouterHandler,
        refusals: Refusals | None = None,
        trusted_proxies: tuple[str, ...] = (),
        origins: tuple[str, ...] = (WEB_APP,),
        base_url: str = "http://test",
        address: str = "10.1.2.3",
        **options: Any,
    ) -> AsyncClient: ...


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(
            *handlers: ControllerRouterHandler,
            refusals: Refusals | None = None,
            trusted_proxies: tuple[str, ...] = (),
            origins: tuple[str, ...] = (WEB_APP,),
            base_url: str = "http://test",
            address: str = "10.1.2.3",
            **options: Any,
        ) -> AsyncClient:
            wiring: dict[str, Any] = {
                "request_class": CheckedRequest,
                "response_class": Answer,
                "before_request": prepare,
                "exception_handlers": exception_handlers(refusals or {}),
                "after_exception": [log_broken_socket],
                "logging_config": None,
                "openapi_config": None,
            }
            app = Litestar(handlers, **(wiring | options))
            app.asgi_handler = Shell(
                app.asgi_handler, cors=Cors(origins), departure=Departure(), trusted_proxies=trusted_proxies
            )
            await stack.enter_async_context(app.lifespan())
            transport = ASGITransport(cast("Any", app), raise_app_exceptions=False, client=(address, 4321))
            return await stack.enter_async_context(AsyncClient(transport=transport, base_url=base_url))

        yield start
