"""What Textual leaves to be done: keys that come faster than they are handled, the palette's entries."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial

from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.events import Event, Key, Paste
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker

from mtui.tui.leaving import LeavingDriver

OPENING_POLL_S = 0.01
PATIENCE_S = 1.0
"""So long one key may hold up the next: whatever hangs, ``ctrl+q`` comes through."""


class PatientApp(App[int]):
    """An app that takes one key after the other; a slow link delivers them in bursts.

    Textual gives a key to whatever has the focus when it arrives. While the key before it is still on its way
    to what moves the focus or opens a screen, that is the wrong place.
    """

    def __init__(self, *, ansi_color: bool) -> None:
        super().__init__(driver_class=LeavingDriver, ansi_color=ansi_color)
        self._typed_ahead: deque[Key | Paste] = deque()
        self._key_is_at_work = False

    async def on_event(self, event: Event) -> None:
        """Keep what is typed until its turn comes."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self._typed_ahead.append(event)
            await self._give_typed_ahead()
        else:
            await super().on_event(event)

    async def _give_typed_ahead(self) -> None:
        """Give what was typed to what has the focus, up to a key that may change that."""
        while self._typed_ahead and self.is_running and not self._key_is_at_work:
            target = self.focused or self.screen
            way = list(target.ancestors_with_self)
            if not self._opens_screen:
                event = self._typed_ahead.popleft()
                await super().on_event(event)
                if isinstance(target, Input) and (isinstance(event, Paste) or event.is_printable):
                    continue
            self._key_is_at_work = True
            _: Worker[None] = self.run_worker(partial(self._await_handling, way), group="keys")

    async def _await_handling(self, way: Sequence[DOMNode]) -> None:
        """Wait until a key has gone its way, from a widget up to the app; then it is the next one's turn."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not await self._have_handled(way):
                    pass
                while self._opens_screen:
                    await asyncio.sleep(OPENING_POLL_S)
        self._key_is_at_work = False
        await self._give_typed_ahead()

    async def _have_handled(self, way: Sequence[DOMNode]) -> bool:
        """Wait until each node has handled what it was given; whether nothing was given to it meanwhile."""
        was_quiet = True
        # An answer to a screen that was closed goes to the one that is seen now.
        for node in (*way, *self.screen_stack[-1:]):
            handled = asyncio.Event()
            if self._is_seen(node) and node.call_later(handled.set):
                await handled.wait()
                was_quiet = was_quiet and node.message_queue_size == 0
        return was_quiet

    def _is_seen(self, node: DOMNode) -> bool:
        """Whether a node is on the screen that is on top, or the app.

        Textual draws the whole window again when a covered screen has anything to do.
        """
        return node is self or (node.is_attached and node.screen in self.screen_stack[-1:])

    @property
    def _opens_screen(self) -> bool:
        return any(screen.stack_updates == 0 for screen in self.screen_stack[-1:])

    def _print_error_renderables(self) -> None:
        """Nothing: a fault is raised again when the terminal is restored, and reported in a file."""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette has the entries that the keys have."""
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.description and active.enabled and not binding.system:
                display = self.get_key_display(binding)

                async def run(action: str = binding.action, node: object = active.node) -> None:
                    await self.run_action(action, node)  # type: ignore[arg-type]

                yield SystemCommand(binding.description, f"key {display}", run)
