"""LPIPS (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", equation 1).

Version 0.1, with AlexNet. The authors' weights of the heads and the trunk of torchvision are read from files that the
user names; neither is a dependency. The digest is that of both, so that other files are another protocol.
"""

import hashlib
import io
import pickle
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ganops.errors import MetricError
from ganops.extractors.perceptual import enlarge, unit

# The channels of the maps after each ReLU, the layer behind it, and the mean and the scale of colours in [−1, 1].
_CHANNELS, _ENDS = (64, 192, 384, 256, 256), (2, 5, 8, 10, 12)
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_CHUNK = 16


class Lpips:
    """The distance of pairs of pictures, at least 0; pictures below 64 pixels are enlarged first.

    Attributes:
        digest: sha256 of both files.
    """

    def __init__(self, trunk: dict[str, Tensor], heads: dict[str, Tensor], digest: str) -> None:
        self.digest = digest
        body = build_trunk()
        body.load_state_dict(trunk)
        body.eval().requires_grad_(False)
        starts = (0, *_ENDS)
        self._levels = [body[start:end] for start, end in zip(starts, _ENDS, strict=False)]
        self._weights = [heads[_head(level)] for level in range(len(_CHANNELS))]

    def __call__(
        self, samples: UInt8[Tensor, "n channels height width"], targets: UInt8[Tensor, "n channels height width"]
    ) -> Float[Tensor, " n"]:
        """Return the distance of each pair."""
        with torch.inference_mode():
            pairs = zip(samples.split(_CHUNK), targets.split(_CHUNK), strict=True)
            return torch.cat([self._measure(one, other) for one, other in pairs])

    def _measure(self, samples: Tensor, targets: Tensor) -> Tensor:
        ours, theirs = _normalise(enlarge(samples)), _normalise(enlarge(targets))
        distance = torch.zeros(len(samples))
        for level, weights in zip(self._levels, self._weights, strict=True):
            ours, theirs = level(ours), level(theirs)
            distance += F.conv2d((unit(ours) - unit(theirs)).square(), weights).mean((1, 2, 3))
        return distance


def read_lpips(trunk: Path, heads: Path) -> Lpips:
    """Read the two files; no code in them is run.

    Args:
        trunk: of AlexNet, as torchvision publishes it (alexnet-owt-7be5be79.pth).
        heads: as the authors publish them (v0.1/alex.pth of the package lpips).

    Raises:
        MetricError: a file is missing, or holds something else.
    """
    of_trunk = {f"features.{name}": values.shape for name, values in build_trunk().state_dict().items()}
    of_heads = {_head(level): torch.Size((1, width, 1, 1)) for level, width in enumerate(_CHANNELS)}
    found, first = _read("lpips_trunk", trunk, of_trunk)
    weights, second = _read("lpips_heads", heads, of_heads)
    digest = hashlib.sha256(f"{first} {second}".encode()).hexdigest()
    return Lpips({name.removeprefix("features."): found[name] for name in of_trunk}, weights, digest)


def build_trunk() -> nn.Sequential:
    """Build the convolutions of AlexNet (Krizhevsky 2014, torchvision's), without their weights."""
    from torchvision.models import AlexNet

    with torch.device("meta"):
        body = AlexNet().features
    assert isinstance(body, nn.Sequential)
    return body.to_empty(device="cpu")


def _head(level: int) -> str:
    return f"lin{level}.model.1.weight"


def _normalise(levels: Float[Tensor, "n 3 height width"]) -> Float[Tensor, "n 3 height width"]:
    shift, scale = (torch.tensor(values)[:, None, None] for values in (_SHIFT, _SCALE))
    return (levels / 127.5 - 1 - shift) / scale


_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    pickle.UnpicklingError,
)


def _read(key: str, path: Path, shapes: dict[str, torch.Size]) -> tuple[dict[str, Tensor], str]:
    """Return the named tensors of a file, and its sha256."""
    try:
        content = path.read_bytes()
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        for name, shape in shapes.items():
            if found[name].shape != shape or not found[name].is_floating_point() or not found[name].isfinite().all():
                raise ValueError(f"{name} of shape {tuple(found[name].shape)}, or no finite real numbers")
    except _DAMAGED as error:
        raise MetricError(
            f"evaluation.{key}, {path}",
            expected=f"a file of PyTorch with {next(iter(shapes))} and {len(shapes) - 1} more tensors",
            received=f"{type(error).__name__}: {' '.join(str(error).split()):.200}",
            remedy="Name alexnet-owt-7be5be79.pth of torchvision as evaluation.lpips_trunk and v0.1/alex.pth of the "
            "package lpips as evaluation.lpips_heads, or leave both null.",
        ) from None
    return {name: found[name].float() for name in shapes}, hashlib.sha256(content).hexdigest()
