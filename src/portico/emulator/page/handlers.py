"""The handlers of the stand-in's page. Each form changes one thing and shows the page again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from math import isfinite, nan

from starlette.responses import Response

from portico.domain.errors import InvalidField, InvalidInput, NotFound, PorticoError
from portico.emulator.faults.profiles import profile
from portico.emulator.faults.rules import NoSuchRule, read_rules
from portico.emulator.page.frame import ConsoleFrame, SentForm
from portico.emulator.page.view import show_stand_in
from portico.emulator.snapshots import NoSuchSnapshot
from portico.emulator.stand_in import StandIn
from portico.services.access import require_admin

NAV = "stand-in"
TEMPLATE = "stand_in.html"
Change = Callable[[StandIn, int, SentForm], Awaitable[str]]
"""Makes a change for a tenant, and returns the name of the message about it."""


async def show_page(console: ConsoleFrame) -> Response:
    """Show the stand-in as the tenant of the address sees it."""
    return await _shown(console, done=console.query.get("did", ""))


async def change_part(console: ConsoleFrame) -> Response:
    """Make the change of a form, go back to the page, or say there why it was refused."""
    form = await console.form()
    async with console.reading() as work:
        require_admin(work)
    part = console.request.path_params["part"]
    change = CHANGES.get(part)
    if change is None:
        raise NotFound(part)
    stand_in: StandIn = console.request.app.state.stand_in
    try:
        done = await change(stand_in, console.customer_id, form)
    except (InvalidInput, NotFound, NoSuchSnapshot) as error:
        return await _shown(console, problem=_sentence(error), status=422)
    return console.go(f"stand-in?did={done}")


async def _shown(
    console: ConsoleFrame,
    *,
    done: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    stand_in: StandIn = console.request.app.state.stand_in
    async with console.reading() as work:
        view = show_stand_in(
            stand_in, console.customer_id, work.tenant.name, done=done, problem=problem
        )
        return await console.page(TEMPLATE, work, view, nav=NAV, status=status)


def _sentence(error: PorticoError) -> str:
    return error.why if isinstance(error, InvalidField) else error.reason


async def _reset(stand_in: StandIn, customer_id: int, form: SentForm) -> str:
    if form.value("all"):
        await stand_in.reset()
        return "reset-all"
    await stand_in.reset(customer_id)
    return "reset"


async def _change_clock(stand_in: StandIn, customer_id: int, form: SentForm) -> str:
    clock = stand_in.clock
    match form.value("do"):
        case "freeze":
            clock.freeze(customer_id)
        case "run":
            clock.unfreeze(customer_id)
        case "advance":
            clock.advance(_number(form.value("seconds")), customer_id)
        case "set":
            clock.set(_moment(form.value("moment")), customer_id)
        case "reset":
            clock.reset(customer_id)
        case other:
            raise _unknown(other)
    return "clock"


async def _change_faults(stand_in: StandIn, customer_id: int, form: SentForm) -> str:
    customer = str(customer_id)
    match form.value("do"):
        case "profile":
            rules = read_rules(profile(form.value("profile"), customer), stand_in.operations)
            stand_in.faults.replace(rules, seed=_seed(form), customer_id=customer)
        case "remove":
            rule_id = form.value("id")
            own = [each.rule.id for each in stand_in.faults.states(customer)]
            if rule_id not in own:
                raise NoSuchRule(rule_id, own)
            stand_in.faults.remove(rule_id)
        case "clear":
            stand_in.faults.clear(customer)
        case "limit":
            stand_in.limits.switch(on=True, customer_id=customer)
            return "limits"
        case "unlimit":
            stand_in.limits.switch(on=False, customer_id=customer)
            return "limits"
        case other:
            raise _unknown(other)
    return "faults"


async def _change_snapshots(stand_in: StandIn, customer_id: int, form: SentForm) -> str:
    name = form.value("name").strip()
    match form.value("do"):
        case "save":
            await stand_in.snapshots.save(name, customer_id)
            return "saved"
        case "restore":
            await stand_in.snapshots.restore(name, customer_id)
            return "restored"
        case "delete":
            await stand_in.snapshots.delete(name, customer_id)
            return "deleted"
        case other:
            raise _unknown(other)


async def _clear_requests(stand_in: StandIn, customer_id: int, form: SentForm) -> str:
    stand_in.journal.clear(str(customer_id))
    return "cleared"


def _unknown(change: str) -> InvalidInput:
    return InvalidInput(f"The page knows no change “{change}”. Load it again.")


def _seed(form: SentForm) -> int:
    return int(_number(form.value("seed") or "0"))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise InvalidInput(f"“{text}” is not a number.")
    return number


def _moment(text: str) -> float:
    """Return the epoch seconds of a date and time in UTC, as browsers send it."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise InvalidInput("Choose a date and a time.") from None


CHANGES: Mapping[str, Change] = {
    "reset": _reset,
    "clock": _change_clock,
    "faults": _change_faults,
    "snapshots": _change_snapshots,
    "requests": _clear_requests,
}
"""The change that each form makes, by the last part of its address."""
