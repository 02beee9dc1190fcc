"""A bundle as a logged model of the active run: the serving code, the package and the bundle in one folder."""

import base64
import hashlib
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from ganops.bundle import Bundle
from ganops.errors import RegistryError
from ganops.sampling import GenerationRequest

_PACKAGE = Path(__file__).resolve().parents[1]
# What loading and answering import; mlflow's own inference of it takes 4 s and adds what training imports.
_REQUIREMENTS = ("jaxtyping", "mlflow", "numpy", "pillow", "pydantic", "safetensors", "scipy", "torch")
_CHECKED = 3


def log_bundle(bundle: Bundle, largest_request: int) -> str:
    """Log the model to the active run; its URI. RegistryError where it does not give the bundle's own pictures."""
    from mlflow import pyfunc

    info = pyfunc.log_model(
        name="generator",
        python_model=_PACKAGE / "registry" / "serving_model.py",
        artifacts={"bundle": str(bundle.path.resolve())},
        code_paths=[str(_PACKAGE)],
        pip_requirements=pip_requirements(),
        model_config={"largest_request": largest_request},
        metadata={"weights_sha256": bundle.digest},
    )
    _compare(info.model_uri, bundle, GenerationRequest(n=min(_CHECKED, largest_request), seed=7))
    return info.model_uri


def pip_requirements() -> list[str]:
    """The installed versions, less the part that names a build (2.11.0+cpu), which no index has."""
    return [f"{name}=={version(name).partition('+')[0]}" for name in _REQUIREMENTS]


def package_digest() -> str:
    """sha256 of the package's sources: the code that a version carries."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _compare(model_uri: str, bundle: Bundle, request: GenerationRequest) -> None:
    from mlflow import pyfunc

    with _same_search_path():
        model = pyfunc.load_model(model_uri, suppress_warnings=True)
    answer = model.predict([request.model_dump()])[0]
    expected = bundle.generate(request).images
    equal = [_is_same(base64.b64decode(text), image.numpy()) for text, image in zip(answer, expected, strict=True)]
    if not all(equal):
        raise RegistryError(
            f"the model logged as {model_uri}",
            expected=f"the pictures of {bundle.path}, byte for byte",
            received=f"{equal.count(False)} of {len(equal)} that differ",
            remedy="It was not registered. Run again with one thread; report it if it stays.",
        )


def _is_same(png: bytes, image: UInt8[np.ndarray, "channels height width"]) -> bool:
    pixels = np.atleast_3d(np.asarray(Image.open(io.BytesIO(png))))
    return np.array_equal(pixels.transpose(2, 0, 1), image)


@contextmanager
def _same_search_path() -> Iterator[None]:
    # mlflow puts the model's code before everything else, for the rest of the process.
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before
