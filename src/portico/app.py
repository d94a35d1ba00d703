"""Builds the ASGI application from the settings, and connects all of its parts."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from random import randrange
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, ExceptionHandlersMap

from portico import __version__
from portico.asgi.bodies import MEBIBYTE
from portico.asgi.client_address import TrustedProxies
from portico.asgi.exchange import ExchangeMiddleware
from portico.asgi.forwarding import ForwardingRecord
from portico.asgi.limits import RateCounter
from portico.asgi.request_counts import RequestCounts
from portico.asgi.routing import Application, OwnRouter
from portico.asgi.threads import Threads
from portico.backup_schedule import backup_schedule
from portico.domain.addresses import parse_networks
from portico.domain.errors import PorticoError
from portico.domain.records import Clock, IdSource, TenantClock
from portico.http import policies as aups
from portico.http.hot.cache import AnswerCache
from portico.http.hot.reads import HotReads
from portico.http.hot.sign_ins import HotSignIns
from portico.http.kit.answers import CONTENT_TYPE, AnyRequest
from portico.http.kit.api_call import Api
from portico.http.kit.errors import exception_handlers, refuse_ambiguous, status_of
from portico.http.kit.large_answers import large_answer_slots
from portico.http.kit.openapi import describe, named_addresses
from portico.http.kit.operations import OPERATION, answer_options
from portico.http.kit.tokens import Tokens
from portico.http.links import application_segments, bulk, links
from portico.http.portals import certificates, portals
from portico.http.tenancy import identity, microtenants
from portico.installation import key_overlap, make_cipher, open_runtime
from portico.instruments import Instruments
from portico.observability.logs import AccessLog
from portico.operations import name_operations
from portico.services.backups.watch import BackupWatch
from portico.services.people.failed_sign_ins import FailedSignIns
from portico.services.people.first_steps import CommandLine
from portico.services.readiness import Readiness
from portico.services.runtime import Runtime
from portico.services.tenancy.client_sign_ins import SignInNotes
from portico.services.tenancy.signing_keys import SigningKeys, ensure_signing_key
from portico.settings import Settings
from portico.storage.engine.connections import Database
from portico.storage.engine.database import open_database
from portico.storage.readiness import PROBE_SLOTS
from portico.web.console.frame.errors import present_error
from portico.web.console.frame.words import FILTERS
from portico.web.console.routes import console_routers
from portico.web.documentation import documentation_router
from portico.web.portal import actions as portal_actions
from portico.web.portal import files as portal_files
from portico.web.portal import page as portal_page
from portico.web.portal import requests as portal_requests
from portico.web.portal.content import PortalContents
from portico.web.shared import static_files
from portico.web.shared.addresses import OriginResolver, strict_transport
from portico.web.shared.compression import CompressedPages
from portico.web.shared.cookies import Cookies
from portico.web.shared.errors import page_exception_handlers, present_message
from portico.web.shared.received_forms import FORM_BYTES
from portico.web.shared.rendering import Renderer
from portico.web.shared.site import FurtherPage, Site, site_of
from portico.web.shared.static_files import StaticFiles
from portico.web.sign_in import console as console_sign_in
from portico.web.sign_in import password_links, providers, second_factor
from portico.web.sign_in import portal as portal_sign_in
from portico.web.sign_in.oidc import OpenIdClients

if TYPE_CHECKING:
    from portico.emulator.operations import Operations

BODY_LIMIT_BYTES = 5 * MEBIBYTE
PREFIXES = ("/mgmtconfig", "/zpa/mgmtconfig")
NOUNS = (links, bulk, portals, aups, certificates, application_segments, microtenants, identity)

logger = logging.getLogger("portico")


async def _start_nothing(app: Litestar, runtime: Runtime) -> None:
    """Do nothing: the application needs no more than its own parts."""


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What a caller of `create_app` adds to the application. `portico serve` adds nothing.

    `new_id` creates the ids. `clients_clock` is the time of API clients if it is not that of the
    server, and `time_in` the time of the server in one tenant. Without `durable`, SQLite does not
    wait for the disk. `templates` are packages with templates of pages, and `console_pages` are in
    the console's navigation. `middlewares` are the outermost layers, from outside inwards.
    `started` is called before the first request.
    """

    new_id: IdSource | None = None
    clients_clock: Clock | None = None
    time_in: TenantClock | None = None
    durable: bool = True
    routes: Sequence[HTTPRouteHandler | Router] = ()
    templates: Sequence[str] = ()
    console_pages: Sequence[FurtherPage] = ()
    middlewares: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    started: Callable[[Litestar, Runtime], Awaitable[None]] = _start_nothing


