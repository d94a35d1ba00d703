"""The tables of the reference as ORM classes, and the engine of its sessions."""

from __future__ import annotations

import os
import time

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    event,
    func,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

Id = BigInteger().with_variant(Integer, "sqlite")


def now() -> int:
    return int(time.time())


class Base(DeclarativeBase):
    """The base class of the tables."""


class Customer(Base):
    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(Id, primary_key=True)


class ApiClient(Base):
    __tablename__ = "api_client"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))


portal_assignment = Table(
    "portal_assignment",
    Base.metadata,
    Column("link_id", ForeignKey("user_portal_link.id", ondelete="CASCADE"), primary_key=True),
    Column("portal_id", ForeignKey("user_portal.id"), primary_key=True, index=True),
)


class Record:
    """The columns of every resource that clients cannot write."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    creation_time: Mapped[int] = mapped_column(BigInteger, default=now)
    modified_time: Mapped[int] = mapped_column(BigInteger, default=now, onupdate=now)
    modified_by: Mapped[int] = mapped_column(BigInteger)


class UserPortal(Record, Base):
    __tablename__ = "user_portal"

    name: Mapped[str] = mapped_column(String(255))
    enabled: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(String(2000))
    domain: Mapped[str | None] = mapped_column(String(255))
    ext_label: Mapped[str | None] = mapped_column(String(31))
    ext_domain: Mapped[str | None] = mapped_column(String(255))
    ext_domain_translation: Mapped[str | None] = mapped_column(String(255))
    user_notification: Mapped[str | None] = mapped_column(String(2000))
    user_notification_enabled: Mapped[bool] = mapped_column(default=False)


class UserPortalLink(Record, Base):
    __tablename__ = "user_portal_link"

    name: Mapped[str] = mapped_column(String(255))
    enabled: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(String(2000))
    link: Mapped[str] = mapped_column(String(255))
    link_path: Mapped[str | None] = mapped_column(String(2048))
    protocol: Mapped[str | None] = mapped_column(String(16))
    icon_text: Mapped[str | None] = mapped_column(String)
    application_id: Mapped[int | None] = mapped_column(BigInteger)
    user_portals: Mapped[list[UserPortal]] = relationship(secondary=portal_assignment)


Index(
    "uq_user_portal_link_name",
    UserPortalLink.customer_id,
    func.lower(UserPortalLink.name),
    unique=True,
)
Index("uq_user_portal_name", UserPortal.customer_id, func.lower(UserPortal.name), unique=True)


def configure_sqlite(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def open_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", configure_sqlite)
    return engine


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)


engine = open_engine(os.environ.get("REFERENCE_DATABASE", "sqlite+aiosqlite:///reference.db"))
open_session = sessions(engine)
