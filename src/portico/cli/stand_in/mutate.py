"""`portico mutate`: changes a link of a running stand-in as somebody else would."""

from __future__ import annotations

import json
from pathlib import Path

import click

from portico.cli.stand_in.options import URL_VARIABLE, stand_in_address
from portico.emulation.control_client import call_control

_FIELDS = (
    "name",
    "description",
    "enabled",
    "iconText",
    "link",
    "linkPath",
    "protocol",
    "applicationId",
)


@click.command()
@click.argument("link")
@click.option(
    "--set",
    "changes",
    metavar="FIELD=VALUE",
    multiple=True,
    help=f"A new value of a field: {', '.join(_FIELDS)}. Repeat the option for several.",
)
@click.option("--enable", "action", flag_value="enable", help="Enable the link.")
@click.option("--disable", "action", flag_value="disable", help="Disable the link.")
@click.option("--delete", "action", flag_value="delete", help="Delete the link.")
@click.option("--customer", help="Customer id of the tenant, if there are several.")
@click.option("--microtenant", help="Id of the microtenant. The default is Default.")
@click.option(
    "--administrator",
    default="somebody.else",
    show_default=True,
    help="The administrator's name, which the audit trail has. Created if there is none.",
)
@click.option(
    "--url",
    help=f"Address of the stand-in. By default {URL_VARIABLE} in the environment, then the one "
    "in the background.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="State folder of the stand-in in the background.",
)
def mutate(
    link: str,
    changes: tuple[str, ...],
    action: str | None,
    customer: str | None,
    microtenant: str | None,
    administrator: str,
    url: str | None,
    state_dir: Path | None,
) -> None:
    """Change, disable or delete LINK, an id or a name, as another administrator.

    A client that manages the link then finds that it has drifted: `terraform plan
    -detailed-exitcode` returns 2.
    """
    body: dict[str, object] = {
        "link": link,
        "action": action or "update",
        "administrator": administrator,
    }
    if changes:
        body["set"] = dict(_change(each) for each in changes)
    if microtenant is not None:
        body["microtenantId"] = microtenant
    query = {} if customer is None else {"customerId": customer}
    done = call_control(stand_in_address(url, state_dir), "POST", "mutate", query=query, body=body)
    did = {"update": "changed", "enable": "enabled", "disable": "disabled", "delete": "deleted"}
    click.echo(
        f"{done['administrator']} has {did[done['action']]} link {done['name']} ({done['linkId']})."
    )


def _change(text: str) -> tuple[str, object]:
    field, separator, value = text.partition("=")
    if not separator or field not in _FIELDS:
        raise click.BadParameter(
            f"{text!r} is not FIELD=VALUE with one of the fields {', '.join(_FIELDS)}.",
            param_hint="--set",
        )
    if field != "enabled":
        return field, value
    if value not in ("true", "false"):
        raise click.BadParameter("enabled must be true or false.", param_hint="--set")
    return field, json.loads(value)
