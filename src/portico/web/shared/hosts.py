"""Whether a request's host is a portal's own domain: one rule for pages, sign-in and addresses."""

from __future__ import annotations

from portico.domain.portals.pages import PortalAddress
from portico.services.portals.domains import find_portal_at_host
from portico.services.portals.pages import find_portal_address
from portico.web.shared.cookies import AnyRequest
from portico.web.shared.site import Site


async def portal_at_host(site: Site, request: AnyRequest) -> PortalAddress | None:
    """Return whose portal the request's host leads to; None on the public host and on others."""
    host = request.headers.get("host", "")
    return await find_portal_at_host(site.runtime, host, public_host=site.origins.public_host)


async def origin_for(site: Site, request: AnyRequest, portal: str) -> str:
    """Return the origin that a browser signing in at a portal comes back to.

    That is the request's own host when it is a domain of the portal's tenant, else the public
    origin. An empty `portal` stands for the console.
    """
    at_own_domain = False
    if portal and (domain := await portal_at_host(site, request)) is not None:
        place = await find_portal_address(site.runtime, portal)
        at_own_domain = place is not None and place.customer_id == domain.customer_id
    return site.origins.origin(request, at_own_domain=at_own_domain)
