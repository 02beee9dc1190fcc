"""(recipe, overrides, samples, number of training samples, hardware) → settings. Pure."""

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ganops.config import (
    NOUNS,
    CompletionSettings,
    LatentGanSettings,
    SpectrogramGanSettings,
    UnpairedSettings,
    WaveGanSettings,
)
from ganops.errors import ConfigurationError
from ganops.games.overrides import check_overrides, overrides, require_masks, require_pairs, settings_key
from ganops.games.recipes import Recipe, find_recipe
from ganops.networks.layers import num_downsamples
from ganops.networks.wavegan import LEAST_SAMPLES
from ganops.objectives.build import build_objective
from ganops.parameters import leaves, nest
from ganops.spectrogram import choose_window
from ganops.training_config import TrainingParameters
from ganops.training_settings import SampleSpec, Settings

_EPOCHS, _MIN_IMAGES, _MAX_IMAGES = 40, 360_000, 1_000_000
_LEAST_SIDE = 4
_SMALL_SIDE, _MAX_BATCH_PIXELS, _MIN_BATCH = 28, 2**20, 8
# Measured: 1 makes completions worse than the biharmonic one, 0.1 keeps them apart (EXPERIMENTS.md).
_MODE_SEEKING = 0.1
_LOGS, _SAMPLES, _CHECKPOINTS, _SNAPSHOTS = 200, 20, 20, 5


@dataclass(frozen=True)
class Hardware:
    """Where a training runs.

    Attributes:
        device: where `auto` is already decided.
        fast_bf16: whether it multiplies bfloat16 faster than float32.
    """

    device: Literal["cpu", "cuda", "mps"]
    threads: int
    fast_bf16: bool = True


class Derivation(NamedTuple):
    """A setting that the user did not set, by its key in the parameters, its value and the reason for it."""

    key: str
    value: Any
    reason: str


def resolve(
    parameters: TrainingParameters,
    sample: SampleSpec,
    train_count: int,
    hardware: Hardware,
    continued_from: str | None = None,
) -> Settings:
    """Return the settings: each is what the user set, or else of the recipe, or else follows from data and hardware.

    Args:
        parameters: recipe and overrides.
        sample: of the data, with all their classes.
        train_count: number of training samples.
        hardware: where it runs.
        continued_from: sha256 of the training state to continue from.

    Raises:
        ConfigurationError: the recipe is unknown, or values contradict each other, the data or the hardware.
    """
    check_overrides(parameters, sample.field)
    recipe = find_recipe(parameters.recipe, sample.field)
    values: dict[str, Any] = {
        **_from_recipe(recipe, sample, train_count, hardware),
        **{f"sample.{key}": value for key, value in leaves(sample).items()},
        "sample.classes": _classes(parameters, recipe, sample),
        "sample.input_channels": _input_channels(parameters, recipe, sample),
        **_masks(parameters, sample),
        **_mode_seeking(parameters),
        **_without_adaptation(parameters, recipe),
        **_spectrogram(parameters, recipe, sample),
        "mirror": False,
        "budget.total_images": _total_images(recipe, sample, train_count),
        "runtime.device": hardware.device,
        "runtime.threads": hardware.threads,
        "continued_from": continued_from,
        **{settings_key(key): value for key, value in overrides(parameters).items()},
    }
    values.setdefault("budget.burn_in_images", round(recipe.burn_in_share * values["budget.total_images"]))
    settings = Settings.parse(nest(values | _cadence(values)))
    _check_consistency(settings)
    _check_domains(settings, sample.classes)
    _check_length(settings)
    return settings


def explain_defaults(
    parameters: TrainingParameters, sample: SampleSpec, train_count: int, settings: Settings
) -> list[Derivation]:
    """List the settings that the user did not set, with the formula or the recipe that gave each value."""
    recipe, values = find_recipe(parameters.recipe, sample.field), leaves(settings)
    of_recipe = f"of the recipe {parameters.recipe} for {NOUNS[sample.field].many}"
    reasons = _reasons(recipe, sample, train_count)
    return [
        Derivation(f"training.{key}", values[settings_key(key)], reasons.get(key, of_recipe))
        for key, override in leaves(parameters).items()
        if override is None and values.get(settings_key(key)) is not None
    ]


def _from_recipe(recipe: Recipe, sample: SampleSpec, train_count: int, hardware: Hardware) -> dict[str, Any]:
    groups = {"game": recipe.game, "networks": recipe.networks, "optimizer": recipe.optimizer, "ema": recipe.ema}
    values = {f"{name}.{key}": value for name, group in groups.items() for key, value in leaves(group).items()}
    if recipe.latent_per_channel is not None:
        values["game.latent_dimension"] = recipe.latent_per_channel * sample.channels
    return {
        **values,
        "optimizer.learning_rate": _learning_rate(recipe, sample),
        "budget.batch": _batch(recipe, sample, train_count),
        "runtime.precision": recipe.precision if hardware.fast_bf16 else "fp32",
        "runtime.channels_last": recipe.channels_last and hardware.device != "mps",
    }


