"""Use-cases of acceptable use policies: a name is optional, and a key when it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from portico.domain.errors import InvalidField, NameTaken, NotFound
from portico.domain.policies import Aup, AupSpec
from portico.domain.search import ListQuery
from portico.services import policies as aups
from portico.services.undo.undo import undo_change
from portico.services.work import UnitOfWork
from tests.services.world import START, Caller, World

POLICY = AupSpec(name="Policy", description="d", enabled=True, aup="# Be kind", email="a@b.example")


def create(caller: Caller, spec: AupSpec = POLICY) -> Aup:
    """A new policy."""
    return caller.change(lambda work: aups.create_aup(work, spec))


def stored(caller: Caller) -> list[Aup]:
    """Every policy."""
    return caller.look(lambda work: aups.list_aups(work, ListQuery())).items


def test_policy_is_stored_replaced_and_deleted(world: World) -> None:
    made = create(world.admin)
    world.now += 60
    world.admin.change(lambda work: aups.update_aup(work, made.id, AupSpec(phone_num="+1 123")))

    assert world.admin.look(lambda work: aups.get_aup(work, made.id)) == Aup(
        customer_id=world.tenant.id,
        microtenant_id=0,
        id=made.id,
        creation_time=START,
        modified_time=START + 60,
        modified_by=world.admin.claims.client_id,
        phone_num="+1 123",
        text_version=2,
    )
    world.admin.change(lambda work: aups.delete_aup(work, made.id))
    assert stored(world.admin) == []
    assert [entry.action for entry in world.audit_trail()[-3:]] == ["create", "update", "delete"]


def test_every_change_of_the_text_is_a_new_version(world: World) -> None:
    made = create(world.admin)

    def version_after(step: Callable[[UnitOfWork], Awaitable[object]]) -> int:
        world.now += 1
        world.admin.change(step)
        return world.admin.look(lambda work: aups.get_aup(work, made.id)).text_version

    other = replace(POLICY, aup="Other words")
    renamed = replace(other, name="Rules")
    assert made.text_version == 1
    assert version_after(lambda work: aups.update_aup(work, made.id, other)) == 2
    changed = f"transaction at {world.now}"
    assert version_after(lambda work: undo_change(work, changed)) == 3
    assert version_after(lambda work: aups.update_aup(work, made.id, other)) == 4
    assert version_after(lambda work: aups.update_aup(work, made.id, renamed)) == 4


def test_policies_without_a_name_live_together(world: World) -> None:
    create(world.admin, AupSpec())
    create(world.admin, AupSpec())

    assert [aup.name for aup in stored(world.admin)] == ["", ""]


def test_name_of_a_policy_is_unique_in_its_microtenant(world: World) -> None:
    made = create(world.admin)
    other = create(world.admin, AupSpec())
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)

    with pytest.raises(NameTaken):
        create(world.admin, replace(POLICY, name="POLICY"))
    with pytest.raises(NameTaken):
        world.admin.change(lambda work: aups.update_aup(work, other.id, POLICY))
    world.admin.change(lambda work: aups.update_aup(work, made.id, replace(POLICY, name="policy")))

    assert create(east).name == "Policy"
    assert sorted(aup.name for aup in stored(world.admin)) == ["", "policy"]


def test_refused_policy_leaves_nothing(world: World) -> None:
    before = world.audit_trail()

    with pytest.raises(InvalidField):
        create(world.admin, replace(POLICY, name="n" * 256))
    for use_case in (
        lambda work: aups.get_aup(work, 5),
        lambda work: aups.update_aup(work, 5, POLICY),
        lambda work: aups.delete_aup(work, 5),
    ):
        with pytest.raises(NotFound):
            world.admin.change(use_case)

    assert stored(world.admin) == []
    assert world.audit_trail() == before
