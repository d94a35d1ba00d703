"""Random requests to every operation of the API, and to every page and form."""

from __future__ import annotations

import http.client
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tests.clients.test_openapi_conformance import run_schemathesis
from tests.contract.routes import router_of
from tests.harness import AUPS, LINKS, PORTALS, Server, Tenant, create_tenant, free_port, served
from tests.scrapes import Scrape
from tests.web.portal.portals import make_portal
from tests.web.visits import Visit, add_administrator, add_user

from portico.app import create_app
from portico.asgi.routing import OPTIONS
from portico.settings import Settings
from prove.api_grammar import make_api_request, operations_of
from prove.findings import Finding, at_least_one, sqlite_database
from prove.grammar import Request, Target, make_request, targets_of

API_REQUESTS = 20_000
FORM_REQUESTS = 480_000
REQUESTS_OF_A_TENANT = 1_500
"""After so many random changes, a new tenant has forms again that nobody has broken."""

EXAMPLES = 60
"""Examples of each operation in one run of Schemathesis."""

PAGES = 250
CRAWL_AGAIN = 300
"""Requests between two looks at the first pages, for the forms of what was made meanwhile."""

API_SHARE = 0.4
"""The share of requests that go to the API and not to the pages."""

DOCUMENTED = 503


@contextmanager
def _measured(folder: Path) -> Iterator[tuple[Server, str]]:
    """A server, and the address of its metrics."""
    metrics = f"127.0.0.1:{free_port()}"
    options = ("--metrics-listen", metrics)
    with (
        sqlite_database(folder) as url,
        served(url, folder / "server.log", *options) as server,
    ):
        yield server, f"http://{metrics}/metrics"


def prove_api(scale: float, folder: Path) -> Finding:
    """Let Schemathesis call every operation of /openapi.json until the count is reached."""
    wanted = at_least_one(API_REQUESTS, scale)
    faults: list[str] = []
    with _measured(folder) as (server, metrics):
        seed, scrape = 0, Scrape(metrics)
        while scrape.total("portico_requests_total") < wanted and not faults:
            seed += 1
            admin = create_tenant(server).caller()
            options = ("--phases", "fuzzing", "-n", str(EXAMPLES), "--seed", str(seed))
            done = run_schemathesis(server, admin, folder, *options)
            if done.returncode:
                faults.append((done.stdout + done.stderr)[-3_000:])
            scrape = Scrape(metrics)
    faults += _server_errors(scrape)
    statuses = _by_status(scrape)
    count = sum(statuses.values())
    called = _operations(scrape, least=1)
    return Finding(
        f"{count:,} requests by Schemathesis to the operations of /openapi.json: "
        f"{statuses_text(statuses)}. No 5xx, no broken connection, all as documented.",
        {
            "requests": count,
            "runs of Schemathesis": seed,
            "operations called": len(called),
            "statuses": statuses_text(statuses),
        },
        faults,
    )


@dataclass
class Sender:
    """Sends requests on one connection from an address of its own, and counts the answers."""

    port: int
    address: str
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _answered: str = "nothing"
    """The last request that was answered: what it left unread can break the connection."""

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(self.address, 0)
        )

    def send(self, request: Request) -> tuple[int, str, str]:
        """Return the status, the content type and the text of the answer."""
        try:
            self._connection.request(request.method, request.path, request.body, request.headers)
            answer = self._connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self.faults.append(
                f"A connection broke: {error!r}: {_brief(request)}, after {self._answered}"
            )
            return 0, "", ""
        self._answered = f"{_brief(request)}: {answer.status}, {answer.getheader('Connection')}"
        self.statuses[answer.status] += 1
        if answer.status >= 500 and not _is_documented(answer):
            self.faults.append(f"{answer.status}: {request!r}"[:800])
        return answer.status, answer.getheader("Content-Type") or "", text

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _brief(request: Request) -> str:
    """Return a request without its body, whose length and beginning are enough to find it."""
    body = request.body or b""
    names = ", ".join(request.headers)
    return f"{request.method} {request.path[:200]} ({names}; {len(body)} bytes, {body[:80]!r})"


