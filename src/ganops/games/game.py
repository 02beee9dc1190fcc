"""The seam between a game and the code that trains, samples, evaluates and serves it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from ganops.config import FieldName
from ganops.data.loader import Read
from ganops.games.request import GenerationRequest
from ganops.noise import Noise

Networks = Mapping[str, nn.Module]
Batch = Mapping[str, Tensor]
# Name → γ, λ or p as the schedules have it now.
LossWeights = Mapping[str, float]
# Name → state of the game's own, on the device; changed in place.
Buffers = Mapping[str, Tensor]


@dataclass(frozen=True)
class Losses:
    """One player's losses: per-sample values, (B,) or (B, *P).

    Attributes:
        terms: added and averaged for the gradient.
        logged: averaged and logged.
        kept: (B, …), joined over all processes and handed to `after_update`.
    """

    terms: dict[str, Tensor]
    logged: dict[str, Tensor] = field(default_factory=dict)
    kept: dict[str, Tensor] = field(default_factory=dict)


class Update(NamedTuple):
    """One optimizer step of a player, within an iteration. Positions are counted in batches.

    Attributes:
        player: whose networks are trained.
        noise: position of its noise.
        batch: position of its batch.
        images: batches by which the clock advances: 1 where the iteration trains on this batch for the first time,
            else 0.
    """

    player: str
    noise: int
    batch: int
    images: int


class Domains(NamedTuple):
    """The class of the pictures that an unpaired translation starts from, and that of those it makes."""

    source: int
    target: int


# (samples, targets, conditions) → value. The first two are (n, …), as stored; the conditions are complete.
PairedMetric = Callable[[Tensor, Tensor, Batch], float]
# Complete conditions → stored samples that need no training, measured as the generator's are.
Baseline = Callable[[Batch], Tensor]


class Game(ABC):
    """Players, the fields that they read, each player's losses, and how the game samples.

    Attributes:
        generates: the field of the samples.
        players: player → the networks of its one optimizer.
        inference_networks: those that `sample` needs: followed by EMA, and stored in the bundle.
        request: the type of a request; its JSON schema is the server's.
        conditions: the fields that `draw_inputs` needs, apart from the request and noise.
        optional_conditions: those that it can do without.
        penalty_weights: the names of loss weights that `penalties` computes alone, for lazy regularization.
        scores: the names of the values of `score`.
        views: the names of the report's views of this game, see `reporting.views`.
        tiled: whether its `input` may be larger than in the training, and is then translated in tiles.
    """

    generates: FieldName
    players: ClassVar[Mapping[str, tuple[str, ...]]]
    inference_networks: ClassVar[tuple[str, ...]]
    request: type[GenerationRequest] = GenerationRequest
    conditions: tuple[str, ...] = ()
    optional_conditions: tuple[str, ...] = ()
    penalty_weights: ClassVar[frozenset[str]] = frozenset()
    scores: ClassVar[tuple[str, ...]] = ()
    views: ClassVar[tuple[str, ...]] = ("samples",)
    tiled: ClassVar[bool] = False

    @property
    def domains(self) -> Domains | None:
        """Return those of an unpaired translation, whose conditions have no targets; None: classes are read alike."""
        return None

    @property
    def paired_metrics(self) -> Mapping[str, PairedMetric]:
        """Return name → metric of samples and their targets: the rows of held_out that gave the conditions."""
        return {}

    @property
    def diversity_metrics(self) -> Mapping[str, PairedMetric]:
        """Return name → metric of two samples of the same conditions; none where these determine the sample."""
        return {}

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """Return name → samples without training, to compare the generator with under the same conditions."""
        return {}

    @abstractmethod
    def reads(self) -> tuple[Read, ...]:
        """Return the fields of a batch."""

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return the updates of the iteration that begins at `images_seen`: by default one a player, on one batch."""
        return tuple(Update(player, 0, 0, int(number == 0)) for number, player in enumerate(self.players))

    def buffers(self, device: torch.device) -> dict[str, Tensor]:
        """Return the game's own state before training: saved with the checkpoint, digested and checked for NaNs."""
        return {}

    @abstractmethod
    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the losses of one player on one batch, with the penalties whose weight is not zero."""

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the penalties alone, for an update that regularizes lazily."""
        return Losses({})

    def after_update(self, player: str, means: Mapping[str, Tensor], buffers: Buffers, update: int) -> None:
        """Change the buffers in place after an update.

        Args:
            player: who was trained.
            means: of its terms and logged values, over all processes; and what it kept, of the whole batch.
            buffers: the game's state.
            update: the number of batches before this one since the training began.
        """
        return

    def complete_conditions(self, conditions: Batch, noise: Noise) -> dict[str, Tensor]:
        """Return the conditions, and those that may be missing and are drawn then, such as masks.

        Args:
            conditions: model values, (n, …) each.
            noise: of n samples.
        """
        return dict(conditions)

    def describe_conditions(self) -> str:
        """Return how `complete_conditions` draws, in a few words: a part of the protocol of an evaluation."""
        return ""

    @abstractmethod
    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return the inputs of `sample`, (n, …) each.

        Args:
            request: with `n` samples.
            noise: of n samples.
            conditions: `self.conditions` as model values, (n, …) each.
            stream: the prefix of the noise's streams.
        """

    def score(self, networks: Networks, batch: Batch) -> dict[str, Float[Tensor, " batch"]]:
        """Return name → a value of each real sample under the generator, such as −log p; by default none is known."""
        return {}

    @abstractmethod
    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return samples as model values of `generates`."""

    def represent(self, samples: Shaped[Tensor, "batch *shape"]) -> Shaped[Tensor, "batch *seen"]:
        """Return real samples, model values of `generates`, as networks and the probe read them.

        By default as they are; a game of spectrograms returns those of its waves.
        """
        return samples

    def sample_represented(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Shaped[Tensor, "batch *seen"]:
        """Return samples in the form of `represent`: by default those of `sample`."""
        return self.represent(self.sample(networks, inputs))


def adversarial_updates(discriminator_steps: int, relativistic: bool) -> tuple[Update, ...]:
    """Return k updates of D, each on samples of its own, then one of G (Goodfellow et al. 2014, algorithm 1).

    A relativistic generator is trained on the next iteration's first batch: reals on which D has not been updated.
    """
    k = discriminator_steps
    discriminator = [Update("discriminator", step, step, 1) for step in range(k)]
    return (*discriminator, Update("generator", k - 1, k if relativistic else k - 1, 0))
