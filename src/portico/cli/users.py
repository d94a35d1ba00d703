"""`portico user`: the people who open links on a tenant's portals."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from portico.cli.administrators import CUSTOMER, print_password
from portico.cli.options import every_item, run_as_operator, settings_options
from portico.cli.passwords import choose_password, password_options
from portico.cli.tables import print_table
from portico.domain.errors import InvalidField
from portico.domain.people.users import PortalUser, PortalUserSpec
from portico.domain.records import fold
from portico.services.access import operator_reading, operator_writing
from portico.services.people import users
from portico.services.people.groups import list_groups
from portico.services.people.passwords import hash_password
from portico.services.people.people_by_name import find_user_by_name
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.settings import Settings


@click.group()
def user() -> None:
    """Portal users: the people who open links."""


@user.command()
@click.argument("name")
@CUSTOMER
@click.option("--display-name", default="", help="What people call the user.")
@click.option("--email", default="", help="The e-mail address.")
@click.option("--group", "groups", multiple=True, help="A group of the tenant; may come often.")
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
    password_stdin: bool,
    generate: bool,
    as_json: bool,
) -> None:
    """Create a portal user called NAME."""
    given = choose_password(password_stdin=password_stdin, generate=generate)
    spec = PortalUserSpec(name=name, display_name=display_name, email=email)

    async def make(runtime: Runtime) -> PortalUser:
        stored = await hash_password(runtime, given.password)
        async with operator_writing(runtime, customer_id) as work:
            group_ids = await _group_ids(work, groups)
            return await users.create_user(work, replace(spec, group_ids=group_ids), stored)

    made = run_as_operator(settings, make)
    if as_json:
        told = _public(made) | ({"password": given.password} if given.is_new else {})
        click.echo(json.dumps(told))
        return
    click.echo(f"Created user {made.name} ({made.id}).")
    print_password(given)


@user.command("list")
@CUSTOMER
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database")
def list_(settings: Settings, customer_id: int, as_json: bool) -> None:
    """List the portal users of a tenant."""

    async def look(runtime: Runtime) -> list[PortalUser]:
        async with operator_reading(runtime, customer_id) as work:
            return await every_item(lambda query: users.list_users(work, query))

    everyone = run_as_operator(settings, look)
    if as_json:
        click.echo(json.dumps([_public(each) for each in everyone]))
        return
    print_table(
        ("Id", "Name", "Called", "E-mail", "State"),
        [
            (
                str(each.id),
                each.name,
                each.display_name,
                each.email,
                "in use" if each.enabled else "disabled",
            )
            for each in everyone
        ],
    )


@user.command()
@click.argument("name")
@CUSTOMER
@settings_options("database")
def disable(settings: Settings, name: str, customer_id: int) -> None:
    """Shut the portal user NAME out, and end the sessions."""
    changed = run_as_operator(settings, lambda each: _switch(each, customer_id, name, on=False))
    click.echo(f"Disabled user {changed.name} ({changed.id}).")


@user.command()
@click.argument("name")
@CUSTOMER
@settings_options("database")
def enable(settings: Settings, name: str, customer_id: int) -> None:
    """Let the disabled portal user NAME in again."""
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
    """Give the portal user NAME another password, and end the sessions."""
    given = choose_password(password_stdin=password_stdin, generate=generate)

    async def change(runtime: Runtime) -> str:
        stored = await hash_password(runtime, given.password)
        async with operator_writing(runtime, customer_id) as work:
            found = await find_user_by_name(work, name)
            await users.set_user_password(work, found.id, stored)
        return found.name

    click.echo(f"Changed the password of user {run_as_operator(settings, change)}.")
    print_password(given)


@user.command()
@click.argument("name")
@CUSTOMER
@settings_options("database")
def delete(settings: Settings, name: str, customer_id: int) -> None:
    """Delete the portal user NAME with everything that belongs to the user."""

    async def remove(runtime: Runtime) -> PortalUser:
        async with operator_writing(runtime, customer_id) as work:
            found = await find_user_by_name(work, name)
            await users.delete_user(work, found.id)
        return found

    gone = run_as_operator(settings, remove)
    click.echo(f"Deleted user {gone.name} ({gone.id}).")


async def _switch(runtime: Runtime, customer_id: int, name: str, *, on: bool) -> PortalUser:
    async with operator_writing(runtime, customer_id) as work:
        found = await find_user_by_name(work, name)
        spec = PortalUserSpec(
            name=found.name,
            display_name=found.display_name,
            email=found.email,
            enabled=on,
            group_ids=found.group_ids,
        )
        return await users.update_user(work, found.id, spec)


async def _group_ids(work: UnitOfWork, names: tuple[str, ...]) -> tuple[int, ...]:
    """The ids of the tenant's groups with those names. Raises InvalidField."""
    known = {fold(group.name): group.id for group in (await list_groups(work)).groups}
    for name in names:
        if fold(name) not in known:
            raise InvalidField("--group", f"There is no group {name}.")
    return tuple(known[fold(name)] for name in names)


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
