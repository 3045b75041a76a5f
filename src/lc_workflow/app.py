"""The factory: lists the contexts and connects their ports."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Final

from advanced_alchemy.config import SQLAlchemyAsyncConfig
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import ClientException
from litestar.plugins import PluginProtocol
from litestar.routes import HTTPRoute
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from lc_workflow.documents.manifest import MANIFEST as DOCUMENTS
from lc_workflow.engagement.live.hub import Hub
from lc_workflow.engagement.live.service import Entrance
from lc_workflow.engagement.manifest import MANIFEST as ENGAGEMENT
from lc_workflow.identity.manifest import MANIFEST as IDENTITY
from lc_workflow.identity.protection.listeners import noting_refusals
from lc_workflow.identity.protection.service import blocked_networks
from lc_workflow.identity.sessions.principals import load_principal
from lc_workflow.insight.manifest import MANIFEST as INSIGHT
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.manifest import MANIFEST as LENDING
from lc_workflow.organization.manifest import MANIFEST as ORGANIZATION
from lc_workflow.platform.broadcast import Broadcast, LocalBroadcast, RedisBroadcast
from lc_workflow.platform.clock import Clock, system_clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.config import alchemy_config
from lc_workflow.platform.db.listening import Ear, Listening
from lc_workflow.platform.db.reaching import probe_engine, reach_database
from lc_workflow.platform.db.revisions import look_at_the_revision
from lc_workflow.platform.db.sessions import RequestSessions
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.compression import compression
from lc_workflow.platform.http.cors import Cors
from lc_workflow.platform.http.openapi import Amounts, Structs, docs, documentation
from lc_workflow.platform.http.operations import Described
from lc_workflow.platform.http.problems import exception_handlers, log_broken_socket
from lc_workflow.platform.http.provide import Provider
from lc_workflow.platform.http.requests import CheckedRequest, prepare
from lc_workflow.platform.http.shell import Shell
from lc_workflow.platform.http.uploads import taking_files
from lc_workflow.platform.idempotency.middleware import Idempotency
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.chain import seals_of
from lc_workflow.platform.journal.relay import CHANNEL as JOURNAL
from lc_workflow.platform.journal.relay import Relay
from lc_workflow.platform.manifest import merged
from lc_workflow.platform.ratelimit import Limiter, LimitRequests, Rate, limiter_for
from lc_workflow.platform.security.blocklist import Blocklist, RefuseBlocked
from lc_workflow.platform.security.guards import Authenticate, ReadToken
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.reads import open_reader
from lc_workflow.platform.security.remembered import CHANNEL as RIGHTS
from lc_workflow.platform.security.remembered import Remembered
from lc_workflow.platform.security.resealing import open_one_of_each
from lc_workflow.platform.security.tokens import Tokens
from lc_workflow.platform.security.vault import Vault, use, vault_of
from lc_workflow.platform.stopping import Departure, side_by_side
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.clamd import clamd_at
from lc_workflow.platform.storage.local import LocalStore
from lc_workflow.platform.storage.sniffing import KNOWN_TYPES
from lc_workflow.platform.stores import open_redis, reach
from lc_workflow.platform.variables import BadSetting
from lc_workflow.platform.watching.tracing import NO_TRACING, Tracing
from lc_workflow.platform.worker import Worker
from lc_workflow.system.health.service import Pulse
from lc_workflow.system.manifest import MANIFEST as SYSTEM

HOUSE: Final = merged(SYSTEM, ORGANIZATION, IDENTITY, DOCUMENTS, LENDING, ENGAGEMENT, INSIGHT)
"""All contexts as one."""

METADATA: Final = Row.metadata
"""Every table, for the migrations: importing the manifests has imported all models."""

LARGEST_BODY: Final = 1_000_000
"""Bytes of a JSON body; uploads have a limit of their own."""


@dataclass(frozen=True, kw_only=True)
class Fittings:
    """What a process opens once and all its requests share."""

    settings: Settings
    clock: Clock
    passwords: Passwords
    alchemy: SQLAlchemyAsyncConfig
    requests: RequestSessions
    probe: AsyncEngine
    """Asks whether the database answers; apart from the pool, which may be busy."""
    redis: Redis | None
    tracing: Tracing
    broadcast: Broadcast
    hub: Hub
    departure: Departure
    store: ObjectStore
    tokens: Tokens
    vault: Vault
    limiter: Limiter
    remembered: Remembered
    blocklist: Blocklist


def create_app(
    settings: Settings,
    *,
    alchemy: SQLAlchemyAsyncConfig | None = None,
    clock: Clock = system_clock,
    passwords: Passwords | None = None,
    in_background: bool = True,
    command_line: Sequence[PluginProtocol] = (),
) -> Litestar:
    """Build the application.

    Tests pass their own engine, clock and cheaper passwords, and leave out what runs `in_background`. `command_line`
    holds plugins of the `litestar` command, which workers do not load.
    """
    fittings = _fit_out(settings, alchemy or alchemy_config(settings), clock, passwords or Passwords())
    app = Litestar(
        route_handlers=[*HOUSE.routes, taking_files(*HOUSE.uploads, most_bytes=settings.max_file_size), docs],
        dependencies=_dependencies(fittings),
        middleware=[
            RefuseBlocked(fittings.blocklist, fittings.requests.session),
            ReadToken(fittings.tokens, clock),
            LimitRequests(Rate(settings.rate_limit_requests, settings.rate_limit_window)),
            Authenticate(fittings.remembered, fittings.requests.session, clock),
            Idempotency(fittings.alchemy.get_session, clock),
        ],
        lifespan=[lambda _: _working(fittings, in_background=in_background)],
        plugins=[fittings.requests, Described(), Amounts(), Structs(), *command_line],
        exception_handlers=exception_handlers(HOUSE.refusals),
        request_class=CheckedRequest,
        response_class=Answer,
        before_request=prepare,
        before_send=[fittings.remembered.forget_after_changes],
        after_exception=[log_broken_socket, noting_refusals(fittings.requests.session, clock)],
        compression_config=compression(),
        openapi_config=documentation(
            title="LC Workflow",
            version=version("lc-workflow"),
            description="Loan applications of a microfinance branch, from first notes to a decision. Each answer has an"
            " `X-Request-ID`, the client's own or one made here, by which the log finds the request.",
        ),
        logging_config=None,  # `platform.logging` has taken over already
        request_max_body_size=LARGEST_BODY,
        state=State({"limiter": fittings.limiter, "uploads": Rate(settings.uploads_per_minute, 60)}),
        debug=False,
    )
    _provide_in_turn(app)
    app.asgi_handler = fittings.tracing.around(
        Shell(
            app.asgi_handler,
            cors=Cors(settings.cors_origins),
            departure=fittings.departure,
            trusted_proxies=settings.trusted_proxies,
        )
    )
    return app


async def try_out(settings: Settings) -> None:
    """Make sure that what is configured works, as the application does when it starts.

    Raises:
        BadSetting: Something does not.
        Unavailable: The store does not answer.
    """
    async with _working(_fit_out(settings, alchemy_config(settings), system_clock, Passwords()), in_background=False):
        pass


def _fit_out(settings: Settings, alchemy: SQLAlchemyAsyncConfig, clock: Clock, passwords: Passwords) -> Fittings:
    tracing = open_tracing(settings)
    tracing.watch_database(alchemy.get_engine())
    redis = open_redis(settings.redis_url)
    if redis:
        tracing.watch_redis(redis)
    broadcast: Broadcast = RedisBroadcast(redis) if redis else LocalBroadcast()
    return Fittings(
        settings=settings,
        clock=clock,
        passwords=passwords,
        alchemy=alchemy,
        requests=RequestSessions(alchemy),
        probe=probe_engine(settings),
        redis=redis,
        tracing=tracing,
        broadcast=broadcast,
        hub=Hub(broadcast),
        departure=Departure(),
        store=open_store(settings, clock),
        tokens=Tokens(
            settings.secret_key,
            previous=settings.previous_secret_keys,
            algorithm=settings.algorithm,
            lifetime=timedelta(minutes=settings.access_token_minutes),
        ),
        vault=use(vault_of(settings)),
        limiter=limiter_for(settings, redis),
        remembered=Remembered(load_principal),
        blocklist=Blocklist(lambda session: blocked_networks(session, at=clock())),
    )


def _dependencies(fittings: Fittings) -> dict[str, Provide]:
    """Name what handlers may ask for."""
    settings, redis = fittings.settings, fittings.redis
    pulse = Pulse(
        {
            "database": partial(look_at_the_revision, fittings.probe),
            "redis": redis.ping if redis else None,
            "storage": fittings.store.ping,
            "scanner": clamd_at(settings.clamd_address).ping if settings.clamd_address else None,
        }
    )
    return {
        **HOUSE.dependencies,
        "principal": Provider(_principal),
        "base_url": Provider(_base_url),
        "settings": _always(settings),
        "clock": _always(fittings.clock),
        "tokens": _always(fittings.tokens),
        "vault": _always(fittings.vault),
        "reader": Provider(open_reader),
        "passwords": _always(fittings.passwords),
        "limiter": _always(fittings.limiter),
        "seals": _always(seals_of(settings)),
        "blocklist": _always(fittings.blocklist),
        "store": _always(fittings.store),
        "broadcast": _always(fittings.broadcast),
        "hub": _always(fittings.hub),
        "departure": _always(fittings.departure),
        "entrance": _always(Entrance(fittings.alchemy.get_session, fittings.tokens, fittings.clock)),
        "enumerations": _always(HOUSE.enumerations),
        "pulse": _always(pulse),
    }


@asynccontextmanager
async def _working(fittings: Fittings, *, in_background: bool) -> AsyncIterator[None]:
    """Check at the start that everything configured works; then do the background work while the application runs."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(fittings.tracing.end)
        stack.push_async_callback(fittings.probe.dispose)
        await reach_database(fittings.probe)
        await look_at_the_revision(fittings.probe)
        await open_one_of_each(fittings.probe)
        if fittings.redis:
            stack.push_async_callback(fittings.redis.aclose)
            await reach(fittings.redis)
        await fittings.store.prepare()
        if in_background:
            await stack.enter_async_context(_in_background(fittings))
        yield


