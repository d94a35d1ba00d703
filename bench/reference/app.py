"""The routes of the reference, as an engineer would write them in an afternoon, not tuned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bench.reference.auth import ClientDep, SessionDep, issue_token
from bench.reference.links import (
    build_link,
    find_link,
    find_page,
    find_portals,
    search_condition,
)
from bench.reference.models import Base, UserPortal, UserPortalLink, engine
from bench.reference.schemas import (
    BulkIn,
    BulkOut,
    LinkCreated,
    LinkIn,
    LinkOut,
    LinkPage,
    PortalIn,
    PortalOut,
    PortalStub,
    TimedToken,
    Token,
)

TENANT = "/mgmtconfig/v1/admin/customers/{customer_id}"
TENANT_V2 = "/mgmtconfig/v2/admin/customers/{customer_id}"

PageNumber = Annotated[int, Query(ge=1)]
PageSize = Annotated[int, Query(ge=1, le=500)]
FormText = Annotated[str, Form()]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(title="User portal links", lifespan=lifespan)


@app.exception_handler(IntegrityError)
async def duplicate(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"id": "resource.already.exist"}, status_code=400)


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/signin")
async def sign_in(session: SessionDep, client_id: FormText, client_secret: FormText) -> Token:
    return Token(access_token=await issue_token(session, client_id, client_secret))


@app.post("/oauth2/v1/token")
async def token(
    session: SessionDep, grant_type: FormText, client_id: FormText, client_secret: FormText
) -> TimedToken:
    if grant_type != "client_credentials":
        raise HTTPException(400, "unsupported_grant_type")
    return TimedToken(access_token=await issue_token(session, client_id, client_secret))


@app.get(TENANT + "/userPortalLink", response_model_exclude_none=True)
async def list_links(
    client: ClientDep,
    session: SessionDep,
    page: PageNumber = 1,
    pagesize: PageSize = 20,
    search: str | None = None,
) -> LinkPage:
    query = select(UserPortalLink).where(UserPortalLink.customer_id == client.customer_id)
    if search:
        query = query.where(search_condition(search))
    return await find_page(session, query, page, pagesize)


@app.get(TENANT + "/userPortalLink/userPortal/{portal_id}", response_model_exclude_none=True)
async def list_links_of_portal(
    client: ClientDep,
    session: SessionDep,
    portal_id: int,
    page: PageNumber = 1,
    pagesize: PageSize = 20,
    search: str | None = None,
) -> LinkPage:
    portal = await session.get(UserPortal, portal_id)
    if portal is None or portal.customer_id != client.customer_id:
        raise HTTPException(404, f"No resource exists with the given id/name :{portal_id}")
    query = select(UserPortalLink).where(
        UserPortalLink.customer_id == client.customer_id,
        UserPortalLink.user_portals.any(UserPortal.id == portal_id),
    )
    if search:
        query = query.where(search_condition(search))
    return await find_page(session, query, page, pagesize)


@app.get(TENANT + "/userPortalLink/{link_id}", response_model_exclude_none=True)
async def read_link(client: ClientDep, session: SessionDep, link_id: int) -> LinkOut:
    return LinkOut.model_validate(await find_link(session, client, link_id))


@app.post(TENANT + "/userPortalLink", status_code=201, response_model_exclude_none=True)
async def create_link(client: ClientDep, session: SessionDep, body: LinkIn) -> LinkCreated:
    portals = await find_portals(session, client, body.user_portals)
    link = build_link(client, body, portals)
    session.add(link)
    await session.commit()
    return LinkCreated.model_validate(link)


@app.put(TENANT + "/userPortalLink/{link_id}", status_code=204)
async def update_link(client: ClientDep, session: SessionDep, link_id: int, body: LinkIn) -> None:
    link = await find_link(session, client, link_id)
    for field, value in body.model_dump(exclude={"user_portals"}).items():
        setattr(link, field, value)
    link.user_portals = await find_portals(session, client, body.user_portals)
    link.modified_by = client.id
    await session.commit()


@app.delete(TENANT + "/userPortalLink/{link_id}", status_code=204)
async def delete_link(client: ClientDep, session: SessionDep, link_id: int) -> None:
    await session.delete(await find_link(session, client, link_id))
    await session.commit()


@app.post(TENANT_V2 + "/userPortalLink/bulk", status_code=201, response_model_exclude_none=True)
async def create_links(client: ClientDep, session: SessionDep, body: BulkIn) -> BulkOut:
    portals = await find_portals(session, client, body.user_portals)
    links = [build_link(client, entry, portals) for entry in body.user_portal_links]
    session.add_all(links)
    await session.commit()
    return BulkOut(
        user_portal_links=[LinkCreated.model_validate(link) for link in links],
        user_portals=[PortalStub.model_validate(portal) for portal in portals],
    )


@app.post(TENANT + "/userPortal", status_code=201, response_model_exclude_none=True)
async def create_portal(client: ClientDep, session: SessionDep, body: PortalIn) -> PortalOut:
    portal = UserPortal(
        customer_id=client.customer_id,
        modified_by=client.id,
        ext_domain_translation=body.ext_domain,
        **body.model_dump(),
    )
    session.add(portal)
    await session.commit()
    return PortalOut.model_validate(portal)
