"""`portico provider`: OpenID providers.

Only the operator adds them, so the server never connects to a host that was typed into a page.
"""

from __future__ import annotations

import json
import sys

import click

from portico.cli.options import CUSTOMER, ID, run_as_operator, settings_options
from portico.cli.tables import print_table
from portico.domain.errors import InvalidField
from portico.domain.people.providers import IdentityProvider, IdentityProviderSpec
from portico.services.people.providers import (
    create_provider,
    list_providers,
    remove_provider,
    set_client_secret,
)
from portico.settings import Settings

LONGEST_SECRET = 1_024


@click.group()
def provider() -> None:
    """Manage the OpenID providers through which people sign in."""


@provider.command()
@click.argument("name")
@CUSTOMER
@click.option("--issuer", required=True, help="Issuer of the provider, as in its ID tokens.")
@click.option("--client-id", required=True, help="Client id of Portico at the provider.")
@click.option(
    "--client-secret-stdin", is_flag=True, help="Read the client secret from standard input."
)
@click.option(
    "--groups-claim", default="groups", show_default=True, help="Claim with the names of groups."
)
@click.option(
    "--for-portals/--not-for-portals", default=True, help="Whether portal users can sign in."
)
@click.option(
    "--for-console/--not-for-console", default=False, help="Whether administrators can sign in."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def create(
    settings: Settings,
    name: str,
    customer_id: int,
    issuer: str,
    client_id: str,
    client_secret_stdin: bool,
    groups_claim: str,
    for_portals: bool,
    for_console: bool,
    as_json: bool,
) -> None:
    """Add a provider. Pages show it as NAME.

    Register the redirect URI https://<host>/sign-in/callback with the provider.
    """
    secret = _read_secret() if client_secret_stdin else ""
    spec = IdentityProviderSpec(
        name=name,
        issuer=issuer,
        client_id=client_id,
        groups_claim=groups_claim,
        for_portals=for_portals,
        for_console=for_console,
    )
    created = run_as_operator(
        settings, lambda each: create_provider(each, customer_id, spec, client_secret=secret)
    )
    if as_json:
        click.echo(json.dumps(_public(created)))
    else:
        click.echo(f"Added provider {created.name} ({created.id}).")


@provider.command("list")
@CUSTOMER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, as_json: bool) -> None:
    """List the providers of a tenant."""
    listed = run_as_operator(settings, lambda each: list_providers(each, customer_id))
    if as_json:
        click.echo(json.dumps([_public(each) for each in listed]))
        return
    print_table(
        ("Id", "Name", "Issuer", "Client", "Signs in"),
        [
            (str(each.id), each.name, each.issuer, each.client_id, _signs_in(each))
            for each in listed
        ],
    )


@provider.command()
@click.argument("provider_id", type=ID)
@settings_options("database")
def remove(settings: Settings, provider_id: int) -> None:
    """Remove the provider PROVIDER_ID. Nobody can sign in through it any more."""
    removed = run_as_operator(settings, lambda each: remove_provider(each, provider_id))
    click.echo(f"Removed provider {removed.name} ({removed.id}).")


def _signs_in(each: IdentityProvider) -> str:
    groups = [("portal users", each.for_portals), ("administrators", each.for_console)]
    return " and ".join(name for name, is_allowed in groups if is_allowed)


@provider.command("set-secret")
@click.argument("provider_id", type=ID)
@click.option(
    "--client-secret-stdin", is_flag=True, help="Read the client secret from standard input."
)
@click.option(
    "--no-client-secret", is_flag=True, help="Clear the client secret, for a public client."
)
@settings_options("database")
def set_secret(
    settings: Settings, provider_id: int, client_secret_stdin: bool, no_client_secret: bool
) -> None:
    """Change the client secret of the provider PROVIDER_ID, and enable the provider."""
    if client_secret_stdin == no_client_secret:
        raise InvalidField("--client-secret-stdin", "Add either this option or --no-client-secret.")
    secret = _read_secret() if client_secret_stdin else ""
    changed = run_as_operator(settings, lambda each: set_client_secret(each, provider_id, secret))
    click.echo(f"Changed the client secret of provider {changed.name} ({changed.id}).")


def _read_secret() -> str:
    return sys.stdin.readline(LONGEST_SECRET).rstrip("\r\n")


def _public(each: IdentityProvider) -> dict[str, object]:
    return {
        "providerId": str(each.id),
        "customerId": str(each.customer_id),
        "name": each.name,
        "issuer": each.issuer,
        "clientId": each.client_id,
        "groupsClaim": each.groups_claim,
        "forPortals": each.for_portals,
        "forConsole": each.for_console,
    }
