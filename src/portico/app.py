"""Builds the ASGI application from the settings, and connects all of its parts."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from random import randrange
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from portico import __version__
from portico.asgi.bodies import MEBIBYTE
from portico.asgi.client_address import TrustedProxies
from portico.asgi.exchange import ExchangeMiddleware
from portico.asgi.forwarding import ForwardingRecord
from portico.asgi.limits import RateCounter
from portico.asgi.request_counts import RequestCounts
from portico.asgi.routing import AnswerError, Application, Lifespan, Route, RouteGroup, route
from portico.asgi.threads import Threads
from portico.backup_schedule import backup_schedule
from portico.domain.addresses import parse_networks
from portico.domain.errors import PorticoError
from portico.domain.records import Clock, IdSource, TenantClock
from portico.http import policies as aups
from portico.http.hot.cache import AnswerCache
from portico.http.hot.reads import HotReads
from portico.http.hot.sign_ins import HotSignIns
from portico.http.kit.answers import CONTENT_TYPE
from portico.http.kit.api_call import Api
from portico.http.kit.errors import api_errors, refuse_ambiguous, status_of
from portico.http.kit.large_answers import large_answer_slots
from portico.http.kit.openapi import describe, named_addresses
from portico.http.kit.operations import description_of
from portico.http.kit.tokens import Tokens
from portico.http.links import application_segments, bulk, links
from portico.http.portals import certificates, portals
from portico.http.tenancy import identity, microtenants
from portico.installation import key_overlap, make_cipher, open_runtime
from portico.instruments import Instruments
from portico.observability.logs import AccessLog
from portico.operations import name_operation, usual_statuses_of
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
from portico.web.console.routes import console_groups
from portico.web.documentation import documentation_routes
from portico.web.portal import actions as portal_actions
from portico.web.portal import files as portal_files
from portico.web.portal import page as portal_page
from portico.web.portal import requests as portal_requests
from portico.web.portal.content import PortalContents
from portico.web.shared import static_files
from portico.web.shared.addresses import OriginResolver, strict_transport
from portico.web.shared.compression import CompressedPages
from portico.web.shared.cookies import Cookies
from portico.web.shared.errors import page_errors, present_message
from portico.web.shared.received_forms import FORM_BYTES
from portico.web.shared.rendering import Renderer
from portico.web.shared.site import FurtherPage, Site
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


async def _start_nothing(app: Application, runtime: Runtime) -> None:
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
    routes: Sequence[RouteGroup] = ()
    templates: Sequence[str] = ()
    console_pages: Sequence[FurtherPage] = ()
    middlewares: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    started: Callable[[Application, Runtime], Awaitable[None]] = _start_nothing


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
    async def lifespan(app: Application) -> AsyncIterator[None]:
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
    counts = RequestCounts(usual_statuses_of(router))
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
    lifespan: Lifespan | None,
    added: Sequence[RouteGroup],
) -> Application:
    return Application(
        [
            *_api_groups(),
            *_page_groups(),
            RouteGroup(routes=(health, readiness, openapi)),
            documentation_routes(openapi_document),
            *added,
        ],
        errors=_errors(settings),
        body_limit=BODY_LIMIT_BYTES,
        lifespan=lifespan,
        name_operation=name_operation,
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


def _errors(settings: Settings) -> AnswerError:
    """Return what answers errors. Without a route, the first part of the path selects the pages."""
    api = api_errors(vendor_statuses=settings.vendor_statuses)
    pages = {"console": page_errors(present_error), "p": page_errors(present_message)}

    def answer(request: Request, error: Exception) -> ASGIApp:
        first = request.scope["path"].removeprefix("/").partition("/")[0]
        return pages.get(first, api)(request, error)

    return answer


def _page_groups() -> list[RouteGroup]:
    """Return the routes of the console and the portal pages, each with its own error pages."""
    portal_routes = RouteGroup(
        routes=[
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
        errors=page_errors(present_message),
        layers=(CompressedPages,),
        body_limit=FORM_BYTES,
    )
    return [portal_routes, *console_groups()]


def _api_groups() -> list[RouteGroup]:
    per_tenant = [route for noun in NOUNS for route in noun.ROUTES]
    at_root = [*identity.ROOT_ROUTES, *identity.SESSION_ROUTES]
    return [
        RouteGroup(routes=at_root),
        *(RouteGroup(prefix=prefix, routes=per_tenant) for prefix in PREFIXES),
    ]


def _described_routes() -> list[tuple[str, Route]]:
    """Return the routes of the API, each with the prefix of its path."""
    routes = [(PREFIXES[0], route) for noun in NOUNS for route in noun.ROUTES]
    return routes + [("", each) for each in (*identity.ROOT_ROUTES, *identity.SESSION_ROUTES)]


def usual_statuses() -> Mapping[tuple[str, str], Collection[int]]:
    """Return the operations and methods of all routes, with the statuses that they answer."""
    return usual_statuses_of(_router(Settings(), None, ()))


def api_operations() -> Operations:
    """Return the operations of the API for the stand-in. One with several paths has one id."""
    from portico.emulator.operations import Operation, Operations
    from portico.http.kit.known_fields import known_fields

    operations: list[Operation] = []
    for prefix, served in _described_routes():
        described = description_of(served)
        if described is None:
            continue
        fields = None if described.body is None else known_fields(described.body)
        query = frozenset(each.name for each in described.parameters if each.location == "query")
        operations += [
            Operation(served.name, served.method, address, fields, query)
            for _, address in named_addresses(prefix, served)
        ]
    return Operations(operations)


@route("GET", "/healthz")
async def health(request: Request) -> Response:
    """Report that the process answers."""
    return Response(b'{"status":"ok"}', media_type=CONTENT_TYPE)


@route("GET", "/readyz")
async def readiness(request: Request) -> Response:
    """Report whether the database has the right schema and can commit a write."""
    check: Readiness = request.app.state.readiness
    reason = await check.reason()
    if not reason:
        return Response(b'{"status":"ready"}', media_type=CONTENT_TYPE)
    body = msgspec.json.encode({"status": "not ready", "reason": reason})
    return Response(body, status_code=503, media_type=CONTENT_TYPE)


@cache
def openapi_document() -> bytes:
    """Return the OpenAPI document as JSON, which takes as long as 50 requests to make."""
    return msgspec.json.encode(describe(_described_routes(), version=__version__))


@route("GET", "/openapi.json")
async def openapi(request: Request) -> Response:
    """Return the OpenAPI document."""
    return Response(await asyncio.to_thread(openapi_document), media_type="application/json")
