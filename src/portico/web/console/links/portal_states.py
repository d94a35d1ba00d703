"""Each portal shows all of several links, some or none, and a form asks for all or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from portico.domain.links.changes import ChangeKind, LinkChange
from portico.domain.links.presentation import PresentedLink
from portico.domain.records import natural_key
from portico.services.portals.portals import name_portals
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import Form
from portico.web.console.links.list import CHOICES_LIMIT


class PortalState(msgspec.Struct, frozen=True, kw_only=True):
    """A portal with the number of the links that it shows; `wish` is "on", "off" or empty."""

    value: str
    name: str
    shown: int
    links: int
    wish: str

    @property
    def all(self) -> bool:
        """Whether the portal shows every link."""
        return self.shown == self.links

    @property
    def some(self) -> bool:
        """Whether the portal shows some of the links."""
        return 0 < self.shown < self.links

    @property
    def ticked(self) -> bool:
        """Whether the box of the portal is ticked."""
        return self.wish == "on" or (self.all and not self.wish)

    @property
    def taken_off(self) -> bool:
        """Whether the form takes the links that the portal shows off it."""
        return self.some and self.wish == "off"


def read_portal_changes(form: Form) -> list[LinkChange]:
    """Return the changes that a form of portals requests, in the order to make them.

    `on` are the ticked portals. `was` are those that showed every link, so an unticked one of them
    takes links off. `off` are portals that showed some.
    """
    put, take = _wishes(form)
    return [
        LinkChange(kind=kind, portal_ids=ids)
        for kind, ids in ((ChangeKind.REMOVE_PORTALS, take), (ChangeKind.ADD_PORTALS, put))
        if ids
    ]


async def portal_states(
    work: UnitOfWork, links: Sequence[PresentedLink], form: Form
) -> list[PortalState]:
    """Return the portals, those that show one of the links first, with the wishes of a form."""
    shown = Counter(portal_id for link in links for portal_id in link.portal_ids)
    names = await name_portals(work, CHOICES_LIMIT)
    others = await work.portals.find_all(shown.keys() - names.keys())
    names |= {each.id: each.name for each in others.values()}
    put, take = _wishes(form)
    states = [
        PortalState(
            value=str(portal_id),
            name=name,
            shown=shown[portal_id],
            links=len(links),
            wish="on" if portal_id in put else "off" if portal_id in take else "",
        )
        for portal_id, name in names.items()
    ]
    return sorted(states, key=lambda each: (not each.shown, natural_key(each.name)))


def _wishes(form: Form) -> tuple[tuple[int, ...], tuple[int, ...]]:
    ticked, full = set(form.ids("on")), set(form.ids("was"))
    put = ticked - full
    return tuple(sorted(put)), tuple(sorted((full - ticked) | (set(form.ids("off")) - put)))