def create_app(
    settings: Settings,
    clock: Clock = time.time,
    monotonic: Clock = time.monotonic,
    command_line: CommandLine | None = None,
    additions: Additions | None = None,
    instruments: Instruments | None = None,
) -> ASGIApp:
    """Return the application for a server that runs its lifespan. It opens no connection yet.

    `command_line` is how pages write commands for the operator.
    """
    added, instruments = additions or Additions(), instruments or Instruments()
    database = _open_database(settings, durable=added.durable)
    rates, cache = RateCounter(clock, settings.rate_limit), AnswerCache(settings.cache_bytes)
    notes, cipher = SignInNotes(database, clock), make_cipher(settings)
    signing_keys = SigningKeys(database, cipher, monotonic)
    tokens = Tokens(
        signing_keys, added.clients_clock or clock, settings.token_lifetime, notes, added.time_in
    )
    readiness = Readiness(database, clock, slot=randrange(PROBE_SLOTS))
    log = AccessLog(sys.stderr.buffer, settings.log_format) if settings.access_log else None
    threads, failed = Threads(), FailedSignIns()
    record = ForwardingRecord(trusted_proxies(settings), database, clock)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        try:
            runtime = await open_runtime(settings, database, cipher, clock, added.new_id)
            await ensure_signing_key(runtime, overlap=key_overlap(settings.token_lifetime))
            api = _make_api(runtime, settings, tokens, rates, cache, threads, failed)
            app.state.site = make_site(
                runtime, settings, command_line, threads, signing_keys, failed, added
            )
            app.state.api, app.state.readiness = api, readiness
            instruments.start(counts, api, readiness)
            await added.started(app, runtime)
            logger.info("This worker is ready.", extra={"event": "worker.started"})
            async with record:
                yield
        except Exception as error:
            event, defect = {"event": "worker.failed"}, not isinstance(error, PorticoError)
            logger.error("This worker cannot start: %s", error, exc_info=defect, extra=event)
            raise
        finally:
            await readiness.close()
            await notes.finish()
            await database.close()
            threads.close()
            failed.flush()
            instruments.close()
            if log is not None:
                log.flush()
            logger.info("This worker has stopped.", extra={"event": "worker.stopped"})

    router = _router(settings, lifespan, (*added.routes, *instruments.routes(settings)))
    counts = RequestCounts(name_operations(router))
    application = instruments.follow(router, database.usage, settings)
    application = _with_hot_paths(application, database, cache, rates, tokens, threads, counts)
    return _outermost(application, log, settings, record, added.middlewares, counts, instruments)


def _with_hot_paths(
    application: ASGIApp,
    database: Database,
    cache: AnswerCache,
    rates: RateCounter,
    tokens: Tokens,
    threads: Threads,
    counts: RequestCounts,
) -> ASGIApp:
    if not cache.limit:
        return application
    application = HotSignIns(application, tokens=tokens, database=database, counts=counts)
    return HotReads(
        application,
        cache=cache,
        database=database,
        rates=rates,
        tokens=tokens,
        threads=threads,
        counts=counts,
    )


def _open_database(settings: Settings, *, durable: bool) -> Database:
    return open_database(
        settings.database,
        pool_size=settings.pool_size,
        read_seconds=settings.read_timeout / 1000,
        durable=durable,
    )


