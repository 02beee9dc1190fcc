import pytest
import torch

from ganops.errors import ConfigurationError
from ganops.launch.machine import choose_device


@pytest.mark.parametrize(
    "cuda, mps, first", [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_is_the_first_device_that_there_is(monkeypatch, cuda, mps, first):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto") == first
    assert choose_device("cpu") == "cpu"


def test_a_device_that_is_not_there_is_refused_with_what_there_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match=r"auto, or one of cpu, received 'cuda'"):
        choose_device("cuda")
