"""Encryption of secrets at rest, and a table of the keys in use."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

from portico.storage.schema.migrations.effects import Effect
from portico.storage.schema.migrations.new_tables import begin_migration
from portico.storage.secrets.secret_cipher import SecretCipher, secret_location

revision = "0012"
down_revision = "0011"
oldest_server = "0012"
touches = {
    "signing_key": Effect.CHANGES_ROWS,
    "identity_provider": Effect.CHANGES_ROWS,
}
branch_labels = None
depends_on = None

logger = logging.getLogger("portico")

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Encrypt the signing keys and the client secrets of identity providers."""
    begin_migration()
    cipher: SecretCipher = context.config.attributes["cipher"]
    if cipher.file.create_if_automatic():
        is_empty = not op.get_bind().execute(sa.text("SELECT id FROM customer LIMIT 1")).all()
        logger.log(
            logging.INFO if is_empty else logging.WARNING,
            "Created %s, the key that encrypts the secrets in the database. Back it up, but not "
            "together with the database.",
            cipher.file.path,
        )
    key_id = cipher.read_keys()[-1].id
    op.create_table(
        "secret_key",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("check_value", TEXT, nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("replaced_time", sa.BigInteger(), nullable=True),
        sa.Column("plain_text_left", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    def encrypt(location: str, text: str) -> str:
        return cipher.encrypt(key_id, location, text)

    encrypted = _encrypt("signing_key", "secret", ("id",), encrypt)
    encrypted += _encrypt("identity_provider", "client_secret", ("customer_id", "id"), encrypt)
    table = sa.table("secret_key", *map(sa.column, _KEY_COLUMNS))
    values = (
        key_id,
        encrypt(secret_location("secret_key", "check_value", {"id": key_id}), "portico"),
        int(time.time()),
        None,
        encrypted > 0,
    )
    op.execute(table.insert().values(dict(zip(_KEY_COLUMNS, values, strict=True))))


_KEY_COLUMNS = ("id", "check_value", "creation_time", "replaced_time", "plain_text_left")


def _encrypt(
    name: str, column: str, keys: tuple[str, ...], encrypt: Callable[[str, str], str]
) -> int:
    """Encrypt a column in every row, and return the number of rows."""
    table = sa.table(name, *map(sa.column, (*keys, column)))
    connection = op.get_bind()
    rows: list[dict[str, Any]] = [row._asdict() for row in connection.execute(sa.select(table))]
    for row in rows:
        location = secret_location(name, column, {key: row[key] for key in keys})
        same = [table.c[key] == row[key] for key in keys]
        statement = table.update().where(*same)
        connection.execute(statement.values({column: encrypt(location, row[column])}))
    return len(rows)
