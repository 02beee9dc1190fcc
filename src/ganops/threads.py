"""The number of threads, held for the length of a computation: kernels that split their sums differently round
differently, and a result should depend on its parameters, not on the machine's cores or on what ran before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def thread_count(threads: int) -> Iterator[None]:
    """Torch computes with `threads` threads inside, and as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def core_count() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
