"""A trained generator as files: averaged weights (safetensors) and everything to use them (JSON).

weights.safetensors   `<network>/<weight>` of each network that generates
bundle.json           format, settings, classes and their frequencies, encodings, the schema of a request; the
                      fingerprint of the training and the digest of its store; the sha256 of weights.safetensors and
                      of the rest of bundle.json
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Shaped
from safetensors.torch import save_file
from torch import Tensor, nn

from ganops.bundle_description import (
    FORMAT,
    Description,
    class_number,
    encodings,
    read_description,
    request_schema,
    unusable,
)
from ganops.data.vocabulary import Vocabulary
from ganops.files import atomic_folder
from ganops.games.build import build_game
from ganops.games.game import Batch, Game
from ganops.games.request import GenerationRequest
from ganops.networks.build import build_network
from ganops.sampling import Sampler, Samples
from ganops.tensors import WrongTensors, decode_text, parse_images_seen, read_tensors, require_finite, require_like
from ganops.training_settings import Settings

_WEIGHTS, _DESCRIPTION = "weights.safetensors", "bundle.json"
_FINGERPRINT = "fingerprint"


@dataclass(frozen=True)
class BundleData:
    """The content of a bundle: the averaged networks that `Game.generate` needs, and their origin.

    Attributes:
        classes, class_frequencies: of the store's training split; empty for an unconditional generator.
        fingerprint: of the training (`training.checkpoint.fingerprint`).
        store_sha256: `Store.digest()` of the whole store that it was trained on.
        vocabulary: of the store; None where samples are no tokens.
    """

    settings: Settings
    networks: dict[str, nn.Module]
    classes: tuple[str, ...]
    class_frequencies: tuple[float, ...]
    fingerprint: str
    store_sha256: str
    vocabulary: Vocabulary | None = None

    def save(self, path: Path) -> None:
        """Write the folder whole or not at all; equal contents give equal bytes."""
        with atomic_folder(path) as folder:
            save_file(self._weights(), folder / _WEIGHTS)
            weights_sha256 = hashlib.sha256((folder / _WEIGHTS).read_bytes()).hexdigest()
            (folder / _DESCRIPTION).write_text(self._description(weights_sha256).text(), encoding="utf-8")

    def _weights(self) -> dict[str, Tensor]:
        return {
            f"{name}/{key}": value.detach().cpu().contiguous()
            for name, network in self.networks.items()
            for key, value in network.state_dict().items()
        }

    def _description(self, weights_sha256: str) -> Description:
        return Description(
            format=FORMAT,
            settings=self.settings,
            classes=self.classes,
            class_frequencies=self.class_frequencies,
            encodings=encodings(self.settings),
            request_schema=request_schema(self.settings),
            ganops_version=version("ganops"),
            fingerprint=self.fingerprint,
            store_sha256=self.store_sha256,
            weights_sha256=weights_sha256,
            vocabulary=self.vocabulary,
        )


@dataclass(frozen=True)
class Bundle:
    """A generator that answers requests."""

    path: Path
    settings: Settings
    classes: tuple[str, ...]
    digest: str
    """sha256 of the weights' file"""
    fingerprint: str
    """of its training"""
    store_sha256: str
    """digest of the whole store that it was trained on"""
    generator: Sampler
    vocabulary: Vocabulary | None = None
    """of the store; None where samples are no tokens"""

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> "Bundle":
        """Read a folder that BundleData.save wrote; anything else is a BundleError."""
        path = Path(path)
        description = read_description(path / _DESCRIPTION)
        settings = description.settings
        game = build_game(settings)
        weights = _read_weights(path / _WEIGHTS, description.weights_sha256)
        networks = _restore(settings, game.inference_networks, weights, path / _WEIGHTS, device)
        frequencies, where = description.class_frequencies, torch.device(device)
        generator = Sampler(game, networks, frequencies, where, settings.runtime.threads)
        origin = description.weights_sha256, description.fingerprint, description.store_sha256
        return cls(path, settings, description.classes, *origin, generator, description.vocabulary)

    @property
    def game(self) -> Game:
        """Return the game whose samples these are."""
        return self.generator.game

    @property
    def trained_features(self) -> tuple[str, ...]:
        """Return the features that the training used, by which no metric of the samples means anything."""
        return tuple(sorted(self.settings.networks.trained_features))

    def generate(self, request: GenerationRequest, conditions: Batch | None = None) -> Samples:
        """Generate as Sampler.generate does; the request may also name its class."""
        return self.generator.generate(self._with_number(request), conditions)

    def _with_number(self, request: GenerationRequest) -> GenerationRequest:
        name = request.requested_class
        if not isinstance(name, str):
            return request
        return request.model_copy(update={"class_label": class_number(name, self.classes)})

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> Shaped[Tensor, "steps *shape"]:
        """Interpolate as Sampler.interpolate does."""
        return self.generator.interpolate(start_seed, end_seed, steps, class_label, eased)

    @property
    def scores(self) -> tuple[str, ...]:
        """Return the names of the values of `score`."""
        return self.generator.scores

    def score(self, samples: Shaped[Tensor, "n *shape"]) -> dict[str, float]:
        """Score as Sampler.score does."""
        return self.generator.score(samples)

    def at_snapshots(self, snapshots: Mapping[str, Tensor]) -> dict[int, Sampler]:
        """Return images seen → the generator with the weights of that time.

        Args:
            snapshots: `<images seen>/<network>/<weight>`, and the training's `fingerprint` as a text
                (`tensors.encode_text`).

        Raises:
            BundleError: snapshots of another training or of other networks, or damaged ones.
        """
        times: dict[int, dict[str, Tensor]] = {}
        try:
            _require_fingerprint(snapshots, self.fingerprint)
            for name in snapshots.keys() - {_FINGERPRINT}:
                images_seen, _, weight = name.partition("/")
                times.setdefault(_images_seen(images_seen, self.settings), {})[weight] = snapshots[name]
        except WrongTensors as error:
            raise unusable(Path("the snapshots"), f"those of the training {self.fingerprint}", str(error)) from None
        return {seen: self._with_weights(seen, times[seen]) for seen in sorted(times)}

    def _with_weights(self, images_seen: int, weights: Mapping[str, Tensor]) -> Sampler:
        names, where = tuple(self.generator.networks), Path(f"the snapshot at {images_seen} images")
        return replace(
            self.generator, networks=_restore(self.settings, names, weights, where, str(self.generator.device))
        )

    def request_schema(self) -> dict[str, Any]:
        """Return the JSON schema of a request to this generator."""
        return request_schema(self.settings)