@asynccontextmanager
async def _in_background(fittings: Fittings) -> AsyncIterator[None]:
    """Run the relay, the live channel, the listening connection and the worker side by side."""
    sessions, engine = fittings.alchemy.create_session_maker(), fittings.alchemy.get_engine()
    relay = Relay(
        sessions,
        kinds=HOUSE.events,
        listeners=HOUSE.listeners,
        broadcast=fittings.broadcast,
        clock=fittings.clock,
        tracing=fittings.tracing,
    )
    place = Workplace(
        sessions=sessions,
        clock=fittings.clock,
        store=fittings.store,
        settings=fittings.settings,
        broadcast=fittings.broadcast,
        tracing=fittings.tracing,
    )
    ears = {JOURNAL: Ear(relay.wake), RIGHTS: Ear(fittings.remembered.heard, fittings.remembered.deaf)}
    worker = Worker(HOUSE.jobs, place, database=engine.url)

    def leave() -> None:
        fittings.hub.end()
        worker.end()  # already while requests are still answered, since both may take seconds

    with fittings.departure.heard(leave):
        parts = fittings.broadcast.running(), relay.running(), Listening(ears).running(engine), worker.running()
        async with side_by_side(*parts):
            yield


def _provide_in_turn(app: Litestar) -> None:
    """Call the providers of a handler one after another.

    None of ours waits for anything, and Litestar would start a task for each.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                model.dependency_batches = [{one} for batch in model.dependency_batches for one in batch]


def _principal(request: CheckedRequest) -> Principal:
    """The signed-in person; the middleware found them."""
    principal: Principal = request.user
    return principal


def _base_url(request: CheckedRequest) -> str:
    """The address at which this request reached the API, without a slash at its end: for links that browsers open.

    Raises:
        ClientException: The Host header has a port that is none.
    """
    try:
        return str(request.base_url).rstrip("/")
    except ValueError as unreadable:
        raise ClientException("The Host header is no address.") from unreadable


def _always(thing: object) -> Provide:
    """Provide the same object to every request."""
    return Provider(lambda: thing)


def open_tracing(settings: Settings) -> Tracing:
    """Trace requests and jobs when the settings name a collector."""
    if settings.traces_url is None:
        return NO_TRACING
    # Loading the SDK takes 0.5 s and 20 MB; an installation without a collector need not pay for it.
    from lc_workflow.platform.watching.spans import Spans  # noqa: PLC0415

    return Spans(settings.traces_url)


def open_store(settings: Settings, clock: Clock) -> ObjectStore:
    """Keep files where the settings say: in an S3 store, or in a folder.

    Raises:
        BadSetting: A type is allowed that we cannot recognise.
    """
    if unknown := sorted(set(settings.file_types) - KNOWN_TYPES):
        raise BadSetting(f"ALLOWED_FILE_TYPES names types that cannot be told by their content: {', '.join(unknown)}.")
    if settings.object_store:
        # Loading the SDK takes 0.4 s and 11 MB; an installation that keeps files in a folder need not pay for it.
        from lc_workflow.platform.storage.minio import MinioStore  # noqa: PLC0415

        return MinioStore(settings.object_store)
    return LocalStore(settings.upload_folder, secret=settings.secret_key, clock=clock)
