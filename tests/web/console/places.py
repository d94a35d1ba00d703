"""The pages of the console, which several tests visit."""

from __future__ import annotations


def places_of(*, portal: str, link: str, policy: str, user: str, group: str) -> list[str]:
    """The addresses of all pages of a microtenant, with the ids of what they show."""
    return [
        "",
        "links",
        "links?q=nothing+at+all",
        "links/new",
        "links/seen-by",
        f"links/{link}",
        f"links/{link}/delete",
        "links/add-many",
        "portals",
        "portals/new",
        f"portals/{portal}/add-links",
        *(
            f"portals/{portal}{tab}"
            for tab in ("", "/appearance", "/access", "/notice", "/history", "/preview", "/delete")
        ),
        "policies",
        f"policies/{policy}",
        f"policies/{policy}/acceptances",
        "microtenants",
        "microtenants/0",
        "microtenants/new",
        "clients",
        "clients/new",
        "administrators",
        "administrators/new",
        "users",
        "users/new",
        "providers",
        *(f"users/{user}{tab}" for tab in ("", "/sees", "/delete")),
        "groups",
        *(f"groups/{group}{tab}" for tab in ("", "/add", "/sees", "/delete")),
        "requests",
        "audit",
        "everywhere/links",
        "everywhere/portals",
        "everywhere/audit",
        "search?q=a",
        "keys",
        "password",
        "second-factor",
        "second-factor-rule",
    ]
