"""Which source files a module can reach by its imports, read from the text: nothing is imported.

Imports inside functions count, because heavy libraries and the domain are imported there; those below
`if TYPE_CHECKING:` do not, because they never run. Names that are computed while the program runs
(`importlib.import_module(variable)`) cannot be seen.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from ganops.errors import StageError


def reached_files(starts: Iterable[str], source: Path, hidden: frozenset[str] = frozenset()) -> set[Path]:
    """The files of the modules `starts` and of everything of their own packages that they import, transitively.

    Args:
        starts: dotted module names below `source`, e.g. "ganops.pipelines.training.nodes".
        source: the folder that holds the top-level packages.
        hidden: dotted packages that are not entered.

    Returns:
        Absolute or relative paths as `source` is. The `__init__.py` of a package on the way is among them when it has
        content, since importing a module runs it.

    Raises:
        StageError: a start has no file.
    """
    waiting, found = [_file_of_start(name, source) for name in starts], set[Path]()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [_file(name, source) for name in _imports(path, source) if not _within(name, hidden)]
    return {path for path in found if path.name != "__init__.py" or path.stat().st_size}


def _file_of_start(name: str, source: Path) -> Path:
    if not _exists(name, source):
        raise StageError(
            name,
            expected=f"a module below {source}",
            received="none",
            remedy="Define node functions and datasets in modules of the package, not in notebooks or __main__.",
        )
    return _file(name, source)


def _imports(path: Path, source: Path) -> Iterator[str]:
    """Dotted names of modules below `source` that the file imports, and the packages that hold them."""
    here = list(path.relative_to(source).with_suffix("").parts)
    for node in _running(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        for name in _named(node, here):
            parts = name.split(".")
            candidates = (".".join(parts[: depth + 1]) for depth in range(len(parts)))
            yield from (candidate for candidate in candidates if _exists(candidate, source))


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it, less what only a type checker reads."""
    yield node
    below = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        below = iter(node.orelse)
    for child in below:
        yield from _running(child)


def _named(node: ast.AST, here: list[str]) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = [*here[: len(here) - level], *([module] if module else [])] if level else [str(module)]
            return [".".join([*base, alias.name]) for alias in names]
    return []


def _file(name: str, source: Path) -> Path:
    path = source.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(name: str, source: Path) -> bool:
    return _file(name, source).is_file()


def _within(name: str, packages: frozenset[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)
