"""Which id of Portico stands for which recorded id: bound when an answer has both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, unquote, urlencode

from portico.emulator.recordings.exchanges import Json

DEFAULT_MICROTENANT = "0"
_CUSTOMER = re.compile(r"(?<=/customers/)[^/]+")


def names_id(key: str) -> bool:
    """Return whether the member of a JSON object with a key is an id, or a list of them."""
    return key == "id" or key.endswith(("Id", "Ids", "ID"))


class Bindings:
    """Recorded ids with those of Portico. Unbound ids stand for themselves."""

    def __init__(self, customer_id: str) -> None:
        self._customer_id = customer_id
        self._ours: dict[str, str] = {}

    def bind(self, recorded: str, ours: str) -> None:
        """Bind a recorded id. The last binding counts."""
        if recorded != DEFAULT_MICROTENANT:
            self._ours[recorded] = ours

    def is_bound(self, recorded: str) -> bool:
        """Return whether a recorded id has been bound."""
        return recorded in self._ours

    def ours(self, recorded: str) -> str:
        """Return Portico's id for a recorded one."""
        return self._ours.get(recorded, recorded)

    def path(self, path: str) -> str:
        """Return a recorded path with Portico's ids in it."""
        here = _CUSTOMER.sub(self._customer_id, path)
        segments = [unquote(segment) for segment in here.split("/")]
        return "/".join(quote(self.ours(segment), safe="") for segment in segments)

    def query(self, query: str) -> str:
        """Return a recorded query with Portico's ids in it."""
        pairs = parse_qsl(query, keep_blank_values=True)
        return urlencode([(name, self._in_text(value)) for name, value in pairs])

    def body(self, value: Json, key: str = "") -> Json:
        """Return a recorded JSON value with Portico's ids in it."""
        if isinstance(value, dict):
            return {name: self.body(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self.body(each, key) for each in value]
        if key == "customerId":
            return self._customer_id
        if names_id(key) and not isinstance(value, bool) and isinstance(value, str | int):
            ours = self.ours(str(value))
            return value if ours == str(value) else ours
        return value

    def _in_text(self, value: str) -> str:
        """Return a query value with the ids in it replaced, as in `id EQ 7`."""
        words = re.split(r"([\s+]+)", value)
        return "".join(self.ours(word) for word in words)


def unbound_ids(path: str, bindings: Bindings) -> Iterator[str]:
    """Yield the ids in a recorded path, other than the tenant's, that are not bound."""
    after = path.partition("/customers/")[2].partition("/")[2]
    for segment in after.split("/"):
        if segment.isdigit() and segment != DEFAULT_MICROTENANT and not bindings.is_bound(segment):
            yield segment
