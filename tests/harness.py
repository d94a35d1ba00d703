"""Real parts for tests: a served Portico over TCP, tenants on it, and callers that have signed in.

A test gets a tenant of its own, so tests share servers and never see one another's data.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from portico.domain.links.application_segments import ApplicationSpec
from portico.domain.people.passwords import PasswordHasher
from portico.domain.people.sessions import SessionLife
from portico.domain.records import Clock, IdSource
from portico.domain.tenancy.identity import ApiClient, Role
from portico.installation import open_runtime
from portico.services.access import operator_reading, operator_writing
from portico.services.links import application_segments as applications
from portico.services.password_queue import PasswordQueue
from portico.services.portals import domains
from portico.services.runtime import Runtime
from portico.services.tenancy import clients, tenants
from portico.settings import Settings
from portico.storage.engine.connections import Database
from portico.storage.engine.database import open_database
from portico.storage.secrets.secret_cipher import SecretCipher
from tests.databases import cipher_of as cipher_of
from tests.databases import key_environment as key_environment
from tests.databases import postgres_key_file as postgres_key_file
from tests.databases import run_on_thread as run_on_thread
from tests.databases import upgrade as upgrade
from tests.databases import with_database as with_database
from tests.forked import ServerProcess, launch
from tests.passwords import QUICK_PASSWORDS
from tests.secret_watch import secret_watch
from tests.shared_runtime import SharedRuntime

T = TypeVar("T")
READY_SECONDS = 20.0
START_SECONDS = 60.0
"""How long a server may take to start on a busy machine."""

LINKS = "userPortalLink"
PORTALS = "userPortal"
MICROTENANTS = "microtenants"
AUPS = "userportal/aup"
CERTIFICATES = "certificate"
ISSUED = "clientlessCertificate/issued"
APPLICATIONS = "application"


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_runtime(
    database: Database,
    cipher: SecretCipher,
    new_id: IdSource = lambda: 1,
    clock: Clock = time.time,
    transaction_id: str = "test",
) -> Runtime:
    """What services need of a process, with sessions of the usual length."""
    return Runtime(
        database=database,
        cipher=cipher,
        clock=clock,
        new_id=new_id,
        transaction_id=transaction_id,
        passwords=QUICK_PASSWORDS,
        password_queue=PasswordQueue(at_once=2),
        console_life=SessionLife(idle=3_600, absolute=12 * 3_600),
        portal_life=SessionLife(idle=12 * 3_600, absolute=7 * 86_400),
    )


def as_operator(
    url: str,
    work: Callable[[Runtime], Awaitable[T]],
    passwords: PasswordHasher = QUICK_PASSWORDS,
) -> T:
    """Runs asynchronous work as the operator of a database."""

    if url in _SHARED:
        return _SHARED[url].run(work, passwords)

    async def run(database: Database) -> T:
        return await work(replace(await _open_runtime(url, database), passwords=passwords))

    return with_database(url, run)


_SHARED: dict[str, SharedRuntime] = {}


async def _open_runtime(url: str, database: Database) -> Runtime:
    return await open_runtime(Settings(database=url), database, cipher_of(url))


@contextmanager
def shared_runtime(url: str) -> Iterator[None]:
    """Lets `as_operator` open a database once for the length of a block."""

    async def run() -> Runtime:
        return await _open_runtime(url, open_database(url))

    _SHARED[url] = SharedRuntime(run)
    try:
        yield
    finally:
        _SHARED.pop(url).close()


async def create_client(
    runtime: Runtime,
    customer_id: int,
    *,
    name: str = "API client",
    role: Role = Role.ADMIN,
    microtenant_id: int | None = None,
    public_key: str = "",
) -> tuple[ApiClient, str]:
    """A new API client and its secret, as the operator makes them."""
    async with operator_writing(runtime, customer_id) as work:
        client, secret = await clients.create_client(
            work, name=name, role=role, microtenant_id=microtenant_id, public_key=public_key
        )
    secret_watch().learn(secret)
    return client, secret


async def list_clients(runtime: Runtime, customer_id: int) -> list[ApiClient]:
    """The API clients of a tenant, as the operator lists them."""
    async with operator_reading(runtime, customer_id) as work:
        return list(await clients.list_clients(work))


async def revoke_client(runtime: Runtime, client_id: int) -> ApiClient:
    """Revokes an API client, as the operator does."""
    customer_id = await clients.find_tenant_of_client(runtime, client_id)
    async with operator_writing(runtime, customer_id) as work:
        return await clients.revoke_client(work, client_id)


@dataclass(frozen=True)
class Server:
    """A running `portico serve`: where it answers, where its data and its log lines are."""

    url: str
    database: str
    log: Path
    process: ServerProcess
    http: httpx.Client

    def stop(self) -> int:
        """Asks the server to stop; its exit status."""
        self.http.close()
        self.process.terminate()
        return self.process.wait(timeout=READY_SECONDS)

    def log_lines(self) -> list[dict[str, Any]]:
        """The JSON lines of the log so far."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait_for_lines(
        self, selects: Callable[[dict[str, Any]], bool], count: int = 1
    ) -> list[dict[str, Any]]:
        """Waits until the log has selected lines. A request is logged after it was answered."""
        deadline = time.monotonic() + READY_SECONDS
        while len(lines := [each for each in self.log_lines() if selects(each)]) < count:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        return lines

    def wait_until(self, *, ready: bool) -> httpx.Response:
        """Waits until `/readyz` says by itself that the server is ready, or not; its answer."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            answer = self.http.get("/readyz")
            if (answer.status_code == 200) is ready:
                return answer
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)

    def kill(self) -> None:
        """Kills the server and its workers without a word, as a power cut would.

        The client stays open for those who are in the middle of a request; close `http` after them.
        """
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=READY_SECONDS)


def start_server(
    database: str,
    log: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = (),
) -> Server:
    """Starts a server on a free port and waits until it is ready.

    `program` is how Python starts it, as `PROGRAM` of `tests.forked`; by default it is forked.
    """
    port = free_port()
    process = launch(
        ["serve", "--port", str(port), "--database", database, *options],
        log,
        {**os.environ, **key_environment(database), **(environment or {})},
        program,
    )
    url = f"http://127.0.0.1:{port}"
    server = Server(url, database, log, process, httpx.Client(base_url=url, timeout=30))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            server.http.close()
            raise AssertionError(f"The server stopped at once:\n{log.read_text()}")
        try:
            if server.http.get("/readyz").status_code == 200:
                return server
        except httpx.TransportError:
            time.sleep(0.02)
    server.kill()
    server.http.close()
    raise AssertionError(f"The server was not ready in time:\n{log.read_text()}")


@contextmanager
def served(
    database: str,
    log: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = (),
) -> Iterator[Server]:
    """A server for the length of a block."""
    server = start_server(database, log, *options, environment=environment, program=program)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def waits_for_health(server: Server, *, until: Callable[[], bool]) -> list[float]:
    """How many seconds each of many requests to `/healthz` took meanwhile."""
    waits: list[float] = []
    with httpx.Client(base_url=server.url, timeout=60) as other:
        while not waits or not until():
            began = time.monotonic()
            assert other.get("/healthz").status_code == 200
            waits.append(time.monotonic() - began)
            time.sleep(0.005)
    return waits


@dataclass(frozen=True)
class Credentials:
    """What an API client signs in with."""

    client_id: str
    client_secret: str


class Caller:
    """A signed-in API client of one tenant. Paths are relative to the tenant's."""

    def __init__(self, server: Server, customer_id: str, credentials: Credentials) -> None:
        self.server = server
        self.customer_id = customer_id
        self.credentials = credentials
        self.http = server.http
        self.token = self.sign_in()

    def sign_in(self) -> str:
        """A new token."""
        form = {
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
        }
        answer = self.http.post("/signin", data=form)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def path(self, path: str, *, version: str = "v1", prefix: str = "") -> str:
        """The whole path of a tenant's resource."""
        return f"{prefix}/mgmtconfig/{version}/admin/customers/{self.customer_id}/{path}"

    def call(
        self,
        method: str,
        path: str,
        *,
        version: str = "v1",
        prefix: str = "",
        headers: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401  # httpx's own
    ) -> httpx.Response:
        """One request with the caller's token."""
        return self.http.request(
            method,
            self.path(path, version=version, prefix=prefix),
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            **options,
        )

    def get(self, path: str, **parameters: str | int) -> httpx.Response:
        """GET with query parameters."""
        return self.call("GET", path, params=parameters)

    def post(self, path: str, body: object, **parameters: str | int) -> httpx.Response:
        """POST of a JSON body with query parameters."""
        return self.call("POST", path, json=body, params=parameters)

    def put(self, path: str, body: object, **parameters: str | int) -> httpx.Response:
        """PUT of a JSON body with query parameters."""
        return self.call("PUT", path, json=body, params=parameters)

    def delete(self, path: str, **parameters: str | int) -> httpx.Response:
        """DELETE with query parameters."""
        return self.call("DELETE", path, params=parameters)

    def create(self, path: str, body: object, **parameters: str | int) -> dict[str, Any]:
        """POST that has to succeed; what was made."""
        answer = self.post(path, body, **parameters)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def create_portal(self, name: str = "Staff", **fields: object) -> str:
        """The id of a new user portal."""
        made = self.create(PORTALS, {"name": name, "enabled": True, **fields})
        return str(made["id"])

    def create_link(self, name: str = "Wiki", **fields: object) -> str:
        """The id of a new link."""
        made = self.create(LINKS, {"name": name, "link": "wiki.example.com", **fields})
        return str(made["id"])

    def names(self, path: str = LINKS, **parameters: str | int) -> list[str]:
        """The names on a page of a list."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["list"]]


@dataclass(frozen=True)
class Tenant:
    """A tenant of a served Portico, and how to get callers on it."""

    server: Server
    customer_id: str
    name: str = ""

    def credentials(
        self, *, role: Role = Role.ADMIN, microtenant_id: str | None = None
    ) -> Credentials:
        """A new API client."""
        client, secret = as_operator(
            self.server.database,
            lambda runtime: create_client(
                runtime,
                int(self.customer_id),
                name=f"{role} client",
                role=role,
                microtenant_id=None if microtenant_id is None else int(microtenant_id),
            ),
        )
        return Credentials(str(client.id), secret)

    def caller(self, *, role: Role = Role.ADMIN, microtenant_id: str | None = None) -> Caller:
        """A new API client that has signed in."""
        credentials = self.credentials(role=role, microtenant_id=microtenant_id)
        return Caller(self.server, self.customer_id, credentials)

    def allow_domain(self, name: str) -> None:
        """Allows a domain for the tenant's portals, as the operator does."""
        customer_id = int(self.customer_id)
        as_operator(
            self.server.database,
            lambda runtime: domains.allow_domain(runtime, name, customer_id, public_host=""),
        )

    def revoke_domain(self, name: str) -> None:
        """Revokes a domain, as the operator does."""
        as_operator(
            self.server.database,
            lambda runtime: domains.revoke_domain(runtime, name, public_host=""),
        )

    def revoke(self, credentials: Credentials) -> None:
        """Revokes an API client, as the operator does."""
        client_id = int(credentials.client_id)
        as_operator(self.server.database, lambda runtime: revoke_client(runtime, client_id))


