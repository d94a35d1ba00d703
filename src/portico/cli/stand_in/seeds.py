"""`portico seed`: files with tenants and everything in them, for the stand-in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from portico.cli.options import ID, run_as_operator, settings_options
from portico.cli.stand_in.options import stand_in_address
from portico.emulation.control_client import read_control
from portico.services.runtime import Runtime
from portico.settings import Settings

if TYPE_CHECKING:
    from portico.emulator.seeds.format import Content, Seed

FORMATS = ("yaml", "json")


@click.group()
def seed() -> None:
    """Check and export seeds, the files that `portico emulate --seed` reads."""


@seed.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--shared",
    is_flag=True,
    help="Refuse secrets that the file itself contains, for a file that others can read.",
)
def validate(file: str, shared: bool) -> None:
    """Check the seed in FILE by creating everything in it in a temporary database.

    FILE can also be the name of a built-in seed: demo, empty or vendor-tests.
    """
    from portico.emulation.seeding import open_seed, try_seed

    read = open_seed(file, plain_secrets=not shared)
    asyncio.run(try_seed(read))
    click.echo(f"{read.source.name} is valid: {_summary(read.seed)}.")


@seed.command()
@click.option("--customer", "customer_id", type=ID, help="Export only the tenant with this id.")
@click.option("--set", "name", default="export", show_default=True, help="Name of the seed's set.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    default=FORMATS[0],
    show_default=True,
    help="Format of the seed.",
)
@click.option(
    "--stand-in",
    is_flag=True,
    help="Export from the stand-in of PORTICO_EMULATOR_URL, or the one in the background.",
)
@settings_options("database", "portal_suffix")
def export(
    settings: Settings, customer_id: int | None, name: str, file_format: str, stand_in: bool
) -> None:
    """Print the tenants of a database as a seed.

    Portico stores hashes of secrets, so the seed names an environment variable for each secret
    that a stand-in does not know from its own seed.
    """
    if stand_in:
        click.echo(_seed_of_stand_in(customer_id, name, file_format), nl=False)
        return
    from portico.emulator.seeds.exporting import export_seed
    from portico.emulator.seeds.rendering import as_json, as_yaml

    async def run(runtime: Runtime) -> Seed:
        return await export_seed(
            runtime, name=name, customer_id=customer_id, managed_suffix=settings.portal_suffix
        )

    exported = run_as_operator(settings, run)
    click.echo((as_json if file_format == "json" else as_yaml)(exported), nl=False)


@seed.command()
def schema() -> None:
    """Print the JSON Schema of seeds, which editors use to check and complete them."""
    from portico.emulator.seeds.schema import seed_schema_text

    click.echo(seed_schema_text(), nl=False)


def _seed_of_stand_in(customer_id: int | None, name: str, file_format: str) -> str:
    query = {"set": name, "format": file_format}
    if customer_id is not None:
        query["customerId"] = str(customer_id)
    return read_control(stand_in_address(None, None), "seed", query).decode()


def _summary(checked: Seed) -> str:
    from portico.emulator.seeds.format import listed

    contents: list[Content] = list(checked.tenants)
    for tenant in checked.tenants:
        contents += listed(tenant.microtenants)
    portals = sum(len(listed(each.portals)) for each in contents)
    links = sum(len(listed(each.links)) for each in contents)
    counts = (("tenant", len(checked.tenants)), ("portal", portals), ("link", links))
    return ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts)
