"""Paging of lists, and addresses that preserve the chosen filters."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from portico.web.console.frame.words import counted, thousands

PAGE_SIZE = 50
LARGEST_PAGE = 2**31 - 1


class Window(msgspec.Struct, frozen=True):
    """One page of a list. `total` counts the items of all pages, `number` starts at 1."""

    total: int
    number: int
    one: str
    many: str
    size: int = PAGE_SIZE

    @property
    def last_page(self) -> int:
        """The number of the last page, at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def range_words(self) -> str:
        """The range of items on the page, such as "1-50 of 412 links"."""
        first = (self.number - 1) * self.size + 1
        last = min(self.total, self.number * self.size)
        if self.total <= self.size or first > last:
            return counted(self.total, self.one, self.many)
        items = f"{thousands(first)}\N{EN DASH}{thousands(last)}"
        return f"{items} of {counted(self.total, self.one, self.many)}"


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
