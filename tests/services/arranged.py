"""Arranged links for the service tests: portals, links and how they are shown, in few words."""

from __future__ import annotations

from portico.domain.links.changes import ChangeKind, LinkChange, LinkSelection
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation, PresentedLink
from portico.domain.portals.pages import PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.search import ListQuery
from portico.services.links import links, sections
from portico.services.links.changes import LinkChangePreview, change_links
from portico.services.portals import portals
from tests.services.world import SUFFIX, Caller


def add_portal(
    caller: Caller,
    name: str = "Staff",
    *,
    enabled: bool = True,
    domain: str = "",
    page: PortalPage | None = None,
) -> int:
    """The id of a new portal."""
    spec = UserPortalSpec(name=name, enabled=enabled, domain=domain)
    made = caller.change(
        lambda work: portals.create_portal(work, spec, managed_suffix=SUFFIX, page=page)
    )
    return made.id


def link_spec(name: str = "Wiki", *portal_ids: int, enabled: bool = True) -> LinkSpec:
    """A link that breaks no rule."""
    return LinkSpec(
        name=name,
        link=f"{name.lower().replace(' ', '-')}.example.com" if name.isascii() else "x.example",
        enabled=enabled,
        portal_ids=portal_ids,
    )


def add_link(
    caller: Caller,
    name: str = "Wiki",
    *portal_ids: int,
    section: str | None = None,
    order: int = 0,
    groups: tuple[str, ...] = (),
    keywords: tuple[str, ...] = (),
    enabled: bool = True,
) -> int:
    """The id of a new link; with a section, groups or keywords it is said how it is shown."""
    shown = None
    if section is not None or groups or keywords:
        shown = LinkPresentation(
            section=section or "", order=order, groups=groups, keywords=keywords
        )
    spec = link_spec(name, *portal_ids, enabled=enabled)
    return caller.change(lambda work: links.create_link(work, spec, shown)).id


def all_links(caller: Caller) -> dict[str, PresentedLink]:
    """Every link of the caller's microtenant by its name, with how it is shown."""
    query = ListQuery(page_size=1_000)
    page = caller.look(lambda work: links.list_links(work, query)).page
    shown = caller.look(lambda work: work.presentation.present(page.items))
    return {link.name: link for link in shown}


def section_names(caller: Caller) -> list[str]:
    """The names of the sections in their order."""
    return [each.name for each in caller.look(sections.list_sections).sections]


def do(caller: Caller, kind: ChangeKind, *link_ids: int, **values: object) -> LinkChangePreview:
    """What a change of many links did."""
    change = LinkChange(kind=kind, **values)  # type: ignore[arg-type]  # of the kind's own fields
    selection = LinkSelection(link_ids=link_ids)
    return caller.change(lambda work: change_links(work, selection, change))