def _router(
    settings: Settings,
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
    added: Sequence[HTTPRouteHandler | Router],
) -> Litestar:
    return Application(
        route_handlers=[
            *_api_routers(),
            *_page_routers(),
            *_probes(),
            openapi,
            documentation_router(openapi_document),
            *added,
        ],
        dependencies={"site": Provide(_site)},
        exception_handlers=_exception_handlers(settings),
        lifespan=[lifespan],
        request_max_body_size=BODY_LIMIT_BYTES,
        openapi_config=None,
        logging_config=None,
    )


def _make_api(
    runtime: Runtime,
    settings: Settings,
    tokens: Tokens,
    rates: RateCounter,
    cache: AnswerCache,
    threads: Threads,
    failed: FailedSignIns,
) -> Api:
    return Api(
        runtime=runtime,
        tokens=tokens,
        rates=rates,
        cache=cache,
        failed_sign_ins=failed,
        client_address=trusted_proxies(settings).client_address,
        threads=threads,
        large_answers=large_answer_slots(),
        managed_suffix=settings.portal_suffix,
        sdk_bulk_array=settings.sdk_bulk_array,
        assertion_audiences=_assertion_audiences(settings),
    )


def _assertion_audiences(settings: Settings) -> frozenset[str]:
    return frozenset(each.strip() for each in settings.assertion_audience.split(","))


def _outermost(
    application: ASGIApp,
    log: AccessLog | None,
    settings: Settings,
    record: ForwardingRecord,
    added: Sequence[Callable[[ASGIApp], ASGIApp]],
    counts: RequestCounts,
    instruments: Instruments,
) -> ASGIApp:
    application = ExchangeMiddleware(
        application,
        log,
        trusted_proxies(settings).client_address,
        strict_transport(make_origin_resolver(settings), settings.strict_transport),
        ambiguous=refuse_ambiguous,
        note_forwarded=record.requests.note,
        counts=counts,
        observers=instruments.observers(settings),
    )
    for layer in reversed(added):
        application = layer(application)
    return application


def trusted_proxies(settings: Settings) -> TrustedProxies:
    """Return the reverse proxies that the operator trusts."""
    return TrustedProxies(parse_networks(settings.trusted_proxies))


def make_origin_resolver(settings: Settings) -> OriginResolver:
    """Return the resolver of origins, which knows the trusted proxies and the public URL."""
    return OriginResolver(proxies=trusted_proxies(settings), public_url=settings.public_url)


def make_site(
    runtime: Runtime,
    settings: Settings,
    command_line: CommandLine | None,
    threads: Threads,
    signing_keys: SigningKeys,
    failed: FailedSignIns,
    added: Additions,
) -> Site:
    """Return the shared objects of the console and the portal pages."""
    static = StaticFiles()
    schedule = backup_schedule(settings)
    renderer = Renderer(static.address, FILTERS, added.templates)
    return Site(
        runtime=runtime,
        signing_keys=signing_keys,
        failed_sign_ins=failed,
        renderer=renderer,
        static=static,
        cookies=Cookies(secure=not settings.insecure_cookies),
        origins=make_origin_resolver(settings),
        openid=OpenIdClients(),
        threads=threads,
        portal_contents=PortalContents(renderer, threads),
        managed_suffix=settings.portal_suffix,
        command_line=command_line or CommandLine(),
        status_of=status_of,
        further_pages=added.console_pages,
        backups=None if schedule is None else BackupWatch(schedule, runtime.clock),
    )


def _exception_handlers(settings: Settings) -> ExceptionHandlersMap:
    """Return the error handlers. Without a route, the first part of the path selects the pages."""
    api = exception_handlers(vendor_statuses=settings.vendor_statuses)
    console, portal = (
        page_exception_handlers(present_error),
        page_exception_handlers(present_message),
    )

    def framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        first = request.scope["path"].split("/")[1]
        handlers = {"console": console, "p": portal}.get(first, api)
        answer: Response[Any] = handlers[HTTPException](request, error)
        return answer

    return {**api, HTTPException: framework}


async def _site(request: Request[Any, Any, Any]) -> Site:
    return site_of(request)


