"""Use-cases of application segments: audited, and held by the links that name them."""

from __future__ import annotations

import pytest

from portico.domain.errors import Forbidden, NameTaken, NotFound, StillReferenced
from portico.domain.links.application_segments import Application, ApplicationSpec
from portico.domain.links.links import LinkSpec
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
from portico.services.links import application_segments as applications
from portico.services.links import links
from tests.services.world import Caller, World

SEGMENT = ApplicationSpec(name="AppPortal01", domain_names=("app.example.com",))


def create(caller: Caller) -> Application:
    """A new application segment."""
    return caller.change(lambda work: applications.create_application(work, SEGMENT))


def delete(caller: Caller, application_id: int) -> None:
    """Deletes an application segment."""
    caller.change(lambda work: applications.delete_application(work, application_id))


def test_segment_is_stored_listed_and_deleted(world: World) -> None:
    made = create(world.admin)
    page = world.admin.look(lambda work: applications.list_applications(work, ListQuery()))
    delete(world.admin, made.id)

    assert page.items == [made]
    with pytest.raises(NotFound):
        world.admin.look(lambda work: applications.get_application(work, made.id))
    assert [(each.action, each.object_type) for each in world.audit_trail()[-2:]] == [
        ("create", "application"),
        ("delete", "application"),
    ]


def test_segment_that_a_link_of_its_microtenant_names_stays(world: World) -> None:
    made = create(world.admin)
    east = world.admin.asking_for(microtenant_id=world.microtenant().id)
    spec = LinkSpec(name="Wiki", link="wiki.example.com", application_id=made.id)
    east.change(lambda work: links.create_link(work, spec))
    link = world.admin.change(lambda work: links.create_link(work, spec))

    with pytest.raises(StillReferenced) as refusal:
        delete(world.admin, made.id)
    world.admin.change(lambda work: links.delete_link(work, link.id))
    delete(world.admin, made.id)

    assert refusal.value.params == ("userPortalLink", "Wiki")


def test_name_is_a_key_and_a_viewer_changes_nothing(world: World) -> None:
    made = create(world.admin)
    viewer = world.caller(role=Role.VIEWER)

    with pytest.raises(NameTaken):
        create(world.admin)
    for change in (lambda: create(viewer), lambda: delete(viewer, made.id)):
        with pytest.raises(Forbidden):
            change()
