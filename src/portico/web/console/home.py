"""The entry to the console, and the theme, the language, undo and keyboard help."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from portico.domain.audit import Action, AuditFilter
from portico.domain.errors import InvalidInput, NotFound
from portico.services.audit.log import PAGE_LIMIT, list_audit
from portico.services.people.sessions import choose_microtenant
from portico.services.undo.undo import undo_change
from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.shared import routes as shared_routes
from portico.web.shared.cookies import LANGUAGE, THEME, THEMES
from portico.web.shared.languages import LANGUAGES
from portico.web.shared.pages import redirect
from portico.web.shared.sessions import administrator_of, console_reading
from portico.web.shared.site import Site


@shared_routes.get("/console")
async def enter(site: Site, request: Request) -> Response:
    """Redirect to the microtenant where the administrator worked last."""
    signed_in = await administrator_of(site, request)
    async with console_reading(site, request, signed_in) as work:
        scope = work.scope
    return redirect(f"/console/{scope.customer_id}/{scope.microtenant_id}")


@post("/theme")
async def choose_theme(console: Console) -> Response:
    """Store the chosen theme in a cookie, so that pages have it before the first paint."""
    form = await console.form()
    chosen = form.value("theme")
    theme = chosen if chosen in THEMES else "system"
    back = console.back(form, "")
    return redirect(back, cookies=[console.site.cookies.preference(THEME, theme)])


@post("/language")
async def choose_language(console: Console) -> Response:
    """Store the chosen language in the cookie that portals and the sign-in read too."""
    form = await console.form()
    chosen, back = form.value("language"), console.back(form, "")
    cookies = [console.site.cookies.preference(LANGUAGE, chosen)] if chosen in LANGUAGES else []
    return redirect(back, cookies=cookies)


@post("/undo")
async def undo(console: Console) -> Response:
    """Undo one change, or report that it is too late."""
    form = await console.form()
    transaction_id = form.value("transaction")
    back = console.back(form, "")
    try:
        async with console.writing() as work:
            await undo_change(work, transaction_id)
            back = await _existing(work, back)
    except NotFound as error:
        raise NotFound("this change") from error
    except InvalidInput:
        return console.go(back, message="late")
    return console.go(back, work, message="undone")


@post("/undo/dismiss")
async def dismiss_undo(console: Console) -> Response:
    """Stop offering to undo the last change on every page. The audit log still does."""
    form = await console.form()
    return redirect(console.back(form, ""), cookies=[console.forget_change()])


async def _existing(work: UnitOfWork, address: str) -> str:
    """Return an address, or the list above it if its record was deleted by this transaction."""
    deletions = AuditFilter(transaction_id=work.transaction_id, action=Action.DELETE)
    entries = (await list_audit(work, deletions, limit=PAGE_LIMIT)).entries
    gone = {str(entry.object_id) for entry in entries}
    parts = address.partition("?")[0].split("/")
    place = next((place for place, part in enumerate(parts) if part in gone), None)
    return address if place is None else "/".join(parts[:place])


@get("/keys")
async def show_keys(console: Console) -> Response:
    """Show the keyboard shortcuts."""
    async with console.reading() as work:
        return await console.page("keys.html", work, None, nav="")


@get("/{rest:path}")
async def show_nothing(console: Console) -> Response:
    """Answer unknown addresses of the console with a page instead of the API's error."""
    raise NotFound(console.request.scope["path"])


async def remember_microtenant(console: Console) -> None:
    """Let the session open the console in this microtenant next time."""
    session = console.signed_in.session
    if (session.customer_id, session.microtenant_id) != (
        console.customer_id,
        console.microtenant_id,
    ):
        await choose_microtenant(
            console.site.runtime, session, console.customer_id, console.microtenant_id
        )


ROUTES = [choose_theme, choose_language, undo, dismiss_undo, show_keys, show_nothing]
