"""Litestar's application and router without what Portico never uses and every start waits for."""

from __future__ import annotations

from typing import Any, Self

from litestar import Litestar, Router
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin


class Application(Litestar):
    """An application without the plugins for Pydantic and attrs.

    Litestar loads both packages where they are installed, and no handler of Portico uses them.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        # Should another version not call this, Portico only starts later.
        return [*plugins, MsgspecDIPlugin()]


class OwnRouter(Router):
    """A router that one application gets.

    Litestar copies a router with all of its handlers before it registers it, in case another
    application gets the same one.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the router itself."""
        return self
