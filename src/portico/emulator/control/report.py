"""`/_portico/report`: what a run called, in the forms that `portico run --report` writes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Literal

from litestar import Response, get
from litestar.params import QueryParameter

from portico.emulator.control.wire import (
    AnyRequest,
    CustomerId,
    id_text,
    stand_in_of,
    tenant_of,
)
from portico.emulator.journal.entries import EntryFilter
from portico.emulator.report.files import make_report

MEDIA_TYPES = {
    "text": "text/plain; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "junit": "application/xml",
    "har": "application/json",
}


@get("/report", summary="Report which operations were called, and how")
async def read_report(
    request: AnyRequest,
    customer_id: CustomerId = None,
    form: Annotated[
        Literal["text", "markdown", "junit", "har"], QueryParameter(name="format")
    ] = "text",
) -> Response[bytes]:
    """Return the report of all tenants, or of one, since the stand-in started."""
    stand_in = stand_in_of(request)
    journal = stand_in.journal
    wanted = EntryFilter(customer_id=id_text(await tenant_of(request, customer_id)))
    entries, dropped = journal.whole_run(wanted), journal.dropped
    make = partial(make_report, form, entries, stand_in.operations, dropped=dropped)
    return Response(await asyncio.to_thread(make), media_type=MEDIA_TYPES[form])


ROUTES = (read_report,)
