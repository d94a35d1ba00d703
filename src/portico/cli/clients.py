"""`portico client`: the API clients of a tenant."""

from __future__ import annotations

import json
from pathlib import Path

import click

from portico.cli.options import ID, customer_option, role_options, run_as_operator, settings_options
from portico.cli.tables import moment, print_table
from portico.domain.tenancy.identity import ApiClient, Role
from portico.services.access import operator_reading, operator_writing
from portico.services.runtime import Runtime
from portico.services.tenancy.clients import (
    create_client,
    find_tenant_of_client,
    list_clients,
    list_last_sign_ins,
    revoke_client,
)
from portico.services.tenancy.public_keys import check_public_key
from portico.settings import Settings


@click.group()
def client() -> None:
    """Manage API clients, the programs that call the API."""


@client.command()
@customer_option("Customer id of the tenant.")
@role_options("client", limited="client")
@click.option("--name", default="API client", show_default=True, help="Name of the client.")
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file with an RSA public key, for sign-in by RS256 assertion without a secret.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def create(
    settings: Settings,
    customer_id: int,
    role: str,
    microtenant_id: int | None,
    name: str,
    public_key: Path | None,
    as_json: bool,
) -> None:
    """Create an API client and print its secret, which cannot be shown again."""

    async def make(runtime: Runtime) -> tuple[ApiClient, str]:
        key = _public_key(public_key)
        async with operator_writing(runtime, customer_id) as work:
            return await create_client(
                work,
                name=name,
                role=Role(role),
                microtenant_id=microtenant_id,
                public_key=key,
            )

    created, secret = run_as_operator(settings, make)
    result = {"customerId": str(created.customer_id), "clientId": str(created.id)}
    if secret:
        result["clientSecret"] = secret
    if as_json:
        click.echo(json.dumps(result))
        return
    for key, value in result.items():
        click.echo(f"{key:14}{value}")
    if secret:
        click.echo("Portico stores only a hash of the secret and cannot show it again.")


def _public_key(path: Path | None) -> str:
    if path is None:
        return ""
    content = path.read_bytes().decode("utf-8", "replace")
    return check_public_key("--public-key", content, origin=str(path))


@client.command("list")
@customer_option("Customer id of the tenant.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, as_json: bool) -> None:
    """List the API clients of a tenant."""

    async def run(runtime: Runtime) -> list[tuple[ApiClient, int | None]]:
        async with operator_reading(runtime, customer_id) as work:
            last_used = await list_last_sign_ins(work)
            return [(each, last_used.get(each.id)) for each in await list_clients(work)]

    listed = run_as_operator(settings, run)
    if as_json:
        click.echo(json.dumps([_public(each, last_used) for each, last_used in listed]))
        return
    print_table(
        ("Client id", "Name", "Role", "Microtenant", "Created", "Last used", "Revoked"),
        [
            (
                str(each.id),
                each.name,
                each.role,
                "all" if each.microtenant_id is None else str(each.microtenant_id),
                moment(each.creation_time),
                moment(last_used),
                moment(each.revoked_time),
            )
            for each, last_used in listed
        ],
    )


@client.command()
@click.argument("client_id", type=ID)
@settings_options("database")
def revoke(settings: Settings, client_id: int) -> None:
    """Revoke the API client CLIENT_ID and all of its tokens."""

    async def end(runtime: Runtime) -> ApiClient:
        customer_id = await find_tenant_of_client(runtime, client_id)
        async with operator_writing(runtime, customer_id) as work:
            return await revoke_client(work, client_id)

    revoked = run_as_operator(settings, end)
    click.echo(f"Revoked API client {revoked.name} ({revoked.id}).")


def _public(each: ApiClient, last_used: int | None) -> dict[str, object]:
    return {
        "clientId": str(each.id),
        "customerId": str(each.customer_id),
        "microtenantId": None if each.microtenant_id is None else str(each.microtenant_id),
        "name": each.name,
        "role": each.role.value,
        "signsInBy": "assertion" if each.public_key else "secret",
        "creationTime": each.creation_time,
        "lastUsedTime": last_used,
        "revokedTime": each.revoked_time,
    }
