"""What lists share: which page of how many, and addresses that keep what is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from portico.web.console.frame.words import counted, thousands

PAGE_SIZE = 50
LARGEST_PAGE = 2**31 - 1


@dataclass(frozen=True)
class Window:
    """The page of a list that is shown: its number, how many there are, how many items in all."""

    total: int
    number: int
    one: str
    many: str
    size: int = PAGE_SIZE

    @property
    def last_page(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def range_words(self) -> str:
        """Which items are shown: "1-50 of 412 links"."""
        first = (self.number - 1) * self.size + 1
        last = min(self.total, self.number * self.size)
        if self.total <= self.size or first > last:
            return counted(self.total, self.one, self.many)
        shown = f"{thousands(first)}\N{EN DASH}{thousands(last)}"
        return f"{shown} of {counted(self.total, self.one, self.many)}"


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen by its value."""

    value: str
    label: str
    href: str = ""


def page_number(text: str) -> int:
    """The page that an address asks for; anything else is the first."""
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 1
    return max(1, min(wanted, LARGEST_PAGE))


def address_with(path: str, chosen: Mapping[str, str], **changed: str) -> str:
    """The path with what is chosen, some of it changed; what is empty is left out."""
    kept = {name: value for name, value in {**chosen, **changed}.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path
