"""Sign-in with a client secret, and the dependency that verifies a bearer token."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import AsyncIterator
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.reference.models import ApiClient, open_session

KEY = os.environ.get("REFERENCE_KEY", "a-signing-key-of-thirty-two-bytes-or-more")
LIFETIME = 3600


async def session_of_request() -> AsyncIterator[AsyncSession]:
    async with open_session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(session_of_request)]
CredentialsDep = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def issue_token(session: AsyncSession, client_id: str, secret: str) -> str:
    client = await session.scalar(select(ApiClient).where(ApiClient.client_id == client_id))
    if client is None or not hmac.compare_digest(client.secret_hash, hash_secret(secret)):
        raise HTTPException(401, "Access denied")
    expires = int(time.time()) + LIFETIME
    claims = {"sub": client.client_id, "customer": client.customer_id, "exp": expires}
    return jwt.encode(claims, KEY, algorithm="HS256")


async def authenticate(
    customer_id: int, credentials: CredentialsDep, session: SessionDep
) -> ApiClient:
    """Return the client of the token if the path is that of its tenant."""
    try:
        claims = jwt.decode(credentials.credentials, KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Access denied") from error
    client = await session.scalar(select(ApiClient).where(ApiClient.client_id == claims["sub"]))
    if client is None:
        raise HTTPException(401, "Access denied")
    if client.customer_id != customer_id:
        raise HTTPException(403, "Not your tenant")
    return client


ClientDep = Annotated[ApiClient, Depends(authenticate)]