def create_applications(
    caller: Caller, *names: str, microtenant_id: str = "0", description: str = ""
) -> list[str]:
    """The ids of new application segments of the caller's tenant, made by the operator."""
    specs = [
        ApplicationSpec(
            name=name, description=description, enabled=True, domain_names=("app.example.com",)
        )
        for name in names
    ]

    async def make(runtime: Runtime) -> list[str]:
        async with operator_writing(runtime, int(caller.customer_id), int(microtenant_id)) as work:
            made = [await applications.create_application(work, spec) for spec in specs]
        return [str(each.id) for each in made]

    return as_operator(caller.server.database, make)


def new_tenant_name() -> str:
    """A name that no other tenant has, as each tenant needs one."""
    return f"Tenant {uuid.uuid4().hex}"


def create_tenant(server: Server, *auth_domains: str) -> Tenant:
    """A new tenant."""
    made = as_operator(
        server.database,
        lambda runtime: tenants.create_tenant(
            runtime, new_tenant_name(), auth_domains=auth_domains
        ),
    )
    return Tenant(server, str(made.id), made.name)


def assert_error(answer: httpx.Response, status: int, code: str, *params: str) -> str:
    """Checks an error envelope whole; its reason."""
    assert answer.status_code == status, answer.text
    assert "application/json" in answer.headers["content-type"]
    body = answer.json()
    assert body["id"] == code, body
    assert body.get("params", []) == list(params), body
    assert set(body) <= {"id", "reason", "params", "exception"}
    reason: str = body["reason"]
    assert reason
    return reason
