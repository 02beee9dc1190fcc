"""A bundle as a logged model of the active run: the serving code, the package and the bundle in one folder."""

import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ganops.bundle import Bundle
from ganops.games.request import LatentRequest
from ganops.git import list_tracked
from ganops.registry.codecs import CODECS

if TYPE_CHECKING:
    from mlflow.pyfunc import PyFuncModel

_LOGGER = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parents[1]
# What loading and answering import; mlflow's own inference of it takes 4 s and adds what training imports.
_REQUIREMENTS = ("jaxtyping", "mlflow", "numpy", "pillow", "pydantic", "safetensors", "scipy", "torch")
_CHECKED = 3


def log_bundle(bundle: Bundle, largest_request: int) -> str:
    """Log the model to the active run; its URI."""
    from mlflow import pyfunc

    with TemporaryDirectory(prefix="ganops-") as folder:
        info = pyfunc.log_model(
            name="generator",
            python_model=_PACKAGE / "registry" / "serving_model.py",
            artifacts={"bundle": bundle.path.resolve().as_uri()},
            code_paths=[str(copy_package(_PACKAGE, Path(folder)))],
            pip_requirements=pip_requirements(),
            model_config={"largest_request": largest_request},
            metadata={"weights_sha256": bundle.digest},
        )
    return info.model_uri


def copy_package(package: Path, folder: Path) -> Path:
    """Copy the Python files of a package that git tracks; all of them where git tracks none or fails.

    Other files of the source folder, ignored or untracked, may be private.
    """
    present = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    tracked = {name for name in list_tracked(package) if name.endswith(".py")}
    if left_out := sorted(present - tracked) if tracked else []:
        _LOGGER.warning(
            "The model is logged without %s, which git does not track. "
            "If the model needs them, add them to git and register again.",
            ", ".join(left_out),
        )
    for name in sorted(present & tracked if tracked else present):
        (folder / package.name / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, folder / package.name / name)
    return folder / package.name


def differing_samples(model: Path, bundle: Bundle, largest_request: int) -> str:
    """Return which of a logged model's samples differ from the bundle's own: `2 of 3 samples differ`, or nothing.

    Its serving code and its bundle are those that were logged; `ganops` is imported already, and is this process's own.

    Args:
        model: the folder of its files. Their code is run: check them first.
        bundle: what it was logged from.
        largest_request: the most samples of one request.
    """
    request = LatentRequest(n=min(_CHECKED, largest_request), seed=7)
    answer = _load(str(model)).predict([request.model_dump()])[0]
    expected, read = bundle.generate(request).values, CODECS[bundle.settings.sample.field].read
    equal = [np.array_equal(read(one), sample.numpy()) for one, sample in zip(answer, expected, strict=True)]
    return "" if all(equal) else f"{equal.count(False)} of {len(equal)} samples differ"


def pip_requirements() -> list[str]:
    """The installed versions, less the part that names a build (2.11.0+cpu), which no index has."""
    return [f"{name}=={version(name).partition('+')[0]}" for name in _REQUIREMENTS]


def _load(model_uri: str) -> "PyFuncModel":
    from mlflow import pyfunc

    with _same_search_path():
        return pyfunc.load_model(model_uri, suppress_warnings=True)


@contextmanager
def _same_search_path() -> Iterator[None]:
    # mlflow puts the model's code before everything else, for the rest of the process.
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
