"""Work of a screen, which ends with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual.css.query import NoMatches
from textual.widget import Widget
from textual.worker import Worker


def attend(node: Widget, work: Callable[[], Awaitable[None]], group: str) -> Worker[Any]:
    """Do work that ends with a screen or widget; it takes the place of earlier work of its group."""
    return node.run_worker(partial(_while_shown, node, work), group=group, exclusive=True)


async def _while_shown(node: Widget, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except NoMatches:
        # A screen is taken down part by part and its workers last: what they draw on may be gone.
        if _stands(node):
            raise


def _stands(node: Widget) -> bool:
    """Whether a node's screen is not being taken down, by itself or with the app.

    A screen leaves the stack before it loses its parts, unless the app ends: then it stays there meanwhile,
    and the app is not running any more.
    """
    return node.app.is_running and node.is_attached and node.screen in node.app.screen_stack
