"""Which handler a request reaches, with which parameters, and who answers an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.asgi.routing import (
    Application,
    MethodNotAllowed,
    NoSuchPath,
    Route,
    RouteGroup,
    placed_route,
)
from portico.asgi.routing import (
    route as make_route,
)
from portico.domain.errors import Forbidden, PorticoError
from tests.asgi.calls import call


def route(method: str, *paths: str, name: str = "shown") -> Route:
    """A route that answers with its name and the parameters of the path."""

    async def handle(request: Request) -> Response:
        values = " ".join(f"{key}={value}" for key, value in request.path_params.items())
        return Response(f"{name} {values}".strip())

    return Route(method=method, paths=paths, handle=handle, name=name)


def answer_error(request: Request, error: Exception) -> Response:
    """Say what the error is, and where."""
    code = error.code if isinstance(error, PorticoError) else type(error).__name__
    headers = {"Allow": error.allowed} if isinstance(error, MethodNotAllowed) else {}
    return Response(f"{code} {request.url.path}", status_code=400, headers=headers)


def application(*groups: RouteGroup | Route) -> Application:
    """An application of groups, or of single routes."""
    whole = [
        each if isinstance(each, RouteGroup) else RouteGroup(routes=(each,)) for each in groups
    ]
    return Application(whole, errors=answer_error, body_limit=100)


def body(app: ASGIApp, path: str, method: str = "GET") -> str:
    """The body of an answer."""
    return call(app, method, path)[0]


def test_parameters_have_the_texts_of_the_path() -> None:
    app = application(route("GET", "/tenants/{tenant}/links/{id}"))

    assert body(app, "/tenants/7/links/a b") == "shown tenant=7 id=a b"
    assert body(app, "/tenants//7/links/8/") == "shown tenant=7 id=8"
    assert body(app, "/tenants/7/links") == "resource.not.found /tenants/7/links"
    assert body(app, "/tenants/7/links/8/9") == "resource.not.found /tenants/7/links/8/9"


@pytest.mark.parametrize("order", [1, -1])
def test_fixed_part_goes_before_a_parameter(order: int) -> None:
    routes = [route("GET", "/links/new", name="new"), route("GET", "/links/{id}", name="one")]
    app = application(*routes[::order])

    assert body(app, "/links/new") == "new"
    assert body(app, "/links/12") == "one id=12"


def test_routes_name_the_parameter_at_one_place_as_they_like() -> None:
    app = application(route("GET", "/p/{portal}"), route("POST", "/p/{slug}/aup"))

    assert body(app, "/p/staff") == "shown portal=staff"
    assert body(app, "/p/staff/aup", "POST") == "shown slug=staff"


def test_last_parameter_takes_what_remains() -> None:
    app = application(route("GET", "/docs"), route("GET", "/docs/{name:path}", name="file"))

    assert body(app, "/docs/") == "shown"
    assert body(app, "/docs/a/b.html") == "file name=a/b.html"


def test_route_has_several_paths_and_its_group_a_prefix() -> None:
    app = application(RouteGroup(prefix="/v1", routes=(route("GET", "/a", "/b/{id}"),)))

    assert body(app, "/v1/a") == "shown"
    assert body(app, "/v1/b/3") == "shown id=3"
    assert body(app, "/a") == "resource.not.found /a"
    assert [(each.path, each.route.method) for each in app.placed] == [
        ("/v1/a", "GET"),
        ("/v1/b/{id}", "GET"),
        ("/v1/a", "OPTIONS"),
        ("/v1/b/{id}", "OPTIONS"),
    ]


def test_needless_slashes_are_removed_from_the_path() -> None:
    @make_route("GET", "/p/{portal}")
    async def show(request: Request) -> Response:
        return Response(request.scope["path"])

    assert body(application(show), "/p//staff/") == "/p/staff"


def test_error_names_the_path_without_control_characters() -> None:
    params: list[Sequence[str]] = []

    def note(request: Request, error: Exception) -> Response:
        assert isinstance(error, NoSuchPath)
        params.append(error.params)
        return Response(error.reason)

    shown = body(Application([], errors=note, body_limit=1), "/a\0b")

    assert (shown, params) == ("Nothing is served at /a%00b.", [("/a%00b",)])


def test_other_methods_are_named() -> None:
    app = application(route("POST", "/links"), route("GET", "/links"), route("GET", "/links/{id}"))

    assert call(app, "DELETE", "/links") == (
        "method.not.allowed /links",
        {"allow": "GET, OPTIONS, POST", "content-length": "25"},
    )
    assert call(app, "OPTIONS", "/links/5") == ("", {"allow": "GET, OPTIONS"})
    assert body(app, "/", "OPTIONS") == "resource.not.found /"


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (("/a/{id}", "/a/{name}"), "Two routes answer GET /a/{name}."),
        (("/a/{id}", "/a/{name:path}"), "cannot be where {name:path} is"),
        (("/a/{id:int}",), "cannot be where {id:int} is"),
    ],
)
def test_routes_that_contradict_one_another_are_refused(paths: Sequence[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        application(*(route("GET", path) for path in paths))


def failing(error: Exception, *, begins: bool = False) -> Route:
    """A route whose handler, or whose answer after its beginning, fails."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    @make_route("GET", "/fails")
    async def fail(request: Request) -> ASGIApp:
        return answer

    return fail


