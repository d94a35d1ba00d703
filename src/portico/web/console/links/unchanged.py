"""The links of a preview are changed only as the preview showed them.

Versions are compared on a thread: 500 links with large icons have 65 MB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from portico.asgi.threads import Threads
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
LINK_BYTES = 1_024
"""About the size of a link without its icon."""


class SelectionConflict(msgspec.Struct, frozen=True, kw_only=True):
    """The links of a preview that somebody changed or deleted since, and a sentence about more."""

    title: str
    links: list[Conflict]
    more: str


async def revision_of(
    threads: Threads, links: Sequence[PresentedLink], changes: Sequence[LinkChange]
) -> str:
    """Return the changes of a preview and the versions of its links, for a hidden field."""
    versions = await _versions(threads, links)
    return " ".join(
        [_digest(changes), *(f"{each}:{version}" for each, version in versions.items())]
    )


async def require_unchanged(
    threads: Threads, work: UnitOfWork, form: Form, changes: Sequence[LinkChange]
) -> None:
    """Lock the links of a form. Raises StalePrecondition if its preview showed anything else.

    Raises NotFound for a link that no preview showed, and Forbidden for viewers.
    """
    require_admin(work)
    links = await work.presented_links.find_all(form.ids("link"), lock=True)
    previewed, _, _ = form.value("revision").partition(" ")
    if await _stale(threads, form, links) or previewed != _digest(changes):
        raise StalePrecondition(KIND)


async def describe_stale(
    threads: Threads, work: UnitOfWork, form: Form
) -> SelectionConflict | None:
    """Return what happened to the links of a form since their preview, if anything did."""
    links = await work.presented_links.find_all(form.ids("link"))
    stale = await _stale(threads, form, links)
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
    _require_shown(form, links)
    return [links[each] for each in form.ids("link") if each in links]


async def _stale(threads: Threads, form: Form, links: Mapping[int, PresentedLink]) -> list[int]:
    """Return the links of a form that changed or are gone since their preview."""
    _require_shown(form, links)
    shown, versions = _shown(form), await _versions(threads, list(links.values()))
    gone_or_changed = (
        each for each in form.ids("link") if each not in links or versions[each] != shown.get(each)
    )
    return list(gone_or_changed)


def _require_shown(form: Form, links: Mapping[int, PresentedLink]) -> None:
    """Raise NotFound for a link that does not exist and that no preview showed."""
    shown = _shown(form)
    for link_id in form.ids("link"):
        if link_id not in links and link_id not in shown:
            raise NotFound(link_id)


async def _versions(threads: Threads, links: Sequence[PresentedLink]) -> dict[int, str]:
    size = sum(LINK_BYTES + len(link.icon_text) for link in links)
    return await threads.run(
        lambda: {link.id: version_of(link)[:VERSION_DIGITS] for link in links}, size=size
    )


def _shown(form: Form) -> dict[int, str]:
    """Return the versions that a preview showed, by link."""
    pairs = (each.partition(":") for each in form.value("revision").split())
    return {int(link_id): version for link_id, _, version in pairs if is_id(link_id)}


def _digest(changes: Sequence[LinkChange]) -> str:
    return fingerprint(repr(tuple(changes)).encode())[:VERSION_DIGITS]
