import pytest
import torch

from ganops import hardware
from ganops.errors import ConfigurationError
from ganops.hardware import choose_device


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


def test_what_the_processor_says_of_bfloat16_is_asked_of_it(monkeypatch):
    answers = []
    for amx, avx512, amd in ((True, True, False), (False, True, True), (False, True, False), (False, False, True)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda avx512=avx512: avx512)
        monkeypatch.setattr(hardware, "_is_of_amd", lambda amd=amd: amd)
        answers.append(hardware.multiplies_bf16_faster("cpu"))
    assert answers == [True, True, False, False]
