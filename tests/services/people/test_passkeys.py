"""Passkeys: verified, refused for any other page, key or challenge, and never replayed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from portico.domain.errors import AccessDenied, InvalidInput
from portico.domain.people.second_factors import (
    FactorMethod,
    SecondFactor,
)
from portico.services.people import second_factors as factors
from portico.services.people.passkeys import (
    PasskeyRefused,
    RelyingParty,
    registration_options,
    request_options,
    verify_registration,
    verify_use,
)
from tests.services.people.authenticators import SoftwareKey
from tests.services.people.guards import (
    HERE,
    Guard,
    new_passkey,
)
from tests.services.people.people import People


class TestPasskeys:
    """Passkeys in software. The browser's own are in the tests of the console."""

    @pytest.fixture
    def key(self, guard: Guard) -> SoftwareKey:
        """A passkey of the administrator."""
        key = SoftwareKey(HERE.origin, HERE.host)
        passkey = new_passkey(key, guard.people)
        cipher = guard.people.runtime.cipher
        guard.change(lambda work: factors.add_factor(work, cipher, passkey))
        return key

    def test_it_completes_the_sign_in(self, guard: Guard, key: SoftwareKey) -> None:
        token = guard.prove()
        answer = key.get(guard.challenge(token))

        guard.answer(token, passkey=answer)

        stored = guard.factors()[1]
        assert (stored.counter, stored.last_used) == (1, int(guard.people.world.now))
        with pytest.raises(AccessDenied):
            guard.answer(guard.prove(), passkey=answer)

    def test_a_key_that_does_not_count_works_again(self, guard: Guard, key: SoftwareKey) -> None:
        key.counts = False
        for _ in range(2):
            token = guard.prove()
            guard.answer(token, passkey=key.get(guard.challenge(token)))

    def test_a_copied_key_is_refused(self, guard: Guard, key: SoftwareKey) -> None:
        token = guard.prove()
        guard.answer(token, passkey=key.get(guard.challenge(token)))

        key.counter = 0
        token = guard.prove()
        with pytest.raises(PasskeyRefused):
            guard.answer(token, passkey=key.get(guard.challenge(token)))

    def test_another_page_key_or_challenge_is_refused(self, guard: Guard, key: SoftwareKey) -> None:
        token = guard.prove()
        challenge = guard.challenge(token)
        phished = replace(key, origin="https://links.example.com.evil.example")
        elsewhere = replace(key, host="evil.example")
        forged = SoftwareKey(HERE.origin, HERE.host, credential_id=key.credential_id)
        stranger = SoftwareKey(HERE.origin, HERE.host)
        for wrong, signed in (
            (phished, challenge),
            (elsewhere, challenge),
            (forged, challenge),
            (stranger, challenge),
            (key, "another challenge"),
        ):
            guard.wait(3_700)
            token = guard.prove()
            signed = guard.challenge(token) if signed == challenge else signed
            with pytest.raises(PasskeyRefused):
                guard.answer(token, passkey=wrong.get(signed))
        guard.wait(3_700)
        token = guard.prove()
        other = RelyingParty(host="other.example.com", origin="https://other.example.com")
        answer = key.get(guard.challenge(token))
        with pytest.raises(PasskeyRefused):
            guard.answer(token, party=other, passkey=answer)

    def test_nobody_sets_up_the_same_one_again(self, guard: Guard, key: SoftwareKey) -> None:
        cipher, again = guard.people.runtime.cipher, new_passkey(key, guard.people)

        with pytest.raises(InvalidInput, match="set up already"):
            guard.change(lambda work: factors.add_factor(work, cipher, again))

    def test_options_name_the_passkeys_of_the_person(self, guard: Guard, key: SoftwareKey) -> None:
        stored = guard.factors()[1:]
        run = guard.people.world.store.run
        request = run(request_options(HERE, stored, "a long challenge"))
        creation = run(registration_options(HERE, guard.administrator, stored, "a long challenge"))

        for options, name in ((request, "allowCredentials"), (creation, "excludeCredentials")):
            assert [each["id"] for each in options[name]] == [stored[0].credential_id]
            assert options["challenge"] == "YSBsb25nIGNoYWxsZW5nZQ"
        assert request["rpId"] == creation["rp"]["id"] == HERE.host
        assert creation["user"]["name"] == guard.administrator.name


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 50_000,
        '"x"',
        "{}",
        '{"rawId": 7, "response": {}}',
        '{"id": "x", "rawId": "AAAA", "response": {"clientDataJSON": "AAAA"}}',
        json.dumps(
            {
                "rawId": "AAAA",
                "response": {"clientDataJSON": "e30", "attestationObject": "n5+f" * 999},
            }
        ),
        json.dumps(
            {
                "rawId": "AAAA",
                "response": {
                    "clientDataJSON": "e30",
                    "authenticatorData": "AAAA",
                    "signature": "AAAA",
                },
            }
        ),
        "x" * 70_000,
    ],
)
def test_malformed_answers_of_a_browser_are_refused(people: People, answer: str) -> None:
    factor = SecondFactor(
        id=1, administrator_id=1, method=FactorMethod.PASSKEY, name="Key", credential_id="AAAA"
    )
    with pytest.raises(PasskeyRefused):
        people.world.store.run(verify_registration(HERE, "challenge", answer))
    with pytest.raises(PasskeyRefused):
        people.world.store.run(verify_use(HERE, "challenge", answer, [(factor, "AAAA")]))
