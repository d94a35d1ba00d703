"""Names are keys: one holder for a name in a microtenant, whatever its case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from portico.domain.errors import NameTaken
from portico.domain.records import fold


class NameIndex(Protocol):
    """Where the holders of names are looked up."""

    async def ids_by_name(self, names: Sequence[str], /) -> dict[str, int]: ...


async def require_free_name(index: NameIndex, name: str, *, holder: int | None = None) -> None:
    """Raises NameTaken when another record than `holder` has the name."""
    taken = (await index.ids_by_name([name])).get(fold(name))
    if taken is not None and taken != holder:
        raise NameTaken(name)


async def require_free_names(index: NameIndex, names: Sequence[str], place: str) -> None:
    """Raises NameTaken, saying which entry it is, for a name that is taken or comes twice."""
    taken = set(await index.ids_by_name(names))
    for position, name in enumerate(names):
        if fold(name) in taken:
            raise NameTaken(name).within(f"{place}[{position}].name")
        taken.add(fold(name))
