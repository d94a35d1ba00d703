"""A visitor of the pages without a browser: keeps cookies as a browser would, follows nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape

import httpx

from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.passwords import PasswordHasher
from portico.domain.people.users import PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.people import administrators, users
from portico.services.people.passwords import hash_password
from portico.services.runtime import Runtime
from tests.harness import Tenant, as_operator
from tests.passwords import QUICK_PASSWORDS

PASSWORD = "correct horse battery"
FormValues = Mapping[str, str | Sequence[str]]
PEERS = iter(range(1, 60_000))


class Visit:
    """One visitor of one server. Secure cookies go over http too, as browsers do on localhost."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.cookies: dict[str, str] = {}
        self.attributes: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Opens a page."""
        return self._send("GET", path, headers)

    def post(self, path: str, form: FormValues | None = None, **headers: str) -> httpx.Response:
        """Sends a form, as from a page of the same site."""
        return self._send("POST", path, {"sec-fetch-site": "same-origin"} | headers, form or {})

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """Opens a page and sends its first form with the fields."""
        token = csrf_of(self.get(path).text)
        return self.post(path.partition("?")[0], {"csrf": token, **fields})

    def sign_in(
        self, path: str, name: str, password: str = PASSWORD, next_: str = ""
    ) -> httpx.Response:
        """Signs in at a door."""
        return self.submit(path, name=name, password=password, next=next_)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        form: FormValues | None = None,
    ) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.http.cookies.clear()
        answer = self.http.request(method, path, headers=sent, data=form)
        for line in answer.headers.get_list("set-cookie"):
            self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        self.attributes[name] = attributes
        if "max-age=0" in attributes.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def csrf_of(page: str) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def add_administrator(
    tenant: Tenant,
    name: str,
    *,
    role: Role = Role.ADMIN,
    email: str = "",
    password: str = PASSWORD,
    passwords: PasswordHasher = QUICK_PASSWORDS,
) -> str:
    """The name of a new administrator; it carries the tenant's id, as names are unique."""
    whole = f"{name} {tenant.customer_id}"
    spec = AdministratorSpec(name=whole, email=email)

    async def make(runtime: Runtime) -> None:
        stored = await hash_password(runtime, password) if password else ""
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            grants = [GrantSpec(role=role)]
            await administrators.create_administrator(work, spec, grants, stored)

    as_operator(tenant.server.database, make, passwords)
    return whole


def add_user(
    tenant: Tenant,
    name: str = "uma",
    *,
    password: str = PASSWORD,
    passwords: PasswordHasher = QUICK_PASSWORDS,
) -> int:
    """The id of a new portal user."""

    async def make(runtime: Runtime) -> int:
        stored = await hash_password(runtime, password)
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            return (await users.create_user(work, PortalUserSpec(name=name), stored)).id

    return as_operator(tenant.server.database, make, passwords)
