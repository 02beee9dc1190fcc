import pytest

from ganops.training.schedules import learning_rate


def test_a_linear_decay_ends_at_zero(make_settings):
    settings = make_settings("dcgan", learning_rate=0.5, learning_rate_decay="linear", total_images=80)
    assert [learning_rate(settings, seen) for seen in (0, 20, 80)] == pytest.approx([0.5, 0.375, 0.0])


def test_without_decay_it_is_constant(make_settings):
    settings = make_settings("dcgan", learning_rate=0.5, learning_rate_decay="none")
    assert learning_rate(settings, 79) == 0.5
