"""What the watch sees with the eyes of others: an embedding, and data that nobody trains on.

A look costs the passes of 64 samples through each network and the embedding, and changes nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ganops.data.encodings import decode
from ganops.games.game import Game
from ganops.noise import Noise
from ganops.sampling import Sampler
from ganops.training.distributed import Distributed
from ganops.training.schedules import strengths
from ganops.training.state import TrainingState
from ganops.training.step import Batches, freeze_all_but
from ganops.training_settings import Settings

SAMPLES = 64
_CLEARLY = 4


@dataclass(frozen=True)
class ProbeData:
    """The watch's eyes.

    Attributes:
        embed: samples as they are stored → features (B, D), on any device.
        validation: batches of the validation split; `held_out` is never looked at.
        least_images: seen between two looks. One takes as long as to play some hundred images.
    """

    embed: Callable[[Tensor], Tensor]
    validation: Batches
    least_images: int = 16_000


@dataclass(frozen=True)
class Probe:
    """A lookout over one game."""

    game: Game
    settings: Settings
    lookout: ProbeData
    world: Distributed

    def look(self, state: TrainingState, batches: Batches) -> dict[str, float]:
        """The signals of this instant, NaN where they cannot be told; the leading process looks, and shares.

        - watch/diversity: the generator's spread in shares of the validation samples'
        - watch/diversity_within_classes: the same within classes, where the generator knows them
        - watch/overfitting: see `overfitting`
        """
        values = self._seen(state, batches) if self.world.leads else [0.0] * len(self._names)
        shared = self.world.total(torch.tensor(values, device=self.settings.device))
        return dict(zip(self._names, shared.tolist(), strict=True))

    def prepare(self) -> None:
        """Embed the validation samples once, so that an error of the embedding is raised before training."""
        _ = self._real_spreads

    @property
    def _names(self) -> list[str]:
        within = ["watch/diversity_within_classes"] if self.settings.classes else []
        return ["watch/diversity", *within, *(["watch/overfitting"] if self.settings.objective else [])]

    def _seen(self, state: TrainingState, batches: Batches) -> list[float]:
        ours = spreads(self.lookout.embed(self._made(state)), self._labels)
        values = [_ratio(spread, theirs) for spread, theirs in zip(ours, self._real_spreads, strict=True)]
        return [*values, *([self.overfitting(state, batches)] if self.settings.objective else [])]

    def overfitting(self, state: TrainingState, batches: Batches) -> float:
        """(E D(train) − E D(validation)) / (E D(train) − E D(G(z))): 0 where the discriminator treats unseen samples as
        it treats those that it learns, 1 where as generated ones (Karras et al. 2020, ADA, section 3.1, r_v).

        NaN where it hardly tells generated from real: by less than four standard errors.
        """
        freeze_all_but((), state.networks)
        trained, made = self._judged(state, batches.batch(state.stream_position, SAMPLES))
        unseen, _ = self._judged(state, self._validation)
        error = float(torch.sqrt((trained.var() + made.var()) / SAMPLES))
        told = float(trained.mean() - made.mean())
        return float(trained.mean() - unseen.mean()) / told if told > _CLEARLY * error else math.nan

    @torch.no_grad()
    def _judged(self, state: TrainingState, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Logits (64,) of the batch's samples, and of generated ones: as in a move, but nobody moves."""
        settings, device = self.settings, torch.device(self.settings.device)
        now = state.strengths(strengths(settings, state.images_seen, state.attempt))
        unregularised = replace(now, r1_gamma=0.0, r2_gamma=0.0, gradient_penalty=0.0)
        noise = Noise(settings.seed, state.stream_position, SAMPLES, device)
        with torch.autocast(settings.device, torch.bfloat16, enabled=settings.precision == "bf16"):
            seen = self.game.losses("discriminator", state.networks, batch, noise, unregularised).observed
        real, fake = seen["logit/real"].float(), seen["logit/fake"].float()
        return real.reshape(SAMPLES, -1).mean(1), fake.reshape(SAMPLES, -1).mean(1)

    def _made(self, state: TrainingState) -> Tensor:
        """The same latents at every look, of the averaged generator, with the labels of the validation samples."""
        settings, device = self.settings, torch.device(self.settings.device)
        generator = Sampler(self.game, state.ema, settings.latent_dimension, (), device, settings.threads)
        latents = Noise(settings.seed, 0, SAMPLES, device).normal("watch/latent", (settings.latent_dimension,))
        return generator.from_latents(latents, self._labels)

    @cached_property
    def _validation(self) -> dict[str, Tensor]:
        return self.lookout.validation.batch(0, SAMPLES)

    @cached_property
    def _real_spreads(self) -> list[float]:
        real = decode(self.settings.field, self._validation[self.settings.field])
        return spreads(self.lookout.embed(real), self._labels)

    @property
    def _labels(self) -> Tensor | None:
        return self._validation["label"] if self.settings.classes else None


def spreads(features: Tensor, labels: Tensor | None) -> list[float]:
    """Mean squared distance of pairs, halved, which is the trace of the covariance; with labels also within classes.

    Args:
        features: (n, D).
        labels: (n,); NaN within classes where no class has two.
    """
    features = features.detach().cpu().double()
    total = float((features - features.mean(0)).square().sum() / (len(features) - 1))
    if labels is None:
        return [total]
    classes, members = labels.cpu().unique(return_inverse=True)
    sums = torch.zeros(len(classes), features.shape[1], dtype=features.dtype).index_add_(0, members, features)
    means = sums / members.bincount()[:, None]
    degrees = len(features) - len(classes)
    within = float((features - means[members]).square().sum()) / degrees if degrees else math.nan
    return [total, within]


def _ratio(ours: float, theirs: float) -> float:
    return ours / theirs if theirs > 0 else math.nan
