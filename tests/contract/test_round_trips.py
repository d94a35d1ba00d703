"""What Portico adds to a link and a portal survives every way in and out, field by field.

Fields come from the dataclasses: one that storage, the API, the audit trail or the console does not
know fails here from its first day.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from html import unescape
from typing import Any, get_type_hints

import httpx
import pytest

from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.portals.pages import PortalPage
from tests.contract.document import Document
from tests.contract.walk import FULL_LINK, FULL_PORTAL, ICON
from tests.harness import LINKS, PORTALS, Caller, Server, Tenant, assert_error, create_tenant
from tests.web.console.clerks import Clerk, hire
from tests.web.forms import Fields, editor_of

ASKED = {"include": "portico"}
STAMPS = {"modifiedTime", "modifiedBy"}
NO_WORDS = {"icon_is_dark": "goes with the icon"}
"""Fields that the audit trail does not describe, with the reason."""
NOT_TYPED = {
    "order": "set by moving links",
    "icon_is_dark": "read from the icon",
    "favicon": "uploaded",
}
"""Fields that no input of the console holds, with the reason."""
NOT_SEARCHED = {
    "section": "a heading, shown beside each result",
    "icon_text": "a picture",
    "protocol": "nearly the same for all",
    "groups": "who sees it, not what it is",
}
"""Texts of a link that a search on the portal does not look at, with the reason."""
CREATED = {"section": "new_section", "groups": "new_groups"}
"""The inputs of the console that create what does not exist, for the fields that choose."""
OPAQUE = {"favicon"}
"""Texts whose characters are nobody's concern."""
CONTROL = "a\u0007"
NEW_YEAR = 1_798_761_600
TIMES = {"starts", "ends", "notice_starts", "notice_ends"}
"""Numbers that the API writes as digits, and the console as dates in UTC."""


@dataclass(frozen=True, kw_only=True)
class Noun:
    """An object with a member `portico`, and where the console edits it."""

    path: str
    kind: type[Any]
    body: str
    full: dict[str, Any]
    page: str
    tabs: Collection[str]

    def __str__(self) -> str:
        return self.path

    @property
    def names(self) -> list[str]:
        """The fields of its dataclass."""
        return [each.name for each in fields(self.kind)]

    @property
    def typed(self) -> set[str]:
        """The fields that the console has an input for."""
        return set(self.names) - set(NOT_TYPED)

    def texts(self, names: Collection[str]) -> list[str]:
        """Those of the fields that hold any text."""
        hints = get_type_hints(self.kind)
        return [name for name in self.names if name in names and hints[name] is str]

    def values(self, admin: Caller, letter: str) -> dict[str, Any]:
        """A value for each field, none the default for the letter "a", others for "b"."""
        hints = get_type_hints(self.kind)
        chosen = {name: _by_type(name, hints[name], letter) for name in self.names}
        return {name: SPECIAL.get(f"{name} {letter}", chosen[name]) for name in self.names} | {
            name: f"page-{letter}-{admin.customer_id}" for name in self.names if name == "slug"
        }


SPECIAL = {
    "audience a": "public",
    "audience b": "signed_in",
    "accent a": "#1f5eff",
    "accent b": "#0b6659",
    "favicon a": ICON,
    "favicon b": ICON + "A" * 6_000,
    "starts a": NEW_YEAR,
    "starts b": NEW_YEAR + 60,
    "ends a": NEW_YEAR + 3_600,
    "ends b": NEW_YEAR + 3_601,
    "notice_starts a": NEW_YEAR,
    "notice_starts b": NEW_YEAR + 60,
    "notice_ends a": NEW_YEAR + 3_600,
    "notice_ends b": NEW_YEAR + 3_601,
}


def _by_type(name: str, kind: object, letter: str) -> object:
    by_type: dict[object, object] = {
        str: f"{name} {letter}",
        int: 3 if letter == "a" else 4,
        bool: letter == "a",
        bool | None: letter == "a",
        tuple[str, ...]: [f"{name} {letter}", f"{name} too"],
    }
    return by_type.get(kind)


NOUNS = (
    Noun(
        path=LINKS,
        kind=LinkPresentation,
        body="LinkPorticoBody",
        full=FULL_LINK,
        page="links",
        tabs=("",),
    ),
    Noun(
        path=PORTALS,
        kind=PortalPage,
        body="PortalPorticoBody",
        full=FULL_PORTAL,
        page="portals",
        tabs=("/appearance", "/access", "/notice"),
    ),
)
every_noun = pytest.mark.parametrize("noun", NOUNS, ids=str)


@pytest.fixture(scope="module")
def admin(server: Server) -> Caller:
    """The administrator of a tenant of this module."""
    return create_tenant(server, "example.com").caller()


