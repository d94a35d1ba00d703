"""One request with its answer, as the journal stores and shows it, and filters for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import cached_property

from msgspec import Struct

from portico.domain.errors import InvalidInput
from portico.emulator.operations import vendor_path

ENTRY_BYTES = 1_024
"""What an entry needs in memory beside its texts, about."""

_STATUSES = re.compile(r"[1-5](\d\d|xx)|none")


class InvalidFilter(InvalidInput):
    """A filter of the journal has a value that no entry can have."""

    code = "portico.journal.filter.invalid"


class Header(Struct, frozen=True, gc=False):
    """A header. Secrets are masked."""

    name: str
    value: str


class Body(Struct, rename="camel", frozen=True, gc=False):
    """A body as text. `size` is the whole number of bytes; `cut` says that the text has fewer."""

    text: str = ""
    size: int = 0
    cut: bool = False


class SentRequest(Struct, frozen=True, gc=False):
    """What the client sent."""

    headers: tuple[Header, ...]
    body: Body


class SentAnswer(Struct, frozen=True, gc=False):
    """What the client received. Compressed bodies are stored uncompressed."""

    status: int
    headers: tuple[Header, ...]
    body: Body


class StruckBy(Struct, frozen=True, gc=False):
    """The fault that struck a request: the id of its rule and its effect."""

    rule: str
    effect: str


class Entry(Struct, rename="camel", kw_only=True, gc=False):
    """A request and its answer. It has no cycles, so the collector of garbage need not know it.

    `id` counts from 1. `time` is in epoch seconds of the stand-in's clock, and all durations are
    real. `answer` is None if the connection ended without one. The last three are in seconds: what
    the answer told the client to wait, when its next request came, and when it sent the same
    request again.
    """

    id: str
    time: float
    method: str
    scheme: str
    host: str
    path: str
    query: str
    operation: str | None
    customer_id: str | None
    client_id: str | None
    microtenant_id: str | None
    address: str
    request: SentRequest
    answer: SentAnswer | None
    milliseconds: float
    fault: StruckBy | None = None
    unread_fields: tuple[str, ...] = ()
    retry_after_seconds: float | None = None
    waited_seconds: float | None = None
    retried_seconds: float | None = None

    @property
    def status(self) -> int | None:
        """The status of the answer, or None without one."""
        return None if self.answer is None else self.answer.status

    @property
    def weight(self) -> int:
        """The bytes that the entry needs in memory, about."""
        texts = [self.path, self.query, *_texts(self.request)]
        if self.answer is not None:
            texts += _texts(self.answer)
        return ENTRY_BYTES + sum(map(len, texts))


def _texts(message: SentRequest | SentAnswer) -> list[str]:
    headers = [text for each in message.headers for text in (each.name, each.value)]
    return [message.body.text, *headers]


@dataclass(frozen=True, kw_only=True)
class EntryFilter:
    """Which entries to select. None selects all.

    `path` is a pattern with `*` and `?`, compared without the prefix `/zpa`. `status` is a status,
    a class such as `4xx`, or `none` for requests without an answer. `since` is the id of an entry;
    later ones are selected. Raises InvalidFilter.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    status: str | None = None
    customer_id: str | None = None
    client_id: str | None = None
    since: int = 0

    def __post_init__(self) -> None:
        if self.status is not None and not _STATUSES.fullmatch(self.status):
            raise InvalidFilter(
                f"{self.status} is not a status. Use for example 404, 4xx, or none for requests "
                "without an answer.",
                "status",
            )

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return None if self.path is None else re.compile(translate(vendor_path(self.path)))

    def selects(self, entry: Entry) -> bool:
        """Return whether an entry is one of those."""
        pattern = self._pattern
        return (
            int(entry.id) > self.since
            and self.operation in (None, entry.operation)
            and self.customer_id in (None, entry.customer_id)
            and self.client_id in (None, entry.client_id)
            and (self.method is None or self.method.upper() == entry.method)
            and (self.status is None or _has_status(entry.status, self.status))
            and (pattern is None or pattern.match(vendor_path(entry.path)) is not None)
        )


def _has_status(status: int | None, wanted: str) -> bool:
    if status is None or wanted == "none":
        return status is None and wanted == "none"
    return str(status) == wanted or wanted == f"{status // 100}xx"
