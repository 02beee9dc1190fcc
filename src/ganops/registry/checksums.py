"""Record and check the sha256 of the files of a registered version in the artifact store.

The tag of a version holds the digest of a list of checksums, one line per file, in the format of `sha256sum`. The list
is an artifact of the run that registered the version: it names the files that differ, and is checked by its digest.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ganops.data.sources.files import list_names
from ganops.errors import RegistryError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHECKSUMS_TAG = "artifacts_sha256"
_FOLDER = "checksums"
_REGISTER_AGAIN = "Register its bundle as a new version: `kedro run --pipelines registration`, with its --env."
# MLflow writes the first, Python the second, into a local store when a version is loaded from there.
_WRITTEN_BY_LOADING = ("registered_model_meta", "__pycache__")


def list_checksums(folder: Path) -> dict[str, str]:
    """Return path → sha256 of every file below a folder; a line break in a path is escaped."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {_escape(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def record_checksums(client: "MlflowClient", run_id: str, checksums: Mapping[str, str]) -> str:
    """Log the list to a run, and return its digest."""
    text = _format(checksums)
    digest = _digest(text)
    client.log_text(run_id, text, f"{_FOLDER}/{digest}.txt")
    return digest


@contextmanager
def fetch_model(subject: str, source: str) -> Iterator[Path]:
    """Copy a model's files from the artifact store to a private folder, deleted at the end.

    So the checked files are the loaded ones, even if the store changes meanwhile.

    Args:
        subject: the model, as an error names it.
        source: address of its files.

    Raises:
        RegistryError: the files cannot be fetched, or are links or special files.
    """
    with tempfile.TemporaryDirectory(prefix="ganops-") as parent:
        yield _download(subject, source, Path(parent))


@contextmanager
def fetch_version(client: "MlflowClient", version: "ModelVersion") -> Iterator[Path]:
    """Copy a version's files as `fetch_model` does, and check them before any is loaded.

    Raises:
        RegistryError: the files are not those that were registered, or the version is older than the tag of digests.
    """
    with fetch_model(describe(version), find_source(client, version)) as folder:
        _check(client, version, list_checksums(folder))
        yield folder


def describe(version: "ModelVersion") -> str:
    """Name a version as an error names it."""
    return f"{version.name} version {version.version}"


def find_source(client: "MlflowClient", version: "ModelVersion") -> str:
    """Return the address of a version's files."""
    return client.get_model_version_download_uri(version.name, version.version)


def _download(subject: str, source: str, parent: Path) -> Path:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    try:
        _check_no_links(subject, source)
        folder = Path(download_artifacts(source, dst_path=str(parent)))
    except (MlflowException, OSError) as error:
        raise RegistryError(
            subject, expected="its files in the artifact store", received=str(error), remedy=_REGISTER_AGAIN
        ) from None
    _delete_written_by_loading(folder)
    return folder


def _check_no_links(subject: str, source: str) -> None:
    from mlflow.utils.file_utils import local_file_uri_to_path
    from mlflow.utils.uri import is_local_uri

    if not is_local_uri(source):
        return
    for path in Path(local_file_uri_to_path(source)).rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RegistryError(
                subject,
                expected="plain files and folders",
                received=f"{path}, a link or a special file",
                remedy=_REGISTER_AGAIN,
            )


def _delete_written_by_loading(folder: Path) -> None:
    written = folder / _WRITTEN_BY_LOADING[0]
    if written.is_file():  # no program of ours writes a folder of this name: it stays, and is reported
        written.unlink()
    for cache in [path for path in folder.rglob(_WRITTEN_BY_LOADING[1]) if path.is_dir()]:
        shutil.rmtree(cache)


def _check(client: "MlflowClient", version: "ModelVersion", found: Mapping[str, str]) -> None:
    digest = version.tags.get(CHECKSUMS_TAG)
    if digest is None:
        raise RegistryError(
            describe(version),
            expected=f"the tag {CHECKSUMS_TAG}",
            received="a version without it, registered by an older version of the package",
            remedy=_REGISTER_AGAIN,
        )
    if _digest(_format(found)) != digest:
        raise RegistryError(
            describe(version),
            expected="the files that were registered",
            received=_compare(_read_registered(client, version, digest), found),
            remedy=f"None of its code was run. {_REGISTER_AGAIN}",
        )


def _read_registered(client: "MlflowClient", version: "ModelVersion", digest: str) -> Mapping[str, str] | None:
    """Return the registered list; None where it is missing or has another digest than the tag."""
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory(prefix="ganops-") as folder:
        try:
            text = Path(client.download_artifacts(version.run_id or "", f"{_FOLDER}/{digest}.txt", folder)).read_text(
                encoding="utf-8"
            )
        except (MlflowException, OSError, UnicodeDecodeError):
            return None
    if _digest(text) != digest:
        return None
    return {name: checksum for checksum, _, name in (line.partition("  ") for line in text.splitlines())}


def _compare(registered: Mapping[str, str] | None, found: Mapping[str, str]) -> str:
    if registered is None:
        return "other files (their names are unknown: the run lacks the list of checksums)"
    kinds = {
        "changed": [name for name in found if name in registered and found[name] != registered[name]],
        "added": [name for name in found if name not in registered],
        "missing": [name for name in registered if name not in found],
    }
    return "; ".join(f"{kind}: {list_names(names)}" for kind, names in kinds.items() if names)


def _escape(path: Path) -> str:
    return path.as_posix().encode("unicode_escape").decode("ascii")


def _format(checksums: Mapping[str, str]) -> str:
    return "".join(f"{checksums[name]}  {name}\n" for name in sorted(checksums))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
