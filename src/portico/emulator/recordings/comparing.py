"""Compares a recorded answer with Portico's: status, field paths, types, and declared values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portico.emulator.recordings.bindings import DEFAULT_MICROTENANT, Bindings, names_id
from portico.emulator.recordings.declared_values import DeclaredValues
from portico.emulator.recordings.exchanges import NO_JSON, Exchange, Json, json_of

STATUS = "status"
CONTENT_TYPE = "content-type"
BODY = "body"
_TEXT_LIMIT = 80


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What Portico answered. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that differs. `path` is `status`, `content-type`, `body` or a path of fields."""

    path: str
    what: str


def compare_answers(
    exchange: Exchange, answer: Answer, bindings: Bindings, declared: DeclaredValues
) -> list[Difference]:
    """Return how an answer differs from the recorded one, and bind the ids in it.

    An answer with another status is not compared further, since its body says something else.
    """
    if answer.status != exchange.status:
        reason = _reason(answer)
        what = f"the recording has {exchange.status}, Portico answers {answer.status}{reason}."
        return [Difference(path=STATUS, what=what)]
    return [
        *_content_types(exchange, answer),
        *_bodies(exchange, answer, bindings, declared),
    ]


def _reason(answer: Answer) -> str:
    body = json_of(answer.body)
    if isinstance(body, dict) and isinstance(body.get("reason"), str):
        return f" ({body.get('id')}: {body['reason']})"
    return ""


def _content_types(exchange: Exchange, answer: Answer) -> Iterator[Difference]:
    recorded, ours = (
        each.get("content-type", "").partition(";")[0].strip().lower()
        for each in (exchange.answer_headers, answer.headers)
    )
    if recorded and exchange.answer_body and recorded != ours:
        yield Difference(
            path=CONTENT_TYPE, what=f"the recording has {recorded}, Portico sends {ours or 'none'}."
        )


def _bodies(
    exchange: Exchange, answer: Answer, bindings: Bindings, declared: DeclaredValues
) -> list[Difference]:
    recorded, ours = json_of(exchange.answer_body), json_of(answer.body)
    if recorded is NO_JSON and ours is NO_JSON:
        return []
    if recorded is NO_JSON or ours is NO_JSON:
        kinds = ("no JSON" if each is NO_JSON else "JSON" for each in (recorded, ours))
        what = "the recording has {}, Portico answers {}.".format(*kinds)
        return [Difference(path=BODY, what=what)]
    comparison = _Comparison(bindings, declared, is_error=exchange.status >= 400)
    comparison.values("", "", recorded, ours)
    return comparison.differences


