"""`portico application`: application segments, which links can name and the API only reads."""

from __future__ import annotations

import json

import click

from portico.cli.options import (
    CUSTOMER,
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
    help="Microtenant that owns the segment. Default: the Default microtenant.",
)


@click.group()
def application() -> None:
    """Manage application segments, which the applicationId of a link names."""


@application.command()
@click.argument("name")
@CUSTOMER
@MICROTENANT
@click.option(
    "--domain",
    "domains",
    multiple=True,
    required=True,
    help="Domain name or IP address of the segment. Repeat the option for several.",
)
@click.option("--description", default="", help="Description of the segment.")
@click.option("--enabled/--disabled", default=True, help="State of the segment. Default: enabled.")
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

    async def run(runtime: Runtime) -> Application:
        async with operator_writing(runtime, customer_id, microtenant_id) as work:
            return await applications.create_application(work, spec)

    created = run_as_operator(settings, run)
    if as_json:
        click.echo(json.dumps(_public(created)))
    else:
        click.echo(f"Created application segment {created.name} ({created.id}).")


@application.command("list")
@CUSTOMER
@MICROTENANT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, microtenant_id: int, as_json: bool) -> None:
    """List the application segments of a microtenant."""

    async def run(runtime: Runtime) -> list[Application]:
        async with operator_reading(runtime, customer_id, microtenant_id) as work:
            return await every_item(lambda query: applications.list_applications(work, query))

    listed = run_as_operator(settings, run)
    if as_json:
        click.echo(json.dumps([_public(each) for each in listed]))
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
            for each in listed
        ),
    )


@application.command()
@click.argument("application_id", type=ID)
@CUSTOMER
@MICROTENANT
@settings_options("database")
def delete(settings: Settings, application_id: int, customer_id: int, microtenant_id: int) -> None:
    """Delete the application segment APPLICATION_ID. Fails while a link names it."""

    async def run(runtime: Runtime) -> Application:
        async with operator_writing(runtime, customer_id, microtenant_id) as work:
            return await applications.delete_application(work, application_id)

    deleted = run_as_operator(settings, run)
    click.echo(f"Deleted application segment {deleted.name} ({deleted.id}).")


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
