"""Administrators, users and providers: what may be written about them."""

from __future__ import annotations

import pytest

from portico.domain.addresses import are_networks, is_origin
from portico.domain.errors import AccessDenied, InvalidField
from portico.domain.people.administrators import AdministratorSpec, check_administrator, check_email
from portico.domain.people.providers import IdentityProviderSpec, check_provider, proven_person
from portico.domain.people.sessions import (
    PortalSession,
    SessionLife,
    is_over,
    new_token,
    token_digest,
)
from portico.domain.people.users import PortalUserSpec, check_user, claimed_group_names
from portico.domain.portals.activity import day_of, policy_version


def test_white_space_around_names_goes() -> None:
    checked = check_administrator(AdministratorSpec(name=" ada ", email=" ada@a.example "))

    assert (checked.name, checked.email) == ("ada", "ada@a.example")
    assert check_user(PortalUserSpec(name=" uma ", group_ids=(2, 1, 2))).group_ids == (1, 2)


@pytest.mark.parametrize("email", ["ada", "@a.example", "ada@", "a b@a.example", "a@b\n"])
def test_other_texts_are_no_addresses(email: str) -> None:
    with pytest.raises(InvalidField, match="email"):
        check_email(f"x{email}x" if email == "a@b\n" else email)


@pytest.mark.parametrize(
    ("claim", "names"),
    [
        (["Staff", "IT"], ("Staff", "IT")),
        ("Staff", ("Staff",)),
        ("Staff, IT ,,Staff", ("Staff", "IT")),
        (["Staff", 5, None, " ", "x" * 256, "a\0b"], ("Staff",)),
        (None, ()),
        ({"Staff": True}, ()),
        (7, ()),
    ],
)
def test_groups_claim_is_a_list_or_one_text(claim: object, names: tuple[str, ...]) -> None:
    assert claimed_group_names(claim) == names


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example",
        "ftp://login.example",
        "https://",
        "https://user@login.example",
        "https://login.example?x=1",
        "https://login.example#x",
        "https://login.example:port",
        "login.example",
        "https://[::1",
        "https://a.example\n",
    ],
)
def test_issuer_is_on_https(issuer: str) -> None:
    with pytest.raises(InvalidField, match="issuer"):
        check_provider(IdentityProviderSpec(name="P", issuer=issuer, client_id="c"))


@pytest.mark.parametrize("issuer", ["https://login.example/realms/1", "http://127.0.0.1:9400"])
def test_issuer_stays_as_it_is(issuer: str) -> None:
    spec = IdentityProviderSpec(name="P", issuer=issuer, client_id="c")

    assert check_provider(spec).issuer == issuer


def test_unverified_email_is_no_email() -> None:
    claims = {"email": "ada@a.example", "username": "ada", "name": "Ada", "groups": "Staff"}

    person = proven_person(1, "s", claims)

    assert (person.email, person.name, person.groups) == ("", "ada", ("Staff",))
    assert proven_person(1, "s", claims | {"email_verified": True}).email == "ada@a.example"
    assert proven_person(1, "s", claims | {"email_verified": "true"}).email == ""


@pytest.mark.parametrize("subject", ["", " ", "a\0b", "x" * 256, " s"])
def test_subject_that_cannot_be_kept_is_nobody(subject: str) -> None:
    with pytest.raises(AccessDenied):
        proven_person(1, subject, {})


def test_session_ends_by_age_and_by_idleness() -> None:
    life = SessionLife(idle=100, absolute=1_000)
    session = PortalSession(
        digest="d", csrf_token="c", created=0, seen=500, expires=1_000, customer_id=1, user_id=2
    )

    assert [is_over(session, life, now) for now in (500, 599, 600)] == [False, False, True]
    assert is_over(session, SessionLife(idle=9_999, absolute=1_000), 1_000)


def test_tokens_are_long_and_kept_as_digests() -> None:
    token = new_token()

    assert len(token) >= 43
    assert token not in token_digest(token)
    assert token_digest("\ud800") != token_digest("\ud801")


def test_version_of_a_policy_is_that_of_its_text() -> None:
    assert policy_version("a") == policy_version("a") != policy_version("b")
    assert day_of(86_400 * 3 + 5) == 3


def test_settings_of_the_surroundings() -> None:
    assert are_networks("10.0.0.0/8, ::1")
    assert not are_networks("10.0.0.1/8")
    assert is_origin("")
    assert is_origin("https://links.example.com:8443")
    for other in ("links.example.com", "https://a/", "https://u@a", "https://A B", "https://a\n"):
        assert not is_origin(other)
