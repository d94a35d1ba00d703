"""`portico tenant`: the customers of this installation."""

from __future__ import annotations

import json

import click

from portico.cli.command_line import command_line
from portico.cli.options import run_as_operator, settings_options
from portico.cli.tables import moment, print_table
from portico.domain.links.display_hosts import display_host
from portico.domain.tenancy.identity import Tenant
from portico.services.people.first_steps import FirstStep, first_step
from portico.services.runtime import Runtime
from portico.services.tenancy.tenants import create_tenant, list_tenants
from portico.settings import Settings


@click.group()
def tenant() -> None:
    """Tenants: the customers of this installation."""


@tenant.command()
@click.argument("name")
@click.option("--id", "customer_id", type=int, help="The customer id; made when left out.")
@click.option("--auth-domain", multiple=True, help="An authentication domain; may come often.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def create(
    settings: Settings,
    name: str,
    customer_id: int | None,
    auth_domain: tuple[str, ...],
    as_json: bool,
) -> None:
    """Create a tenant called NAME, a name that no other tenant has."""

    async def make(runtime: Runtime) -> tuple[Tenant, FirstStep | None]:
        made = await create_tenant(runtime, name, customer_id=customer_id, auth_domains=auth_domain)
        return made, await first_step(runtime)

    made, step = run_as_operator(settings, make)
    if as_json:
        click.echo(json.dumps({"customerId": str(made.id), "name": made.name}))
        return
    click.echo(f"Created tenant {made.name} with customer id {made.id}.")
    if step is not None:
        command = FirstStep(made).command(command_line(settings))
        click.echo(f"Create its first administrator:\n\n{command}")


@tenant.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, as_json: bool) -> None:
    """List the tenants, oldest first."""
    found = run_as_operator(settings, list_tenants)
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "customerId": str(each.id),
                        "name": each.name,
                        "authDomains": list(each.auth_domains),
                        "creationTime": each.creation_time,
                    }
                    for each in found
                ]
            )
        )
        return
    print_table(
        ("Customer id", "Name", "Authentication domains", "Created"),
        [
            (
                str(each.id),
                each.name,
                ", ".join(map(display_host, each.auth_domains)),
                moment(each.creation_time),
            )
            for each in found
        ],
    )