def _is_documented(answer: http.client.HTTPResponse) -> bool:
    return answer.status == DOCUMENTED and answer.getheader("Retry-After") is not None


def prove_forms(scale: float, folder: Path) -> Finding:
    """Send random variants of every form, link and operation until the count is reached."""
    wanted = at_least_one(FORM_REQUESTS, scale)
    choices = random.Random(1)
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    forms: set[str] = set()
    turn = 0
    with _measured(folder) as (server, metrics):
        port = urlsplit(server.url).port or 0
        while statuses.total() < wanted:
            turn += 1
            sender = Sender(port, f"127.0.{turn // 250 + 1}.{turn % 250 + 1}")
            count = min(REQUESTS_OF_A_TENANT, wanted - statuses.total())
            forms |= _fuzz_tenant(server, sender, choices, count)
            sender.close()
            statuses += sender.statuses
            faults += sender.faults
        scrape = Scrape(metrics)
    faults += _server_errors(scrape)
    called = _operations(scrape, least=1)
    return Finding(
        f"{statuses.total():,} random requests to {len(forms):,} different forms and links of the "
        f"console and the portals, and to the API: {statuses_text(statuses)}. No 5xx but the "
        "documented 503, no broken connection.",
        {
            "requests": statuses.total(),
            "different forms and links": len(forms),
            "tenants": turn,
            "operations called": len(called),
            "not called": ", ".join(sorted(_operations(scrape, least=0) - called)),
            "statuses": statuses_text(statuses),
        },
        faults,
    )


def _fuzz_tenant(server: Server, sender: Sender, choices: random.Random, count: int) -> set[str]:
    """Send requests as an administrator, as a user of a portal, and as nobody."""
    tenant = create_tenant(server)
    bases = _furnish(tenant)
    cookies = _sign_in(tenant, sender.address, bases[-1])
    found = {cookie: _crawl(sender, cookie, bases) for cookie in (*cookies, "")}
    sender.statuses.clear()  # those were no random requests
    admin = tenant.caller()
    operations = operations_of(server.http.get("/openapi.json").json())
    ids = [each["id"] for noun in (LINKS, PORTALS, AUPS) for each in admin.get(noun).json()["list"]]
    portal = bases[-1].rpartition("/")[2]
    known = {"customer": admin.customer_id, "microtenant": "0", "portal": portal}
    routes = _targets_of(_page_routes(), known, ids)
    for cookie in found:
        found[cookie] += routes
    for number in range(count):
        if choices.random() < API_SHARE:
            one = choices.choice(operations)
            sender.send(make_api_request(one, admin.token, admin.customer_id, ids, choices))
            continue
        cookie = choices.choice(list(found))
        sender.send(make_request(choices.choice(found[cookie]), cookie, choices))
        if number % CRAWL_AGAIN == 0:
            found[cookie] = [*_crawl(sender, cookie, bases[:1], pages=5), *found[cookie]]
    targets = [(cookie, target) for cookie, some in found.items() for target in some]
    return {_shape(target) for _, target in targets}


def _furnish(tenant: Tenant) -> tuple[str, ...]:
    """Give a tenant one of everything. Return where a crawler begins; the portal is the last."""
    portal = make_portal(tenant, audience="signed_in")
    for name in ("Wiki", "Mail", "Payslips"):
        portal.add_link(name)
    portal.admin.create(AUPS, {"name": "Conditions", "aup": "Be kind."})
    add_user(tenant)
    console = f"/console/{tenant.customer_id}/0"
    places = ("links/add-many", "providers", "audit", "keys", "second-factor", "requests", "users")
    api = ("/healthz", "/readyz", "/openapi.json", "/docs", "/setup", "/console/sign-in")
    return (console, *(f"{console}/{each}" for each in places), *api, portal.base)


