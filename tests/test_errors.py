"""The family of errors: its tree, its message and its documentation."""

import pickle
import re

import pytest

from ganops import errors
from ganops.errors import ConfigurationError, GanopsError, TrainingError, suggest

MEMBERS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def test_the_message_states_expected_received_and_remedy() -> None:
    error = ConfigurationError("training.batch", expected="at least 2", received="1", remedy="Raise it.")
    assert str(error) == "training.batch: expected at least 2, received 1. Raise it."
    assert (error.subject, error.expected, error.received, error.remedy) == (
        "training.batch",
        "at least 2",
        "1",
        "Raise it.",
    )


def test_an_error_without_an_expected_value_is_one_sentence_and_a_remedy() -> None:
    error = TrainingError("Training failed in all 4 attempts", remedy="Lower training.learning_rate.")
    assert str(error) == "Training failed in all 4 attempts. Lower training.learning_rate."
    with pytest.raises(AssertionError, match="expected and received come together"):
        TrainingError("loss", expected="finite values", remedy="Lower the rate.")


def test_the_tree_at_the_top_of_the_module_lists_the_family() -> None:
    """No member is left out, no other is listed, and every member can be caught as GanopsError."""
    listed = re.findall(r"\b[A-Z]\w+Error\b", errors.__doc__ or "")
    assert sorted(listed) == sorted(kind.__name__ for kind in MEMBERS)
    assert [kind for kind in MEMBERS if not issubclass(kind, GanopsError)] == []


def test_an_error_of_another_process_keeps_its_parts() -> None:
    error = ConfigurationError("training.batch", expected="at least 2", received="1", remedy="Raise it.")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (ConfigurationError, str(error), vars(error))


def test_the_parts_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        GanopsError("x", "a", "b", "c")  # type: ignore[reportCallIssue]


def test_the_nearest_name_is_suggested_whatever_its_case() -> None:
    assert suggest("DCGNA", ["vae", "dcgan"], within="training.") == "Did you mean training.dcgan?"
    assert suggest("zzz", ["vae", "dcgan"], "Remove it.") == "Remove it."
