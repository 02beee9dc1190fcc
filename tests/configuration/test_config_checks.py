"""Values that DVC would not see, or that would not take effect, are refused."""

import subprocess
from pathlib import Path

import pytest

from ganops.configuration.config_checks import check_environment, check_overrides_visible_to_dvc, local_files
from ganops.errors import ConfigurationError


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return conf with base and smoke, committed; inside a stage of the DVC experiment warm-sea."""
    conf = tmp_path / "conf"
    for environment, text in (("base", "{seed: 1, batch: 64}"), ("smoke", "{seed: 2}")):
        (conf / environment).mkdir(parents=True)
        (conf / environment / "parameters_training.yml").write_text(f"training: {text}\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setenv("DVC_STAGE", "training")
    monkeypatch.setenv("DVC_EXP_NAME", "warm-sea")
    return conf


def _set_base(configuration: Path, text: str) -> None:
    (configuration / "base" / "parameters_training.yml").write_text(f"training: {text}\n")


def test_a_change_that_the_environment_hides_names_both_files(configuration: Path) -> None:
    _set_base(configuration, "{seed: 7, batch: 64}")
    with pytest.raises(ConfigurationError) as error:
        check_overrides_visible_to_dvc(configuration, "smoke")
    assert "conf/base/parameters_training.yml" in str(error.value)
    assert "conf/smoke/parameters_training.yml:training.seed" in error.value.remedy


def test_a_change_that_takes_effect_passes(configuration: Path) -> None:
    check_overrides_visible_to_dvc(configuration, "smoke")
    _set_base(configuration, "{seed: 1, batch: 32, width: 8}")
    check_overrides_visible_to_dvc(configuration, "smoke")


def test_outside_an_experiment_base_may_differ(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_base(configuration, "{seed: 7, batch: 64}")
    monkeypatch.delenv("DVC_EXP_NAME")
    check_overrides_visible_to_dvc(configuration, "smoke")


def test_a_stage_refuses_conf_local(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configuration / "local").mkdir()
    check_overrides_visible_to_dvc(configuration, None)
    (configuration / "local" / "credentials.yml").write_text("{}")
    check_overrides_visible_to_dvc(configuration, None)
    (configuration / "local" / "parameters.yml").write_text("training: {seed: 3}\n")
    assert local_files(configuration, None) == local_files(configuration, "local") == ["parameters.yml"]
    assert local_files(configuration, "smoke") == []
    check_overrides_visible_to_dvc(configuration, "smoke")
    with pytest.raises(ConfigurationError, match="conf/local"):
        check_overrides_visible_to_dvc(configuration, None)
    monkeypatch.delenv("DVC_STAGE")
    check_overrides_visible_to_dvc(configuration, None)


def test_an_unknown_environment_is_refused() -> None:
    for environment in (None, "local", "smoke"):
        check_environment(["mnist", "smoke"], environment)
    for environment, remedy in (("smok", "Did you mean smoke?"), ("mine", "write `environment: mine` there")):
        with pytest.raises(
            ConfigurationError, match=rf"--env {environment}: expected one of mnist, smoke, .*globals\.yml"
        ) as error:
            check_environment(["mnist", "smoke"], environment)
        assert remedy in error.value.remedy
