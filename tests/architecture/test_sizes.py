"""Nothing grows beyond what one can read at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "mtui"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
MOST_METHODS = 15
LONGEST_APP = 150
MODULES = sorted(PACKAGE.rglob("*.py"))


def nodes(path: Path, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_functions_and_classes_are_small(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= (LONGEST_APP if path == PACKAGE / "tui" / "app.py" else LONGEST_MODULE)
    for node in nodes(path, ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        assert node.end_lineno is not None
        assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, node.name
    for node in nodes(path, ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert len(methods) <= MOST_METHODS, node.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_and_public_thing_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    public = (
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
    )
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_error_is_swallowed(path: Path) -> None:
    for node in nodes(path, ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        assert node.type is not None, f"bare except in line {node.lineno}"
        names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
        broad = names & {"Exception", "BaseException"}
        passed = all(isinstance(item, ast.Pass) for item in node.body)
        assert not (broad and passed), f"an error is swallowed in line {node.lineno}"
