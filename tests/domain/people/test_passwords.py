"""The rule of passwords, and passwords that are made up."""

from __future__ import annotations

import pytest

from portico.domain.errors import InvalidField
from portico.domain.people.passwords import check_password, new_password


@pytest.mark.parametrize("password", ["a" * 12, "a" * 256, "ü" * 12, "white space is fine"])
def test_length_is_the_one_rule(password: str) -> None:
    assert check_password(password) == password


@pytest.mark.parametrize("password", ["", "a" * 11, "a" * 257, "a" * 12 + "\ud800"])
def test_other_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidField, match="password"):
        check_password(password)


def test_made_up_passwords_pass_and_differ() -> None:
    made = {new_password() for _ in range(50)}

    assert len(made) == 50
    assert all(check_password(each) == each for each in made)
