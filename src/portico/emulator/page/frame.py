"""What the stand-in's page needs of the console, which is a sibling and never imported.

The assembly hands over the console's own request, which has all of this.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from portico.services.work import UnitOfWork


class SentForm(Protocol):
    """A form that was sent and checked."""

    def value(self, name: str) -> str:
        """Return the first value of a field, or an empty text."""


class ConsoleFrame(Protocol):
    """A request of a signed-in administrator, and the frame around its page."""

    @property
    def request(self) -> Request:
        """The request itself."""

    @property
    def customer_id(self) -> int:
        """The id of the tenant in the address."""

    @property
    def query(self) -> dict[str, str]:
        """The query parameters."""

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work that reads."""

    async def form(self) -> SentForm:
        """Return the form of the request. Raises Forbidden for a form of another site."""

    async def page(
        self, template: str, work: UnitOfWork, view: object, *, nav: str, status: int = 200
    ) -> Response:
        """Render a page in the frame."""

    def go(self, path: str) -> Response:
        """Redirect to a page of the microtenant."""
