"""The application in this process, in a language whose every text stands in brackets.

What a page shows outside brackets is data, or a text that nobody translated.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from gettext import NullTranslations
from html.parser import HTMLParser
from threading import Thread
from typing import Any, TypeVar

import httpx

from portico.app import Additions, create_app
from portico.asgi.routing import Application
from portico.services.runtime import Runtime
from portico.settings import Settings
from portico.web.console.frame.words import FILTERS
from portico.web.shared.languages import Language, load_language
from portico.web.shared.rendering import Renderer
from tests.databases import key_environment

T = TypeVar("T")
TOLD = {"aria-label", "placeholder", "title", "alt", "data-empty", "data-add", "data-missing"}
"""The attributes whose values people read or hear."""
EMPTY = {"input", "img", "br", "hr", "meta", "link", "rect", "path", "line", "circle", "option"}
OPENS, CLOSES = (
    "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}",
    "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}",
)
_PLACEHOLDER = re.compile(r"(%\(\w+\)[sd])")


class Unknown(NullTranslations):
    """Translates nothing, so that a text without a translation shows as none."""

    def gettext(self, message: str) -> str:
        """No text."""
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """No text."""
        return ""

    def pgettext(self, context: str, message: str) -> str:
        """No text."""
        return ""


class Bracketed(NullTranslations):
    """English with brackets around all of a text but its values, if a catalogue has the text."""

    def __init__(self, catalogue: NullTranslations) -> None:
        super().__init__()
        self._catalogue = catalogue
        catalogue.add_fallback(Unknown())

    def gettext(self, message: str) -> str:
        """The text in brackets."""
        return _bracketed(message) if self._catalogue.gettext(message) else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The text for a number in brackets."""
        form = msgid1 if n == 1 else msgid2
        return _bracketed(form) if self._catalogue.ngettext(msgid1, msgid2, n) else form

    def pgettext(self, context: str, message: str) -> str:
        """The text of a context in brackets."""
        return _bracketed(message) if self._catalogue.pgettext(context, message) else message


def _bracketed(message: str) -> str:
    parts = _PLACEHOLDER.split(message)
    return "".join(
        part if place % 2 or not part.strip() else f"{OPENS}{part}{CLOSES}"
        for place, part in enumerate(parts)
    )


def _load(code: str) -> Language:
    return Language(code="de", name="Brackets", texts=Bracketed(load_language("de").texts))


class InThisProcess(httpx.BaseTransport):
    """Sends requests to an application on an event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, app: Any) -> None:  # noqa: ANN401  # httpx's own type is private
        self._loop = loop
        self._app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, read to its end."""
        return self.run(self._answer(request))

    def run(self, work: Coroutine[object, object, T]) -> T:
        """The result of work on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        content = await answer.aread()
        headers = [each for each in answer.headers.raw if each[0] != b"content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=content)


@asynccontextmanager
async def _running(app: Any) -> AsyncIterator[None]:  # noqa: ANN401  # an ASGI application
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    ending = asyncio.create_task(app({"type": "lifespan"}, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    yield
    await to_app.put({"type": "lifespan.shutdown"})
    await ending


@contextmanager
def bracketed_pages(database: str) -> Iterator[httpx.Client]:
    """A client of the application on a database, whose pages are in brackets."""

    async def begin(app: Application, runtime: Runtime) -> None:
        site = app.state.site
        renderer = Renderer(site.static.address, FILTERS, load=_load)
        app.state.site = replace(site, renderer=renderer)

    key = key_environment(database).get("PORTICO_SECRET_KEY_FILE", "")
    settings = Settings(database=database, secret_key_file=key)
    app = create_app(settings, additions=Additions(started=begin))
    loop = asyncio.new_event_loop()
    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    transport, running = InThisProcess(loop, app), _running(app)
    transport.run(running.__aenter__())
    try:
        with httpx.Client(transport=transport, base_url="http://127.0.0.1") as client:
            yield client
    finally:
        transport.run(running.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Readable(HTMLParser):
    """Collects what people read on a page: its texts, and the attributes that are read out.

    Code, keys and what is marked as another language are left out.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._depth = 0
        self._skipping: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects the attributes; the texts within some elements are no words."""
        told = dict(attrs)
        other_language = "lang" in told and tag != "html"
        if self._skipping or tag in {"code", "pre", "kbd", "style", "script"} or other_language:
            if tag not in EMPTY or tag == "option":
                self._skipping.append(tag)
            return
        for name, value in attrs:
            if name in TOLD and value:
                self.texts.append(self._outside(value))

    def handle_endtag(self, tag: str) -> None:
        """Ends what is left out."""
        if self._skipping and self._skipping[-1] == tag:
            self._skipping.pop()

    def handle_data(self, data: str) -> None:
        """Collects a text. A sentence in brackets can contain other elements."""
        if not self._skipping:
            self.texts.append(self._outside(data))

    def _outside(self, text: str) -> str:
        kept = []
        for character in text:
            self._depth += (character == OPENS) - (character == CLOSES)
            kept.append(" " if self._depth or character == CLOSES else character)
        return "".join(kept)


def outside_brackets(page: str) -> list[str]:
    """The texts of a page with letters outside brackets, without addresses and numbers."""
    found = []
    for text in Readable(page).texts:
        words = [word for word in text.split() if not re.search(r"[\d./@_=#]", word)]
        if any(re.search(r"[A-Za-z]{2}", word) for word in words):
            found.append(" ".join(words))
    return found
