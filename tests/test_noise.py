"""Addressed noise: slices join to the whole, streams do not know each other, values are distributed as promised."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from ganops.noise import Noise, permutation

SHAPES = [(), (1,), (3,), (4,), (5,), (2, 3)]


def draw(noise: Noise, kind: str, shape: tuple[int, ...]) -> torch.Tensor:
    match kind:
        case "integers":
            return noise.integers("stream", 10, shape)
        case "uniform":
            return noise.uniform("stream", shape)
        case _:
            return noise.normal("stream", shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["uniform", "normal", "integers"])
def test_slices_join_to_the_whole(kind: str, shape: tuple[int, ...]) -> None:
    whole = draw(Noise(seed=1, first=0, count=11), kind, shape)
    parts = [draw(Noise(seed=1, first=first, count=count), kind, shape) for first, count in [(0, 4), (4, 1), (5, 6)]]
    assert whole.shape == (11, *shape)
    assert torch.equal(torch.cat(parts), whole)


def test_rows_are_a_slice_of_the_slice() -> None:
    whole = Noise(seed=1, first=20, count=9)
    assert torch.equal(whole.rows(2, 5).normal("z", (7,)), whole.normal("z", (7,))[2:5])


def test_sample_does_not_depend_on_the_batch_nor_on_what_was_drawn_before() -> None:
    noise = Noise(seed=3, first=0, count=64)
    before = noise.normal("z", (5,))[17]
    noise.uniform("augmentation", (9,))
    assert torch.equal(Noise(seed=3, first=17, count=1).normal("z", (5,))[0], before)


def test_normal_values_are_normal() -> None:
    values = Noise(seed=0, first=0, count=4_000).normal("z", (10,)).numpy().ravel()
    assert abs(values.mean()) < 4 / math.sqrt(values.size)
    assert abs(values.var() - 1) < 4 * math.sqrt(2 / values.size)
    assert stats.kstest(values, stats.norm.cdf).pvalue > 0.01


def test_uniform_values_are_uniform() -> None:
    values = Noise(seed=0, first=0, count=4_000).uniform("u", (10,)).numpy().ravel()
    assert abs(values.mean() - 0.5) < 4 * math.sqrt(1 / 12 / values.size)
    assert stats.kstest(values, stats.uniform.cdf).pvalue > 0.01


def test_integers_are_uniform_and_cover_their_range() -> None:
    values = Noise(seed=0, first=0, count=20_000).integers("classes", 10)
    assert values.dtype == torch.int64
    assert stats.chisquare(np.bincount(values.numpy(), minlength=10)).pvalue > 0.01


def test_uniform_excludes_one_and_is_exact_in_float32() -> None:
    values = Noise(seed=5, first=0, count=50_000).uniform("u", (4,)).double()
    assert values.min() >= 0
    assert values.max() < 1
    assert torch.equal(values * 2**24, (values * 2**24).round())


def test_the_interval_below_the_normal_values_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    extremes = np.array([0, 2**64 - 1], dtype=np.uint64)
    monkeypatch.setattr(Noise, "_words", lambda self, stream, shape: extremes)
    values = Noise(seed=0, first=0, count=2).normal("z")
    assert torch.isfinite(values).all()
    assert values[0] == -values[1]
    assert Noise(seed=0, first=0, count=2).integers("k", 10).tolist() == [0, 9]


@pytest.mark.parametrize(
    "other",
    [
        Noise(seed=0, first=0, count=20_000).normal("augmentation"),
        Noise(seed=1, first=0, count=20_000).normal("z"),
        Noise(seed=0, first=1, count=20_000).normal("z"),
        Noise(seed=0, first=20_000, count=20_000).normal("z"),
    ],
    ids=["stream", "seed", "neighbour", "next slice"],
)
def test_another_address_is_independent(other: torch.Tensor) -> None:
    values = Noise(seed=0, first=0, count=20_000).normal("z")
    assert abs(np.corrcoef(values.numpy(), other.numpy())[0, 1]) < 4 / math.sqrt(20_000)


def test_seed_and_stream_do_not_run_into_one_another() -> None:
    assert not torch.equal(Noise(1, 0, 4).uniform("1/z"), Noise(11, 0, 4).uniform("/z"))


@pytest.mark.parametrize("size", [1, 2, 97])
def test_permutation_holds_every_item_once(size: int) -> None:
    assert sorted(permutation(seed=0, stream="order", epoch=3, size=size)) == list(range(size))


def test_permutation_is_a_function_of_seed_stream_and_epoch() -> None:
    orders = [permutation(seed, stream, epoch, 50) for seed in (0, 1) for stream in "ab" for epoch in (0, 1)]
    assert len({tuple(order) for order in orders}) == 8
    assert np.array_equal(orders[0], permutation(0, "a", 0, 50))


def test_permutations_put_every_item_everywhere() -> None:
    first_places = [permutation(0, "order", epoch, 8)[0] for epoch in range(2_000)]
    assert stats.chisquare(np.bincount(first_places, minlength=8)).pvalue > 0.01


def test_known_answers() -> None:
    """Frozen: a change of these values would silently change every trained byte."""
    noise = Noise(seed=7, first=1_000, count=2)
    assert noise.uniform("known", (2,)).mul(2**24).tolist() == [[2156348, 7568367], [5569209, 12370229]]
    expected = torch.tensor([[-1.1333751678, -0.1228578016], [-0.4345329702, 0.6351145506]])
    torch.testing.assert_close(noise.normal("known", (2,)), expected, rtol=1e-7, atol=0)
    assert noise.integers("known", 1000, (3,)).tolist() == [[128, 451, 754], [331, 737, 38]]
    assert permutation(seed=7, stream="known", epoch=2, size=10).tolist() == [9, 2, 5, 3, 4, 6, 7, 8, 0, 1]


@pytest.mark.parametrize("shape", [(), (3,), (100,), (300,), (40, 50)])
@pytest.mark.parametrize("kind", ["uniform", "normal", "integers"])
def test_values_drawn_together_are_those_drawn_one_batch_at_a_time(kind: str, shape: tuple[int, ...]) -> None:
    """In any order, from positions that are no multiple of the batch too, and after a batch was changed in place."""
    for first in (0, 24, 8, 3, 400, 8, 24):
        expected = draw(Noise(seed=1, first=first, count=8, prefix="a/"), kind, shape)
        together = draw(Noise(seed=1, first=first, count=8, prefix="a/", at_once=16), kind, shape)
        assert torch.equal(together, expected)
        together.zero_()


def test_few_values_are_drawn_once_for_many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, words = [], Noise._words
    monkeypatch.setattr(Noise, "_words", lambda self, *address: drawn.append(self.count) or words(self, *address))
    for batch in range(32):
        Noise(seed=2, first=64 * batch, count=64, at_once=16).uniform("few", (3,))
        Noise(seed=2, first=64 * batch, count=64, at_once=16).uniform("many", (3, 32, 32))
    assert sorted(drawn) == [64] * 32 + [1024] * 2


def test_substream_is_a_stream_whose_name_begins_with_its_own():
    noise = Noise(3, 5, 4)
    nested = noise.substream("dropout/real").substream("level").uniform("0", (2,))
    assert torch.equal(nested, noise.uniform("dropout/real/level/0", (2,)))
    assert torch.equal(noise.substream("a").rows(1, 3).normal("b"), noise.normal("a/b")[1:3])
