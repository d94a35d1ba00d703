"""Paging of lists, and addresses that preserve the chosen filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec

from portico.web.shared.texts import Text, ngettext
from portico.web.shared.texts import gettext as _

PAGE_SIZE = 50
LARGEST_PAGE = 2**31 - 1


class Window(msgspec.Struct, frozen=True):
    """One page of a list. `total` counts the items of all pages, `number` starts at 1.

    `items` returns a number of items in words.
    """

    total: int
    number: int
    items: Callable[[int], Text]
    size: int = PAGE_SIZE

    @property
    def last_page(self) -> int:
        """The number of the last page, at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def range_words(self) -> Text:
        """The range of items on the page, such as "1-50 of 412 links"."""
        first = (self.number - 1) * self.size + 1
        last = min(self.total, self.number * self.size)
        if self.total <= self.size or first > last:
            return self.items(self.total)
        return _(
            "%(first)s\N{EN DASH}%(last)s of %(items)s",
            first=first,
            last=last,
            items=self.items(self.total),
        )


def links_in_words(number: int) -> Text:
    """Return a number of links in words."""
    return ngettext("%(num)s link", "%(num)s links", number)


def portals_in_words(number: int) -> Text:
    """Return a number of portals in words."""
    return ngettext("%(num)s portal", "%(num)s portals", number)


def on_portals(number: int) -> Text:
    """Return how many portals a link is on, such as "on 3 portals"."""
    if not number:
        return _("on no portal")
    return ngettext("on %(num)s portal", "on %(num)s portals", number)


class Choice(msgspec.Struct, frozen=True):
    """An option of a menu or a list of choices."""

    value: str
    label: str
    href: str = ""


def page_number(text: str) -> int:
    """Return the page number in a query string, or 1 if it is invalid."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 1
    return max(1, min(number, LARGEST_PAGE))


def address_with(path: str, chosen: Mapping[str, str], **changed: str) -> str:
    """Return a path with the chosen filters, some of them changed, without empty ones."""
    filters = {name: value for name, value in {**chosen, **changed}.items() if value}
    return f"{path}?{urlencode(filters)}" if filters else path
