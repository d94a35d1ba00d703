"""The search over everything that an administrator sees: links, portals, people, microtenants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from portico.domain.finding import QUERY_LIMIT, Found, Texts, find_best
from portico.domain.links.display_hosts import display_host
from portico.domain.links.filters import LinkFilter, text_conditions, words_of
from portico.domain.links.links import LINK_FIELDS
from portico.domain.links.presentation import PresentedLink
from portico.domain.people.groups import Group
from portico.domain.people.users import USER_FIELDS, PortalUser
from portico.domain.portals.portals import PORTAL_FIELDS, UserPortal
from portico.domain.records import Page, Record, natural_key
from portico.domain.search import AllOf, Comparison, Field, ListQuery, Operator
from portico.domain.tenancy.microtenants import MICROTENANT_FIELDS, Microtenant
from portico.services.links.lists import list_filtered_links
from portico.services.people.administrators import GrantedAdministrator, list_administrators
from portico.services.people.groups import list_groups
from portico.services.people.users import list_users
from portico.services.portals.portals import list_portals
from portico.services.tenancy.microtenants import list_microtenants
from portico.services.threads import run_on_thread
from portico.services.work import UnitOfWork
from portico.storage.links.findable import FindableLink, findable_links
from portico.storage.links.links import SCANNED_LINKS

R = TypeVar("R", bound=Record)
T = TypeVar("T")

LINKS_SHOWN, OTHERS_SHOWN = 8, 5
CANDIDATES = 200
"""How many records of a noun are ranked. If there are more, the database chooses among them."""


@dataclass(frozen=True, kw_only=True)
class SearchResults:
    """The best matches of each noun. People are for administrators of the whole tenant."""

    links: Sequence[Found[PresentedLink]] = ()
    portals: Sequence[Found[UserPortal]] = ()
    users: Sequence[Found[PortalUser]] = ()
    groups: Sequence[Found[Group]] = ()
    administrators: Sequence[Found[GrantedAdministrator]] = ()
    microtenants: Sequence[Found[Microtenant]] = ()


async def search_everything(work: UnitOfWork, text: str) -> SearchResults:
    """Return the matches of a text, ranked as on a portal. An empty text has none.

    Raises InvalidField for more than 16 words.
    """
    text = text[:QUERY_LIMIT]
    if not words_of(text):
        return SearchResults()
    links = await _best_links(work, text)
    portals = await _candidates(
        text,
        lambda query: list_portals(work, query),
        [PORTAL_FIELDS[name] for name in ("name", "description", "domain")],
    )
    microtenants = await _candidates(
        text,
        lambda query: list_microtenants(work, query),
        [MICROTENANT_FIELDS[name] for name in ("name", "description")],
    )
    users: Sequence[PortalUser] = ()
    groups: Sequence[Group] = ()
    administrators: Sequence[GrantedAdministrator] = ()
    if work.principal.microtenant_id is None:
        users = await _candidates(
            text,
            lambda query: list_users(work, query),
            [USER_FIELDS[name] for name in ("displayName", "name", "email")],
        )
        groups = (await list_groups(work)).groups
        administrators = await list_administrators(work)
    return SearchResults(
        links=links,
        portals=_best(
            text, portals, lambda it: (it.name, "", it.description, display_host(it.domain))
        ),
        users=_best(text, users, _texts_of_person),
        groups=_best(text, groups, lambda it: (it.name, "", "", "")),
        administrators=_best(text, administrators, _texts_of_person),
        microtenants=_best(text, microtenants, lambda it: (it.name, "", it.description, "")),
    )


def _best(text: str, items: Sequence[T], texts_of: Callable[[T], Texts]) -> list[Found[T]]:
    return find_best(text, items, texts_of, OTHERS_SHOWN)


def _texts_of_person(person: PortalUser | GrantedAdministrator) -> Texts:
    return person.display_name or person.name, person.name, "", person.email


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
    starting = ListQuery(condition=_starts(text, LINK_FIELDS["name"]), page_size=CANDIDATES)
    matching = ListQuery(page_size=CANDIDATES)
    pages = [
        await list_filtered_links(work, starting, LinkFilter()),
        await list_filtered_links(work, matching, LinkFilter(text=text)),
    ]
    found = {link.id: link for page in pages for link in page.page.items}
    return [
        FindableLink(
            id=link.id,
            name=link.name,
            description=link.description,
            link=link.link,
            link_path=link.link_path,
            keywords=link.presentation.keywords,
        )
        for link in await work.presentation.present(found.values())
    ]


async def _candidates(
    text: str, page_of: Callable[[ListQuery], Awaitable[Page[R]]], fields: Sequence[Field]
) -> list[R]:
    """Return all records of a noun, or those that the database finds if there are many.

    The first field is the name.
    """
    every = await page_of(ListQuery(natural=True, page_size=CANDIDATES))
    if every.total <= CANDIDATES:
        return every.items
    matching = AllOf(tuple(text_conditions(text, fields)))
    found: dict[int, R] = {}
    for condition in (_starts(text, fields[0]), matching):
        page = await page_of(ListQuery(condition=condition, page_size=CANDIDATES))
        found |= {record.id: record for record in page.items}
    return list(found.values())


def _starts(text: str, field: Field) -> Comparison:
    return Comparison(field, Operator.STARTSWITH, (" ".join(words_of(text)),))
