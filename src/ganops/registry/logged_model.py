"""Log a bundle to the active run as an MLflow model: serving code, package and bundle in one folder."""

import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ganops.bundle import Bundle
from ganops.config import OwnGameSettings
from ganops.data.vocabulary import Vocabulary
from ganops.errors import RegistryError
from ganops.git import list_tracked
from ganops.registry.codecs import CODECS, find_facts
from ganops.registry.requests import answer, count_condition_bytes, make_example, parse_request

if TYPE_CHECKING:
    from mlflow.pyfunc import PyFuncModel

logger = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parents[1]
# The imports of loading and serving; MLflow's inference of them takes 4 s and adds those of training.
_REQUIREMENTS = ("jaxtyping", "mlflow", "numpy", "pillow", "pydantic", "safetensors", "scipy", "torch")
_CHECKED = 3


def log_bundle(bundle: Bundle, largest_request: int) -> str:
    """Log the model to the active run, and return its URI."""
    from mlflow import pyfunc

    with TemporaryDirectory(prefix="ganops-") as folder:
        code = copy_package(_PACKAGE, Path(folder))
        _require_own_game(bundle, code)
        info = pyfunc.log_model(
            name="generator",
            python_model=_PACKAGE / "registry" / "serving_model.py",
            artifacts={"bundle": bundle.path.resolve().as_uri()},
            code_paths=[str(code)],
            pip_requirements=pip_requirements(bundle.vocabulary),
            model_config={"largest_request": largest_request, "condition_bytes": count_condition_bytes(bundle)},
            metadata={"weights_sha256": bundle.digest},
        )
    return info.model_uri


def _require_own_game(bundle: Bundle, code: Path) -> None:
    """Raise RegistryError where the game is one of the user's own, and the copied code lacks it."""
    game = bundle.settings.game
    if not isinstance(game, OwnGameSettings):
        return
    folder = Path(*type(game).__module__.split(".")[1:-1])
    if not (code / folder / "game.py").is_file():
        raise RegistryError(
            f"src/{_PACKAGE.name}/{folder}",
            expected="files that git tracks, since a registered model holds these alone",
            received="others",
            remedy=f"git add src/{_PACKAGE.name}/{folder}, and run the pipeline registration again.",
        )


def copy_package(package: Path, folder: Path) -> Path:
    """Copy the Python files of a package that git tracks; all of them where git tracks none or fails.

    The other files of the source folder may be private.
    """
    present = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    tracked = {name for name in list_tracked(package) if name.endswith(".py")}
    if left_out := sorted(present - tracked) if tracked else []:
        logger.warning(
            "The model is logged without %s, which git does not track. "
            "If the model needs them, add them to git and register again.",
            ", ".join(left_out),
        )
    for name in sorted(present & tracked if tracked else present):
        (folder / package.name / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, folder / package.name / name)
    return folder / package.name


def find_differing_samples(model: Path, bundle: Bundle, largest_request: int) -> list[int]:
    """Return the indices of the first three samples that differ between a logged model and its bundle.

    The serving code and the bundle are those that were logged; `ganops` is that of this process.

    Args:
        model: the folder of its files. Their code is run: check them first.
        bundle: the origin of the model.
        largest_request: the most samples of one request.
    """
    example = make_example(bundle, min(_CHECKED, largest_request))
    response = _load(str(model)).predict([example])[0]
    expected = answer(bundle, parse_request(bundle, example)).values
    to_json = CODECS[bundle.game.generates].to_json
    pairs = zip(response, expected, strict=True)
    return [i for i, (value, sample) in enumerate(pairs) if value != to_json(sample, find_facts(bundle))]


def pip_requirements(vocabulary: Vocabulary | None) -> list[str]:
    """Return the installed versions, without the build (2.11.0+cpu), which no package index has.

    Args:
        vocabulary: of a generator of text, whose tokens may need a library.
    """
    names = (*_REQUIREMENTS, *(vocabulary.libraries if vocabulary else ()))
    return [f"{name}=={version(name).partition('+')[0]}" for name in names]


def _load(model_uri: str) -> "PyFuncModel":
    from mlflow import pyfunc

    with _restore_search_path():
        return pyfunc.load_model(model_uri, suppress_warnings=True)


@contextmanager
def _restore_search_path() -> Iterator[None]:
    # MLflow puts the code of the model first on the path, for the rest of the process.
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
