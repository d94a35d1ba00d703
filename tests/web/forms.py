"""Forms of pages as a browser without scripts would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

Fields = dict[str, list[str]]


@dataclass
class PageForm:
    """One form: its fields with the values that it sends when nothing is changed."""

    attributes: dict[str, str] = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """Collects the forms of a page; controls of a disabled fieldset are sent all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._open = False
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(given))
            self._open = True
        elif self._open:
            self._control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            # A browser leaves out the line break after the tag.
            sent = self.forms[-1].fields.setdefault(self._textarea, [""])
            sent[0] += data if sent[0] else data.removeprefix("\n")

    def _control(self, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
        elif tag == "option" and "selected" in given:
            self._send(self._select, given.get("value", ""))
        elif tag == "input" and name and kind != "file":
            if kind not in {"checkbox", "radio"} or "checked" in given:
                self._send(name, given.get("value", ""))
            self.forms[-1].names.add(name)

    def _send(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, []).append(value)


def editor_of(page: str) -> PageForm:
    """Return the form of a page that has the field `revision`."""
    reader = _Reader()
    reader.feed(page)
    (form,) = [each for each in reader.forms if "revision" in each.names]
    form.names |= set(form.fields)
    return form
