"""What Textual's app leaves to be done: keys that arrive while a screen opens, the palette's entries."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from textual.app import App, SystemCommand
from textual.events import Event, Key
from textual.screen import Screen
from textual.widgets import Input

OPENING_POLL_S = 0.01


class PatientApp(App[int]):
    """An app that loses no key; a slow link delivers them in bursts."""

    def __init__(self, *, ansi_color: bool) -> None:
        super().__init__(ansi_color=ansi_color)
        self._typed_ahead: deque[Key] = deque()

    async def on_event(self, event: Event) -> None:
        """Keep the keys that arrive while a screen opens, and give them to it in their order.

        Textual hands them to the screen until it has put the focus somewhere, and from then on to the field,
        so that a key which came later could be first.
        """
        if isinstance(event, Key) and not event.is_forwarded and (self._typed_ahead or self._opens_screen):
            self._typed_ahead.append(event)
            if len(self._typed_ahead) == 1:
                self.set_timer(OPENING_POLL_S, self._give_typed_ahead)
        else:
            await super().on_event(event)

    @property
    def _opens_screen(self) -> bool:
        return self.screen.stack_updates == 0

    async def _give_typed_ahead(self) -> None:
        while self._typed_ahead and not self._opens_screen:
            await super().on_event(self._typed_ahead.popleft())
        if self._typed_ahead:
            self.set_timer(OPENING_POLL_S, self._give_typed_ahead)

    def on_key(self, event: Key) -> None:
        """Give a field what was typed before it had the focus."""
        if isinstance(self.focused, Input) and event.is_printable:
            event.prevent_default()
            self.focused.post_message(Key(event.key, event.character))

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
