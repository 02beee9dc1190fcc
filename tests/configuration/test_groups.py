"""Effective parameters are complete and flat, and errors in them stop a run at its start."""

from pathlib import Path

import pytest

from ganops.configuration.groups import effective_parameters, flat_parameters
from ganops.errors import ConfigurationError
from ganops.parameters import flatten
from ganops.tracking.run_session import resume_key


def test_defaults_are_part_of_the_effective_parameters() -> None:
    raw = {"training": {"recipe": "vae", "seed": 4}, "registration": {"compare_by": "fid"}}
    flat = flat_parameters(effective_parameters(raw))
    assert flat["training.recipe"] == "vae"
    assert flat["training.seed"] == 4
    assert flat["training.total_images"] is None
    assert flat["registration.compare_by"] == "fid"
    assert flat["registration.largest_request"] == 256


def test_an_unknown_group_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean training"):
        effective_parameters({"trainin": {"recipe": "vae"}})


def test_a_key_without_its_group_names_the_groups_that_have_it() -> None:
    with pytest.raises(ConfigurationError, match=r"Did you mean data_preparation\.seed or training\.seed\?"):
        effective_parameters({"seed": 1})


def test_a_group_that_is_no_mapping_is_a_wrong_value() -> None:
    with pytest.raises(ConfigurationError, match="training: expected keys with values below it, received 3"):
        effective_parameters({"training": 3})


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"Did you mean training\.recipe"):
        effective_parameters({"training": {"recipes": "vae"}})


def test_flatten_keeps_lists_and_joins_keys() -> None:
    assert flatten({"a": {"b": {"c": 1}, "d": [2, 3]}, "e": {}}) == {"a.b.c": 1, "a.d": [2, 3]}
    assert flatten({"a": {"b": 1}}, "/") == {"a/b": 1}


def test_the_resume_key_changes_with_environment_and_any_parameter_but_not_with_order() -> None:
    key = resume_key("smoke", {"a": 1, "b": "x"})
    assert key == resume_key("smoke", {"b": "x", "a": 1})
    others = [resume_key("mnist", {"a": 1, "b": "x"}), resume_key("smoke", {"a": 2, "b": "x"})]
    others.append(resume_key("smoke", {"a": "1", "b": "x"}))
    assert len({key, *others}) == 4


@pytest.mark.parametrize("name", ["training.continue_from", "comparison.variants.long.continue_from"])
def test_the_resume_key_changes_with_the_content_of_what_is_continued(name: str, tmp_path: Path) -> None:
    file = tmp_path / "training_state.safetensors"
    keys = [resume_key("smoke", {name: str(file)})]
    for content in (b"one", b"two"):
        file.write_bytes(content)
        keys.append(resume_key("smoke", {name: str(file)}))
    assert len(set(keys)) == 3
    file.write_bytes(b"one")
    assert resume_key("smoke", {name: str(file)}) == keys[1]
    assert resume_key("smoke", {name: None}) == resume_key("smoke", {name: None})