def _spectrogram(parameters: TrainingParameters, recipe: Recipe, sample: SampleSpec) -> dict[str, int]:
    """Choose the window by the sample rate, and half of it as hop, where the user does not."""
    if not isinstance(recipe.game, SpectrogramGanSettings):
        return {}
    values = overrides(parameters)
    window = values.get("game.window", choose_window(sample.sample_rate))
    return {"game.window": window, "game.hop": values.get("game.hop", window // 2)}


def _without_adaptation(parameters: TrainingParameters, recipe: Recipe) -> dict[str, Any]:
    """Drop the recipe's target of ADA where the user fixes the probability, or wants an objective without a zero."""
    values = overrides(parameters)
    objective = values.get("game.objective")
    if not isinstance(recipe.game, LatentGanSettings) or recipe.game.augmentation.target is None:
        return {}
    has_zero = objective is None or build_objective(objective).zero_is_boundary
    fixed = any(key.startswith("game.augmentation.probability") for key in values)
    return {} if has_zero and not fixed else {"game.augmentation.target": None}


def _batch(recipe: Recipe, sample: SampleSpec, train_count: int) -> int:
    """Halve the recipe's batch for large images: a step's memory stays that of 64 images of 128 × 128."""
    batch, pixels = recipe.batch, sample.image_height * sample.image_width
    while batch > _MIN_BATCH and (batch * pixels > _MAX_BATCH_PIXELS or batch > train_count):
        batch = max(_MIN_BATCH, batch // 2)
    return batch


def _learning_rate(recipe: Recipe, sample: SampleSpec) -> dict[str, float]:
    """Lower the rate of deeper networks: at 100 × 100 training with that of 28 × 28 diverged (EXPERIMENTS.md)."""
    factor = 1.0
    if recipe.rate_downsamples:
        factor = min(1.0, recipe.rate_downsamples / num_downsamples(*sample.size))
    rate = recipe.optimizer.learning_rate
    return {"start": rate.start * factor, "end": rate.end * factor}


def _total_images(recipe: Recipe, sample: SampleSpec, train_count: int) -> int:
    return min(max(_EPOCHS * train_count, _min_images(sample)), _MAX_IMAGES) // recipe.budget_divisor


def _min_images(sample: SampleSpec) -> int:
    """Return the least budget: fewer of larger images, so that the time grows with the root of their side."""
    return round(_MIN_IMAGES * min(1.0, _SMALL_SIDE / math.sqrt(sample.image_height * sample.image_width)) ** 1.5)


def _input_channels(parameters: TrainingParameters, recipe: Recipe, sample: SampleSpec) -> int:
    require_pairs(parameters, sample.input_channels > 0)
    if isinstance(recipe.game, UnpairedSettings):
        return sample.channels
    return sample.input_channels if recipe.from_input else 0


def _masks(parameters: TrainingParameters, sample: SampleSpec) -> dict[str, Any]:
    """Return whether masks are read, and no coverage where they are."""
    are_read = require_masks(parameters, sample.masks)
    return {"sample.masks": True, "game.coverage": None} if are_read else {"sample.masks": False}


def _mode_seeking(parameters: TrainingParameters) -> dict[str, float]:
    """Return the weight of the mode-seeking term where there is noise, which would be ignored without it."""
    return {"game.mode_seeking_weight": _MODE_SEEKING} if overrides(parameters).get("game.noise_dimension") else {}


def _check_domains(settings: Settings, classes: int) -> None:
    """Check the classes of an unpaired translation."""
    game = settings.game
    if not isinstance(game, UnpairedSettings):
        return
    if classes < 2:
        raise ConfigurationError(
            "training.recipe",
            expected="a recipe for pictures without classes",
            received=settings.recipe,
            remedy="Put the pictures of both kinds into two folders, and set data_preparation.classes=folders.",
        )
    if game.from_class == game.to_class or max(game.from_class, game.to_class) >= classes:
        raise ConfigurationError(
            "training.game.from_class and training.game.to_class",
            expected=f"two numbers below {classes}, the number of classes",
            received=f"{game.from_class} and {game.to_class}",
            remedy="Set both, such as training.game.from_class=0,training.game.to_class=1.",
        )


def _check_length(settings: Settings) -> None:
    """Check that clips are long enough for the networks."""
    game, samples = settings.game, settings.sample.image_width
    if isinstance(game, SpectrogramGanSettings) and min(game.spectrogram_size(samples)) < _LEAST_SIDE:
        bins, frames = game.spectrogram_size(samples)
        raise ConfigurationError(
            "training.game.window and training.game.hop",
            expected=f"spectrograms of at least {_LEAST_SIDE} bins and {_LEAST_SIDE} frames",
            received=f"{bins} bins and {frames} frames, of {samples} samples",
            remedy="Set another window or hop, or a larger data_preparation.clip_seconds.",
        )
    if isinstance(game, WaveGanSettings) and samples < LEAST_SAMPLES:
        raise ConfigurationError(
            "training.recipe",
            expected=f"a recipe for clips of fewer than {LEAST_SAMPLES} samples",
            received=f"{settings.recipe}, and clips of {samples} samples",
            remedy="Set a larger data_preparation.clip_seconds or data_preparation.sample_rate.",
        )


def _classes(parameters: TrainingParameters, recipe: Recipe, sample: SampleSpec) -> int:
    if parameters.conditional and not sample.classes:
        raise ConfigurationError(
            "training.conditional",
            expected="a store with labels",
            received="an unlabelled store",
            remedy="Put the pictures into one sub-folder a class, or leave training.conditional null.",
        )
    conditional = recipe.conditional if parameters.conditional is None else parameters.conditional
    return sample.classes if conditional and "conditional" not in recipe.without else 0


def _cadence(values: dict[str, Any]) -> dict[str, int]:
    """Return when to log, sample, save and keep a snapshot; each interval is at least an iteration."""
    total_images = values["budget.total_images"]
    derived = {
        "cadence.log_every_images": total_images // _LOGS,
        "cadence.checkpoint_every_images": total_images // _CHECKPOINTS,
        # Rounded up, so that the last snapshot is that of the end.
        "cadence.snapshot_every_images": math.ceil(total_images / _SNAPSHOTS),
        "execution.sample_every_images": total_images // _SAMPLES,
    }
    iteration = values["budget.batch"] * values.get("game.discriminator_steps", 1)
    return {key: max(iteration, values.get(key, default)) for key, default in derived.items()}


def _check_consistency(settings: Settings) -> None:
    batch, processes = settings.budget.batch, settings.execution.processes
    if batch % processes:
        raise ConfigurationError(
            "training.processes",
            expected=f"a divisor of the batch of {batch}, since each process trains on an equal share of it",
            received=str(processes),
            remedy="Choose another training.processes or training.batch.",
        )
    if settings.budget.stop_when_flat and settings.optimizer.learning_rate_decay != "none":
        raise ConfigurationError(
            "training.stop_when_flat",
            expected="false with the learning_rate_decay linear, under which a distance falls until the end",
            received="true",
            remedy="Set training.optimizer.learning_rate_decay=none, or leave training.stop_when_flat false.",
        )
    game = settings.game
    if not isinstance(game, LatentGanSettings) or game.augmentation.target is None:
        return
    if not build_objective(game.objective).zero_is_boundary:
        raise ConfigurationError(
            "training.game.augmentation.target",
            expected=f"null with the objective {game.objective}, whose logits have no zero",
            received=str(game.augmentation.target),
            remedy="Set training.game.augmentation.probability instead.",
        )


def _reasons(recipe: Recipe, sample: SampleSpec, train_count: int) -> dict[str, str]:
    """Return key of the parameters → formula, for the settings that are not simply the recipe's."""
    size = f"height {sample.image_height} · width {sample.image_width}"
    least = f"{_MIN_IMAGES:,} · min(1, {_SMALL_SIDE} / √({size}))^1.5 = {_min_images(sample):,}"
    halved = f"halved (not below {_MIN_BATCH}) while batch · {size} > 2^20 or batch > train_count {train_count}"
    divided = f", divided by {recipe.budget_divisor} of the recipe" if recipe.budget_divisor > 1 else ""
    reasons = {
        "total_images": f"{_EPOCHS} · train_count {train_count}, at least {least}, at most {_MAX_IMAGES:,}{divided}",
        **({"batch": f"{recipe.batch}, {halved}"} if recipe.batch > _MIN_BATCH else {}),
        "mirror": "the default",
        "burn_in_images": f"{recipe.burn_in_share:g} · total_images",
        "log_every_images": f"total_images / {_LOGS}, at least an iteration",
        "sample_every_images": f"total_images / {_SAMPLES}, at least an iteration",
        "checkpoint_every_images": f"total_images / {_CHECKPOINTS}, at least an iteration",
        "snapshot_every_images": f"total_images / {_SNAPSHOTS}, rounded up, at least an iteration",
    }
    if isinstance(recipe.game, CompletionSettings):
        reasons["game.mode_seeking_weight"] = f"{_MODE_SEEKING:g} with noise (noise_dimension above 0), else 0"
    if recipe.channels_last:
        reasons["runtime.channels_last"] = "true on every device but mps"
    if recipe.precision == "bf16":
        reasons["runtime.precision"] = "the recipe's bf16, but fp32 where the machine does not multiply bf16 faster"
    if recipe.latent_per_channel is not None:
        reasons["game.latent_dimension"] = f"{recipe.latent_per_channel} · channels {sample.channels}"
    if isinstance(recipe.game, SpectrogramGanSettings):
        reasons["game.window"] = f"the largest power of two within 32 milliseconds at {sample.sample_rate} hertz"
        reasons["game.hop"] = "half of training.game.window"
    if recipe.rate_downsamples:
        depth = num_downsamples(*sample.size)
        rate = recipe.optimizer.learning_rate
        reasons["learning_rate"] = f"the recipe's {rate} · min(1, {recipe.rate_downsamples} / {depth} downsamplings)"
    return reasons | dict(recipe.reasons)
