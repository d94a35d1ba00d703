"""The dashboard: each panel is a question, its answer in words, and the picture that proves it."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from portico.web.console.home import remember_place
from portico.web.console.page import Answer, Console


@get("/")
async def show_dashboard(console: NamedDependency[Console]) -> Answer:
    """Where the console begins."""
    async with console.reading() as work:
        answer = await console.page("keys.html", work, None, place="dashboard")
    await remember_place(console)
    return answer


ROUTES = [show_dashboard]
