"""The search over everything that an administrator sees: links, portals, people, microtenants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portico.domain.finding import QUERY_LIMIT, Found, Texts, find_best
from portico.domain.links.display_hosts import display_host
from portico.domain.links.filters import LinkFilter, text_conditions, words_of
from portico.domain.links.links import LINK_FIELDS
from portico.domain.links.presentation import PresentedLink
from portico.domain.people.users import USER_FIELDS
from portico.domain.portals.portals import PORTAL_FIELDS
from portico.domain.records import natural_key
from portico.domain.search import AllOf, Comparison, Field, ListQuery, Operator
from portico.domain.tenancy.microtenants import MICROTENANT_FIELDS
from portico.services.links.lists import narrow
from portico.services.tenancy.microtenants import get_microtenant
from portico.services.threads import run_on_thread
from portico.services.work import UnitOfWork
from portico.storage.links.findable import FindableLink, findable_links
from portico.storage.links.links import SCANNED_LINKS
from portico.storage.repositories import Repository

LINKS_SHOWN, OTHERS_SHOWN = 8, 5
CANDIDATES = 200
"""How many records of a noun are ranked. If there are more, the database chooses among them."""

PORTAL_TEXTS = tuple(PORTAL_FIELDS[name] for name in ("name", "description", "domain"))
MICROTENANT_TEXTS = tuple(MICROTENANT_FIELDS[name] for name in ("name", "description"))
USER_TEXTS = tuple(USER_FIELDS[name] for name in ("name", "displayName", "email"))


@dataclass(frozen=True, kw_only=True)
class Findable:
    """A record by its id, and the texts of it that are searched. Nothing else of it is read."""

    id: int
    texts: Texts

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.texts[0]


@dataclass(frozen=True, kw_only=True)
class SearchResults:
    """The best matches of each noun. People are for administrators of the whole tenant."""

    links: Sequence[Found[PresentedLink]] = ()
    portals: Sequence[Found[Findable]] = ()
    users: Sequence[Found[Findable]] = ()
    groups: Sequence[Found[Findable]] = ()
    administrators: Sequence[Found[Findable]] = ()
    microtenants: Sequence[Found[Findable]] = ()


async def search_everything(work: UnitOfWork, text: str) -> SearchResults:
    """Return the matches of a text, ranked as on a portal. An empty text has none.

    Raises InvalidField for more than 16 words, SearchTooExpensive.
    """
    text = text[:QUERY_LIMIT]
    if not words_of(text):
        return SearchResults()
    users: Sequence[Findable] = ()
    groups: Sequence[Findable] = ()
    administrators: Sequence[Findable] = ()
    if work.principal.microtenant_id is None:
        users = await _candidates(text, work.users, USER_TEXTS, _texts_of_person)
        groups = [
            Findable(id=each.id, texts=(each.name, "", "", "")) for each in await work.groups.all()
        ]
        administrators = [
            Findable(id=each.id, texts=_texts_of_person(each.name, each.display_name, each.email))
            for each in await work.administrators.of_tenant(work.scope.customer_id)
        ]
    return SearchResults(
        links=await _best_links(work, text),
        portals=_best(
            text,
            await _candidates(text, work.portals, PORTAL_TEXTS, _texts_of_portal),
        ),
        users=_best(text, users),
        groups=_best(text, groups),
        administrators=_best(text, administrators),
        microtenants=_best(text, await _microtenants(work, text)),
    )


def _best(text: str, items: Sequence[Findable]) -> list[Found[Findable]]:
    return find_best(text, items, lambda item: item.texts, OTHERS_SHOWN)


def _texts_of_person(name: str, display_name: str, email: str) -> Texts:
    return display_name or name, name, "", email


def _texts_of_portal(name: str, description: str, domain: str) -> Texts:
    return name, "", description, display_host(domain)


def _texts_of_microtenant(name: str, description: str) -> Texts:
    return name, "", description, ""


async def _microtenants(work: UnitOfWork, text: str) -> list[Findable]:
    """Return the microtenants to rank. An administrator of one finds that one alone."""
    only = work.principal.microtenant_id
    if only is None:
        return await _candidates(text, work.microtenants, MICROTENANT_TEXTS, _texts_of_microtenant)
    own = await get_microtenant(work, only)
    return [Findable(id=own.id, texts=_texts_of_microtenant(own.name, own.description))]


async def _best_links(work: UnitOfWork, text: str) -> list[Found[PresentedLink]]:
    links = await _findable_links(work, text)
    best = await run_on_thread(
        lambda: find_best(text, links, _texts_of_link, LINKS_SHOWN), when=len(links) > CANDIDATES
    )
    stored = await work.presented_links.find_all(each.item.id for each in best)
    return [
        Found(item=stored[each.item.id], texts=each.texts, match=each.match)
        for each in best
        if each.item.id in stored
    ]


def _texts_of_link(link: FindableLink) -> Texts:
    address = display_host(link.link) + link.link_path
    return link.name, ", ".join(link.keywords), link.description, address


async def _findable_links(work: UnitOfWork, text: str) -> list[FindableLink]:
    """Return every link, or in a large scope those that the database finds, by name."""
    if work.links_in_scope <= SCANNED_LINKS:
        links = await findable_links(work.connection, work.scope, 2 * SCANNED_LINKS)
        return sorted(links, key=lambda link: natural_key(link.name))
    starts = _starts(text, LINK_FIELDS["name"])
    matches = (await narrow(work, ListQuery(), LinkFilter(text=text))).condition
    found: dict[int, tuple[str, ...]] = {}
    for condition in (starts, matches):
        found |= await work.link_sets.texts(("name",), condition, CANDIDATES)
    ids = list(found)
    links = await findable_links(work.connection, work.scope, len(ids), ids)
    return sorted(links, key=lambda link: ids.index(link.id))


async def _candidates(
    text: str,
    stored: Repository[Any],
    fields: Sequence[Field],
    texts_of: Callable[..., Texts],
) -> list[Findable]:
    """Return all records of a noun, or those that the database finds if there are many.

    The first field is the name; `texts_of` takes the values of all fields.
    """
    columns = tuple(field.attribute for field in fields)
    found = await stored.texts(columns, None, CANDIDATES + 1)
    if len(found) <= CANDIDATES:
        found = dict(sorted(found.items(), key=lambda each: natural_key(each[1][0])))
    else:
        matching = AllOf(tuple(text_conditions(text, fields)))
        found = await stored.texts(columns, _starts(text, fields[0]), CANDIDATES)
        found = found | await stored.texts(columns, matching, CANDIDATES)
    return [Findable(id=each, texts=texts_of(*values)) for each, values in found.items()]


def _starts(text: str, field: Field) -> Comparison:
    return Comparison(field, Operator.STARTSWITH, (" ".join(words_of(text)),))
