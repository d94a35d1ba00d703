"""`GET /_portico/seed` and `GET /_portico/seed.schema.json`: the state as a seed, and its form."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from portico.emulator.control.operations import operation
from portico.emulator.control.wire import TenantQuery, stand_in_of, tenant_of

MEDIA_TYPES = {"json": "application/json", "yaml": "application/yaml"}
SCHEMA = "application/schema+json"


class SeedQuery(TenantQuery, frozen=True, kw_only=True):
    """The tenant to export, the form, and the name of the seed."""

    format: Annotated[Literal["json", "yaml"], Meta(description="The format of the seed.")] = "json"
    set: Annotated[str, Meta(min_length=1, description="The name of the seed's set.")] = "export"


@operation(
    "GET",
    "/seed",
    summary="Export the present state as a seed",
    media_types=tuple(MEDIA_TYPES.values()),
)
async def read_seed(request: Request, query: SeedQuery) -> Response:
    """Return one tenant, or all, as a seed that can be planted again.

    It has the secrets of the seed that was planted, and variables in the place of all others.
    """
    # Imported when they are used, here and below, so that a stand-in starts sooner.
    from portico.emulator.seeds.exporting import export_seed
    from portico.emulator.seeds.rendering import as_json, as_yaml

    stand_in = stand_in_of(request)
    exported = await export_seed(
        stand_in.runtime,
        name=query.set,
        customer_id=await tenant_of(request, query.customer_id),
        managed_suffix=stand_in.portal_suffix,
        secrets=stand_in.secrets,
    )
    text = as_yaml(exported) if query.format == "yaml" else as_json(exported)
    return Response(text, media_type=MEDIA_TYPES[query.format])


@operation(
    "GET", "/seed.schema.json", summary="Return the JSON Schema of seeds", media_types=(SCHEMA,)
)
async def read_schema(_: Request) -> Response:
    """Return the schema, which editors use to check and complete seeds."""
    from portico.emulator.seeds.schema import seed_schema_text

    return Response(seed_schema_text(), media_type=SCHEMA)


ROUTES = (read_seed, read_schema)
