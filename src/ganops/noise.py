"""Randomness with an address: every draw is a function of (seed, stream, global sample index) alone.

A stream is an infinite table with one row a sample. Row i begins at counter i · ceil(d / 4) of a Philox-4x64 generator
(Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") keyed by (seed, stream), where d is the number of
values a sample takes. So a process draws just its own rows, an exact resume needs no saved generator, and sample i does
not depend on how samples are batched. Normal values are the inverse distribution function of uniform ones: each takes
one word, where rejection methods take a number of words that depends on the values.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import ndtri
from torch import Tensor

_WORDS_PER_COUNTER = 4
# 512 KiB of float32; more is drawn when it is asked for.
_MAX_VALUES_AT_ONCE = 1 << 17


@dataclass(frozen=True)
class Noise:
    """The noise of `count` consecutive samples from the global index `first` on.

    The names of its streams begin with `prefix`. Uniform and normal values are drawn for `at_once` batches of `count`
    samples together, which changes none of them: a draw costs more than its values where they are few, and a training
    asks for the next batch next.
    """

    seed: int
    first: int
    count: int
    device: torch.device = torch.device("cpu")
    prefix: str = ""
    at_once: int = 1

    def uniform(self, stream: str, shape: tuple[int, ...] = ()) -> Float[Tensor, "count *shape"]:
        """Draw uniform values of [0, 1), multiples of 2⁻²⁴ and so exact in float32, shape (count, *shape)."""
        return self._draw(_to_uniform, stream, shape)

    def normal(self, stream: str, shape: tuple[int, ...] = ()) -> Float[Tensor, "count *shape"]:
        """Draw standard normal values, float32, shape (count, *shape)."""
        return self._draw(_to_normal, stream, shape)

    def integers(self, stream: str, below: int, shape: tuple[int, ...] = ()) -> Int[Tensor, "count *shape"]:
        """Draw uniform integers 0 … below − 1, int64, shape (count, *shape)."""
        values = np.floor(_to_open_uniform(self._words(stream, shape)) * below).astype(np.int64)
        return self._copy_to_device(torch.from_numpy(values))

    def substream(self, stream: str) -> "Noise":
        """Return the same samples' noise with every stream named `<stream>/…`."""
        return replace(self, prefix=f"{self.prefix}{stream}/")

    def rows(self, start: int, stop: int) -> "Noise":
        """Return the noise of samples start … stop − 1 of this slice."""
        return replace(self, first=self.first + start, count=stop - start)

    def _draw(self, convert: "_Convert", stream: str, shape: tuple[int, ...]) -> Tensor:
        batches = min(self.at_once, _MAX_VALUES_AT_ONCE // max(1, self.count * math.prod(shape)))
        if batches < 2 or self.first % self.count:
            return self._copy_to_device(torch.from_numpy(self._float32(convert, stream, shape)))
        block, place = divmod(self.first // self.count, batches)
        rows = _draw_block(self.seed, self.prefix + stream, block, batches * self.count, convert, shape)
        return self._copy_to_device(torch.from_numpy(rows[place * self.count :][: self.count].copy()))

    def _float32(self, convert: "_Convert", stream: str, shape: tuple[int, ...]) -> np.ndarray:
        return convert(self._words(stream, shape)).astype(np.float32)

    def _words(self, stream: str, shape: tuple[int, ...]) -> np.ndarray:
        values = math.prod(shape)
        counters = -(-values // _WORDS_PER_COUNTER)
        generator = np.random.Philox(key=_key(self.seed, self.prefix + stream))
        generator.advance(self.first * counters)
        words = generator.random_raw(self.count * counters * _WORDS_PER_COUNTER)
        return words.reshape(self.count, -1)[:, :values].reshape(self.count, *shape)

    def _copy_to_device(self, values: Tensor) -> Tensor:
        # From pinned memory, so that the host does not wait for the copy.
        on_cuda = self.device.type == "cuda"
        return values.pin_memory().to(self.device, non_blocking=True) if on_cuda else values.to(self.device)


_Convert = Callable[[np.ndarray], np.ndarray]


# As many blocks as a training has streams of few values: two latents, up to five shifts, the mirroring, a few layers.
@lru_cache(maxsize=64)
def _draw_block(seed: int, stream: str, block: int, size: int, convert: _Convert, shape: tuple[int, ...]) -> np.ndarray:
    return Noise(seed, block * size, size)._float32(convert, stream, shape)


def _to_uniform(words: np.ndarray) -> np.ndarray:
    return (words >> np.uint64(40)) * 2.0**-24


def _to_normal(words: np.ndarray) -> np.ndarray:
    return ndtri(_to_open_uniform(words))


def _to_open_uniform(words: np.ndarray) -> np.ndarray:
    # The upper 52 bits, centred in their cell: neither 0 nor 1 occurs, so `ndtri` stays finite. (The centre of the last
    # of 2⁵³ cells is no float64: it would round to 1.)
    return ((words >> np.uint64(12)) + 0.5) * 2.0**-52


def permutation(seed: int, stream: str, epoch: int, size: int) -> Int[np.ndarray, " size"]:
    """Return the order of `size` items in one epoch, int64: a function of its arguments alone."""
    key = _key(seed, f"{stream}/{epoch}")
    return np.random.Generator(np.random.Philox(key=key)).permutation(size)


def _key(seed: int, stream: str) -> np.ndarray:
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    return np.frombuffer(digest[:16], dtype=np.uint64)