def _sign_in(tenant: Tenant, address: str, portal: str) -> list[str]:
    """Return the cookies of an administrator and of a user."""
    administrator = add_administrator(tenant, "ada")
    transport = httpx.HTTPTransport(local_address=address)
    cookies = []
    with httpx.Client(base_url=tenant.server.url, transport=transport, timeout=60) as client:
        for door, name in (("/console/sign-in", administrator), (f"{portal}/sign-in", "uma")):
            visit = Visit(client)
            answer = visit.sign_in(door, name)
            assert answer.status_code == 303, f"{door}: {answer.status_code}"
            cookies.append("; ".join(f"{key}={value}" for key, value in visit.cookies.items()))
    return cookies


def _page_routes() -> list[tuple[str, str]]:
    """Return the methods and paths of all routes but the API's, whether pages lead there or not."""
    router = router_of(create_app(Settings(access_log=False)))
    return [
        (each.route.method, each.path)
        for each in router.placed
        if each.route.method != OPTIONS and not each.path.startswith(("/mgmtconfig", "/zpa"))
    ]


def _targets_of(
    routes: Sequence[tuple[str, str]], known: Mapping[str, str], ids: Sequence[str]
) -> list[Target]:
    """Return a target for each route, with the names in `known` and stored ids for the others."""
    targets = []
    for number, (method, path) in enumerate(routes):
        filled = path
        for name in re.findall(r"{(\w+)}", path):
            filled = filled.replace(f"{{{name}}}", known.get(name, ids[number % len(ids)]))
        targets.append(Target(method, filled))
    return [each for each in targets if not _ends_session(each)]


def _crawl(sender: Sender, cookie: str, bases: tuple[str, ...], pages: int = PAGES) -> list[Target]:
    """Return every form and link that a visitor finds, breadth first."""
    waiting, seen = [Target("GET", base) for base in bases], set(bases)
    found: dict[Target, None] = dict.fromkeys(waiting)
    for number, target in enumerate(waiting):
        if number >= pages:
            break
        request = Request("GET", target.path, {"Cookie": cookie})
        status, kind, text = sender.send(request)
        if status != 200 or "html" not in kind:
            continue
        for each in targets_of(text, target.path):
            if _ends_session(each):
                continue
            found[each] = None
            if each.method == "GET" and each.path not in seen:
                seen.add(each.path)
                waiting.append(each)
    return list(found)


def _ends_session(target: Target) -> bool:
    """Return whether it would end the session that the other requests need."""
    return "sign-out" in target.path


def _shape(target: Target) -> str:
    """Return the target without the ids of its tenant."""
    path = "/".join(
        "N" if part.isdigit() else part for part in target.path.split("?")[0].split("/")
    )
    return f"{target.method} {path} {sorted({name for name, _ in target.fields})}"


def _by_status(scrape: Scrape) -> Counter[int]:
    found: Counter[int] = Counter()
    for (name, labels), value in scrape.values.items():
        if name == "portico_requests_total" and value:
            found[int(dict(labels)["status"])] += int(value)
    return found


def _server_errors(scrape: Scrape) -> list[str]:
    """Return what the server itself counted as an undocumented error."""
    return [
        f"The server counted {value:.0f} answers {dict(labels)}."
        for (name, labels), value in scrape.values.items()
        if name == "portico_requests_total"
        and value
        and int(dict(labels)["status"]) >= 500
        and int(dict(labels)["status"]) != DOCUMENTED
    ]


def _operations(scrape: Scrape, *, least: int) -> set[str]:
    """Return the operations that were called so often, by the names of the metrics."""
    return {
        operation
        for (name, labels), _ in scrape.values.items()
        if name == "portico_requests_total"
        and scrape.total(name, operation=(operation := dict(labels)["operation"])) >= least
    }


def statuses_text(statuses: Counter[int]) -> str:
    """Return the statuses with their counts, the most frequent first."""
    return ", ".join(f"{count:,} times {status}" for status, count in statuses.most_common())