@pytest.fixture(scope="module")
def clerk(admin: Caller, server: Server) -> Clerk:
    """The same tenant's administrator in the console."""
    return hire(Tenant(server, admin.customer_id))


@pytest.fixture
def object_id(admin: Caller, noun: Noun) -> Iterator[str]:
    """An object with a value in every field."""
    made = admin.create(noun.path, noun.full | {"portico": wire(noun.values(admin, "a"))})
    yield str(made["id"])
    admin.delete(f"{noun.path}/{made['id']}")


def wire(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names that the API gives them."""
    return {camel(name): str(value) if name in TIMES else value for name, value in values.items()}


def camel(name: str) -> str:
    """A field as the API spells it."""
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)


def read(admin: Caller, noun: Noun, object_id: str) -> dict[str, Any]:
    """The object as it is answered, without the stamps of its last change."""
    answer = admin.get(f"{noun.path}/{object_id}", **ASKED).json()
    return {name: value for name, value in answer.items() if name not in STAMPS}


def forms_of(clerk: Clerk, noun: Noun, object_id: str) -> Iterator[tuple[str, Fields]]:
    """The form of each tab of the object, as it is sent when nothing is changed."""
    for tab in noun.tabs:
        place = f"{noun.page}/{object_id}{tab}"
        yield place, editor_of(clerk.get(place).text).fields


def typed_into(form: Fields, values: Mapping[str, Any]) -> dict[str, Any]:
    """The form with new values; those that only exist from now on are in the inputs for such."""
    filled = {CREATED.get(name, name): value for name, value in values.items()}
    filled |= {name: date_input(filled[name]) for name in TIMES & set(filled)}
    if "new_groups" in filled:
        filled |= {"groups": [], "new_groups": [", ".join(filled["new_groups"])]}
    return form | filled


def date_input(time: int) -> str:
    """A time as a browser sends it."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def undo(clerk: Clerk, answer: httpx.Response) -> None:
    """Undo a change of the console."""
    assert answer.status_code == 303, answer.text
    done = httpx.URL(answer.headers["location"]).params["done"]
    assert clerk.post("undo", transaction=done).status_code == 303


def rows(page: str) -> list[tuple[str, str]]:
    """The fields and new values in the first comparison of a page."""
    table = page.partition('<table class="diff">')[2].partition("</table>")[0]
    cells = re.findall(r'scope="row">(.*?)</th>.*?</td>\s*<td[^>]*>(.*?)</td>', table, re.DOTALL)
    return [(label, unescape(re.sub("<[^>]*>", "", value))) for label, value in cells]


@every_noun
def test_value_is_answered_as_it_was_sent(admin: Caller, noun: Noun, object_id: str) -> None:
    values = noun.values(admin, "a")
    assert all(values[each.name] not in (each.default, None) for each in fields(noun.kind))

    assert read(admin, noun, object_id)["portico"] == wire(values)
    listed = admin.get(noun.path, **ASKED).json()["list"]
    assert [each["portico"] for each in listed if each["id"] == object_id] == [wire(values)]


@every_noun
def test_value_is_replaced(admin: Caller, noun: Noun, object_id: str) -> None:
    values = wire(noun.values(admin, "b"))
    admin.put(f"{noun.path}/{object_id}", noun.full | {"portico": values})

    assert read(admin, noun, object_id)["portico"] == values


@every_noun
def test_put_of_the_vendors_object_keeps_it(admin: Caller, noun: Noun, object_id: str) -> None:
    plain = {name: value for name, value in noun.full.items() if name != "portico"}
    assert admin.put(f"{noun.path}/{object_id}", plain).status_code == 204

    assert read(admin, noun, object_id)["portico"] == wire(noun.values(admin, "a"))


@every_noun
def test_form_that_is_saved_untouched_changes_nothing(
    admin: Caller, clerk: Clerk, noun: Noun, object_id: str
) -> None:
    before = read(admin, noun, object_id)
    for place, form in forms_of(clerk, noun, object_id):
        assert clerk.post(place, **form).status_code == 303

    assert read(admin, noun, object_id) == before


@every_noun
def test_console_has_an_input_for_every_field(clerk: Clerk, noun: Noun, object_id: str) -> None:
    inputs = {name for _, form in forms_of(clerk, noun, object_id) for name in form}

    assert set(noun.names) & inputs == noun.typed


@every_noun
def test_change_in_the_console_is_stored_and_undone(
    admin: Caller, clerk: Clerk, noun: Noun, object_id: str
) -> None:
    before = read(admin, noun, object_id)
    values = noun.values(admin, "b")
    for place, form in forms_of(clerk, noun, object_id):
        typed = {name: values[name] for name in noun.typed & set(form)}
        # A browser sends nothing for a switch that is off.
        sent = {
            name: value for name, value in typed_into(form, typed).items() if value is not False
        }
        answer = clerk.post(place, **sent)
        now = read(admin, noun, object_id)["portico"]
        assert {camel(name): now[camel(name)] for name in typed} == wire(typed)
        undo(clerk, answer)
        back = read(admin, noun, object_id)["portico"]
        assert back == before["portico"]


@every_noun
def test_deletion_is_undone_with_every_value(
    admin: Caller, clerk: Clerk, noun: Noun, object_id: str
) -> None:
    before = read(admin, noun, object_id)
    place = f"{noun.page}/{object_id}/delete"

    undo(clerk, clerk.post(place, **editor_of(clerk.get(place).text).fields))

    assert read(admin, noun, object_id) == before


@every_noun
def test_audit_describes_every_field(
    admin: Caller, clerk: Clerk, noun: Noun, object_id: str
) -> None:
    values = noun.values(admin, "b")
    admin.put(f"{noun.path}/{object_id}", noun.full | {"portico": wire(values)})

    described = rows(clerk.get(f"audit?object={object_id}").text)
    assert len(described) == len(set(noun.names) - set(NO_WORDS)), described
    shown = [value for _, value in described]
    assert {values[name] for name in noun.texts(noun.typed)} <= set(shown)


@every_noun
def test_conflict_compares_every_field(
    admin: Caller, clerk: Clerk, noun: Noun, object_id: str
) -> None:
    forms = list(forms_of(clerk, noun, object_id))
    body = noun.full | {"portico": wire(noun.values(admin, "b"))}
    admin.put(f"{noun.path}/{object_id}", body)

    for place, form in forms:
        conflict = clerk.post(place, **form)
        assert conflict.status_code == 409
        assert len(rows(conflict.text)) == len(noun.typed & set(form)), rows(conflict.text)


@every_noun
def test_wrong_text_is_refused_by_name(admin: Caller, noun: Noun, document: Document) -> None:
    described = document["components"]["schemas"][noun.body]["properties"]
    for name in noun.texts(noun.names):
        long = "x" * (described[camel(name)].get("maxLength", 100_000) + 1)
        for value in (long,) if name in OPAQUE else (long, CONTROL):
            answer = admin.post(noun.path, {**noun.full, "portico": {camel(name): value}})
            assert_error(answer, 400, "invalid.resource.argument", f"portico.{camel(name)}")


@every_noun
def test_console_tells_what_is_wrong_beside_the_field(
    clerk: Clerk, noun: Noun, object_id: str
) -> None:
    for place, form in forms_of(clerk, noun, object_id):
        for name in noun.texts(noun.typed & set(form)):
            refused = clerk.post(place, **form | {name: [CONTROL]})
            assert refused.status_code == 422
            assert f'id="{name}-wrong"' in refused.text
            label = re.search(f'<label for="{name}">([^<]*?) *<', refused.text)
            assert label, name
            assert f'<a href="#{name}">{label[1]}</a>' in refused.text


def test_search_on_the_portal_looks_at_every_text_of_a_link(admin: Caller) -> None:
    portal_id = admin.create_portal(portico={"audience": "public"})
    kinds = {**get_type_hints(LinkSpec), **get_type_hints(LinkPresentation)}
    searched = {name: kind for name, kind in kinds.items() if name not in NOT_SEARCHED}
    texts = [name for name, kind in searched.items() if kind in (str, tuple[str, ...])]
    typed = {name: f"{name.replace('_', '-')}-x" for name in texts}
    values = wire({name: typed[name] if kinds[name] is str else [typed[name]] for name in texts})
    own = {camel(each.name) for each in fields(LinkPresentation)}
    values |= {"linkPath": f"/{values['linkPath']}", "enabled": True}
    values["portico"] = {name: values.pop(name) for name in own & set(values)}
    link_id = admin.create_link(**values, userPortals=[{"id": portal_id}])

    page = admin.http.get(f"/p/{portal_id}").text
    tile = page.partition(f'data-id="{link_id}"')[2].partition("</a>")[0]
    for name in texts:
        results = admin.http.get(f"/p/{portal_id}", params={"q": typed[name]}).text
        assert f'data-id="{link_id}"' in results.partition('id="all"')[0], name
        assert typed[name] in tile.partition('<span class="t">')[2], name


@every_noun
def test_form_keeps_what_was_never_set(admin: Caller, clerk: Clerk, noun: Noun) -> None:
    plain = {name: value for name, value in noun.full.items() if name != "portico"}
    object_id = str(admin.create(noun.path, plain)["id"])
    before = read(admin, noun, object_id)
    for place, form in forms_of(clerk, noun, object_id):
        assert clerk.post(place, **form).status_code == 303

    assert read(admin, noun, object_id) == before
    admin.delete(f"{noun.path}/{object_id}")
