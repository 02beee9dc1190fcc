"""Snapshots: the EMA networks at several points of a training, for curves of the metrics over images seen."""

from collections.abc import Mapping
from pathlib import Path

from jaxtyping import Shaped
from safetensors.torch import save_file
from torch import Tensor, nn

from ganops.errors import CheckpointError
from ganops.files import atomic_write
from ganops.tensors import WrongTensors, parse_images_seen, read_tensors


class Snapshots:
    """Files in a folder beside the checkpoints, named after images seen and written atomically."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, images_seen: int, ema: Mapping[str, nn.Module]) -> None:
        """Write the weights and buffers of the EMA networks."""
        weights = {
            f"{name}/{key}": value.detach().to("cpu", copy=True).contiguous()
            for name, network in ema.items()
            for key, value in network.state_dict().items()
        }
        with atomic_write(self.folder / f"{images_seen:014d}.safetensors") as file:
            save_file(weights, file)

    def delete_after(self, images_seen: int) -> None:
        """Delete the later ones: a training that rolls back writes its own."""
        for path in self.folder.glob("*.safetensors"):
            if _images_seen(path) > images_seen:
                path.unlink(missing_ok=True)

    def load_all(self) -> dict[str, Shaped[Tensor, "..."]]:
        """Load all: `<images_seen>/<network>/<weight>` → tensor, the images as 14 digits.

        Raises:
            CheckpointError: a snapshot is damaged.
        """
        paths = sorted(self.folder.glob("*.safetensors"))
        return {f"{path.stem}/{name}": tensor for path in paths for name, tensor in _read(path).items()}


def _images_seen(path: Path) -> int:
    try:
        return parse_images_seen(path.stem)
    except WrongTensors as error:
        raise _unreadable(path, str(error)) from None


def _read(path: Path) -> dict[str, Tensor]:
    _images_seen(path)
    try:
        return read_tensors(path).tensors
    except WrongTensors as error:
        raise _unreadable(path, str(error)) from None


def _unreadable(path: Path, received: str) -> CheckpointError:
    return CheckpointError(
        str(path),
        expected="a whole snapshot",
        received=received,
        remedy=f"Delete {path.parent.parent} to train from the start.",
    )
