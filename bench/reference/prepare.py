"""Creates the reference's tables, one tenant and one API client in an empty database."""

from __future__ import annotations

import secrets

from bench.reference.auth import hash_secret
from bench.reference.models import ApiClient, Base, Customer, open_engine, sessions

CUSTOMER_ID = 216196257331281920


async def prepare(url: str) -> tuple[str, str, str]:
    """Prepare the database, and return customer id, client id and client secret."""
    client_id, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions(engine)() as session:
        session.add(Customer(id=CUSTOMER_ID))
        await session.flush()
        session.add(
            ApiClient(client_id=client_id, secret_hash=hash_secret(secret), customer_id=CUSTOMER_ID)
        )
        await session.commit()
    await engine.dispose()
    return str(CUSTOMER_ID), client_id, secret
