"""An administrator's browser, as a benchmark needs one: it signs in and keeps its cookies."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.http_client import FORM, Answer, Connection, UnexpectedAnswer
from bench.portico import Portico

ADMINISTRATOR = "bench"


def create_administrator(portico: Portico, customer_id: str) -> str:
    """Create the administrator of a tenant, and return the password."""
    command = ("admin", "create", ADMINISTRATOR, "--customer", customer_id, "--generate", "--json")
    return str(json.loads(portico.run(*command))["password"])


class Browser:
    """The browser of an administrator: cookies, and the CSRF token of forms."""

    def __init__(self, port: int, password: str) -> None:
        self._connection = Connection(port)
        self._cookies: dict[str, str] = {}
        self._page: Answer | None = None
        self.back = ""
        token = _value(self.send("GET", "/console/sign-in"), "csrf")
        form = {"csrf": token, "name": ADMINISTRATOR, "password": password, "next": "/console"}
        answer = self.send("POST", "/console/sign-in", list(form.items()))
        if answer.status not in {302, 303}:
            raise UnexpectedAnswer(f"The administrator cannot sign in: status {answer.status}")

    @property
    def cookies(self) -> str:
        """Return the header with the cookies."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    @property
    def done(self) -> str:
        """Return the transaction id of the last change."""
        return parse_qs(urlsplit(self.back).query)["done"][0]

    @property
    def revision(self) -> str:
        """Return the revision in the form of the last page."""
        return _value(self._page, "revision")

    def csrf(self, page: str) -> str:
        return _value(self.send("GET", page), "csrf")

    def send(self, method: str, path: str, form: list[tuple[str, str]] | None = None) -> Answer:
        headers = {"Cookie": self.cookies}
        if form is not None:
            headers["Sec-Fetch-Site"] = "same-origin"
        answer = self._connection.send(
            method,
            path,
            body=None if form is None else urlencode(form),
            content_type=None if form is None else FORM,
            headers=headers,
        )
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self._cookies[cookie] = content
            elif name.lower() == "location":
                self.back = value
        self._page = answer
        return answer


def _value(page: Answer | None, field: str) -> str:
    """Return the value of a hidden field of a page."""
    found = page and re.search(rf'name="{field}" value="([^"]+)"', page.body.decode())
    if not found:
        status = page and page.status
        raise UnexpectedAnswer(f"The page has no field {field}: status {status}")
    return unescape(found[1])