def _read_weights(path: Path, sha256: str) -> dict[str, Tensor]:
    try:
        file = read_tensors(path)
    except WrongTensors as error:
        raise unusable(path, "whole safetensors of finite weights", str(error)) from None
    if file.sha256 != sha256:
        raise unusable(path, f"sha256 {sha256}, as bundle.json states", file.sha256)
    return file.tensors


def _restore(
    settings: Settings, names: tuple[str, ...], weights: Mapping[str, Tensor], path: Path, device: str
) -> dict[str, nn.Module]:
    """Build the networks with these weights, once their shapes have been compared with those of the settings."""
    try:
        require_like(weights, _wanted_weights(settings, names))
        require_finite(weights)
    except WrongTensors as error:
        family = f"the weights of {', '.join(names)} in family {settings.networks.family}"
        raise unusable(path, family, str(error)) from None
    return {name: _with_state(build_network(settings, name), name, weights).to(device) for name in names}


def _wanted_weights(settings: Settings, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Return the names, shapes and dtypes of the weights, as tensors without memory."""
    try:
        with torch.device("meta"):
            networks = {name: build_network(settings, name) for name in names}
    except (RuntimeError, OverflowError) as error:
        raise WrongTensors(f"settings of no network: {error}") from None
    return {f"{name}/{key}": value for name, network in networks.items() for key, value in network.state_dict().items()}


def _with_state(network: nn.Module, name: str, weights: Mapping[str, Tensor]) -> nn.Module:
    mine = {key.removeprefix(f"{name}/"): value for key, value in weights.items() if key.startswith(f"{name}/")}
    network.load_state_dict(mine)
    return network.eval().requires_grad_(False)


def _require_fingerprint(snapshots: Mapping[str, Tensor], fingerprint: str) -> None:
    stated = decode_text(snapshots[_FINGERPRINT]) if _FINGERPRINT in snapshots else "none"
    if stated != fingerprint:
        raise WrongTensors(f"the fingerprint {stated:.64}")


def _images_seen(text: str, settings: Settings) -> int:
    """Parse and bound the images seen in a snapshot's name; the last iteration may go beyond the total."""
    most, seen = settings.budget.total_images + settings.iteration_images, parse_images_seen(text)
    if seen > most:
        raise WrongTensors(f"a snapshot at {seen} images of at most {most}")
    return seen
