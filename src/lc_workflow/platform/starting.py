"""What the server is told when the application cannot start: a sentence instead of a traceback."""

from collections.abc import Awaitable
from typing import TypeAlias, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.variables import BadSetting

Refusal: TypeAlias = BadSetting | Unavailable


def explaining(app: ASGIApp) -> ASGIApp:
    """Serve as `app` does; when something configured does not work, tell the server so in one sentence."""

    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return _start(app, scope, receive, send) if str(scope["type"]) == "lifespan" else app(scope, receive, send)

    return serve


async def _start(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    failed: list[dict[str, object]] = []

    async def keep_back_the_traceback(message: Message) -> None:
        if str(message["type"]) == "lifespan.startup.failed":
            failed.append(cast("dict[str, object]", message))
        else:
            await send(message)

    try:
        await app(scope, receive, keep_back_the_traceback)
    except BaseException as cause:
        refusal = refusal_in(cause)
        for message in failed:
            if refusal:
                message["message"] = f"lc-workflow cannot start: {refusal}"
            await send(cast("Message", message))
        if refusal is None or not failed:
            raise


def refusal_in(cause: BaseException) -> Refusal | None:
    """Find the refusal that stopped the start; None for any other failure, which needs its traceback."""
    if isinstance(cause, BaseExceptionGroup):
        return next((found for each in cause.exceptions if (found := refusal_in(each))), None)
    return cause if isinstance(cause, BadSetting | Unavailable) else None
