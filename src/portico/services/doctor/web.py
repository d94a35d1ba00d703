"""Checks of what is around the server: reverse proxies and identity providers."""

from __future__ import annotations

import asyncio
import shlex

from portico.domain.errors import Unavailable
from portico.domain.people.providers import IdentityProvider
from portico.domain.proxy_peers import ProxyPeer
from portico.services.doctor.checks import Examined, Result, good, listed, warn
from portico.storage.people.providers import ProviderRepository
from portico.storage.proxy_peers import KEPT_SECONDS, ProxyPeers

MOST_PEERS = 50
MOST_PROVIDERS = 50
REACH_SECONDS = 5.0
NGINX = {
    "X-Forwarded-For": "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "X-Forwarded-Proto": "proxy_set_header X-Forwarded-Proto $scheme;",
}


async def check_proxy_headers(examined: Examined) -> Result:
    """Judge the headers of reverse proxies by the requests that the servers received."""
    async with examined.database.read() as connection:
        since = examined.now - KEPT_SECONDS
        peers = await ProxyPeers(connection).since(since, MOST_PEERS)
    ignored = [each for each in peers if each.is_ignored]
    if ignored:
        return _ignored(ignored[0])
    lacking = [each for each in peers if each.missing_header]
    if lacking:
        peer, header = lacking[0], lacking[0].missing_header
        return warn(
            f"The trusted proxy {peer.peer} sent most of its {peer.requests} requests without "
            f"{header}.",
            "Without it, Portico takes the proxy for the visitor, or https for http.",
            f"nginx -T | grep -F '{NGINX[header]}'  # add the line if it is missing",
        )
    proxies = [each.peer for each in peers if each.trusted]
    if proxies:
        return good(f"The proxies {listed(proxies)} send the right headers.")
    return good("No reverse proxy sends headers that Portico ignores.")


def _ignored(peer: ProxyPeer) -> Result:
    number = max(peer.with_for, peer.with_proto)
    trusted = f"--trusted-proxies {peer.peer}  # or trusted_proxies in the settings file"
    if not peer.peer:  # no setting can trust a Unix socket
        trusted = "--host 127.0.0.1 --trusted-proxies 127.0.0.1  # and let the proxy connect there"
    return warn(
        f"{number} of {peer.all_requests} requests came from {peer.peer or 'a Unix socket'} with "
        "X-Forwarded headers, which Portico ignored.",
        "If this is your proxy, all visitors share its address and lock one another out, and "
        "Portico takes https for http.",
        f"portico serve {trusted}",
    )


async def check_providers(examined: Examined) -> Result:
    """Ask each enabled provider for its metadata, all at once and with a time limit."""
    async with examined.database.read() as connection:
        providers = await ProviderRepository(connection).enabled(MOST_PROVIDERS)
    reasons = await asyncio.gather(*(_reach(examined, each) for each in providers))
    broken = [pair for pair in zip(providers, reasons, strict=True) if pair[1]]
    if not broken:
        return good(f"All enabled OpenID providers ({len(providers)}) answer.")
    provider, reason = broken[0]
    others = [each.name for each, _ in broken[1:]]
    metadata = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    return warn(
        f"Provider {provider.name} of tenant {provider.customer_id} cannot be used: {reason}"
        + (f" Others fail too: {listed(others)}." if others else ""),
        "Nobody can sign in through it.",
        f"curl -sS {shlex.quote(metadata)}",
    )


async def _reach(examined: Examined, provider: IdentityProvider) -> str:
    """Return why a provider cannot be used, or ""."""
    try:
        async with asyncio.timeout(REACH_SECONDS):
            await examined.reach(provider)
    except TimeoutError:
        return f"It did not answer in {REACH_SECONDS:g} seconds."
    except Unavailable as error:
        return error.reason
    return ""
