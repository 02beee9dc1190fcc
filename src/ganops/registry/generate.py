"""A registered model, or a bundle's folder, → pictures in a folder; no server."""

from pathlib import Path

from ganops.bundle import Bundle
from ganops.errors import RequestError
from ganops.files import whole_file
from ganops.registry.png import encode_png
from ganops.registry.versions import ModelAddress, find_version
from ganops.sampling import GenerationRequest, Samples


def generate_to_folder(uri: str, request: GenerationRequest, folder: Path) -> list[Path]:
    """Write `<seed>_<index>[_<class>].png` files; the same request writes the same bytes.

    Args:
        uri: models:/NAME@ALIAS, models:/NAME/VERSION, or the path of a bundle.
        request: what to make.
        folder: made if missing. A file of the same name that holds another picture is never overwritten.

    Raises:
        RegistryError: the model is not registered; it says what is.
        RequestError: no such class, or the folder holds other pictures under these names.
    """
    samples = load_bundle(uri).generate(request)
    pictures = dict(zip(_paths(samples, request, folder), map(encode_png, samples.values), strict=True))
    _refuse_to_overwrite(pictures)
    for path, content in pictures.items():
        with whole_file(path) as file:
            file.write_bytes(content)
    return list(pictures)


def load_bundle(uri: str) -> Bundle:
    """The bundle at models:/… (fetched from the store's artifacts), or in a folder."""
    if not uri.startswith("models:/"):
        return Bundle.load(Path(uri))
    address = ModelAddress.parse(uri)
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.models import Model

    version = find_version(MlflowClient(), address)
    folder = Path(download_artifacts(f"models:/{version.name}/{version.version}"))
    artifacts = Model.load(str(folder)).flavors["python_function"]["artifacts"]
    return Bundle.load(folder / artifacts["bundle"]["path"])


def _paths(samples: Samples, request: GenerationRequest, folder: Path) -> list[Path]:
    labels = [""] * request.n if samples.labels is None else [f"_{label}" for label in samples.labels.tolist()]
    return [folder / f"{request.seed}_{index:04d}{label}.png" for index, label in enumerate(labels)]


def _refuse_to_overwrite(pictures: dict[Path, bytes]) -> None:
    for path, content in pictures.items():
        if path.exists() and path.read_bytes() != content:
            raise RequestError(
                str(path),
                expected="no file, or the same picture from an earlier call",
                received="another picture of that name",
                remedy="Choose another folder with --to, or another seed.",
            )
