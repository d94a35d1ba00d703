"""`portico domain`: the domains that each tenant can use for its portals."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from portico.cli.options import ID, customer_option, run_as_operator, settings_options
from portico.cli.tables import print_table
from portico.cli.terminal import require_terminal
from portico.domain.portals.domains import AllowedDomain, DomainClaim, public_host
from portico.services.portals.domains import (
    DomainChange,
    ListedDomain,
    allow_domain,
    list_domains,
    plan_allowing,
    plan_revoking,
    revoke_domain,
)
from portico.settings import Settings

YES = click.option("--yes", is_flag=True, help="Do not ask before a portal loses its domain.")


@click.group()
def domain() -> None:
    """Manage the domains that each tenant can use for its portals."""


@domain.command()
@click.argument("name", metavar="DOMAIN")
@customer_option("Customer id of the tenant.")
@YES
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def allow(settings: Settings, name: str, customer_id: int, yes: bool, as_json: bool) -> None:
    """Allow DOMAIN and every name below it for the portals of one tenant.

    A name below it that is allowed for another tenant still belongs to that tenant.
    """
    host = public_host(settings.public_url)
    planned = run_as_operator(
        settings, lambda each: plan_allowing(each, name, customer_id, public_host=host)
    )
    _confirm(planned, yes=yes)
    done = run_as_operator(
        settings, lambda each: allow_domain(each, name, customer_id, public_host=host)
    )
    if as_json:
        click.echo(json.dumps(_public(done.domain) | _public_effect(done)))
        return
    tenant = f"tenant {done.tenant.name} ({done.tenant.id})"
    if not done.is_new:
        click.echo(f"{done.domain.name} is already allowed for {tenant}.")
        return
    click.echo(f"Allowed {done.domain.name} and every name below it for {tenant}.")
    _print_effect(done)
    if host and done.domain.name == host:
        click.echo(f"{host} itself never opens a portal: it is the host of the public URL.")


@domain.command("list")
@click.option("--customer", "customer_id", type=ID, help="List the domains of this tenant only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def list_(settings: Settings, customer_id: int | None, as_json: bool) -> None:
    """List the allowed domains and the portals that they open."""
    host = public_host(settings.public_url)
    listed = run_as_operator(
        settings, lambda each: list_domains(each, customer_id, public_host=host)
    )
    if as_json:
        click.echo(json.dumps([_public_listed(each) for each in listed]))
        return
    print_table(
        ("Domain", "Customer id", "Tenant", "Portals"),
        [
            (
                each.domain.name,
                str(each.domain.customer_id),
                each.tenant_name,
                ", ".join(map(_claim_text, each.reached)),
            )
            for each in listed
        ],
    )


@domain.command()
@click.argument("name", metavar="DOMAIN")
@YES
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def revoke(settings: Settings, name: str, yes: bool, as_json: bool) -> None:
    """Revoke DOMAIN. Portals with this domain are then available only below /p/."""
    host = public_host(settings.public_url)
    planned = run_as_operator(settings, lambda each: plan_revoking(each, name, public_host=host))
    _confirm(planned, yes=yes)
    done = run_as_operator(settings, lambda each: revoke_domain(each, name, public_host=host))
    if as_json:
        click.echo(json.dumps(_public(done.domain) | _public_effect(done)))
        return
    click.echo(f"Revoked {done.domain.name} from tenant {done.tenant.name} ({done.tenant.id}).")
    _print_effect(done)


def _confirm(planned: DomainChange, *, yes: bool) -> None:
    """Ask before a portal loses its domain. Raises NoTerminal if there is no terminal."""
    if yes or not planned.stops:
        return
    stopping = ", ".join(map(_claim_text, planned.stops))
    require_terminal(
        f"These portals would lose their domain: {stopping}. Nothing was changed. Add --yes to "
        "change it without confirmation."
    )
    click.confirm(f"These portals lose their domain: {stopping}. Continue?", abort=True, err=True)


def _print_effect(change: DomainChange) -> None:
    effects: tuple[tuple[str, Sequence[DomainClaim]], ...] = (
        ("No longer available", change.stops),
        ("Now available", change.begins),
    )
    for label, claims in effects:
        for claim in claims:
            click.echo(f"{label}: {_claim_text(claim)}")
    if not change.begins and not change.stops:
        click.echo("No portal is affected.")


def _claim_text(claim: DomainClaim) -> str:
    return f"{claim.host} (portal {claim.portal_name})"


def _public(each: AllowedDomain) -> dict[str, object]:
    return {
        "domain": each.name,
        "customerId": str(each.customer_id),
        "creationTime": each.creation_time,
    }


def _public_listed(each: ListedDomain) -> dict[str, object]:
    reached = [_public_claim(claim) for claim in each.reached]
    return _public(each.domain) | {"tenant": each.tenant_name, "reached": reached}


def _public_effect(change: DomainChange) -> dict[str, object]:
    return {
        "begins": [_public_claim(claim) for claim in change.begins],
        "stops": [_public_claim(claim) for claim in change.stops],
    }


def _public_claim(claim: DomainClaim) -> dict[str, str]:
    return {
        "host": claim.host,
        "customerId": str(claim.customer_id),
        "portalId": str(claim.portal_id),
        "portal": claim.portal_name,
    }
