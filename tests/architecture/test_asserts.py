"""No assert has a side effect: `python -O` removes them."""

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ganops"
FILES = sorted(SOURCE.rglob("*.py"))
# Functions without side effects, which an assert may call.
PURE = {"all", "any", "isinstance", "len", "set", "sorted", "sum", "tuple", "type", "values", "keys", "items"}


def find_cached_properties(trees: list[ast.Module]) -> set[str]:
    """Return the names of cached properties: their first access has a side effect."""
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {f.name for f in functions if "cached_property" in map(ast.unparse, f.decorator_list)}


def find_effects(tree: ast.Module, computed: set[str]) -> Iterator[str]:
    """Yield asserts whose condition or message calls, awaits, assigns, or reads a cached property."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and any(_has_effect(part, computed) for part in ast.walk(node)):
            yield ast.unparse(node)


def _has_effect(part: ast.AST, computed: set[str]) -> bool:
    match part:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name not in PURE
        case ast.Attribute(attr=name):
            return name in computed
        case ast.Call() | ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return True
    return False


def test_no_assert_has_a_side_effect() -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    computed = find_cached_properties(list(trees.values()))
    assert len(computed) > 3
    found = {path.name: list(find_effects(tree, computed)) for path, tree in trees.items()}
    assert {name: asserts for name, asserts in found.items() if asserts} == {}


@pytest.mark.parametrize(
    "condition",
    ["self.prepared", "load()", "(x := 1)", "a.pop()", "len(load())", "f()()", "x, load()"],
)
def test_the_rule_finds_side_effects(condition: str) -> None:
    text = f"class A:\n    @cached_property\n    def prepared(self): ...\n\nassert {condition}\n"
    tree = ast.parse(text)
    assert len(list(find_effects(tree, find_cached_properties([tree])))) == 1
    assert (
        list(find_effects(ast.parse("assert isinstance(x, int) and len(x) > 2 and x.size, (x, 1)"), {"prepared"})) == []
    )


def test_what_the_probe_cannot_embed_stops_a_training_that_runs_without_asserts() -> None:
    program = """
        from types import SimpleNamespace
        import torch
        from ganops.training.probe import ProbeData, Probe
        from ganops.training.distributed import SINGLE_PROCESS
        game = SimpleNamespace(generates="image", represent=lambda samples: samples)
        settings = SimpleNamespace(sample=SimpleNamespace(classes=0))
        def embed(samples):
            raise ConnectionError("no weights")
        validation = SimpleNamespace(batch=lambda first, count: {"image": torch.zeros(count, 1, 8, 8)})
        Probe(game, settings, ProbeData(embed, validation, 8), SINGLE_PROCESS).warm_up()
    """
    command = [sys.executable, "-O", "-c", textwrap.dedent(program)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "ConnectionError: no weights" in ended.stderr
