"""(recipe, overrides, the store's shape, the machine) → settings. Pure."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from ganops.config import FieldName, TrainingParameters
from ganops.errors import ConfigurationError
from ganops.games.overrides import OF_TWO_PLAYERS, check_overrides, overrides
from ganops.games.recipes import RECIPES, Recipe, find_recipe
from ganops.networks.layers import num_downsamples
from ganops.objectives.build import build_objective
from ganops.training_settings import Settings

_EPOCHS, _LEAST_IMAGES, _MOST_IMAGES = 40, 240_000, 1_000_000
_SMALL_SIDE, _MOST_PIXELS, _LEAST_BATCH = 28, 2**20, 8
_LOGS, _SAMPLES, _CHECKPOINTS, _SNAPSHOTS = 200, 20, 20, 5
_OVERRIDABLE = set(TrainingParameters.model_fields) - {"recipe"}
# Of a plain MLP: what a convolutional recipe says of its networks holds for pictures alone. Measured: EXPERIMENTS.md.
_OF_POINTS: dict[str, Any] = {
    **{"network": "mlp", "width": 128, "beta1": 0.0, "learning_rate_decay": "linear", "penalty_every_moves": 1},
    **{"augmentation": 0.0, "channels_last": False, "precision": "fp32"},
}
_POINTS_BATCH, _POINTS_GAMMA = 256, 0.1
_GAMMAS = ("r1_gamma", "r2_gamma")


@dataclass(frozen=True)
class SampleSpec:
    """What the settings need to know of a store."""

    channels: int
    height: int
    width: int
    classes: int
    """0: unlabelled"""
    train_count: int
    field: FieldName = "image"
    """of points, `channels` is their dimension, and height and width are 1"""


@dataclass(frozen=True)
class Hardware:
    """Where it runs: `auto` is already decided."""

    device: Literal["cpu", "cuda", "mps"]
    threads: int
    fast_bf16: bool = True
    """whether it multiplies bfloat16 faster than float32"""


class Derivation(NamedTuple):
    """A setting that the user did not set, its value and the reason for it."""

    key: str
    value: Any
    reason: str


def resolve(
    parameters: TrainingParameters, shape: SampleSpec, machine: Hardware, continued_from: str | None = None
) -> Settings:
    """What the user said, else what the recipe says, else what follows from the data by `derivations`.

    `continued_from`: the sha256 of the training state to go on from.
    """
    row, said = find_recipe(parameters.recipe), overrides(parameters)
    check_overrides(parameters, shape.field)
    recipe = {key: value for key, value in asdict(row).items() if key in Settings.model_fields}
    if row.game == "vae":
        recipe |= dict.fromkeys(OF_TWO_PLAYERS)
    precision = row.precision if machine.fast_bf16 else "fp32"
    fitted = {"batch": _batch(row, shape), "precision": precision, **_rates(row, shape)}
    values: dict[str, Any] = {**_derived(shape, machine), **recipe, **fitted, **_of_field(row, shape), **said}
    values |= {
        "device": machine.device,
        "threads": machine.threads,
        "classes": _classes(parameters, shape),
        "continued_from": continued_from,
    }
    values.setdefault("burn_in_images", round(row.burn_in_share * values["total_images"]))
    settings = Settings.parse(values | _cadence(values, said))
    _require_sense(settings)
    return settings


def derivations(parameters: TrainingParameters, shape: SampleSpec, settings: Settings) -> list[Derivation]:
    """List the settings that the user did not set, with the formula or the recipe that gave each value."""
    said, recipe = overrides(parameters), RECIPES[parameters.recipe]
    size = f"height {shape.height} · width {shape.width}"
    least = f"{_LEAST_IMAGES:,} · min(1, {_SMALL_SIDE} / √({size})) = {_least_images(shape):,}"
    bounds = f"at least {least}, at most {_MOST_IMAGES:,}"
    halved = f"halved (not below {_LEAST_BATCH}) while batch · {size} > 2^20 or batch > train_count {shape.train_count}"
    reasons = {
        "total_images": f"{_EPOCHS} · train_count {shape.train_count}, {bounds}",
        "batch": f"{_whole_batch(recipe, shape)}, {halved}",
        "mirror": "not asked for",
        "burn_in_images": f"{recipe.burn_in_share:g} · total_images",
        "channels_last": "true on every device but mps",
        "log_every_images": f"total_images / {_LOGS}, at least a round",
        "sample_every_images": f"total_images / {_SAMPLES}, at least a round",
        "checkpoint_every_images": f"total_images / {_CHECKPOINTS}, at least a round",
        "snapshot_every_images": f"total_images / {_SNAPSHOTS}, rounded up, at least a round",
    }
    if recipe.precision == "bf16":
        reasons["precision"] = "the recipe's bf16, but fp32 where the machine does not multiply bf16 faster"
    if shape.field == "point":
        reasons |= _reasons_of_points(recipe, shape)
    elif recipe.rate_downsamples:
        depth = num_downsamples(shape.height, shape.width)
        slower = f"the recipe's {recipe.learning_rate:g} · min(1, {recipe.rate_downsamples} / {depth} halvings)"
        reasons["learning_rate"] = slower
    of_recipe = {key: f"of the recipe {parameters.recipe}" for key in asdict(recipe) if key in _OVERRIDABLE}
    why = of_recipe | reasons
    open_keys = [key for key in why if key not in said and getattr(settings, key) is not None]
    return [Derivation(f"training.{key}", getattr(settings, key), why[key]) for key in open_keys]


def _reasons_of_points(recipe: Recipe, shape: SampleSpec) -> dict[str, str]:
    reasons = dict.fromkeys(_of_field(recipe, shape).keys() & _OVERRIDABLE, "for points")
    reasons["latent_dimension"] = f"of points of {shape.channels} coordinates"
    reasons["learning_rate"] = f"the recipe's {recipe.learning_rate:g} · √({_POINTS_BATCH} / {recipe.batch})"
    return reasons | dict.fromkeys(_GAMMAS, f"{_POINTS_GAMMA:g} · that of the recipe, for points")


def _batch(recipe: Recipe, shape: SampleSpec) -> int:
    """A wide picture is a large sample: a step's memory stays what it is for 64 pictures of 128 × 128."""
    batch = _whole_batch(recipe, shape)
    while batch > _LEAST_BATCH and (batch * shape.height * shape.width > _MOST_PIXELS or batch > shape.train_count):
        batch = max(_LEAST_BATCH, batch // 2)
    return batch


def _rates(recipe: Recipe, shape: SampleSpec) -> dict[str, float | None]:
    """Deeper networks are less stable: at 100 × 100 the rate of 28 × 28 ended in a divergence (EXPERIMENTS.md).

    The larger batches of points bear a larger rate, by the root of their ratio (Malladi et al. 2022, for Adam).
    """
    factor = (
        min(1.0, recipe.rate_downsamples / num_downsamples(shape.height, shape.width))
        if recipe.rate_downsamples
        else 1.0
    )
    if shape.field == "point":
        factor = math.sqrt(_POINTS_BATCH / recipe.batch)
    rates = {key: getattr(recipe, key) for key in ("learning_rate", "burn_in_learning_rate")}
    return {key: rate if rate is None else rate * factor for key, rate in rates.items()}


def _whole_batch(recipe: Recipe, shape: SampleSpec) -> int:
    return _POINTS_BATCH if shape.field == "point" else recipe.batch


def _of_field(recipe: Recipe, shape: SampleSpec) -> dict[str, Any]:
    """Of points there are as many latents as coordinates: with 100 for two, only 5 to 40 % lie near a mode."""
    if shape.field == "image":
        return {}
    gammas = {key: _POINTS_GAMMA * getattr(recipe, key) for key in _GAMMAS}
    return {**_OF_POINTS, **gammas, "latent_dimension": shape.channels}


def _least_images(shape: SampleSpec) -> int:
    """A large picture says more than a small one, and takes longer: seconds grow with its side, not with its area."""
    return round(_LEAST_IMAGES * min(1.0, _SMALL_SIDE / math.sqrt(shape.height * shape.width)))


def _require_sense(settings: Settings) -> None:
    if settings.batch % settings.processes:
        raise ConfigurationError(
            "training.processes",
            expected=f"a divisor of the batch of {settings.batch}, since each process plays an equal share of it",
            received=str(settings.processes),
            remedy="Choose another training.processes or training.batch.",
        )
    objective = settings.objective
    if settings.augmentation_target is not None and objective and not build_objective(objective).zero_is_boundary:
        raise ConfigurationError(
            "training.augmentation_target",
            expected=f"null with the objective {settings.objective}, whose logits have no zero",
            received=str(settings.augmentation_target),
            remedy="Set training.augmentation to a probability instead.",
        )


def _derived(shape: SampleSpec, machine: Hardware) -> dict[str, Any]:
    return {
        "field": shape.field,
        "height": shape.height,
        "width_pixels": shape.width,
        "channels": shape.channels,
        "mirror": False,
        "total_images": min(max(_EPOCHS * shape.train_count, _least_images(shape)), _MOST_IMAGES),
        "channels_last": machine.device != "mps",
    }


def _classes(parameters: TrainingParameters, shape: SampleSpec) -> int:
    if parameters.conditional and not shape.classes:
        raise ConfigurationError(
            "training.conditional",
            expected="a store with labels",
            received="an unlabelled store",
            remedy="Put the pictures into one sub-folder a class, or leave training.conditional null.",
        )
    return 0 if parameters.conditional is False else shape.classes


def _cadence(values: dict[str, Any], said: dict[str, Any]) -> dict[str, int]:
    shares = {"log": _LOGS, "sample": _SAMPLES, "checkpoint": _CHECKPOINTS}
    derived = {f"{what}_every_images": values["total_images"] // share for what, share in shares.items()}
    # Rounded up, so that the last snapshot is that of the end.
    derived["snapshot_every_images"] = math.ceil(values["total_images"] / _SNAPSHOTS)
    least = values["batch"] * (values["discriminator_steps"] or 1)
    return {key: max(least, said.get(key, default)) for key, default in derived.items()}
