"""Every key that the app, its screens and its widgets declare."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode

PACKAGE = "mtui.tui."


def declared_bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    """The bindings of each class of mtui that is imported by now, with the class."""
    for owner in _subclasses(DOMNode):
        if owner.__module__.startswith(PACKAGE):
            for binding in owner.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.id:
                    yield owner, binding


def binding_ids() -> frozenset[str]:
    """The ids by which keys can be changed."""
    return frozenset(binding.id for _, binding in declared_bindings() if binding.id)


def _subclasses(parent: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)
