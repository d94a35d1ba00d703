"""`portico admin`: administrators, who sign in to the console."""

from __future__ import annotations

import json

import click

from portico.cli.options import CUSTOMER, role_options, run_as_operator, settings_options
from portico.cli.password_links import CONSOLE, link_address, print_link
from portico.cli.passwords import ChosenPassword, choose_password, password_options
from portico.cli.tables import print_table
from portico.domain.people.administrators import (
    Administrator,
    AdministratorSpec,
    Grant,
    GrantSpec,
)
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.people import administrators
from portico.services.people.administrators import GrantedAdministrator
from portico.services.people.password_links import (
    NewPasswordLink,
    create_administrator_link,
)
from portico.services.people.passwords import hash_password
from portico.services.people.people_by_name import any_administrator, find_administrator_by_name
from portico.services.people.second_factors import reset_second_factors
from portico.services.runtime import Runtime
from portico.settings import Settings


@click.group()
def admin() -> None:
    """Manage administrators, who sign in to the console."""


@admin.command()
@click.argument("name")
@CUSTOMER
@role_options("administrator", limited="role")
@click.option("--display-name", default="", help="Name that the console shows.")
@click.option(
    "--email", default="", help="E-mail address. The first OpenID sign-in finds the account by it."
)
@click.option(
    "--no-password",
    is_flag=True,
    help="Create no password: they sign in through an OpenID provider, or set one by a link.",
)
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
    chosen = ChosenPassword("", False)
    if not no_password:
        chosen = choose_password(password_stdin=password_stdin, generate=generate)
    spec = AdministratorSpec(name=name, display_name=display_name, email=email)
    grant = GrantSpec(role=Role(role), microtenant_id=microtenant_id)

    async def run(runtime: Runtime) -> GrantedAdministrator:
        stored = await hash_password(runtime, chosen.password) if chosen.password else ""
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.create_administrator(work, spec, [grant], stored)

    created = run_as_operator(settings, run)
    if as_json:
        result = _public(created) | ({"password": chosen.password} if chosen.is_new else {})
        click.echo(json.dumps(result))
        return
    click.echo(f"Created administrator {created.name} ({created.id}).")
    print_password(chosen)


@admin.command("list")
@CUSTOMER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, as_json: bool) -> None:
    """List the administrators of a tenant."""

    async def run(runtime: Runtime) -> list[GrantedAdministrator]:
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.list_administrators(work)

    listed = run_as_operator(settings, run)
    if as_json:
        click.echo(json.dumps([_public(each) for each in listed]))
        return
    print_table(
        ("Id", "Name", "E-mail", "Roles", "State"),
        [
            (
                str(each.id),
                each.name,
                each.email,
                ", ".join(_grant_text(grant) for grant in each.grants),
                "enabled" if each.disabled_time is None else "disabled",
            )
            for each in listed
        ],
    )


@admin.command()
@click.argument("name")
@CUSTOMER
@role_options("administrator", limited="role")
@settings_options("database")
def grant(
    settings: Settings, name: str, customer_id: int, role: str, microtenant_id: int | None
) -> None:
    """Give the administrator NAME a role in a further tenant."""

    async def add(runtime: Runtime) -> str:
        administrator = await any_administrator(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            spec = GrantSpec(role=Role(role), microtenant_id=microtenant_id)
            await administrators.add_grant(work, administrator.id, spec)
        return administrator.name

    click.echo(f"{run_as_operator(settings, add)} now has a role in tenant {customer_id}.")


@admin.command()
@click.argument("name")
@settings_options("database")
def disable(settings: Settings, name: str) -> None:
    """Disable the administrator NAME and end all of their sessions."""

    async def run(runtime: Runtime) -> GrantedAdministrator:
        administrator, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.disable_administrator(work, administrator.id)

    disabled = run_as_operator(settings, run)
    click.echo(f"Disabled administrator {disabled.name} ({disabled.id}).")


@admin.command()
@click.argument("name")
@settings_options("database")
def enable(settings: Settings, name: str) -> None:
    """Re-enable the disabled administrator NAME."""

    async def run(runtime: Runtime) -> GrantedAdministrator:
        administrator, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            return await administrators.enable_administrator(work, administrator.id)

    enabled = run_as_operator(settings, run)
    click.echo(f"Enabled administrator {enabled.name} ({enabled.id}).")


@admin.command()
@click.argument("name")
@password_options
@settings_options("database")
def password(settings: Settings, name: str, password_stdin: bool, generate: bool) -> None:
    """Change the password of the administrator NAME and end all of their sessions."""
    chosen = choose_password(password_stdin=password_stdin, generate=generate)

    async def replace(runtime: Runtime) -> str:
        administrator, customer_id = await find_administrator_by_name(runtime, name)
        stored = await hash_password(runtime, chosen.password)
        async with operator_writing(runtime, customer_id) as work:
            await administrators.set_administrator_password(work, administrator.id, stored)
        return administrator.name

    click.echo(f"Changed the password of administrator {run_as_operator(settings, replace)}.")
    print_password(chosen)


@admin.command()
@click.argument("name")
@settings_options("database")
def delete(settings: Settings, name: str) -> None:
    """Delete the administrator NAME with their roles in all tenants and their sessions."""

    async def run(runtime: Runtime) -> Administrator:
        administrator, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            await administrators.delete_administrator(work, administrator.id)
        return administrator

    deleted = run_as_operator(settings, run)
    click.echo(f"Deleted administrator {deleted.name} ({deleted.id}).")


@admin.command("password-link")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def password_link(settings: Settings, name: str, as_json: bool) -> None:
    """Print a link by which the administrator NAME sets a password.

    It works once and for seven days. It replaces an earlier link, and when it is used, all of the
    administrator's sessions end.
    """

    async def make(runtime: Runtime) -> NewPasswordLink:
        administrator, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            return await create_administrator_link(work, administrator.id)

    made = run_as_operator(settings, make)
    if as_json:
        address = link_address(made, CONSOLE, settings.public_url)
        click.echo(json.dumps({"link": address, "expires": made.expires}))
        return
    print_link(made, CONSOLE, settings.public_url)


@admin.command("reset-second-factor")
@click.argument("name")
@settings_options("database")
def reset_second_factor(settings: Settings, name: str) -> None:
    """Delete the second factors of the administrator NAME and end all of their sessions.

    Their recovery codes become invalid. If a tenant requires a second factor, they set up a new one
    at their next sign-in.
    """

    async def run(runtime: Runtime) -> tuple[str, int]:
        administrator, customer_id = await find_administrator_by_name(runtime, name)
        async with operator_writing(runtime, customer_id) as work:
            count = await reset_second_factors(work, runtime.cipher, administrator)
        return administrator.name, count

    reset, count = run_as_operator(settings, run)
    if not count:
        click.echo(f"Administrator {reset} had no second factor. Their sessions have ended.")
        return
    factors = "1 second factor" if count == 1 else f"{count} second factors"
    click.echo(f"Deleted {factors} of administrator {reset}. Their sessions have ended.")


def print_password(chosen: ChosenPassword) -> None:
    """Print a generated password. Portico cannot show it again."""
    if chosen.is_new:
        click.echo(f"Password: {chosen.password}")
        click.echo("Portico stores only a hash of it and cannot show it again.")


def _grant_text(grant: Grant) -> str:
    location = "everywhere" if grant.microtenant_id is None else f"in {grant.microtenant_id}"
    return f"{grant.role.value} {location}"


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
