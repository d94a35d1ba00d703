"""`portico tenant`: the customers of this installation."""

from __future__ import annotations

import json

import click

from portico.cli.options import run_as_operator, settings_options
from portico.services.identity import create_tenant
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
    """Create a tenant called NAME."""
    made = run_as_operator(
        settings,
        lambda operator: create_tenant(
            operator, name, customer_id=customer_id, auth_domains=auth_domain
        ),
    )
    if as_json:
        click.echo(json.dumps({"customerId": str(made.id), "name": made.name}))
    else:
        click.echo(f"Created tenant {made.name} with customer id {made.id}.")
