import os

import pytest
import torch

from ganops import hardware
from ganops.errors import ConfigurationError
from ganops.hardware import choose_device, core_count, thread_count


@pytest.mark.parametrize(
    "cuda, mps, first", [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_is_the_first_available_device(monkeypatch, cuda, mps, first):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto") == first
    assert choose_device("cpu") == "cpu"


def test_an_unavailable_device_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match=r"auto, or one of cpu, received 'cuda'"):
        choose_device("cuda")


def test_bf16_depends_on_what_the_processor_reports(monkeypatch):
    answers = []
    for amx, avx512, amd in ((True, True, False), (False, True, True), (False, True, False), (False, False, True)):
        monkeypatch.setattr(hardware, "has_amx", lambda amx=amx: amx)
        monkeypatch.setattr(hardware, "has_avx512_bf16", lambda avx512=avx512: avx512)
        monkeypatch.setattr(hardware, "_is_amd", lambda amd=amd: amd)
        answers.append(hardware.multiplies_bf16_faster("cpu"))
    assert answers == [True, True, False, False]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot bind a process to cores")
def test_cores_are_those_that_this_process_is_bound_to():
    bound = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(bound)})
    try:
        assert core_count() == 1
    finally:
        os.sched_setaffinity(0, bound)
    assert core_count() == len(bound)


def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert core_count() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert core_count() == 1


def test_thread_count_is_restored_even_after_an_error():
    before, inside = torch.get_num_threads(), []

    def fail():
        with thread_count(before + 1):
            inside.append(torch.get_num_threads())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert inside == [before + 1]
    assert torch.get_num_threads() == before
