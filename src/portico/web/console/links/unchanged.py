"""The links of a preview are changed only as the preview showed them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from portico.domain.errors import NotFound, StalePrecondition
from portico.domain.links.changes import LinkChange
from portico.domain.links.links import KIND
from portico.domain.links.presentation import PresentedLink
from portico.domain.tenancy.identity import fingerprint
from portico.services.access import require_admin
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.conflicts import Conflict, describe_last_change
from portico.web.console.frame.forms import Form, is_id
from portico.web.shared.texts import ngettext

VERSION_DIGITS = 12
"""Enough to notice a change, and 500 of them fit into a form."""
DESCRIBED = 6


class SelectionConflict(msgspec.Struct, frozen=True, kw_only=True):
    """The links of a preview that somebody changed or deleted since, and a sentence about more."""

    title: str
    links: list[Conflict]
    more: str


def revision_of(links: Iterable[PresentedLink], changes: Sequence[LinkChange]) -> str:
    """Return the changes of a preview and the versions of its links, for a hidden field."""
    return " ".join([_digest(changes), *(f"{link.id}:{_version(link)}" for link in links)])


async def require_unchanged(work: UnitOfWork, form: Form, changes: Sequence[LinkChange]) -> None:
    """Lock the links of a form. Raises StalePrecondition if its preview showed anything else.

    Raises NotFound for a link that no preview showed, and Forbidden for viewers.
    """
    require_admin(work)
    links = await work.presented_links.find_all(form.ids("link"), lock=True)
    previewed, _, _ = form.value("revision").partition(" ")
    if _stale(form, links) or previewed != _digest(changes):
        raise StalePrecondition(KIND)


async def describe_stale(work: UnitOfWork, form: Form) -> SelectionConflict | None:
    """Return what happened to the links of a form since their preview, if anything did."""
    links = await work.presented_links.find_all(form.ids("link"))
    stale = _stale(form, links)
    if not stale:
        return None
    names = {each: links[each].name if each in links else "" for each in stale}
    described = [
        await describe_last_change(work, each, links.get(each), called=names[each])
        for each in stale[:DESCRIBED]
    ]
    more = len(stale) - len(described)
    return SelectionConflict(
        title=ngettext(
            "One link changed after you opened this page",
            "%(num)s links changed after you opened this page",
            len(stale),
        ),
        links=described,
        more=ngettext("So did %(num)s more link.", "So did %(num)s more links.", more)
        if more
        else "",
    )


async def find_previewed(work: UnitOfWork, form: Form) -> list[PresentedLink]:
    """Return the links of a form, without those that are gone since their preview.

    Raises NotFound for a link that no preview showed.
    """
    links = await work.presented_links.find_all(form.ids("link"))
    _stale(form, links)
    return [links[each] for each in form.ids("link") if each in links]


def _stale(form: Form, links: Mapping[int, PresentedLink]) -> list[int]:
    shown = _shown(form)
    stale = []
    for link_id in form.ids("link"):
        link = links.get(link_id)
        if link is None and link_id not in shown:
            raise NotFound(link_id)
        if link is None or _version(link) != shown.get(link_id):
            stale.append(link_id)
    return stale


def _shown(form: Form) -> dict[int, str]:
    """Return the versions that a preview showed, by link."""
    pairs = (each.partition(":") for each in form.value("revision").split())
    return {int(link_id): version for link_id, _, version in pairs if is_id(link_id)}


def _digest(changes: Sequence[LinkChange]) -> str:
    return fingerprint(repr(tuple(changes)).encode())[:VERSION_DIGITS]


def _version(link: PresentedLink) -> str:
    return version_of(link)[:VERSION_DIGITS]
