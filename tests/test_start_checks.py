"""Errors that a run would meet hours later are reported before its first node."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ganops.configuration.groups import effective_parameters
from ganops.errors import ConfigurationError
from ganops.registry.gate import METRICS
from ganops.start_checks import check_load_versions, check_start

BASE = Path(__file__).parents[1] / "conf" / "base"
ALL = ("prepare", "train", "build_extractor", "evaluate", "register")


def check(nodes: tuple[str, ...] = ALL, **changed: dict[str, Any]) -> None:
    raw: dict[str, Any] = {}
    for file in BASE.glob("parameters_*.yml"):
        raw |= yaml.safe_load(file.read_text(encoding="utf-8"))
    check_start(effective_parameters({name: values | changed.get(name, {}) for name, values in raw.items()}), nodes)


def test_the_base_configuration_passes() -> None:
    check()
    check(("prepare", "build_extractor", "compare"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"training": {"recipe": "dcgna"}}, r"training\.recipe: .*Did you mean dcgan\?"),
        ({"comparison": {"variants": {"a": {"recipe": "sngna"}}}}, r"training\.recipe: .*Did you mean sngan\?"),
        ({"training": {"recipe": "vae", "game": {"r1_gamma": 1.0}}}, r"training\.game\.r1_gamma: expected null"),
        (
            {"training": {"continue_from": "none.safetensors"}},
            r"continue_from: .*, which does not exist",
        ),
        (
            {"training": {"recipe": "completion", "conditional": True}},
            r"training\.conditional: expected null, since the recipe completion has no conditional",
        ),
        ({"registration": {"limits": {"reverse_lk": {"maximum": 2}}}}, r"limits: .*Did you mean reverse_kl\?"),
        ({"registration": {"limits": {"high_quality": {"maximum": 2}}}}, r"limits: expected a metric of the report"),
        (
            {"evaluation": {"features": "coordinates"}},
            r"features: expected classifier or .* or stacked_digits, since",
        ),
        ({"evaluation": {"features": "stacked_digits"}}, r"features: expected other features, since stacked_digits"),
        ({"data_preparation": {"source": "gaussians_25"}}, r"features: expected coordinates, since"),
        (
            {"data_preparation": {"source": "gaussians_25"}, "training": {"mirror": True}},
            r"training\.mirror: expected null, since the recipe antialiased for points has no mirror",
        ),
        (
            {"evaluation": {"features": "efficientnet_lite0"}, "registration": {"compare_by": "class_accuracy"}},
            r"compare_by: expected a metric of the report",
        ),
        (
            {"evaluation": {"features": "inception", "inception_weights": "none.pth"}},
            r"inception_weights: .*'none\.pth', which does not exist",
        ),
    ],
)
def test_errors_that_need_no_data_are_reported_at_start(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check(**changed)


def test_features_that_a_training_uses_are_refused_for_its_gate() -> None:
    projected, trained = {"recipe": "projected"}, {"features": "efficientnet_lite0"}
    with pytest.raises(ConfigurationError, match=r"evaluation\.features: .* Set .*=efficientnet_lite2"):
        check(training=projected, evaluation=trained)
    check(training=projected, evaluation={"features": "efficientnet_lite2"})
    check(training=projected, evaluation=trained, registration={"compare_by": "fwd"})
    check(evaluation=trained)
    check(("prepare", "build_extractor", "compare"), training=projected, evaluation=trained)


def test_a_gate_may_limit_a_metric_of_the_game() -> None:
    limited = {"limits": {"l1_hole": {"maximum": 0.1}}}
    check(training={"recipe": "completion"}, registration=limited)
    with pytest.raises(ConfigurationError, match=r"registration\.limits: .*received 'l1_hole'"):
        check(registration=limited)


@pytest.mark.parametrize(
    ("metric", "training", "without"),
    [
        ("cycle_l1", {"recipe": "cyclegan"}, {"recipe": "fastcut"}),
        ("pairwise_l1_hole", {"recipe": "completion", "game": {"noise_dimension": 8}}, {"recipe": "completion"}),
    ],
)
def test_a_gate_may_limit_a_further_metric_of_the_game(
    metric: str, training: dict[str, Any], without: dict[str, Any]
) -> None:
    limited = {"limits": {metric: {"maximum": 0.1}}}
    check(training=training, registration=limited)
    with pytest.raises(ConfigurationError, match=rf"registration\.limits: .*received '{metric}'"):
        check(training=without, registration=limited)


def test_a_gate_may_limit_the_likelihood_of_an_oracle_where_there_is_one() -> None:
    text = {"features": "ngrams", "further_features": []}
    limited, training = {"limits": {"oracle_nll": {"maximum": 9}}}, {"recipe": "text_mle"}
    data = {"source": "oracle", "tokens": "words"}
    check(data_preparation=data, training=training, evaluation={**text, "oracle": True}, registration=limited)
    with pytest.raises(ConfigurationError, match=r"registration\.limits: .*received 'oracle_nll'"):
        check(data_preparation=data, training=training, evaluation=text, registration=limited)


def test_a_gate_may_limit_lpips_where_its_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "weights").touch()
    files = {name: str(tmp_path / "weights") for name in ("lpips_trunk", "lpips_heads")}
    limited = {"limits": {"lpips_alex": {"maximum": 0.1}}}
    check(training={"recipe": "completion"}, registration=limited, evaluation=files)
    with pytest.raises(ConfigurationError, match=r"registration\.limits: .*received 'lpips_alex'"):
        check(registration=limited, training={"recipe": "completion"})
    with pytest.raises(ConfigurationError, match=r"registration\.limits: .*received 'lpips_alex'"):
        check(registration=limited, evaluation=files)
    with pytest.raises(ConfigurationError, match=r"evaluation\.lpips_heads: .*'none', which does not exist"):
        check(evaluation={**files, "lpips_heads": "none"})


def test_masks_of_files_need_a_folder_before_anything_is_prepared(tmp_path: Path) -> None:
    of_files = {"recipe": "completion", "game": {"mask": "files"}}
    with pytest.raises(ConfigurationError, match=r"training\.game\.mask: .*Set data_preparation\.masks"):
        check(training=of_files)
    with pytest.raises(ConfigurationError, match=r"data_preparation\.masks: .*'nowhere', which does not exist"):
        check(training=of_files, data_preparation={"masks": "nowhere"})
    check(training=of_files, data_preparation={"masks": str(tmp_path)})
    with pytest.raises(ConfigurationError, match=r"training\.game\.coverage: expected null with"):
        check(
            training={**of_files, "game": {"mask": "files", "coverage": 0.1}}, data_preparation={"masks": str(tmp_path)}
        )


def test_external_samples_are_checked_for_the_node_that_evaluates_them() -> None:
    check(evaluation={"samples": "nowhere"})
    with pytest.raises(ConfigurationError, match=r"evaluation\.samples: .*'nowhere', which does not exist"):
        check(("evaluate_external_samples",), evaluation={"samples": "nowhere"})


def test_ray_is_needed_by_several_processes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    check(training={"launcher": "ray"})
    with pytest.raises(ConfigurationError, match="Ray is an extra"):
        check(training={"launcher": "ray", "processes": 2})


def test_a_file_is_checked_for_the_node_that_reads_it() -> None:
    check(("prepare",), training={"continue_from": "none.safetensors"})
    check(("register",), registration={"limits": {"high_quality": {"maximum": None}}})


def test_load_versions_need_a_versioned_dataset() -> None:
    check_load_versions(["report"], {"report": {"versioned": True}})
    with pytest.raises(ConfigurationError, match="--load-versions: expected datasets with"):
        check_load_versions(["store"], {"store": {"type": "x"}})


def test_every_kind_of_features_names_its_metrics() -> None:
    from typing import get_args

    from ganops.config import FeatureKind

    assert set(METRICS) == set(get_args(FeatureKind))
