"""When API clients were used last: noted once an hour, and never at the cost of a sign-in."""

from __future__ import annotations

import pytest

from portico.domain.tenancy.identity import ApiClient
from portico.services.tenancy.client_sign_ins import NOTE_EVERY_SECONDS, RETRY_SECONDS, SignInNotes
from portico.services.tenancy.clients import list_last_sign_ins
from portico.services.work import UnitOfWork
from portico.storage.engine.database import open_database
from tests.services.world import START, World
from tests.storage.store import Store


async def last_uses(work: UnitOfWork) -> dict[int, int]:
    """When each client of the tenant was used last."""
    return dict(await list_last_sign_ins(work))


async def sign_in(notes: SignInNotes, client: ApiClient) -> None:
    """Notes a sign-in and waits until it is written."""
    notes.note(client)
    await notes.finish()


def test_sign_in_is_noted_once_an_hour(store: Store) -> None:
    world = World(store)
    notes = SignInNotes(store.database, lambda: world.now)
    client, revision = world.client(), world.revision()
    assert world.admin.look(last_uses) == {}

    def used_after_sign_in_at(now: float) -> int | None:
        world.now = now
        store.run(sign_in(notes, client))
        return world.admin.look(last_uses).get(client.id)

    assert used_after_sign_in_at(START + 1) == START + 1
    assert used_after_sign_in_at(START + NOTE_EVERY_SECONDS) == START + 1
    assert used_after_sign_in_at(START + 1 + NOTE_EVERY_SECONDS) == START + 1 + NOTE_EVERY_SECONDS
    assert world.revision() == revision


def test_clock_that_is_behind_takes_nothing_back(store: Store) -> None:
    world = World(store)
    client = world.client()

    for now in (START + 9, START + 5):
        world.now = now
        store.run(sign_in(SignInNotes(store.database, lambda: world.now), client))

    assert world.admin.look(last_uses) == {client.id: START + 9}


@pytest.mark.parametrize("url", ["sqlite:////no/such/place.db", "postgresql://127.0.0.1:1/none"])
def test_note_that_fails_is_logged_and_tried_again(
    world: World, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    client, database = world.client(), open_database(url)
    try:
        notes = SignInNotes(database, lambda: world.now)

        def logged_at(now: float) -> bool:
            world.now = now
            caplog.clear()
            world.store.run(sign_in(notes, client))
            return f"API client {client.id} was not recorded" in caplog.text

        assert logged_at(START)
        assert not logged_at(START + RETRY_SECONDS - 1)
        assert logged_at(START + RETRY_SECONDS)
    finally:
        world.store.run(database.close())
