"""A registered model, or a bundle's folder, → samples in a folder; no server."""

from pathlib import Path

import yaml

from ganops.bundle import Bundle
from ganops.errors import RequestError
from ganops.files import whole_file
from ganops.registry.delivery import DELIVERIES
from ganops.registry.versions import ModelAddress, find_version
from ganops.sampling import GenerationRequest


def generate_to_folder(uri: str, request: GenerationRequest, folder: Path) -> list[Path]:
    """Write `<seed>_<index>[_<class>].png` files, of points one `points.csv`; the same request writes the same bytes.

    Args:
        uri: models:/NAME@ALIAS, models:/NAME/VERSION, or the path of a bundle.
        request: what to make.
        folder: made if missing. A file of the same name with another content is never overwritten.

    Raises:
        RegistryError: the model is not registered; it says what is.
        RequestError: no such class, or the folder holds something else under these names.
    """
    bundle = load_bundle(uri)
    files = DELIVERIES[bundle.settings.field].files(bundle.generate(request), request)
    written = {folder / name: content for name, content in files.items()}
    _refuse_to_overwrite(written)
    for path, content in written.items():
        with whole_file(path) as file:
            file.write_bytes(content)
    return list(written)


def load_bundle(uri: str) -> Bundle:
    """The bundle at models:/… (fetched from the store's artifacts), or in a folder."""
    if not uri.startswith("models:/"):
        return Bundle.load(Path(uri))
    address = ModelAddress.parse(uri)
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.models.model import MLMODEL_FILE_NAME

    version = find_version(MlflowClient(), address)
    folder = Path(download_artifacts(f"models:/{version.name}/{version.version}"))
    # Not Model.load, which reads a path with `%` or `#` as an address.
    description = yaml.safe_load((folder / MLMODEL_FILE_NAME).read_text(encoding="utf-8"))
    artifacts = description["flavors"]["python_function"]["artifacts"]
    return Bundle.load(folder / artifacts["bundle"]["path"])


def _refuse_to_overwrite(written: dict[Path, bytes]) -> None:
    for path, content in written.items():
        if path.exists() and path.read_bytes() != content:
            raise RequestError(
                str(path),
                expected="no file, or the same samples from an earlier call",
                received="other samples under that name",
                remedy="Choose another folder with --to, or another seed.",
            )
