"""`GET /_portico/seed` and `GET /_portico/seed.schema.json`: the state as a seed, and its form."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Response, get
from litestar.params import QueryParameter

from portico.emulator.control.wire import AnyRequest, CustomerId, stand_in_of, tenant_of

Format = Annotated[
    Literal["json", "yaml"], QueryParameter(name="format", description="The format of the seed.")
]
Name = Annotated[
    str, QueryParameter(name="set", min_length=1, description="The name of the seed's set.")
]
_MEDIA_TYPES = {"json": "application/json", "yaml": "application/yaml"}


@get("/seed", summary="Export the present state as a seed")
async def read_seed(
    request: AnyRequest,
    customer_id: CustomerId = None,
    file_format: Format = "json",
    name: Name = "export",
) -> Response[str]:
    """Return one tenant, or all, as a seed that can be planted again.

    It has the secrets of the seed that was planted, and variables in the place of all others.
    """
    # Imported when they are used, here and below, so that a stand-in starts sooner.
    from portico.emulator.seeds.exporting import export_seed
    from portico.emulator.seeds.rendering import as_json, as_yaml

    stand_in = stand_in_of(request)
    exported = await export_seed(
        stand_in.runtime,
        name=name,
        customer_id=await tenant_of(request, customer_id),
        managed_suffix=stand_in.portal_suffix,
        secrets=stand_in.secrets,
    )
    text = as_yaml(exported) if file_format == "yaml" else as_json(exported)
    return Response(text, media_type=_MEDIA_TYPES[file_format])


@get("/seed.schema.json", summary="Return the JSON Schema of seeds")
async def read_schema() -> Response[str]:
    """Return the schema, which editors use to check and complete seeds."""
    from portico.emulator.seeds.schema import seed_schema_text

    return Response(seed_schema_text(), media_type="application/schema+json")


ROUTES = (read_seed, read_schema)
