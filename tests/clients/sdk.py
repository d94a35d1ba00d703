"""Opening the vendor's SDK as its users do, and reading its (result, response, error) answers."""

from __future__ import annotations

import os
from typing import Any

import pytest
import zscaler.constants
from zscaler import ZscalerClient
from zscaler.oneapi_client import LegacyZPAClient
from zscaler.oneapi_oauth_client import OAuth
from zscaler.request_executor import RequestExecutor

from tests.harness import Credentials

LEGACY, ONEAPI = MODES = ("legacy", "oneapi")
FOREIGN_PREFIXES = ("ZSCALER_", "ZPA_")
FOREIGN_NAMES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


def lead_to(url: str, patch: pytest.MonkeyPatch) -> None:
    """Makes every host name of the vendor mean a server's URL, by the three documented assignments.

    Nothing of the environment interferes: no proxy, no credentials, no cache of answers.
    """
    for name in list(os.environ):
        if name.upper() in FOREIGN_NAMES or name.startswith(FOREIGN_PREFIXES):
            patch.delenv(name)
    patch.setenv("ZSCALER_CLIENT_CACHE_ENABLED", "false")
    token_url = f"{url}/oauth2/v1/token"
    patch.setitem(zscaler.constants.ZPA_BASE_URLS, "PRODUCTION", url)
    patch.setattr(RequestExecutor, "_resolve_api_base_url", lambda self: url)
    patch.setattr(OAuth, "_get_auth_url", lambda self, vanity, cloud: token_url)


def connect(mode: str, customer_id: str, credentials: Credentials) -> Any:  # noqa: ANN401  # untyped SDK
    """The SDK's ZPA interface for one API client."""
    config = {
        "clientId": credentials.client_id,
        "clientSecret": credentials.client_secret,
        "customerId": customer_id,
    }
    if mode == LEGACY:
        return LegacyZPAClient({**config, "cloud": "PRODUCTION"}).zpa
    return ZscalerClient({**config, "vanityDomain": "local"}).zpa


def succeeded(answer: tuple[Any, Any, Any]) -> Any:  # noqa: ANN401  # untyped SDK
    """The result of a call that has to succeed."""
    result, _, error = answer
    assert error is None, error
    return result


def refused(answer: tuple[Any, Any, Any]) -> Any:  # noqa: ANN401  # untyped SDK
    """The error of a call that has to fail."""
    result, _, error = answer
    assert result is None
    assert error is not None
    return error


def walk(answer: tuple[Any, Any, Any]) -> list[Any]:
    """The items of every page of a list, fetched the SDK's way."""
    found = list(succeeded(answer))
    response = answer[1]
    while response.has_next():
        page, _, error = response.next()
        assert error is None, error
        found += page
    return found