def test_error_is_answered_by_the_group_or_else_by_the_application() -> None:
    def own(request: Request, error: Exception) -> Response:
        return Response(f"own {error}")

    error = Forbidden("Not you.")

    assert body(application(failing(error)), "/fails") == "authz.access.forbidden /fails"
    assert body(application(RouteGroup(routes=(failing(error),), errors=own)), "/fails") == (
        "own Not you."
    )
    assert body(application(failing(KeyError())), "/fails") == "KeyError /fails"


def test_error_after_the_beginning_of_an_answer_ends_the_connection() -> None:
    with pytest.raises(Forbidden):
        body(application(failing(Forbidden("Late."), begins=True)), "/fails")


def test_layers_are_around_the_handler_and_its_errors() -> None:
    def layer(name: str) -> Callable[[ASGIApp], ASGIApp]:
        def around(app: ASGIApp) -> ASGIApp:
            async def layered(scope: Scope, receive: Receive, send: Send) -> None:
                async def noted(message: Message) -> None:
                    if message["type"] == "http.response.body":
                        message["body"] = f"{name}({message['body'].decode()})".encode()
                    await send(message)

                await app(scope, receive, noted)

            return layered

        return around

    routes = (route("GET", "/"), failing(Forbidden("No.")))
    app = application(RouteGroup(routes=routes, layers=(layer("outer"), layer("inner"))))

    assert body(app, "/") == "outer(inner(shown))"
    assert body(app, "/fails") == "outer(inner(authz.access.forbidden /fails))"


def test_limit_of_a_body_is_the_nearest() -> None:
    limits: list[int] = []

    async def handle(request: Request) -> Response:
        limits.append(placed_route(request.scope).body_limit)
        return Response()

    own = Route(method="GET", paths=("/own",), handle=handle, name="own", body_limit=1)
    usual = Route(method="GET", paths=("/usual",), handle=handle, name="usual")
    app = application(
        RouteGroup(prefix="/group", routes=(own, usual), body_limit=10), RouteGroup(routes=(usual,))
    )
    for path in ("/group/own", "/group/usual", "/usual"):
        body(app, path)

    assert limits == [1, 10, 100]


def live(app: Application) -> list[Message]:
    """What an application tells the server that starts and ends it."""
    told: list[Message] = []
    messages = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> Message:
        return {"type": next(messages)}

    async def send(message: Message) -> None:
        told.append(message)

    asyncio.run(app({"type": "lifespan"}, receive, send))
    return told


def test_lifespan_is_entered_and_left() -> None:
    steps: list[Any] = []

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        app.state.opened = "opened"
        yield
        steps.append(app.state.opened)

    app = Application([], errors=answer_error, body_limit=1, lifespan=lifespan)

    assert [each["type"] for each in live(app)] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert steps == ["opened"]


def test_server_learns_why_the_application_cannot_start() -> None:
    told: list[Message] = []

    def lifespan(app: Application) -> AbstractAsyncContextManager[None]:
        raise OSError("No database.")

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        told.append(message)

    app = Application([], errors=answer_error, body_limit=1, lifespan=lifespan)
    with pytest.raises(OSError, match="No database"):
        asyncio.run(app({"type": "lifespan"}, receive, send))

    assert told[0]["type"] == "lifespan.startup.failed"
    assert "No database." in told[0]["message"]
