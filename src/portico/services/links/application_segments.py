"""Use-cases of application segments. Clients read them; the operator creates and deletes them."""

from __future__ import annotations

from portico.domain.errors import StillReferenced
from portico.domain.links import links
from portico.domain.links.application_segments import (
    KIND,
    Application,
    ApplicationSpec,
    check_application,
)
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name
from portico.services.work import UnitOfWork


async def list_applications(work: UnitOfWork, query: ListQuery) -> Page[Application]:
    """Return one page of the scope's application segments."""
    return await work.applications.page(query)


async def get_application(
    work: UnitOfWork, application_id: int, *, lock: bool = False
) -> Application:
    """Return one application segment. Raises NotFound."""
    return await work.applications.get(application_id, lock=lock)


async def create_application(work: UnitOfWork, spec: ApplicationSpec) -> Application:
    """Store a new application segment. Raises InvalidInput or Forbidden."""
    require_admin(work)
    spec = check_application(spec)
    await require_free_name(work.applications, spec.name)
    application = Application(
        **vars(spec),
        **work.new_stamps(),
        microtenant_id=work.scope.microtenant_id,
    )
    await work.applications.insert(application)
    await recording.record_creation(work, KIND, application)
    return application


async def delete_application(work: UnitOfWork, application_id: int) -> Application:
    """Delete an application segment that no link names, and return it as it was.

    Raises NotFound, StillReferenced or Forbidden.
    """
    require_admin(work)
    application = await get_application(work, application_id, lock=True)
    link_name = await work.links.first_of_application(application_id)
    if link_name is not None:
        raise StillReferenced(links.KIND, link_name)
    await work.applications.remove(application_id)
    await recording.record_deletion(work, KIND, application)
    return application
