"""The family of errors: its tree, its message and its documentation."""

import pytest

from ganops import errors
from ganops.errors import ConfigurationError, GanopsError

MEMBERS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def test_message_states_expected_received_and_remedy() -> None:
    error = ConfigurationError("training.batch", expected="at least 2", received="1", remedy="Raise it.")
    assert str(error) == "training.batch: expected at least 2, received 1. Raise it."
    assert (error.subject, error.expected, error.received, error.remedy) == (
        "training.batch",
        "at least 2",
        "1",
        "Raise it.",
    )


@pytest.mark.parametrize("kind", MEMBERS)
def test_every_member_is_caught_as_one_family(kind: type[GanopsError]) -> None:
    with pytest.raises(GanopsError):
        raise kind("x", expected="a", received="b", remedy="c")


def test_the_tree_at_the_top_of_the_module_lists_every_member() -> None:
    assert len(MEMBERS) == 13
    for kind in MEMBERS:
        assert kind.__name__ in (errors.__doc__ or "")


def test_parts_are_named_so_that_none_is_forgotten() -> None:
    with pytest.raises(TypeError):
        GanopsError("x", "a", "b", "c")  # type: ignore[reportCallIssue]
