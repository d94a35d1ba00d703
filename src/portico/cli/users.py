"""`portico user`: portal users, who open links on a tenant's portals."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from portico.cli.administrators import print_password
from portico.cli.options import CUSTOMER, every_item, run_as_operator, settings_options
from portico.cli.password_links import link_address, print_link
from portico.cli.passwords import ChosenPassword, choose_password, password_options
from portico.cli.tables import print_table
from portico.domain.errors import InvalidField
from portico.domain.people.users import PortalUser, PortalUserSpec
from portico.domain.records import fold
from portico.services.access import operator_reading, operator_writing
from portico.services.people import users
from portico.services.people.groups import list_groups
from portico.services.people.password_links import NewPasswordLink, create_user_link
from portico.services.people.passwords import hash_password
from portico.services.people.people_by_name import find_user_by_name
from portico.services.portals.visits import find_open_portal
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.settings import Settings


@click.group()
def user() -> None:
    """Manage portal users, who open links."""


@user.command()
@click.argument("name")
@CUSTOMER
@click.option("--display-name", default="", help="Name that pages show.")
@click.option("--email", default="", help="E-mail address.")
@click.option(
    "--group", "groups", multiple=True, help="Group of the tenant. Repeat the option for several."
)
@click.option("--no-password", is_flag=True, help="Create no password: they set one by a link.")
@password_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def create(
    settings: Settings,
    name: str,
    customer_id: int,
    display_name: str,
    email: str,
    groups: tuple[str, ...],
    no_password: bool,
    password_stdin: bool,
    generate: bool,
    as_json: bool,
) -> None:
    """Create a portal user called NAME."""
    chosen = ChosenPassword("", False)
    if not no_password:
        chosen = choose_password(password_stdin=password_stdin, generate=generate)
    spec = PortalUserSpec(name=name, display_name=display_name, email=email)

    async def run(runtime: Runtime) -> PortalUser:
        stored = await hash_password(runtime, chosen.password) if chosen.password else ""
        async with operator_writing(runtime, customer_id) as work:
            group_ids = await _group_ids(work, groups)
            return await users.create_user(work, replace(spec, group_ids=group_ids), stored)

    created = run_as_operator(settings, run)
    if as_json:
        result = _public(created) | ({"password": chosen.password} if chosen.is_new else {})
        click.echo(json.dumps(result))
        return
    click.echo(f"Created user {created.name} ({created.id}).")
    print_password(chosen)


@user.command("list")
@CUSTOMER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, as_json: bool) -> None:
    """List the portal users of a tenant."""

    async def run(runtime: Runtime) -> list[PortalUser]:
        async with operator_reading(runtime, customer_id) as work:
            return await every_item(lambda query: users.list_users(work, query))

    everyone = run_as_operator(settings, run)
    if as_json:
        click.echo(json.dumps([_public(each) for each in everyone]))
        return
    print_table(
        ("Id", "Name", "Display name", "E-mail", "State"),
        [
            (
                str(each.id),
                each.name,
                each.display_name,
                each.email,
                "enabled" if each.enabled else "disabled",
            )
            for each in everyone
        ],
    )


@user.command()
@click.argument("name")
@CUSTOMER
@settings_options("database")
def disable(settings: Settings, name: str, customer_id: int) -> None:
    """Disable the portal user NAME and end all of their sessions."""
    changed = run_as_operator(settings, lambda each: _switch(each, customer_id, name, on=False))
    click.echo(f"Disabled user {changed.name} ({changed.id}).")


@user.command()
@click.argument("name")
@CUSTOMER
@settings_options("database")
def enable(settings: Settings, name: str, customer_id: int) -> None:
    """Re-enable the disabled portal user NAME."""
    changed = run_as_operator(settings, lambda each: _switch(each, customer_id, name, on=True))
    click.echo(f"Enabled user {changed.name} ({changed.id}).")


@user.command()
@click.argument("name")
@CUSTOMER
@password_options
@settings_options("database")
def password(
    settings: Settings, name: str, customer_id: int, password_stdin: bool, generate: bool
) -> None:
    """Change the password of the portal user NAME and end all of their sessions."""
    chosen = choose_password(password_stdin=password_stdin, generate=generate)

    async def run(runtime: Runtime) -> str:
        stored = await hash_password(runtime, chosen.password)
        async with operator_writing(runtime, customer_id) as work:
            stored_user = await find_user_by_name(work, name)
            await users.set_user_password(work, stored_user.id, stored)
        return stored_user.name

    click.echo(f"Changed the password of user {run_as_operator(settings, run)}.")
    print_password(chosen)


@user.command("password-link")
@click.argument("name")
@CUSTOMER
@click.option("--portal", required=True, help="Portal at which they set it: its id or slug.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def password_link(
    settings: Settings, name: str, customer_id: int, portal: str, as_json: bool
) -> None:
    """Print a link by which the portal user NAME sets a password.

    It works once and for seven days. It replaces an earlier link, and when it is used, all of the
    user's sessions end.
    """

    async def make(runtime: Runtime) -> NewPasswordLink:
        address = await find_open_portal(runtime, portal)
        if address is None or address.customer_id != customer_id:
            raise InvalidField("--portal", f"The tenant has no enabled portal {portal}.")
        async with operator_writing(runtime, customer_id) as work:
            stored_user = await find_user_by_name(work, name)
            return await create_user_link(work, stored_user.id)

    made = run_as_operator(settings, make)
    path = f"/p/{portal.lower()}"
    if as_json:
        address = link_address(made, path, settings.public_url)
        click.echo(json.dumps({"link": address, "expires": made.expires}))
        return
    print_link(made, path, settings.public_url)


@user.command()
@click.argument("name")
@CUSTOMER
@settings_options("database")
def delete(settings: Settings, name: str, customer_id: int) -> None:
    """Delete the portal user NAME with their sessions, favourites and recent links."""

    async def run(runtime: Runtime) -> PortalUser:
        async with operator_writing(runtime, customer_id) as work:
            stored_user = await find_user_by_name(work, name)
            await users.delete_user(work, stored_user.id)
        return stored_user

    deleted = run_as_operator(settings, run)
    click.echo(f"Deleted user {deleted.name} ({deleted.id}).")


async def _switch(runtime: Runtime, customer_id: int, name: str, *, on: bool) -> PortalUser:
    async with operator_writing(runtime, customer_id) as work:
        stored_user = await find_user_by_name(work, name)
        spec = PortalUserSpec(
            name=stored_user.name,
            display_name=stored_user.display_name,
            email=stored_user.email,
            enabled=on,
            group_ids=stored_user.group_ids,
        )
        return await users.update_user(work, stored_user.id, spec)


async def _group_ids(work: UnitOfWork, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the ids of the tenant's groups with those names. Raises InvalidField."""
    ids_by_name = {fold(group.name): group.id for group in (await list_groups(work)).groups}
    for name in names:
        if fold(name) not in ids_by_name:
            raise InvalidField("--group", f"The tenant has no group {name}.")
    return tuple(ids_by_name[fold(name)] for name in names)


def _public(each: PortalUser) -> dict[str, object]:
    return {
        "userId": str(each.id),
        "name": each.name,
        "displayName": each.display_name,
        "email": each.email,
        "enabled": each.enabled,
        "signsInBy": "provider" if each.provider_id is not None else "password",
        "groupIds": [str(group_id) for group_id in each.group_ids],
    }
