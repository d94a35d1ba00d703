"""`portico application`: the application segments that links can name. The API only reads them."""

from __future__ import annotations

import json

import click

from portico.cli.administrators import CUSTOMER
from portico.cli.options import (
    ID,
    MICROTENANT_ID,
    every_item,
    run_as_operator,
    settings_options,
)
from portico.cli.tables import print_table
from portico.domain.links.application_segments import Application, ApplicationSpec
from portico.domain.links.display_hosts import display_host
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.services.access import operator_reading, operator_writing
from portico.services.links import application_segments as applications
from portico.services.runtime import Runtime
from portico.settings import Settings

MICROTENANT = click.option(
    "--microtenant",
    "microtenant_id",
    type=MICROTENANT_ID,
    default=DEFAULT_MICROTENANT_ID,
    help="The microtenant that owns the segment. Default: the Default microtenant.",
)


@click.group()
def application() -> None:
    """Application segments: what the applicationId of a link names."""


@application.command()
@click.argument("name")
@CUSTOMER
@MICROTENANT
@click.option(
    "--domain",
    "domains",
    multiple=True,
    required=True,
    help="A domain name or an IP address of the segment. Repeat it for several.",
)
@click.option("--description", default="", help="A description.")
@click.option("--enabled/--disabled", default=True, help="Whether it is enabled. Default: enabled.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def create(
    settings: Settings,
    name: str,
    customer_id: int,
    microtenant_id: int,
    domains: tuple[str, ...],
    description: str,
    enabled: bool,
    as_json: bool,
) -> None:
    """Create an application segment called NAME."""
    spec = ApplicationSpec(
        name=name, description=description, enabled=enabled, domain_names=domains
    )

    async def make(runtime: Runtime) -> Application:
        async with operator_writing(runtime, customer_id, microtenant_id) as work:
            return await applications.create_application(work, spec)

    made = run_as_operator(settings, make)
    if as_json:
        click.echo(json.dumps(_public(made)))
    else:
        click.echo(f"Created application segment {made.name} ({made.id}).")


@application.command("list")
@CUSTOMER
@MICROTENANT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, microtenant_id: int, as_json: bool) -> None:
    """List the application segments of a microtenant."""

    async def look(runtime: Runtime) -> list[Application]:
        async with operator_reading(runtime, customer_id, microtenant_id) as work:
            return await every_item(lambda query: applications.list_applications(work, query))

    found = run_as_operator(settings, look)
    if as_json:
        click.echo(json.dumps([_public(each) for each in found]))
        return
    print_table(
        ("Id", "Name", "Domains", "State"),
        (
            (
                str(each.id),
                each.name,
                ", ".join(map(display_host, each.domain_names)),
                "enabled" if each.enabled else "disabled",
            )
            for each in found
        ),
    )


@application.command()
@click.argument("application_id", type=ID)
@CUSTOMER
@MICROTENANT
@settings_options("database")
def delete(settings: Settings, application_id: int, customer_id: int, microtenant_id: int) -> None:
    """Delete the application segment APPLICATION_ID, which no link may name."""

    async def remove(runtime: Runtime) -> Application:
        async with operator_writing(runtime, customer_id, microtenant_id) as work:
            return await applications.delete_application(work, application_id)

    gone = run_as_operator(settings, remove)
    click.echo(f"Deleted application segment {gone.name} ({gone.id}).")


def _public(each: Application) -> dict[str, object]:
    return {
        "applicationId": str(each.id),
        "customerId": str(each.customer_id),
        "microtenantId": str(each.microtenant_id),
        "name": each.name,
        "description": each.description,
        "enabled": each.enabled,
        "domainNames": each.domain_names,
    }
