"""The rule that names are unique within a microtenant, ignoring case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from portico.domain.errors import NameTaken
from portico.domain.records import fold


class NameIndex(Protocol):
    """Looks up which record has a name."""

    async def ids_by_name(self, names: Sequence[str], /) -> dict[str, int]: ...


async def require_free_name(index: NameIndex, name: str, *, holder: int | None = None) -> None:
    """Raise NameTaken if a record other than `holder` has the name."""
    taken = (await index.ids_by_name([name])).get(fold(name))
    if taken is not None and taken != holder:
        raise NameTaken(name)


async def require_free_names(index: NameIndex, names: Sequence[str], field: str) -> None:
    """Raise NameTaken for a name that is taken or repeated. `field` is the list of the names."""
    taken = set(await index.ids_by_name(names))
    for position, name in enumerate(names):
        if fold(name) in taken:
            raise NameTaken(name).within(f"{field}[{position}].name")
        taken.add(fold(name))
