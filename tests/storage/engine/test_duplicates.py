"""Duplicate keys: read from what PostgreSQL says, and from what Citus leaves of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import text

from portico.domain.errors import ConcurrentChange, NameTaken
from portico.domain.links.links import Link
from portico.domain.records import Scope
from portico.storage.engine.connections import Connection
from portico.storage.engine.duplicates import last_value, violated_constraint
from portico.storage.links.links import LinkRepository
from portico.storage.schema.citus_placement import metadata
from tests.storage.records import make_link
from tests.storage.store import opened

MESSAGES = {
    'duplicate key value violates unique constraint "uq_user_portal_link_name"': (
        "uq_user_portal_link_name"
    ),
    'duplicate key value violates unique constraint "uq_user_portal_link_name_102543"': (
        "uq_user_portal_link_name"
    ),
    "doppelter Schlüsselwert verletzt Unique-Constraint »uq_microtenant_name_102008«": (
        "uq_microtenant_name"
    ),
    "la valeur d'une clé dupliquée rompt la contrainte unique « uq_section_name_102345 »": (
        "uq_section_name"
    ),
    '重複したキー値は一意性制約"pk_audit_entry_102100"違反となります': "pk_audit_entry",
    'duplicate key value violates unique constraint "api_client_pkey_102136"': "api_client_pkey",
    "something else went wrong": "",
}
DETAILS = {
    "Key (customer_id, microtenant_id, name_folded)=(1, 0, wiki) already exists.": "wiki",
    "Schlüssel »(customer_id, name_folded)=(1, wiki)« existiert bereits.": "wiki",
    "Key (customer_id, microtenant_id, name_folded)=(1, 0, a, (b)) already exists.": "a, (b)",
    "Key (customer_id, name_folded)=(1, )=(x) already exists.": ")=(x",
    "": None,
}
TRIGGER = (
    """CREATE FUNCTION refuse_twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM user_portal_link WHERE customer_id = NEW.customer_id
               AND microtenant_id = NEW.microtenant_id AND name_folded = NEW.name_folded) THEN
        RAISE unique_violation USING
            MESSAGE = 'duplicate key value violates unique constraint '
                      || '"uq_user_portal_link_name_102543"',
            DETAIL = format('Key (customer_id, microtenant_id, name_folded)=(%s, %s, %s) already'
                            ' exists.', NEW.customer_id, NEW.microtenant_id, NEW.name_folded);
    END IF;
    RETURN NEW; END $$""",
    """CREATE TRIGGER as_citus_does BEFORE INSERT ON user_portal_link
    FOR EACH ROW EXECUTE FUNCTION refuse_twice()""",
)


@pytest.mark.parametrize(("message", "constraint"), MESSAGES.items())
def test_constraint_is_found_in_every_language(message: str, constraint: str) -> None:
    assert violated_constraint(message) == constraint


@pytest.mark.parametrize(("detail", "value"), DETAILS.items())
def test_last_value_is_found_in_every_language(detail: str, value: str | None) -> None:
    assert last_value(detail) == value


def test_names_of_constraints_leave_room_for_the_shard() -> None:
    tables = metadata.sorted_tables
    constraints = [str(each.name) for table in tables for each in table.constraints if each.name]
    names = [*constraints, *(str(each.name) for table in tables for each in table.indexes)]

    # PostgreSQL cuts names at 63 bytes; Citus would put a hash where the end was.
    assert [name for name in names if len(name) > 63 - len("_102543210")] == []


def test_duplicate_name_is_told_as_citus_tells_it(own_postgres: str) -> None:
    async def prepare(connection: Connection) -> None:
        for statement in TRIGGER:
            await connection.run(text(statement))

    with opened(own_postgres) as store:
        scope = store.scope()
        store.write(scope, prepare)
        links = [make_link(scope, name) for name in ("Mail", "Wiki, (the)", "News")]
        store.write(scope, partial(_insert, scope, links[1:2]))

        for again in ([links[1]], links):
            copies = [make_link(scope, each.name.upper()) for each in again]
            with pytest.raises(NameTaken) as taken:
                store.write(scope, partial(_insert, scope, copies))
            assert taken.value.params == ("WIKI, (THE)",)
        with pytest.raises(ConcurrentChange):
            store.write(scope, partial(_insert, scope, [replace(links[1], name="Other")]))


async def _insert(scope: Scope, links: list[Link], connection: Connection) -> None:
    await LinkRepository(connection, scope).insert(*links)