def _page_routers() -> list[Router]:
    """Return the routers of the console and the portal pages, each with its own error pages."""
    return [
        OwnRouter(
            "/",
            route_handlers=[
                *console_sign_in.ROUTES,
                *second_factor.ROUTES,
                *portal_sign_in.ROUTES,
                *password_links.ROUTES,
                *providers.ROUTES,
                *portal_page.ROUTES,
                *portal_actions.ROUTES,
                *portal_requests.ROUTES,
                *portal_files.ROUTES,
                *static_files.ROUTES,
            ],
            exception_handlers=page_exception_handlers(present_message),
            middleware=[CompressedPages],
            request_max_body_size=FORM_BYTES,
        ),
        OwnRouter("/", route_handlers=console_routers(), middleware=[CompressedPages]),
    ]


def _api_routers() -> list[Router]:
    per_tenant = [route for noun in NOUNS for route in noun.ROUTES]
    at_root = [*identity.ROOT_ROUTES, *identity.SESSION_ROUTES]
    return [
        OwnRouter("/", route_handlers=[*_options(at_root), *at_root]),
        *(
            OwnRouter(prefix, route_handlers=[*_options(per_tenant), *per_tenant])
            for prefix in PREFIXES
        ),
    ]


def _options(routes: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return an OPTIONS handler for each path.

    Register these first. Otherwise the framework adds its own, which name one route's methods only.
    """
    methods: dict[str, set[str]] = {}
    for route in routes:
        for path in route.paths:
            methods.setdefault(path, {"OPTIONS"}).update(route.http_methods)
    return [answer_options(path, ", ".join(sorted(names))) for path, names in methods.items()]


def _described_routes() -> list[tuple[str, HTTPRouteHandler]]:
    routes = [(PREFIXES[0], route) for noun in NOUNS for route in noun.ROUTES]
    routes += [("", route) for route in (*identity.ROOT_ROUTES, *identity.SESSION_ROUTES)]
    return [(prefix, route) for prefix, route in routes if OPERATION in route.opt]


def usual_statuses() -> Mapping[tuple[str, str], Collection[int]]:
    """Return the operations and methods of all routes, with the statuses that they answer."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        yield

    return name_operations(_router(Settings(), lifespan, ()))


def api_operations() -> Operations:
    """Return the operations of the API for the stand-in. One with several paths has one id."""
    from portico.emulator.operations import Operation, Operations
    from portico.http.kit.known_fields import known_fields

    operations: list[Operation] = []
    for prefix, route in _described_routes():
        described = route.opt[OPERATION]
        (method,) = route.http_methods
        fields = None if described.body is None else known_fields(described.body)
        query = frozenset(each.name for each in described.parameters if each.location == "query")
        operations += [
            Operation(described.name, method, address, fields, query)
            for _, address in named_addresses(prefix, route)
        ]
    return Operations(operations)


def _probes() -> list[HTTPRouteHandler]:
    @get("/healthz", media_type=CONTENT_TYPE)
    async def health() -> bytes:
        """Report that the process answers."""
        return b'{"status":"ok"}'

    @get("/readyz", media_type=CONTENT_TYPE)
    async def readiness(request: AnyRequest) -> Response[bytes]:
        """Report whether the database has the right schema and can commit a write."""
        check: Readiness = request.app.state.readiness
        reason = await check.reason()
        if not reason:
            return Response(b'{"status":"ready"}', media_type=CONTENT_TYPE)
        body = msgspec.json.encode({"status": "not ready", "reason": reason})
        return Response(body, status_code=503, media_type=CONTENT_TYPE)

    return [health, readiness]


@cache
def openapi_document() -> bytes:
    """Return the OpenAPI document as JSON, which takes as long as 50 requests to make."""
    return msgspec.json.encode(describe(_described_routes(), version=__version__))


@get("/openapi.json", media_type="application/json", sync_to_thread=True)
def openapi() -> bytes:
    """Return the OpenAPI document."""
    return openapi_document()
