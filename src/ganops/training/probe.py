"""Probe of diversity, distance and overfitting: an embedding, and validation samples that no network trains on.

A measurement costs the passes of 128 samples through generator and embedding and of 64 through the discriminator, and
changes nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ganops.games.game import Game
from ganops.games.request import GenerationRequest
from ganops.noise import Noise
from ganops.sampling import Sampler
from ganops.training.distributed import Distributed
from ganops.training.schedules import loss_weights
from ganops.training.state import TrainingState
from ganops.training.step import Batches, freeze_all_but, without_penalties
from ganops.training_settings import SampleSpec, Settings

DISTANCE = "distance/validation"
"""the curve of the Fréchet distance"""
SAMPLES, _DISCRIMINATED, _MOST_REFERENCES = 128, 64, 512
# A measurement takes as long as training on some 150 pictures of 28 × 28, or on 40 of 64 × 64.
_INTERVAL_IMAGES, _INTERVAL_PIXELS = 24_000, 28 * 28
_STANDARD_ERRORS, _EMBEDDED = 4, 64


@dataclass(frozen=True)
class ProbeData:
    """Inputs of the probe: an embedding and validation batches.

    Attributes:
        embed: samples as `Game.represent` returns them → features (B, D), on any device.
        validation: batches of the validation split; never of `held_out`.
        validation_count: number of its samples.
        min_interval_images: images between two measurements, see `min_interval`.
    """

    embed: Callable[[Tensor], Tensor]
    validation: Batches
    validation_count: int
    min_interval_images: int = _INTERVAL_IMAGES


def min_interval(sample: SampleSpec) -> int:
    """Return the images after which a measurement costs less than a hundredth of the training on them.

    The embedding takes equally long for each size of pictures; training takes longer for larger ones.
    """
    pixels = sample.image_height * sample.image_width
    return round(_INTERVAL_IMAGES * min(1.0, _INTERVAL_PIXELS / pixels))


@dataclass(frozen=True)
class Probe:
    """Measures how diverse the generator's samples are, and whether the discriminator overfits."""

    game: Game
    settings: Settings
    data: ProbeData
    distributed: Distributed

    def measure(self, state: TrainingState, batches: Batches) -> dict[str, float]:
        """Measure on the main process and share the result; NaN where a value is undefined.

        - distance/validation: Fréchet distance of 128 generated samples to at most 512 validation samples. It is larger
          than with more samples, and its floor is not 0: only values of one training are comparable.
        - health/diversity: variance of the generated features as a share of the validation features'
        - health/diversity_within_classes: the same within classes, of a conditional generator
        - health/overfitting: see `overfitting`
        """
        values = self._measure(state, batches) if self.distributed.is_main else [0.0] * len(self._names)
        shared = self.distributed.sum(torch.tensor(values, device=self.settings.runtime.device))
        return dict(zip(self._names, shared.tolist(), strict=True))

    def warm_up(self) -> None:
        """Embed the validation samples once, so that an error of the embedding is raised before training."""
        _ = self._real_variances, self._reference

    def overfitting(self, state: TrainingState, batches: Batches) -> float:
        """Return (E D(train) − E D(validation)) / (E D(train) − E D(G(z))), which ADA calls r_v.

        It is 0 where the discriminator treats validation samples like training samples, and 1 where like generated
        ones; NaN where real and generated logits differ by less than four standard errors.

        Karras et al. 2020 (ADA), section 3.1.
        """
        freeze_all_but((), state)
        trained, generated = self._discriminator_logits(state, batches.batch(state.stream_position, _DISCRIMINATED))
        first = {name: values[:_DISCRIMINATED] for name, values in self._validation.items()}
        validation, _ = self._discriminator_logits(state, first)
        error = float(torch.sqrt((trained.var() + generated.var()) / _DISCRIMINATED))
        gap = float(trained.mean() - generated.mean())
        return float(trained.mean() - validation.mean()) / gap if gap > _STANDARD_ERRORS * error else math.nan

    @property
    def _names(self) -> list[str]:
        within = ["health/diversity_within_classes"] if self.settings.sample.classes else []
        return [DISTANCE, "health/diversity", *within, *(["health/overfitting"] if self._has_discriminator else [])]

    def _measure(self, state: TrainingState, batches: Batches) -> list[float]:
        features = self._embed(self._generate(state))
        distance = frechet_distance(features, self._reference)
        generated = feature_variances(features, self._labels)
        values = [_ratio(ours, real) for ours, real in zip(generated, self._real_variances, strict=True)]
        return [distance, *values, *([self.overfitting(state, batches)] if self._has_discriminator else [])]

    @property
    def _has_discriminator(self) -> bool:
        return "discriminator" in self.game.players

    @torch.no_grad()
    def _discriminator_logits(self, state: TrainingState, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the logits (64,) of the batch and of generated samples, as in an update, without penalties."""
        settings, device = self.settings, torch.device(self.settings.runtime.device)
        weights = without_penalties(self.game, loss_weights(settings, state.images_seen, state.attempt))
        noise = Noise(settings.seed, state.stream_position, _DISCRIMINATED, device)
        with torch.autocast(settings.runtime.device, torch.bfloat16, enabled=settings.runtime.precision == "bf16"):
            logged = self.game.losses("discriminator", state.networks, batch, noise, weights, state.buffers).logged
        real, fake = logged["logit/real"].float(), logged["logit/fake"].float()
        return real.reshape(_DISCRIMINATED, -1).mean(1), fake.reshape(_DISCRIMINATED, -1).mean(1)

    def _generate(self, state: TrainingState) -> Tensor:
        """Sample the EMA generator from the same noise each time, under the conditions of the validation samples."""
        settings, device = self.settings, torch.device(self.settings.runtime.device)
        noise = Noise(settings.seed, 0, SAMPLES, device)
        conditions = {name: self._validation[name] for name in self.game.conditions}
        inputs = self.game.draw_inputs(GenerationRequest(n=SAMPLES), noise, conditions, "watch")
        return Sampler(self.game, state.ema, (), device, settings.runtime.threads).sample_represented(inputs)

    @cached_property
    def _validation(self) -> dict[str, Tensor]:
        return self.data.validation.batch(0, SAMPLES)

    @cached_property
    def _real_variances(self) -> list[float]:
        return feature_variances(self._embed_real(self._validation), self._labels)

    @cached_property
    def _reference(self) -> Tensor:
        batch = self.data.validation.batch(0, min(self.data.validation_count, _MOST_REFERENCES))
        return self._embed_real(batch)

    def _embed_real(self, batch: dict[str, Tensor]) -> Tensor:
        return self._embed(self.game.represent(batch[self.game.generates]))

    def _embed(self, samples: Tensor) -> Tensor:
        """Embed in parts that stay in the processor's cache."""
        return torch.cat([self.data.embed(part) for part in samples.split(_EMBEDDED)])

    @property
    def _labels(self) -> Tensor | None:
        return self._validation["label"] if self.settings.sample.classes else None


def measured_distances(state: TrainingState) -> tuple[list[float], list[float]]:
    """Return the images seen at each measurement, with those of the training that this one continues, and distances."""
    points = zip(state.curves.get("images_seen", ()), state.curves.get(DISTANCE, ()), strict=False)
    measured = [(state.images_before + seen, value) for seen, value in points if not math.isnan(value)]
    return [seen for seen, _ in measured], [value for _, value in measured]


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """Return the Fréchet distance of two sets of features (n, D) and (m, D).

    It is NaN where a set has a single sample, or values that are not finite, as those of a generator that has failed.

    With Aᵀ A and Bᵀ B the covariances, Tr((Aᵀ A Bᵀ B)^½) is the sum of the singular values of A Bᵀ, an n × m matrix.
    """
    if min(len(first), len(second)) < 2 or not (first.isfinite().all() and second.isfinite().all()):
        return math.nan
    first, second = first.detach().cpu().double(), second.detach().cpu().double()
    a, b = ((x - x.mean(0)) / math.sqrt(len(x) - 1) for x in (first, second))
    cross = torch.linalg.svdvals(a @ b.T).sum()
    between = (first.mean(0) - second.mean(0)).square().sum()
    return max(0.0, float(between + a.square().sum() + b.square().sum() - 2 * cross))


def feature_variances(features: Tensor, labels: Tensor | None) -> list[float]:
    """Return the trace of the covariance, and with labels also the one within classes.

    The trace is half the mean squared distance of two features.

    Args:
        features: (n, D).
        labels: (n,); the value within classes is NaN where no class has two samples.
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


def _ratio(value: float, reference: float) -> float:
    return value / reference if reference > 0 else math.nan
