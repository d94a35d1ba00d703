"""An administrator who sends requests to the console that no page of it would send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from portico.domain.tenancy.identity import Role
from tests.harness import Tenant
from tests.web.console.people import make_administrator
from tests.web.portal.portals import PASSWORD
from tests.web.visits import Visit, csrf_of


@dataclass(frozen=True)
class Clerk:
    """An administrator who writes requests by hand."""

    visit: Visit
    base: str
    token: str

    def get(self, place: str) -> httpx.Response:
        """Opens a page."""
        return self.visit.get(f"{self.base}/{place}")

    def post_as(self, transaction_id: str, place: str, **fields: str) -> httpx.Response:
        """Sends a form as a client that names its transactions."""
        form = {"csrf": self.token, **fields}
        return self.visit.post(f"{self.base}/{place}", form, x_transaction_id=transaction_id)

    def post(self, place: str, **fields: str | Sequence[str]) -> httpx.Response:
        """Sends a form with the session's token."""
        return self.visit.post(f"{self.base}/{place}", {**fields, "csrf": self.token})


def hire(tenant: Tenant, *, role: Role = Role.ADMIN, microtenant: str = "0") -> Clerk:
    """A new administrator who has just signed in."""
    visit = Visit(tenant.server.http)
    place = int(microtenant) or None
    name = make_administrator(tenant, role=role, microtenant_id=place)
    entered = visit.sign_in("/console/sign-in", name, PASSWORD)
    assert entered.status_code == 303
    base = f"/console/{tenant.customer_id}/{microtenant}"
    return Clerk(visit, base, csrf_of(visit.get(base).text))