class _Comparison:
    """Walks through two JSON values together."""

    def __init__(self, bindings: Bindings, declared: DeclaredValues, *, is_error: bool) -> None:
        self._bindings = bindings
        self._declared = declared
        self._is_error = is_error
        self.differences: list[Difference] = []

    def values(self, path: str, key: str, recorded: Json, ours: Json) -> None:
        """Compare two values at a path. `key` is the name of the member that has them."""
        if _type(recorded) != _type(ours):
            self._differ(
                path, f"the recording has {_type(recorded)}, Portico answers {_type(ours)}."
            )
        elif isinstance(recorded, dict):
            self._objects(path, recorded, ours)
        elif isinstance(recorded, list):
            self._lists(path, key, recorded, ours)
        elif names_id(key):
            self._ids(path, key, recorded, ours)
        elif self._declared.has(key, recorded) and recorded != ours:
            self._differ(
                path,
                f"the request sent {_shown(recorded)}, which the recording answers. Portico "
                f"answers {_shown(ours)}.",
            )

    def _objects(self, path: str, recorded: dict[str, Json], ours: dict[str, Json]) -> None:
        for name, value in recorded.items():
            below = f"{path}.{name}" if path else name
            if name in ours:
                self.values(below, name, value, ours[name])
            else:
                what = f"the recording has {_type(value)}, Portico does not answer the field."
                self._differ(below, what)
        for name in ours.keys() - recorded.keys():
            what = f"Portico answers {_type(ours[name])}, the recording does not have the field."
            self._differ(f"{path}.{name}" if path else name, what)

    def _lists(self, path: str, key: str, recorded: list[Json], ours: list[Json]) -> None:
        """Compare the items that are the same object. Others belong to the recorded tenant alone.

        Only a list whose recorded items are all known must have no more items.
        """
        below = f"{path}[]"
        if not all(isinstance(each, dict | list) for each in recorded):
            self._scalars(below, key, recorded, ours)
            return
        left = list(ours)
        unknown = 0
        places: list[int] = []
        for item in recorded:
            match = _take(left, self._finder(item))
            if match is None:
                unknown += 1
                self._missing(below, item)
            else:
                places.append(next(at for at, each in enumerate(ours) if each is match))
                self.values(below, key, item, match)
        if key == "list" and places != sorted(places):
            self._differ(below, "Portico has the same objects in another order.")
        if unknown == 0 and left:
            names = ", ".join(_shown(_label(each)) for each in left[:3])
            self._differ(below, f"Portico has {len(left)} more than the recording: {names}.")

    def _scalars(self, path: str, key: str, recorded: list[Json], ours: list[Json]) -> None:
        """Compare the types in two lists of texts or numbers, and the values that were sent."""
        kinds = {_type(each) for each in recorded}
        others = {_type(each) for each in ours} - kinds
        if others:
            have, answers = " or ".join(sorted(kinds)), " or ".join(sorted(others))
            self._differ(path, f"the recording has {have}, Portico answers {answers}.")
        for each in recorded:
            if self._declared.has(key, each) and each not in ours:
                self._missing(path, each)

    def _finder(self, item: Json) -> Callable[[Json], bool]:
        """Return the test for the item of Portico that a recorded item stands for."""
        if not isinstance(item, dict):
            return lambda _: True
        recorded_id = item.get("id")
        if isinstance(recorded_id, str | int) and not self._is_error:
            recorded_id = str(recorded_id)
            ours = self._bindings.ours(recorded_id)
            if self._bindings.is_bound(recorded_id) or not isinstance(item.get("name"), str):
                return lambda each: isinstance(each, dict) and str(each.get("id")) == ours
            name = item["name"]
            return lambda each: isinstance(each, dict) and each.get("name") == name
        return lambda each: isinstance(each, dict)

    def _missing(self, path: str, item: Json) -> None:
        """Note an item that Portico should have. Unknown objects are from before the recording."""
        recorded_id = item.get("id") if isinstance(item, dict) else None
        if recorded_id is None or self._bindings.is_bound(str(recorded_id)):
            what = f"the recording has {_shown(_label(item))}, Portico does not answer it."
            self._differ(path, what)

    def _ids(self, path: str, key: str, recorded: Json, ours: Json) -> None:
        if self._is_error and key == "id":
            if recorded != ours:
                self._differ(path, f"the recording has {recorded}, Portico answers {ours}.")
            return
        recorded, ours = str(recorded), str(ours)
        if DEFAULT_MICROTENANT in {recorded, ours}:
            if recorded != ours:
                self._differ(path, f"the recording has {recorded}, Portico answers {ours}.")
        elif not self._bindings.is_bound(recorded):
            self._bindings.bind(recorded, ours)
        elif self._bindings.ours(recorded) != ours:
            self._differ(path, f"the recording has {recorded}, which is another object here.")

    def _differ(self, path: str, what: str) -> None:
        self.differences.append(Difference(path=path or BODY, what=what))


def _take(items: list[Json], wanted: Callable[[Json], bool]) -> Json | None:
    """Remove and return the first item that is wanted, or return None."""
    for position, item in enumerate(items):
        if wanted(item):
            return items.pop(position)
    return None


def _label(item: Json) -> Json:
    return item.get("name", item.get("id", "an object")) if isinstance(item, dict) else item


def _type(value: Json) -> str:
    """Return the JSON type of a value, with its article."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def _shown(value: Json) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}..."
