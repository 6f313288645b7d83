"""Every action has a key, and every key is told in the footer or in the help."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from mtui.tui.app import MtuiApp
from mtui.tui.bindings import PACKAGE, declared_bindings
from mtui.tui.screens.help import described_keys
from mtui.tui.widgets.bars import KeyLine
from tests.tui.conftest import running, wait_for, wait_for_text

KEPT_BY_TERMINALS = {
    *("ctrl+a", "ctrl+b"),  # prefixes of screen and tmux
    *("ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"),  # backspace, tab, newline, enter
    *("f10", "f11"),
}
EDITING = {"ctrl+e", "ctrl+w", "ctrl+u", "ctrl+k", "ctrl+d", "ctrl+x", "ctrl+c", "ctrl+v"}
KNOWN_TO_ALL = {"tab", "shift+tab", "ctrl+q", "ctrl+c", "ctrl+p"}


def all_bindings() -> list[tuple[type[DOMNode], Binding]]:
    return list(declared_bindings())


def test_every_binding_has_an_id_of_its_own_and_words() -> None:
    declared = all_bindings()
    assert len(declared) > 60
    without_id = [
        (owner.__name__, binding)
        for owner in {owner for owner, _ in declared}
        for binding in owner.__dict__.get("BINDINGS", ())
        if not isinstance(binding, Binding) or not binding.id
    ]
    own = [entry for entry in without_id if getattr(entry[1], "action", "") not in textual_actions()]
    assert not own
    places: dict[str, set[str]] = {}
    for _, binding in declared:
        assert binding.id and binding.description
        places.setdefault(binding.id, set()).add(binding.action)
    assert not {id: actions for id, actions in places.items() if len(actions) > 1}


def textual_actions() -> set[str]:
    """Actions of the bindings that mtui's fields take over from Textual's input."""
    from textual.widgets import Input

    return {binding.action for binding in Input.BINDINGS if isinstance(binding, Binding)}


def test_no_key_is_one_that_terminals_keep_or_fields_edit_with() -> None:
    for owner, binding in all_bindings():
        keys = {key.strip() for key in binding.key.split(",")}
        assert not keys & KEPT_BY_TERMINALS, (owner, binding)
        assert not any(key.startswith("alt+") for key in keys)
        is_list = "list" in (binding.id or "") or "log" in (binding.id or "")
        assert is_list or not keys & EDITING, (owner, binding)


def test_every_action_has_a_key() -> None:
    bound = {binding.action.partition("(")[0].removeprefix("app.") for _, binding in all_bindings()}
    actions = {
        name.removeprefix("action_")
        for owner in {owner for owner, _ in all_bindings()} | {MtuiApp}
        for name, function in vars(owner).items()
        if name.startswith("action_") and inspect.isfunction(function)
    }
    assert actions and not actions - bound, actions - bound


def told(screen: Screen[object]) -> set[str]:
    """The keys in the help of a screen and of the widget with the focus."""
    return {key for names, _ in described_keys(screen).values() for key in names}


def walk_focus(screen: Screen[object]) -> Iterator[Widget]:
    for widget in screen.focus_chain:
        screen.set_focus(widget)
        yield widget


PATHS = {
    "home": (),
    "operations": ("enter",),
    "intersect": ("enter", "i"),
    "intersect more": ("enter", "i", "f8"),
    "known versions": ("enter", "i", "f7"),
    "export": ("enter", "e"),
    "export more": ("enter", "e", "f8"),
    "versions": ("enter", "v"),
    "sources": ("s",),
    "jobs": ("J",),
    "messages": ("L",),
    "open": ("o",),
    "help": ("question_mark",),
}


async def go(pilot: Pilot[int], keys: tuple[str, ...]) -> None:
    for key in keys:
        before = pilot.app.screen
        await pilot.press(key)
        await wait_for(pilot, lambda before=before: pilot.app.screen is not before)  # type: ignore[misc]
        await pilot.pause()


@pytest.mark.parametrize("name", PATHS)
async def test_every_key_that_works_is_told(population: Path, name: str) -> None:
    async with running(population) as pilot:
        await wait_for_text(pilot, "> apoferritin              120")
        await go(pilot, PATHS[name])
        screen = pilot.app.screen
        assert screen.query(KeyLine), "every screen has a line of keys"
        for widget in walk_focus(screen):
            await pilot.pause()
            known = told(screen)
            for active in screen.active_bindings.values():
                binding = active.binding
                if not type(active.node).__module__.startswith(PACKAGE) or not active.enabled:
                    continue
                if binding.key in KNOWN_TO_ALL or not binding.id:
                    continue
                from mtui.tui.keys import is_typed, key_name

                if getattr(widget, "cursor_blink", None) is not None and is_typed(binding.key):
                    continue
                assert key_name(binding.key) in known, (name, widget, binding)
