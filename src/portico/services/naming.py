"""Names that are unique ignoring case: checking that one is free, and finding records by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from portico.domain.characters import check_visible
from portico.domain.errors import NameTaken
from portico.domain.records import Named, fold


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


async def require_named(
    index: NameIndex,
    names: Iterable[str],
    *,
    lock: Callable[[], Awaitable[None]],
    create: Callable[[Sequence[str]], Awaitable[Sequence[Named]]],
    field: str,
) -> dict[str, int]:
    """Return the ids of records by their folded names. Creates those that do not exist.

    `lock` makes other transactions that create records wait. Raises InvalidField that names `field`
    for an invisible character, and whatever `create` raises.
    """
    required: dict[str, str] = {}
    for name in names:
        required.setdefault(fold(name), name)
    if not required:
        return {}
    known = await index.ids_by_name(list(required.values()))
    if len(known) < len(required):
        # Of two transactions that create the same record, the second waits and finds it.
        await lock()
        known = await index.ids_by_name(list(required.values()))
    missing = [name for folded, name in required.items() if folded not in known]
    if missing:
        for name in missing:
            check_visible(field, name)
        known |= {fold(each.name): each.id for each in await create(missing)}
    return known
