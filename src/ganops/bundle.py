"""A trained generator as files: averaged weights (safetensors) and everything to use them (JSON)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Shaped
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganops.config import Settings
from ganops.data.encodings import SAMPLE_FIELDS
from ganops.errors import BundleError
from ganops.files import whole_folder
from ganops.games.build import build_game
from ganops.networks.build import build_network
from ganops.sampling import GenerationRequest, Generator, Samples

_FORMAT = 2
_WEIGHTS, _DESCRIPTION = "weights.safetensors", "bundle.json"


@dataclass(frozen=True)
class BundleContents:
    """What a bundle is made of: the averaged networks that `Game.generate` needs, and the store's classes."""

    settings: Settings
    networks: dict[str, nn.Module]
    classes: tuple[str, ...]
    class_frequencies: tuple[float, ...]

    def save(self, path: Path) -> None:
        """Write the folder whole or not at all; equal contents give equal bytes."""
        with whole_folder(path) as folder:
            save_file(self._weights(), folder / _WEIGHTS)
            (folder / _DESCRIPTION).write_text(json.dumps(self._description(), indent=1, sort_keys=True) + "\n")

    def _weights(self) -> dict[str, Tensor]:
        return {
            f"{name}/{key}": value.detach().cpu().contiguous()
            for name, network in self.networks.items()
            for key, value in network.state_dict().items()
        }

    def _description(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "settings": self.settings.model_dump(),
            "classes": list(self.classes),
            "class_frequencies": list(self.class_frequencies),
            "encodings": {self.settings.field: SAMPLE_FIELDS[self.settings.field].encoding},
            "request_schema": request_schema(len(self.class_frequencies)),
            "ganops_version": version("ganops"),
        }


@dataclass(frozen=True)
class Bundle:
    """A generator that answers requests."""

    path: Path
    settings: Settings
    classes: tuple[str, ...]
    digest: str
    """sha256 of the weights' file"""
    generator: Generator

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> "Bundle":
        """Read a folder that BundleContents.save wrote; anything else is a BundleError."""
        path = Path(path)
        description = _read_description(path / _DESCRIPTION)
        settings = Settings.parse(description["settings"])
        game = build_game(settings)
        weights = _read_weights(path / _WEIGHTS)
        networks = {name: _restore(settings, name, weights, path) for name in game.generating}
        networks = {name: network.to(device) for name, network in networks.items()}
        frequencies = tuple(description["class_frequencies"])
        latent, where = settings.latent_dimension, torch.device(device)
        generator = Generator(game, networks, latent, frequencies, where, settings.threads)
        digest = hashlib.sha256((path / _WEIGHTS).read_bytes()).hexdigest()
        return cls(path, settings, tuple(description["classes"]), digest, generator)

    def generate(self, request: GenerationRequest) -> Samples:
        """See Generator.generate."""
        return self.generator.generate(request)

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> Shaped[Tensor, "steps *shape"]:
        """See Generator.interpolate."""
        return self.generator.interpolate(start_seed, end_seed, steps, class_label, eased)

    def as_it_was(self, snapshots: Mapping[str, Tensor]) -> dict[int, Generator]:
        """Images seen → the generator with the weights of that time, `<images seen>/<network>/<weight>`.

        Snapshots of other networks are a BundleError.
        """
        times: dict[int, dict[str, Tensor]] = {}
        for name, tensor in snapshots.items():
            images_seen, _, weight = name.partition("/")
            times.setdefault(int(images_seen), {})[weight] = tensor
        return {seen: self._with_weights(weights) for seen, weights in times.items()}

    def _with_weights(self, weights: Mapping[str, Tensor]) -> Generator:
        restored = {name: _restore(self.settings, name, weights, self.path) for name in self.generator.networks}
        return replace(
            self.generator, networks={name: network.to(self.generator.device) for name, network in restored.items()}
        )

    def request_schema(self) -> dict[str, Any]:
        """The JSON schema of a request to this generator."""
        return request_schema(len(self.generator.class_frequencies))


def request_schema(classes: int) -> dict[str, Any]:
    """GenerationRequest's JSON schema, with `class_label` bounded by the classes (0: it must be null)."""
    schema = GenerationRequest.model_json_schema()
    label = schema["properties"]["class_label"]
    bounded = {"type": "integer", "minimum": 0, "maximum": classes - 1}
    label["anyOf"] = [bounded, {"type": "null"}] if classes else [{"type": "null"}]
    return schema


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _unusable(path, f"a bundle's description (JSON, format {_FORMAT})", str(error)) from None
    if description.get("format") != _FORMAT:
        raise _unusable(path, f"format {_FORMAT}", f"format {description.get('format')!r}")
    return description


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _unusable(path, "whole safetensors", str(error)) from None


def _restore(settings: Settings, name: str, weights: Mapping[str, Tensor], path: Path) -> nn.Module:
    network = build_network(settings, name)
    mine = {key.removeprefix(f"{name}/"): value for key, value in weights.items() if key.startswith(f"{name}/")}
    try:
        network.load_state_dict(mine)
    except RuntimeError as error:
        raise _unusable(path / _WEIGHTS, f"the weights of {name} in family {settings.network}", str(error)) from None
    return network.eval().requires_grad_(False)


def _unusable(path: Path, expected: str, received: str) -> BundleError:
    remedy = "Make it again with `kedro run --pipelines training`, or `dvc checkout` it."
    return BundleError(str(path), expected=expected, received=received, remedy=remedy)
