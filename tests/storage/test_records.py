"""Whatever is stored comes back the same, field for field, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from portico.domain.audit import Action, AuditEntry, AuditFilter
from portico.domain.links.links import ICON_LIMIT_BYTES, LINK_PATH_LIMIT
from portico.domain.policies import AUP_LIMIT, Aup
from portico.domain.portals.portals import UserPortal
from portico.domain.records import DESCRIPTION_LIMIT, MAX_ID, NAME_LIMIT, Scope
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import ApiClient, Claims, Role, SigningKey, Tenant
from portico.domain.tenancy.microtenants import Microtenant
from portico.storage.audit.log import AuditLog
from portico.storage.audit.trail import AuditTrail
from portico.storage.engine.connections import Connection
from portico.storage.links.links import LinkRepository
from portico.storage.policies import AupRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.repositories import R, Repository
from portico.storage.tenancy.idempotency import IdempotentAnswer, IdempotentAnswers
from portico.storage.tenancy.identity import IdentityRepository
from portico.storage.tenancy.microtenants import MicrotenantRepository
from portico.storage.tenancy.signing_keys import SigningKeyRepository
from tests.storage.records import IDS, STORABLE, TEXT, TIMES, links, make_link, make_portal
from tests.storage.store import Store, undone

EXAMPLES = settings(max_examples=20, deadline=None)
SEVERAL_TEXTS = st.lists(TEXT, max_size=3).map(tuple)


def stamped(scope: Scope) -> dict[str, SearchStrategy[int]]:
    """Strategies of the fields that every record has."""
    return {
        "customer_id": st.just(scope.customer_id),
        "id": IDS,
        "creation_time": TIMES,
        "modified_time": TIMES,
        "modified_by": IDS,
    }


async def all_reads(repository: Repository[R], before: R, after: R) -> list[R | None]:
    """What is read after an insertion, and in three ways after a replacement."""
    await repository.insert(before)
    read = [await repository.find(before.id)]
    await repository.replace(after)
    read.append(await repository.find(before.id))
    read += (await repository.find_all([before.id, before.id, 5])).values()
    read += (await repository.page(ListQuery(sort_attribute="id"))).items
    return read


def assert_round_trip(
    store: Store,
    repository: Callable[[Connection, Scope], Repository[R]],
    scope: Scope,
    before: R,
    after: R,
) -> None:
    """Checks a record and the one that replaces it."""

    async def work() -> list[R | None]:
        async with undone(store.database, scope) as connection:
            return await all_reads(repository(connection, scope), before, after)

    assert store.run(work()) == [before, after, after, after]


@given(data=st.data())
@EXAMPLES
def test_link_comes_back_as_it_was_stored(
    store: Store, tenant_scope: Scope, data: DataObject
) -> None:
    portals = [make_portal(tenant_scope, str(number)) for number in range(4)]
    any_link = links(tenant_scope, [portal.id for portal in portals])
    before = data.draw(any_link)
    after = replace(data.draw(any_link), id=before.id)

    async def work() -> object:
        async with undone(store.database, tenant_scope) as connection:
            await UserPortalRepository(connection, tenant_scope).insert(*portals)
            return await all_reads(LinkRepository(connection, tenant_scope), before, after)

    assert store.run(work()) == [before, after, after, after]


@given(data=st.data())
@EXAMPLES
def test_portal_comes_back_as_it_was_stored(
    store: Store, tenant_scope: Scope, data: DataObject
) -> None:
    any_portal = st.builds(
        UserPortal,
        **stamped(tenant_scope),
        microtenant_id=st.just(0),
        name=TEXT,
        description=TEXT,
        enabled=st.booleans(),
        managed_by_zs=st.none() | st.booleans(),
        certificate_id=st.none() | IDS,
        certificate_name=TEXT,
        domain=TEXT,
        ext_domain=TEXT,
        ext_domain_name=TEXT,
        ext_domain_translation=TEXT,
        ext_label=TEXT,
        user_notification=TEXT,
        user_notification_enabled=st.booleans(),
        image_data=TEXT,
    )
    before = data.draw(any_portal)
    after = replace(data.draw(any_portal), id=before.id)

    assert_round_trip(store, UserPortalRepository, tenant_scope, before, after)


@given(data=st.data())
@EXAMPLES
def test_policy_comes_back_as_it_was_stored(
    store: Store, tenant_scope: Scope, data: DataObject
) -> None:
    any_aup = st.builds(
        Aup,
        **stamped(tenant_scope),
        microtenant_id=st.just(0),
        name=TEXT,
        description=TEXT,
        enabled=st.booleans(),
        aup=TEXT,
        email=TEXT,
        phone_num=TEXT,
    )
    before = data.draw(any_aup)
    after = replace(data.draw(any_aup), id=before.id)

    assert_round_trip(store, AupRepository, tenant_scope, before, after)


@given(data=st.data())
@EXAMPLES
def test_microtenant_comes_back_as_it_was_stored(store: Store, data: DataObject) -> None:
    # Outside any tenant that has its own Default, so that the list holds this record alone.
    scope = Scope(customer_id=data.draw(IDS))
    any_microtenant = st.builds(
        Microtenant,
        **stamped(scope),
        name=TEXT,
        description=TEXT,
        enabled=st.booleans(),
        criteria_attribute=TEXT,
        criteria_attribute_values=SEVERAL_TEXTS,
        privileged_approvals_enabled=st.booleans(),
        scope_order=st.integers(1, 2**31 - 1),
    )
    before = data.draw(any_microtenant)
    after = replace(data.draw(any_microtenant), id=before.id)
    tenant = Tenant(id=scope.customer_id, name="Tenant")

    async def work() -> object:
        try:
            async with store.database.transaction() as connection:
                await IdentityRepository(connection).add_tenant(tenant)
                read = await all_reads(MicrotenantRepository(connection, scope), before, after)
                raise RuntimeError
        except RuntimeError:
            return read

    assert store.run(work()) == [before, after, after, after]


@given(
    tenant=st.builds(
        Tenant,
        id=IDS,
        name=TEXT,
        auth_domains=SEVERAL_TEXTS,
        revision=IDS,
        creation_time=TIMES,
    ),
    client=st.builds(
        ApiClient,
        id=IDS,
        customer_id=IDS,
        microtenant_id=st.none() | IDS,
        name=TEXT,
        role=st.sampled_from(Role),
        secret_hash=TEXT,
        public_key=TEXT,
        creation_time=TIMES,
        revoked_time=st.none() | TIMES,
    ),
    key=st.builds(SigningKey, id=IDS, secret=TEXT, creation_time=TIMES),
)
@EXAMPLES
def test_identity_comes_back_as_it_was_stored(
    store: Store, tenant_scope: Scope, tenant: Tenant, client: ApiClient, key: SigningKey
) -> None:
    async def work() -> object:
        async with undone(store.database, tenant_scope) as connection:
            identity = IdentityRepository(connection)
            await identity.add_tenant(tenant)
            await identity.add_client(client)
            signing_keys = SigningKeyRepository(connection, store.cipher)
            await signing_keys.add(key, others_retire=MAX_ID, now=0)
            return (
                await identity.find_tenant(tenant.id),
                await identity.find_client(client.id),
                await identity.clients(client.customer_id),
                [each for each in await signing_keys.readable({}) if each.id == key.id],
            )

    assert store.run(work()) == (tenant, client, [client], [key])


@given(data=st.data())
@EXAMPLES
def test_audit_entry_comes_back_as_it_was_stored(
    store: Store, tenant_scope: Scope, data: DataObject
) -> None:
    entry = st.builds(
        AuditEntry,
        customer_id=st.just(tenant_scope.customer_id),
        id=IDS,
        microtenant_id=IDS,
        time=TIMES,
        actor_id=IDS,
        action=st.sampled_from(Action),
        object_type=TEXT,
        object_id=IDS,
        object_name=TEXT,
        before=TEXT,
        after=TEXT,
        transaction_id=TEXT,
    )
    entries = data.draw(st.lists(entry, max_size=4, unique_by=lambda each: each.id))

    async def work() -> list[AuditEntry]:
        async with undone(store.database, tenant_scope) as connection:
            await AuditTrail(connection, tenant_scope.customer_id).append(*entries)
            log = AuditLog(connection, tenant_scope, everywhere=True)
            return await log.page(AuditFilter(), before_id=None, limit=3)

    newest_first = sorted(entries, key=lambda each: each.id, reverse=True)
    assert store.run(work()) == newest_first[:3]


@given(key=st.text(STORABLE, min_size=1), body=TEXT, fingerprint=TEXT)
@EXAMPLES
def test_idempotent_answer_is_kept_until_it_is_old(
    store: Store, tenant_scope: Scope, key: str, body: str, fingerprint: str
) -> None:
    answer = IdempotentAnswer(
        customer_id=tenant_scope.customer_id,
        client_id=7,
        key=key,
        fingerprint=fingerprint,
        status=201,
        body=body,
        creation_time=1_000,
    )

    async def work() -> list[IdempotentAnswer | None]:
        async with undone(store.database, tenant_scope) as connection:
            answers = IdempotentAnswers(connection, tenant_scope.customer_id)
            claims = [await answers.claim(replace(answer, body=""), since=900)]
            await answers.keep(answer)
            for other in (
                answer,
                replace(answer, client_id=8),
                replace(answer, key=key + "x"),
                replace(answer, fingerprint=fingerprint + "x"),
            ):
                claims.append(await answers.claim(other, since=1_000))
            # The key is free again when its answer is old.
            claims.append(await answers.claim(answer, since=1_001))
            return claims

    expected = [None, answer, None, None, answer, None]
    assert store.run(work()) == expected


def test_ended_session_is_known_until_it_would_have_expired(store: Store) -> None:
    scope = store.scope()
    client = ApiClient(
        id=store.ids(),
        customer_id=scope.customer_id,
        microtenant_id=None,
        name="client",
        role=Role.ADMIN,
        secret_hash="",
        public_key="",
        creation_time=0,
    )

    def claims(token_id: str, expires: int) -> Claims:
        return Claims(
            token_id=token_id,
            client_id=client.id,
            customer_id=scope.customer_id,
            expires=expires,
        )

    async def work(connection: Connection) -> list[bool]:
        identity = IdentityRepository(connection)
        await identity.add_client(client)
        ended = []
        await identity.end_session(claims("first", expires=100), now=50)
        await identity.end_session(claims("second", expires=200), now=99)
        for token_id in ("first", "second", "third"):
            token_status = await identity.token_status(claims(token_id, expires=200), None)
            assert token_status is not None
            ended.append(token_status.session_ended)
        return ended

    assert store.write(scope, work) == [True, True, False]


def test_largest_records_are_stored(store: Store, tenant_scope: Scope) -> None:
    widest = "\U0001f389"  # four bytes, and more than most letters in an index
    link = replace(
        make_link(tenant_scope, widest * NAME_LIMIT),
        description=widest * DESCRIPTION_LIMIT,
        link="ΐ" * 255,
        link_path="/" + widest * (LINK_PATH_LIMIT - 1),
        icon_text="i" * ICON_LIMIT_BYTES,
    )
    aup = Aup(
        customer_id=tenant_scope.customer_id,
        microtenant_id=0,
        id=1,
        creation_time=0,
        modified_time=0,
        modified_by=0,
        name="ᾷ" * NAME_LIMIT,
        aup=widest * AUP_LIMIT,
    )

    assert_round_trip(store, LinkRepository, tenant_scope, link, link)
    assert_round_trip(store, AupRepository, tenant_scope, aup, aup)
