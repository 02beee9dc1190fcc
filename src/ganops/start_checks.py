"""Check before the first node the names and files that a run needs only hours later. Torch-free."""

import importlib.util
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ganops.comparison_config import ComparisonParameters
from ganops.config import (
    DIVERSITY_METRICS,
    FEATURE_FIELDS,
    LPIPS_METRIC,
    ORACLE_NLL,
    PICTURE_METRICS,
    SOURCE_FIELDS,
)
from ganops.errors import ConfigurationError
from ganops.evaluation_config import EvaluationParameters, RegistrationParameters
from ganops.games.overrides import check_overrides, overrides, require_masks, require_pairs
from ganops.games.recipes import find_recipe
from ganops.parameters import Parameters
from ganops.preparation_config import DataPreparationParameters
from ganops.registry.gate import check_limits, check_trained_features
from ganops.training_config import TrainingParameters

P = TypeVar("P", bound=Parameters)

# Features → the file that `evaluation.<features>_weights` names.
_WEIGHTS = {"inception": "a file of the TF-2015 weights", "speaker_encoder": "pretrained.pt of the package resemblyzer"}


def check_start(groups: Mapping[str, Parameters], nodes: Collection[str]) -> None:
    """Check the configuration as far as that needs neither data nor torch.

    Args:
        groups: the parameters of each pipeline, by name.
        nodes: names of the nodes that will run; a file is checked only if one of them reads it.

    Raises:
        ConfigurationError: a name is unknown, a file is missing, or parameters contradict one another.
    """
    preparation, training = _find(groups, DataPreparationParameters), _find(groups, TrainingParameters)
    evaluation, registration = _find(groups, EvaluationParameters), _find(groups, RegistrationParameters)
    for parameters in _list_trainings(groups, training):
        find_recipe(parameters.recipe)
    if preparation and preparation.masks is not None and "prepare" in nodes and not Path(preparation.masks).exists():
        raise _missing("data_preparation.masks", preparation.masks, "a folder or archive of masks")
    if training and {"train", "compare"} & {*nodes}:
        _check_training(training)
        if preparation and "prepare" in nodes:
            for parameters in _list_trainings(groups, training) if "compare" in nodes else [training]:
                check_overrides(parameters, SOURCE_FIELDS[preparation.source])
                require_pairs(parameters, preparation.pairs is not None)
                require_masks(parameters, preparation.masks is not None)
    if evaluation:
        _check_evaluation(evaluation, preparation, nodes)
        if registration:
            check_limits(
                registration,
                evaluation.features,
                _list_metrics_of_game(training, evaluation),
                absent=() if evaluation.oracle else (ORACLE_NLL,),
            )
            if training and {"train", "register"} & {*nodes}:
                trained = find_recipe(training.recipe).networks.trained_features
                check_trained_features(registration, evaluation.features, trained)


def _list_metrics_of_game(training: TrainingParameters | None, evaluation: EvaluationParameters) -> tuple[str, ...]:
    if training is None:
        return ()
    game = find_recipe(training.recipe).game
    has_noise = overrides(training).get("game.noise_dimension")
    further = [name for name in game.further_metrics if has_noise or name not in DIVERSITY_METRICS]
    lpips = [LPIPS_METRIC] if evaluation.lpips_heads and {*PICTURE_METRICS} & {*game.paired_metrics} else []
    return (*game.paired_metrics, *further, *lpips)


def check_load_versions(names: Iterable[str], entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ConfigurationError where the catalog keeps no versions of a dataset."""
    for name in names:
        if not entries.get(name, {}).get("versioned"):
            raise ConfigurationError(
                "--load-versions",
                expected="datasets with `versioned: true` in the catalog",
                received=repr(name),
                remedy="Leave the option out; DVC versions the data: `git checkout COMMIT`, then `dvc checkout`.",
            )


def _find(groups: Mapping[str, Parameters], kind: type[P]) -> P | None:
    found = groups.get(kind.key)
    return found if isinstance(found, kind) else None


def _list_trainings(groups: Mapping[str, Parameters], training: TrainingParameters | None) -> list[TrainingParameters]:
    comparison = _find(groups, ComparisonParameters)
    if training is None:
        return []
    return [training, *(comparison.trainings(training).values() if comparison else [])]


def _check_training(training: TrainingParameters) -> None:
    if training.continue_from is not None:
        _check_file("training.continue_from", training.continue_from, "a training_state.safetensors")
    if training.launcher == "ray" and training.processes > 1 and importlib.util.find_spec("ray") is None:
        raise ConfigurationError(
            "training.launcher",
            expected="elastic, since Ray is an extra that is not installed",
            received="ray",
            remedy="Install it with pip install 'ganops[ray]', in a clone with pip install -e '.[ray]'.",
        )


def _check_evaluation(
    evaluation: EvaluationParameters, preparation: DataPreparationParameters | None, nodes: Collection[str]
) -> None:
    if (
        "evaluate_external_samples" in nodes
        and evaluation.samples is not None
        and not Path(evaluation.samples).exists()
    ):
        raise _missing("evaluation.samples", evaluation.samples, "a folder or archive of pictures")
    if "evaluate_external_samples" in nodes and evaluation.masks is not None and not Path(evaluation.masks).exists():
        raise _missing("evaluation.masks", evaluation.masks, "a folder or archive of masks")
    if not {"build_extractor", "evaluate_external_samples"} & {*nodes}:
        return
    for features, expected in _WEIGHTS.items():
        path = getattr(evaluation, f"{features}_weights")
        if path is not None and features in (evaluation.features, *evaluation.further_features):
            _check_file(f"evaluation.{features}_weights", path, expected)
    for key in ("lpips_trunk", "lpips_heads"):
        if (path := getattr(evaluation, key)) is not None:
            _check_file(f"evaluation.{key}", path, "a file of weights")
    if preparation and "prepare" in nodes:
        _check_features(evaluation, preparation)


def _check_features(evaluation: EvaluationParameters, preparation: DataPreparationParameters) -> None:
    source, features = preparation.source, evaluation.features
    of_field = [name for name, field in FEATURE_FIELDS.items() if field == SOURCE_FIELDS[source]]
    if features not in of_field:
        suitable = " or ".join(of_field)
    elif features == "stacked_digits" and source != "stacked_mnist":
        suitable = "other features, since stacked_digits is for stacked_mnist"
    else:
        return
    raise ConfigurationError(
        "evaluation.features",
        expected=f"{suitable}, since data_preparation.source is {source}",
        received=repr(features),
        remedy="Set evaluation.features in the environment's parameters_evaluation.yml, or choose another --env.",
    )


def _check_file(key: str, path: str, expected: str) -> None:
    if not Path(path).is_file():
        raise _missing(key, path, expected)


def _missing(key: str, path: str, expected: str) -> ConfigurationError:
    return ConfigurationError(
        key,
        expected=expected,
        received=f"{path!r}, which does not exist",
        remedy=f"Correct the path; a relative one starts at {Path.cwd()}.",
    )
