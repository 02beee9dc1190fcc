"""Everything that changes during a training, in one object whose state_dict is the checkpoint."""

import copy
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from ganops.errors import CheckpointError
from ganops.games.game import Game
from ganops.networks.build import build_networks
from ganops.tensors import Tensors, WrongTensors, encode_text
from ganops.torch_private import BatchNorm, SpectralNorm
from ganops.training.failure import FailedAttempt
from ganops.training.meters import RunningMeans
from ganops.training.state_check import (
    FORMAT,
    check_learned,
    check_names,
    check_records,
    digest_learned,
    group,
    read_clock,
    read_failures,
    read_format,
)
from ganops.training_settings import LARGEST_CLOCK, Settings


@dataclass
class TrainingState:
    """The state of one training.

    Attributes:
        networks: name → network.
        ema: the moving averages of the inference networks.
        optimizers: player → its optimizer.
        players: player → the names of its networks.
        max_images: bound of `images_seen`: the last iteration may go beyond the total.
        buffers: the game's own state, changed in place.
        images_seen: the clock.
        images_before: images seen by the training that this one continues.
        attempt: number of the failed attempts before this one.
        window: means since the last log.
        curves: name → values; each has a value, or NaN, at each instant at which one of them has a value.
        digests: images seen, attempt and digest at each checkpoint.
        failures: the failed attempts.
    """

    networks: dict[str, nn.Module]
    ema: dict[str, nn.Module]
    optimizers: dict[str, torch.optim.Optimizer]
    players: dict[str, tuple[str, ...]]
    max_images: int
    buffers: dict[str, Tensor]
    images_seen: int = 0
    images_before: int = 0
    attempt: int = 0
    window: RunningMeans = field(default_factory=RunningMeans)
    curves: dict[str, list[float]] = field(default_factory=dict)
    digests: list[tuple[int, int, str]] = field(default_factory=list)
    failures: list[FailedAttempt] = field(default_factory=list)

    @classmethod
    def initial(cls, settings: Settings, game: Game, attempt: int = 0) -> "TrainingState":
        """Return the state before the first iteration, on the settings' device; each attempt has weights of its own."""
        layout = torch.channels_last if settings.runtime.channels_last else torch.contiguous_format
        reseeded = settings.model_copy(update={"seed": settings.seed + attempt * LARGEST_CLOCK})
        networks = {name: network.to(settings.runtime.device) for name, network in build_networks(reseeded).items()}
        networks = {name: network.to(memory_format=layout) for name, network in networks.items()}  # pyright: ignore
        ema = {name: copy.deepcopy(networks[name]).eval().requires_grad_(False) for name in game.inference_networks}
        optimizers = {player: _adam(settings, networks, names) for player, names in game.players.items()}
        most = settings.budget.total_images + settings.iteration_images - 1
        buffers = game.buffers(torch.device(settings.runtime.device))
        return cls(networks, ema, optimizers, dict(game.players), most, buffers, attempt=attempt)

    @cached_property
    def freezable(self) -> dict[str, tuple[list[nn.Parameter], list[nn.Module]]]:
        """Return name → the network's parameters and normalizations with statistics, which each update freezes."""
        return {
            name: (
                list(network.parameters()),
                [m for m in network.modules() if isinstance(m, BatchNorm | SpectralNorm)],
            )
            for name, network in self.networks.items()
        }

    @property
    def stream_position(self) -> int:
        """Return the position in the endless order of noise and of data at which the next iteration begins.

        A new attempt continues at another position, which has the effect of another seed.
        """
        return self.images_before + self.images_seen + self.attempt * LARGEST_CLOCK

    def record(self, values: Mapping[str, float]) -> None:
        """Add a point to every curve at the present clock: NaN where `values` lacks the name."""
        row = {"images_seen": float(self.images_seen), "attempt": float(self.attempt), **values}
        before = len(self.curves.get("images_seen", ()))
        for name in {**self.curves, **row}:
            self.curves.setdefault(name, [math.nan] * before).append(row.get(name, math.nan))

    def record_digest(self) -> None:
        """Add the digest of the present state."""
        self.digests.append((self.images_seen, self.attempt, self.digest()))

    def not_finite(self) -> list[str]:
        """Return the names of the means, weights, moments and buffers that are not finite, by one transfer."""
        everything = {**self.window.sums, **self._weights(), **self._moments(), **self._buffers()}
        values = {name: value for name, value in everything.items() if value.is_floating_point() and value.numel()}
        largest = torch.stack([value.detach().abs().max().float() for value in values.values()]).tolist()
        return [name for name, size in zip(values, largest, strict=True) if not math.isfinite(size)]

    def weights_of_players(self) -> dict[str, int]:
        """Return player → number of its weights."""
        return {
            player: sum(weights.numel() for name in names for weights in self.networks[name].parameters())
            for player, names in self.players.items()
        }

    def state_dict(self) -> dict[str, Shaped[Tensor, "..."]]:
        """Return flat name → contiguous tensor on the CPU; equal states give equal bytes."""
        tensors = {**self._weights(), **self._moments(), **self._buffers(), **self._records()}
        return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}

    def load_state_dict(self, tensors: Tensors) -> None:
        """Load a saved state.

        Raises:
            WrongTensors: names, shapes, dtypes or numbers are not those of this state, which then stays as it is.
        """
        self._check_learned(tensors)
        check_names(tensors, {**self._weights(), **self._buffers()}, self._named_parameters())
        check_records(tensors, self.max_images)
        self._load_learned(tensors)
        self._load_records(tensors)

    def continue_from(self, tensors: Tensors) -> None:
        """Load weights, moments and buffers of a finished training.

        Clock and curves start at 0; noise and data continue at the position where that training ended.

        Raises:
            CheckpointError: its networks are not these, or it is damaged.
        """
        try:
            if read_format(tensors) != FORMAT:
                raise _other_format(read_format(tensors))
            self._check_learned(tensors)
            check_records(tensors, LARGEST_CLOCK)
            images_before = read_clock(tensors, "images_before") + read_clock(tensors, "images_seen")
        except WrongTensors as error:
            raise CheckpointError(
                "the training state that training.continue_from names",
                expected="that of a training with these networks",
                received=str(error),
                remedy="Name a state that was made with these settings, or leave training.continue_from null.",
            ) from None
        self._load_learned(tensors)
        self.images_before = images_before

    def digest(self) -> str:
        """Return the sha256 of weights, moments and buffers: equal for equal states."""
        return digest_learned({**self._weights(), **self._moments(), **self._buffers()})

    def _weights(self) -> dict[str, Tensor]:
        groups = {"networks": self.networks, "ema": self.ema}
        return {
            f"{group}/{network}/{key}": value
            for group, members in groups.items()
            for network, module in members.items()
            for key, value in module.state_dict().items()
        }

    def _moments(self) -> dict[str, Tensor]:
        return {
            f"optimizers/{name}/{key}": value
            for name, parameter, optimizer in self._parameters()
            for key, value in optimizer.state.get(parameter, {}).items()
        }

    def _buffers(self) -> dict[str, Tensor]:
        return {f"buffers/{name}": tensor for name, tensor in self.buffers.items()}

    def _parameters(self) -> list[tuple[str, nn.Parameter, torch.optim.Optimizer]]:
        return [
            (f"{network}/{key}", parameter, self.optimizers[player])
            for player, networks in self.players.items()
            for network in networks
            for key, parameter in self.networks[network].named_parameters()
        ]

    def _records(self) -> dict[str, Tensor]:
        records = {f"curves/{name}": _to_bits(values) for name, values in self.curves.items()}
        records |= {f"window/{name}": value for name, value in self.window.sums.items()}
        records |= {f"window_counts/{name}": torch.tensor(count) for name, count in self.window.counts.items()}
        instants = [(seen, attempt) for seen, attempt, _ in self.digests]
        records["digests/instants"] = torch.tensor(instants, dtype=torch.int64).view(-1, 2)
        digests = b"".join(bytes.fromhex(digest) for *_, digest in self.digests)
        records["digests/sha256"] = torch.tensor(list(digests), dtype=torch.uint8).view(-1, 32)
        records["format"] = torch.tensor(FORMAT)
        records["clock/images_seen"] = torch.tensor(self.images_seen)
        records["clock/images_before"] = torch.tensor(self.images_before)
        records["clock/attempt"] = torch.tensor(self.attempt)
        records["clock/failures"] = encode_text(json.dumps([asdict(failure) for failure in self.failures]))
        return records

    def _named_parameters(self) -> dict[str, Tensor]:
        return {name: parameter for name, parameter, _ in self._parameters()}

    def _check_learned(self, tensors: Tensors) -> None:
        check_learned(tensors, self._weights(), self._named_parameters(), self._buffers())

    def _load_learned(self, tensors: Tensors) -> None:
        for name, ours in {**self._weights(), **self._buffers()}.items():
            ours.copy_(tensors[name])
        for name, parameter, optimizer in self._parameters():
            for key, saved in group(tensors, f"optimizers/{name}").items():
                # The strides must be the parameter's own: fused Adam walks both in memory order.
                like = torch.zeros((), dtype=saved.dtype) if key == "step" else torch.empty_like(parameter)
                optimizer.state[parameter][key] = like.to(parameter.device).copy_(saved).detach()

    def _load_records(self, tensors: Tensors) -> None:
        device = next(next(iter(self.networks.values())).parameters()).device
        self.images_seen, self.images_before = read_clock(tensors, "images_seen"), read_clock(tensors, "images_before")
        self.attempt, self.failures = read_clock(tensors, "attempt"), read_failures(tensors)
        sums = {name: value.to(device) for name, value in group(tensors, "window").items()}
        self.window = RunningMeans(sums, {name: int(count) for name, count in group(tensors, "window_counts").items()})
        bits = group(tensors, "curves")
        self.curves = {name: values.view(torch.float64).tolist() for name, values in bits.items()}
        digests = [bytes(row.tolist()).hex() for row in tensors["digests/sha256"]]
        instants = tensors["digests/instants"].tolist()
        self.digests = [(seen, attempt, digest) for (seen, attempt), digest in zip(instants, digests, strict=True)]


def _other_format(number: int) -> CheckpointError:
    return CheckpointError(
        "the training state that training.continue_from names",
        expected=f"a state of format {FORMAT}",
        received=f"format {number}, which another version of ganops wrote",
        remedy="Run that training again with this version and name the state that it leaves, or leave "
        "training.continue_from null.",
    )


def _adam(settings: Settings, networks: dict[str, nn.Module], names: tuple[str, ...]) -> torch.optim.Optimizer:
    parameters = [parameter for name in names for parameter in networks[name].parameters()]
    rate, fused = settings.optimizer.learning_rate.end, settings.runtime.device != "mps"
    betas = (settings.optimizer.beta1, settings.optimizer.beta2.end)
    return torch.optim.Adam(parameters, lr=rate, betas=betas, fused=fused)


def _to_bits(values: list[float]) -> Tensor:
    """Return the bits as whole numbers, since a missing value (NaN) is not equal to itself."""
    return torch.tensor(values, dtype=torch.float64).view(torch.int64)
