"""What depends on the kind of samples stands in tables; every table has every field; code has no branch on it."""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from ganops import config
from ganops.config import FeatureKind, FieldName, NetworkName, SourceKind
from ganops.data import encodings
from ganops.evaluation import external_samples, measures, paired
from ganops.extractors import embedding
from ganops.launch import launch
from ganops.registry import codecs
from ganops.reporting import model_card, views
from ganops.training import trainer

SOURCE = Path(__file__).parents[2] / "src" / "ganops"
FIELDS: tuple[str, ...] = get_args(FieldName)

# Every table by field, and every table of fields.
TABLES: dict[str, tuple[Mapping[Any, Any], Collection[str]]] = {
    "NOUNS": (config.NOUNS, FIELDS),
    "ENCODINGS": (encodings.ENCODINGS, FIELDS),
    "SPEC_SIZES": (launch.SPEC_SIZES, FIELDS),
    "_FIXED_COLUMNS": (trainer._FIXED_COLUMNS, FIELDS),
    "EMBEDDINGS": (embedding.EMBEDDINGS, FIELDS),
    "TARGET_METRICS": (paired.TARGET_METRICS, FIELDS),
    "MEASURES": (measures.MEASURES, FIELDS),
    "_READERS": (external_samples._READERS, FIELDS),
    "FIELD_VIEWS": (views.FIELD_VIEWS, FIELDS),
    "_WORDS": (model_card._WORDS, FIELDS),
    "CODECS": (codecs.CODECS, FIELDS),
    "SOURCE_FIELDS": (config.SOURCE_FIELDS, get_args(SourceKind)),
    "FEATURE_FIELDS": (config.FEATURE_FIELDS, get_args(FeatureKind)),
    "NETWORK_FIELDS": (config.NETWORK_FIELDS, get_args(NetworkName)),
}

# file → why it may compare a rank, or a word that is also a field's name.
ALLOWED = {
    "data/sources/arrays.py": "the axes of a user's array are found by its shape",
    "data/sources/idx.py": "an IDX file of one axis holds labels",
    "data/sources/npy.py": "the header of a user's file is checked",
    "data/sources/table.py": "a column of a user's table may be called image",
    "extractors/classifier.py": "a weight of one axis is a bias",
    "networks/layers.py": "a weight of one axis is a gain",
    "tensors.py": "a text is stored as a tensor of one axis",
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_complete(name: str) -> None:
    table, keys = TABLES[name]
    assert set(table) == set(keys)


def test_every_table_of_fields_is_listed() -> None:
    """By its annotation, at the top of a module."""
    found = {
        node.target.id
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_table(node.annotation)
    }
    assert found == set(TABLES)


def is_table(annotation: ast.expr) -> bool:
    text = ast.unparse(annotation)
    return text.startswith(("dict[FieldName,", "Mapping[FieldName,")) or text.endswith(
        (", FieldName]", ", FieldName | None]")
    )


def find_branches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comparison with the name of a field or of the number of a tensor's axes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            operands = [node.value]
        else:
            continue
        if any(is_field(operand) or is_rank(operand) for operand in operands):
            yield operands[0].lineno, ast.unparse(node)


def is_field(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(is_field, node.elts))
    return isinstance(node, ast.Constant) and node.value in FIELDS


def is_rank(node: ast.expr) -> bool:
    """Whether it is `x.ndim`, `x.dim()` or `len(x.shape)`."""
    text = ast.unparse(node)
    return text.endswith((".ndim", ".dim()")) or (text.startswith("len(") and text.endswith("shape)"))


@pytest.mark.parametrize(
    ("code", "branches"),
    [
        ("field == 'point'", 1),
        ("'image' in store.fields", 1),
        ("field in ('image', 'wave')", 1),
        ("match field:\n    case 'point':\n        pass", 1),
        ("samples.ndim == 2", 1),
        ("len(samples.shape) > 2", 1),
        ("samples.dim() != 4", 1),
        ("TABLE['image']; field == other; samples.ndim - 1", 0),
    ],
)
def test_branches_are_found(code: str, branches: int) -> None:
    assert len(list(find_branches(ast.parse(code)))) == branches


def test_no_code_branches_on_a_field_or_on_a_rank() -> None:
    branches = {
        path.relative_to(SOURCE).as_posix(): list(find_branches(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sorted(SOURCE.rglob("*.py"))
    }
    found = {name: lines for name, lines in branches.items() if lines}
    assert {name: lines for name, lines in found.items() if name not in ALLOWED} == {}
    assert found.keys() == ALLOWED.keys(), "the list names files without such a branch"
