"""`portico admin`: the people who sign in to the console."""

from __future__ import annotations

import json

import click

from portico.cli.clients import ROLE
from portico.cli.options import ID, MICROTENANT_ID, run_as_operator, settings_options
from portico.cli.passwords import ChosenPassword, choose_password, password_options
from portico.cli.tables import print_table
from portico.domain.people.administrators import AdministratorSpec, Grant, GrantSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.people import administrators
from portico.services.people.administrators import GrantedAdministrator
from portico.services.people.passwords import hash_password
from portico.services.people.people_by_name import any_administrator, find_administrator_by_name
from portico.services.runtime import Runtime
from portico.settings import Settings

CUSTOMER = click.option(
    "--customer", "customer_id", type=ID, required=True, help="The tenant's id."
)


@click.group()
def admin() -> None:
    """Administrators: the people who sign in to the console."""


@admin.command()
@click.argument("name")
@CUSTOMER
@click.option(
    "--role", type=ROLE, default=Role.ADMIN.value, show_default=True, help="What it may do."
)
@click.option(
    "--microtenant", "microtenant_id", type=MICROTENANT_ID, help="Confine it to one microtenant."
)
@click.option("--display-name", default="", help="What people call it.")
@click.option("--email", default="", help="Its e-mail address; OpenID sign-in goes by it once.")
@click.option("--no-password", is_flag=True, help="Let only an OpenID provider sign it in.")
@password_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def create(
    settings: Settings,
    name: str,
    customer_id: int,
    role: str,
    microtenant_id: int | None,
    display_name: str,
    email: str,
    no_password: bool,
    password_stdin: bool,
    generate: bool,
    as_json: bool,
) -> None:
    """Create an administrator called NAME."""
    given = ChosenPassword("", False)
    if not no_password:
        given = choose_password(password_stdin=password_stdin, generate=generate)
    spec = AdministratorSpec(name=name, display_name=display_name, email=email)
    grant = GrantSpec(role=Role(role), microtenant_id=microtenant_id)

    async def make(runtime: Runtime) -> GrantedAdministrator:
        stored = await hash_password(runtime, given.password) if given.password else ""
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.create_administrator(work, spec, [grant], stored)

    made = run_as_operator(settings, make)
    if as_json:
        told = _public(made) | ({"password": given.password} if given.is_new else {})
        click.echo(json.dumps(told))
        return
    click.echo(f"Created administrator {made.name} ({made.id}).")
    print_password(given)


@admin.command("list")
@CUSTOMER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, as_json: bool) -> None:
    """List the administrators of a tenant."""

    async def look(runtime: Runtime) -> list[GrantedAdministrator]:
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.list_administrators(work)

    found = run_as_operator(settings, look)
    if as_json:
        click.echo(json.dumps([_public(each) for each in found]))
        return
    print_table(
        ("Id", "Name", "E-mail", "May", "State"),
        [
            (
                str(each.id),
                each.name,
                each.email,
                ", ".join(_in_words(grant) for grant in each.grants),
                "in use" if each.disabled_time is None else "disabled",
            )
            for each in found
        ],
    )


@admin.command()
@click.argument("name")
@CUSTOMER
@click.option(
    "--role", type=ROLE, default=Role.ADMIN.value, show_default=True, help="What it may do."
)
@click.option(
    "--microtenant", "microtenant_id", type=MICROTENANT_ID, help="Confine it to one microtenant."
)
@settings_options("database")
def grant(
    settings: Settings, name: str, customer_id: int, role: str, microtenant_id: int | None
) -> None:
    """Let the administrator NAME work in a tenant, beside those where it works already."""

    async def add(runtime: Runtime) -> str:
        found = await any_administrator(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            wanted = GrantSpec(role=Role(role), microtenant_id=microtenant_id)
            await administrators.add_grant(work, found.id, wanted)
        return found.name

    click.echo(f"{run_as_operator(settings, add)} may now work in tenant {customer_id}.")


@admin.command()
@click.argument("name")
@settings_options("database")
def disable(settings: Settings, name: str) -> None:
    """Shut the administrator NAME out, and end its sessions."""

    async def shut_out(runtime: Runtime) -> GrantedAdministrator:
        found, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.disable_administrator(work, found.id)

    done = run_as_operator(settings, shut_out)
    click.echo(f"Disabled administrator {done.name} ({done.id}).")


@admin.command()
@click.argument("name")
@settings_options("database")
def enable(settings: Settings, name: str) -> None:
    """Let the disabled administrator NAME in again."""

    async def let_in(runtime: Runtime) -> GrantedAdministrator:
        found, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.enable_administrator(work, found.id)

    done = run_as_operator(settings, let_in)
    click.echo(f"Enabled administrator {done.name} ({done.id}).")


@admin.command()
@click.argument("name")
@password_options
@settings_options("database")
def password(settings: Settings, name: str, password_stdin: bool, generate: bool) -> None:
    """Give the administrator NAME another password, and end its sessions."""
    given = choose_password(password_stdin=password_stdin, generate=generate)

    async def replace(runtime: Runtime) -> str:
        found, customer_id = await find_administrator_by_name(runtime, name)
        stored = await hash_password(runtime, given.password)
        async with operator_writing(runtime, customer_id) as work:
            await administrators.set_administrator_password(work, found.id, stored)
        return found.name

    click.echo(f"Changed the password of administrator {run_as_operator(settings, replace)}.")
    print_password(given)


def print_password(given: ChosenPassword) -> None:
    """Prints a password that was made up, this once."""
    if given.is_new:
        click.echo(f"Password: {given.password}")
        click.echo("It is kept only as a hash; it cannot be shown again.")


def _in_words(grant: Grant) -> str:
    place = "everywhere" if grant.microtenant_id is None else f"in {grant.microtenant_id}"
    return f"{grant.role.value} {place}"


def _public(each: GrantedAdministrator) -> dict[str, object]:
    return {
        "administratorId": str(each.id),
        "name": each.name,
        "displayName": each.display_name,
        "email": each.email,
        "signsInBy": "password" if each.password_hash else "provider",
        "disabledTime": each.disabled_time,
        "grants": [
            {
                "role": grant.role.value,
                "microtenantId": None
                if grant.microtenant_id is None
                else str(grant.microtenant_id),
            }
            for grant in each.grants
        ],
    }
