"""`/_portico/report`: what a run called, in the forms that `portico run --report` writes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from portico.emulator.control.operations import operation
from portico.emulator.control.wire import TenantQuery, id_text, stand_in_of, tenant_of
from portico.emulator.journal.entries import EntryFilter
from portico.emulator.report.files import make_report

MEDIA_TYPES = {
    "text": "text/plain",
    "markdown": "text/markdown",
    "junit": "application/xml",
    "har": "application/json",
}


class ReportQuery(TenantQuery, frozen=True, kw_only=True):
    """The tenant to report on, and the form."""

    format: Annotated[
        Literal["text", "markdown", "junit", "har"],
        Meta(description="The format of the report."),
    ] = "text"


@operation(
    "GET",
    "/report",
    summary="Report which operations were called, and how",
    media_types=tuple(MEDIA_TYPES.values()),
)
async def read_report(request: Request, query: ReportQuery) -> Response:
    """Return the report of all tenants, or of one, since the stand-in started."""
    stand_in = stand_in_of(request)
    journal = stand_in.journal
    wanted = EntryFilter(customer_id=id_text(await tenant_of(request, query.customer_id)))
    entries, dropped = journal.whole_run(wanted), journal.dropped
    make = partial(make_report, query.format, entries, stand_in.operations, dropped=dropped)
    return Response(await asyncio.to_thread(make), media_type=MEDIA_TYPES[query.format])


ROUTES = (read_report,)
