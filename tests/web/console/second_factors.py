"""Administrators with an authenticator app, for tests of the pages."""

from __future__ import annotations

import re
import time
from html import unescape

from playwright.sync_api import Page

from portico.domain.people.second_factors import totp_code


def code_of(secret: str, skew: int = 0) -> str:
    """The code that an app shows now, or some steps of 30 seconds later."""
    return totp_code(secret, int(time.time()) // 30 + skew)


def secret_of(page: str) -> str:
    """The key that a page offers to an app."""
    found = re.search(r'name="secret" value="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def codes_of(page: str) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li><code>([a-z2-9-]{19})</code>", page)


def add_virtual_authenticator(page: Page) -> None:
    """Gives the tab a passkey device that always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
