"""Write the samples of a registered model, or of a bundle's folder, to a folder; no server is needed."""

import base64
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ganops.bundle import Bundle
from ganops.data.progress import Progress, no_progress
from ganops.data.sources.files import is_wanted, list_names
from ganops.errors import BundleError, RegistryError, RequestError
from ganops.files import atomic_write
from ganops.games.request import GenerationRequest
from ganops.registry.checksums import CHECKSUMS_TAG, describe, fetch_model, fetch_version, find_source
from ganops.registry.codecs import CODECS, find_facts
from ganops.registry.requests import answer, parse_request, read_conditions
from ganops.registry.versions import WEIGHTS_TAG, ModelAddress, find_version

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

logger = logging.getLogger(__name__)
_MOST_COVERED = 0.5


def generate_to_folder(uri: str, values: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write pictures as `<seed>_<index>[_<class>].png`, clips as .wav, points as `points.csv`, text as `lines.txt`.

    Equal requests write equal bytes.

    Args:
        uri: models:/NAME@ALIAS, models:/NAME/VERSION, or the path of a bundle.
        values: of the request, in the game's form.
        folder: created if missing. A file of the same name with another content is never overwritten.

    Raises:
        RegistryError: the model is not registered; the message lists what is.
        RequestError: there is no such class, or the folder holds other files of these names.
    """
    bundle = load_bundle(uri)
    request = parse_request(bundle, values)
    files = CODECS[bundle.game.generates].to_files(answer(bundle, request, tiles=True), request, find_facts(bundle))
    return _write({folder / name: content for name, content in files.items()})


def generate_from_folders(
    uri: str, values: Mapping[str, Any], inputs: Mapping[str, Path], folder: Path, progress: Progress = no_progress
) -> list[Path]:
    """Answer one request for each PNG file of a folder; the answer has the file's name, or `<name>_<index>` of several.

    The seed grows by one with each file, in the order of the names. All files are checked before the first answer.

    Args:
        uri: as `generate_to_folder`.
        values: of every request, without `inputs`.
        inputs: field of the request → the folder of its files. Where there are two, equal names belong together.
        folder: created if missing, as `generate_to_folder` writes to it. Files are written one after the other.
        progress: wraps the names.

    Raises:
        RequestError: a folder with other files, folders whose names do not match, or a file that the game refuses; the
            message names it.
    """
    names, bundle = _match_names(inputs), load_bundle(uri)
    first = parse_request(bundle, {**values, **_read(inputs, names[0])}).seed

    def parse(number: int) -> GenerationRequest:
        request = parse_request(bundle, {**values, **_read(inputs, names[number]), "seed": first + number})
        try:
            read_conditions(bundle, request, tiles=True)
        except RequestError as error:
            raise RequestError(
                f"{names[number]}: {error.subject}",
                expected=error.expected,
                received=error.received,
                remedy=error.remedy,
            ) from None
        return request

    covered = [read_conditions(bundle, parse(number), tiles=True).get("mask") for number in range(len(names))]
    _warn_of_polarity([float(mask.mean()) for mask in covered if mask is not None])
    written = []
    for number, name in enumerate(progress(names, len(names))):
        request = parse(number)
        samples, facts = answer(bundle, request, tiles=True), find_facts(bundle)
        contents = list(CODECS[bundle.game.generates].to_files(samples, request, facts).values())
        names_of_answer = [name] if request.n == 1 else [f"{Path(name).stem}_{index}.png" for index in range(request.n)]
        written += _write({folder / one: content for one, content in zip(names_of_answer, contents, strict=True)})
    return written


def _warn_of_polarity(shares: list[float]) -> None:
    """Warn where masks cover more than half of the pictures: white may be what is known."""
    mean = sum(shares) / max(len(shares), 1)
    if mean > _MOST_COVERED:
        logger.warning("The masks cover %.0f %% of a picture on average. White is filled, black is kept.", 100 * mean)


def _match_names(inputs: Mapping[str, Path]) -> list[str]:
    """Return the names of the files of the folders, sorted; RequestError where one folder lacks a file."""
    names = {field: _list_png_files(folder) for field, folder in inputs.items()}
    for field, folder in inputs.items():
        missing = sorted(set().union(*names.values()) - names[field])
        if missing:
            raise RequestError(
                str(folder),
                expected="a file for each of the other folder",
                received=f"no {list_names(missing)}",
                remedy=f"Files of equal names belong together. Put those of `{field}` there.",
            )
    return sorted(next(iter(names.values())))


def _list_png_files(folder: Path) -> set[str]:
    """Return the names of the files of a folder, without hidden ones; RequestError unless all are PNG files."""
    found = sorted(path.name for path in folder.iterdir() if is_wanted(path.name))
    others = [name for name in found if not name.lower().endswith(".png") or not (folder / name).is_file()]
    if others or not found:
        raise RequestError(
            str(folder),
            expected="PNG files alone",
            received=list_names(others) if others else "none",
            remedy="Put the pictures there as PNG files, without sub-folders.",
        )
    return set(found)


def _read(inputs: Mapping[str, Path], name: str) -> dict[str, str]:
    return {field: base64.b64encode((folder / name).read_bytes()).decode() for field, folder in inputs.items()}


def _write(written: dict[Path, bytes]) -> list[Path]:
    _refuse_to_overwrite(written)
    for path, content in written.items():
        with atomic_write(path) as file:
            file.write_bytes(content)
    return list(written)


def load_bundle(uri: str) -> Bundle:
    """Load a bundle from a folder, or from a version at models:/…, whose files are checked; none of its code is run.

    Raises:
        RegistryError: there is no such version, or its files or weights are not those that were registered.
    """
    if not uri.startswith("models:/"):
        return Bundle.load(Path(uri))
    address = ModelAddress.parse(uri)
    from mlflow import MlflowClient

    client = MlflowClient()
    version = find_version(client, address)
    with _fetch(client, version) as folder:
        bundle = _load(version, _find_bundle(version, folder))
    if bundle.digest != version.tags.get(WEIGHTS_TAG):
        raise _make_mismatch_error(version, f"weights with the sha256 {bundle.digest}")
    return bundle


def _load(version: "ModelVersion", path: Path) -> Bundle:
    try:
        return Bundle.load(path)
    except BundleError as error:
        raise RegistryError(
            f"The bundle of {describe(version)} cannot be read: {error.problem.removeprefix(f'{path}/')}",
            remedy="Another version of the package wrote it. Train and register again: `kedro run`, with its --env.",
        ) from None


def _fetch(client: "MlflowClient", version: "ModelVersion") -> AbstractContextManager[Path]:
    """Fetch the files of the version, and check them if it has checksums; an older one has none."""
    if CHECKSUMS_TAG in version.tags:
        return fetch_version(client, version)
    logger.warning("%s has no checksums of its files; only its weights are checked.", describe(version))
    return fetch_model(describe(version), find_source(client, version))


def _find_bundle(version: "ModelVersion", folder: Path) -> Path:
    from mlflow.models.model import MLMODEL_FILE_NAME

    try:
        # Not Model.load, which reads a path with `%` or `#` as an address.
        description = yaml.safe_load((folder / MLMODEL_FILE_NAME).read_text(encoding="utf-8"))
        path = folder / description["flavors"]["python_function"]["artifacts"]["bundle"]["path"]
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise _make_mismatch_error(version, f"an MLmodel that names no bundle ({error})") from None
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _make_mismatch_error(version, f"an MLmodel whose bundle lies outside the version, at {path}")
    return path


def _make_mismatch_error(version: "ModelVersion", received: str) -> RegistryError:
    return RegistryError(
        describe(version),
        expected=f"the bundle of its tag {WEIGHTS_TAG}",
        received=received,
        remedy="Choose another version, or register the bundle again with `kedro run --pipelines registration`.",
    )


def _refuse_to_overwrite(written: dict[Path, bytes]) -> None:
    for path, content in written.items():
        if path.exists() and path.read_bytes() != content:
            raise RequestError(
                str(path),
                expected="no file, or the same samples from an earlier call",
                received="other samples under that name",
                remedy="Choose another folder with --to, or another seed.",
            )
