"""`portico domain`: which tenant's portals may be reached at which domain."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from portico.cli.options import ID, run_as_operator, settings_options
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

YES = click.option("--yes", is_flag=True, help="Do not ask, even if portals stop being reached.")


@click.group()
def domain() -> None:
    """Domains: which tenant's portals may be reached at which domain."""


@domain.command()
@click.argument("name", metavar="DOMAIN")
@click.option("--customer", "customer_id", type=ID, required=True, help="The tenant's id.")
@YES
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def allow(settings: Settings, name: str, customer_id: int, yes: bool, as_json: bool) -> None:
    """Allow DOMAIN and every name below it for the portals of one tenant.

    A name below it that another tenant has stays that tenant's.
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
        click.echo(f"{done.domain.name} is allowed for {tenant} already.")
        return
    click.echo(f"Allowed {done.domain.name} and every name below it for {tenant}.")
    _tell_effect(done)
    if host and done.domain.name == host:
        click.echo(f"Portals are never reached at {host} itself: it is the host of the public URL.")


@domain.command("list")
@click.option("--customer", "customer_id", type=ID, help="Only this tenant's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def list_(settings: Settings, customer_id: int | None, as_json: bool) -> None:
    """List the allowed domains, and the portals that are reached by them."""
    host = public_host(settings.public_url)
    found = run_as_operator(
        settings, lambda each: list_domains(each, customer_id, public_host=host)
    )
    if as_json:
        click.echo(json.dumps([_public_listed(each) for each in found]))
        return
    print_table(
        ("Domain", "Customer id", "Tenant", "Portals reached"),
        [
            (
                each.domain.name,
                str(each.domain.customer_id),
                each.tenant_name,
                ", ".join(map(_in_words, each.reached)),
            )
            for each in found
        ],
    )


@domain.command()
@click.argument("name", metavar="DOMAIN")
@YES
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options("database", "public_url")
def revoke(settings: Settings, name: str, yes: bool, as_json: bool) -> None:
    """Revoke DOMAIN; its portals stop being reached by it, and stay reached at /p/."""
    host = public_host(settings.public_url)
    planned = run_as_operator(settings, lambda each: plan_revoking(each, name, public_host=host))
    _confirm(planned, yes=yes)
    done = run_as_operator(settings, lambda each: revoke_domain(each, name, public_host=host))
    if as_json:
        click.echo(json.dumps(_public(done.domain) | _public_effect(done)))
        return
    click.echo(f"Revoked {done.domain.name} from tenant {done.tenant.name} ({done.tenant.id}).")
    _tell_effect(done)


def _confirm(planned: DomainChange, *, yes: bool) -> None:
    """Ask before portals stop being reached. Raises NoTerminal when nobody can be asked."""
    if yes or not planned.stops:
        return
    stopping = ", ".join(map(_in_words, planned.stops))
    require_terminal(
        f"These portals would no longer be reached: {stopping}. Nothing was changed. Add --yes to "
        "do it without being asked."
    )
    click.confirm(f"No longer reached: {stopping}. Go on?", abort=True, err=True)


def _tell_effect(done: DomainChange) -> None:
    effects: tuple[tuple[str, Sequence[DomainClaim]], ...] = (
        ("No longer reached", done.stops),
        ("Reached now", done.begins),
    )
    for words, claims in effects:
        for claim in claims:
            click.echo(f"{words}: {_in_words(claim)}")
    if not done.begins and not done.stops:
        click.echo("No portal has a domain that this changes.")


def _in_words(claim: DomainClaim) -> str:
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


def _public_effect(done: DomainChange) -> dict[str, object]:
    return {
        "begins": [_public_claim(claim) for claim in done.begins],
        "stops": [_public_claim(claim) for claim in done.stops],
    }


def _public_claim(claim: DomainClaim) -> dict[str, str]:
    return {
        "host": claim.host,
        "customerId": str(claim.customer_id),
        "portalId": str(claim.portal_id),
        "portal": claim.portal_name,
    }
