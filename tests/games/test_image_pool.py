"""The pool of earlier translations: it fills, then exchanges half of what it is shown, each at its address."""

import torch
from torch import Tensor

from ganops.games.image_pool import empty_pool, exchange, store
from ganops.noise import Noise

SHAPE, SIZE, BATCH = (1, 2, 2), 6, 4


def pictures(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None, None, None].expand(-1, *SHAPE).contiguous()


def numbered(first: int, count: int = BATCH) -> Tensor:
    return pictures(*range(first, first + count))


def full_pool() -> dict[str, Tensor]:
    return {"pictures": -numbered(1, SIZE), "count": torch.tensor(SIZE)}


def test_a_pool_that_is_not_full_takes_and_shows_every_picture() -> None:
    pool = empty_pool(SIZE, SHAPE, torch.device("cpu"))
    for batch in range(2):
        fakes = numbered(1 + BATCH * batch)
        seen, places = exchange(fakes, pool["pictures"], pool["count"], Noise(0, BATCH * batch, BATCH))
        assert torch.equal(seen, fakes) and (places == -1).all()
        store(fakes, places, pool["pictures"], pool["count"])
    assert pool["count"] == SIZE
    assert torch.equal(pool["pictures"], numbered(1, SIZE))


def test_a_full_pool_exchanges_half_of_the_pictures_and_keeps_those_not_seen() -> None:
    count = 4000
    pool, fakes = full_pool(), numbered(1, count)
    seen, places = exchange(fakes, pool["pictures"], pool["count"], Noise(0, 0, count))
    exchanged = places >= 0
    assert 0.46 < exchanged.float().mean() < 0.54
    assert torch.equal(seen[~exchanged], fakes[~exchanged])
    assert torch.equal(seen[exchanged], pool["pictures"][places[exchanged]])
    assert places[exchanged].bincount(minlength=SIZE).min() > count / 2 / SIZE * 0.8


def test_an_exchanged_picture_is_found_later() -> None:
    pool = full_pool()
    store(numbered(1), torch.tensor([2, -1, 5, 2]), pool["pictures"], pool["count"])
    expected = pictures(-1, -2, 4, -4, -5, 3)
    assert torch.equal(pool["pictures"], expected) and pool["count"] == SIZE


def test_what_a_picture_sees_does_not_depend_on_the_shard() -> None:
    pool, fakes = full_pool(), numbered(1, 8)
    whole = exchange(fakes, pool["pictures"], pool["count"], Noise(3, 0, 8))
    shards = [exchange(fakes[i : i + 4], pool["pictures"], pool["count"], Noise(3, i, 4)) for i in (0, 4)]
    for one, parts in zip(whole, zip(*shards, strict=True), strict=True):
        assert torch.equal(one, torch.cat(parts))
