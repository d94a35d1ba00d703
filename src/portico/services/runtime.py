"""What services need of the process that runs them, whoever the caller is."""

from __future__ import annotations

from dataclasses import dataclass, field

from portico.domain.people.passwords import PasswordHasher
from portico.domain.people.sessions import SessionLife
from portico.domain.records import Clock, IdSource, TimeOrderedIds
from portico.services.password_queue import PasswordQueue
from portico.services.tally import Tally
from portico.storage.engine.connections import Database
from portico.storage.secrets.secret_cipher import SecretCipher
from portico.storage.tenancy.identity import IdentityRepository


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The open database, the clock, the ids and the passwords of one process.

    `transaction_id` marks in the audit trail what the process does as the operator.
    """

    database: Database
    cipher: SecretCipher
    clock: Clock
    new_id: IdSource
    transaction_id: str
    passwords: PasswordHasher
    password_queue: PasswordQueue
    console_life: SessionLife
    portal_life: SessionLife
    tally: Tally = field(default_factory=Tally)

    @property
    def now(self) -> int:
        """The present moment in epoch seconds."""
        return int(self.clock())


async def claim_ids(database: Database, clock: Clock) -> TimeOrderedIds:
    """Return a source of ids that no other process shares."""
    async with database.transaction() as connection:
        return TimeOrderedIds(await IdentityRepository(connection).claim_node(), clock)
