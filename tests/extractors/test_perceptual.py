"""The perceptual distance of pairs of pictures."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from ganops.extractors.perceptual import perceptual_distance
from ganops.extractors.weights import EFFICIENTNET_LITE0, read_packaged_weights
from ganops.networks.efficientnet import LITE0, load, normalise


def draw(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_it_is_the_sum_over_the_last_maps_of_each_size() -> None:
    """Written out layer by layer: the last map of each size counts, its channels scaled to the length 1."""
    network = load(LITE0, read_packaged_weights(EFFICIENTNET_LITE0))
    one, other = draw(2, 1, 3, 64, 64)
    maps_of = []
    for pictures in (one, other):
        maps: dict[int, torch.Tensor] = {}
        values = normalise(pictures.float())
        with torch.inference_mode():
            for layer in network.body[:18]:
                values = layer(values)
                maps[values.shape[2]] = values / values.square().sum(1, keepdim=True).sqrt().clamp_min(1e-12)
        maps_of.append(maps)
    assert sorted(maps_of[0]) == [2, 4, 8, 16, 32]
    expected = sum((a - b).square().sum(1).mean((1, 2)) for a, b in zip(*(m.values() for m in maps_of), strict=True))
    torch.testing.assert_close(perceptual_distance(one, other), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [(3, 1, 28, 28), (2, 3, 100, 60), (1, 4, 12, 9)])
def test_it_is_zero_for_equal_pictures_and_symmetric(shape: tuple[int, ...]) -> None:
    pictures = draw(*shape)
    blurred = avg_pool2d(pictures.float(), 3, 1, 1).round().byte()
    assert (perceptual_distance(pictures, pictures) == 0).all()
    torch.testing.assert_close(perceptual_distance(pictures, blurred), perceptual_distance(blurred, pictures))
    assert (perceptual_distance(pictures, blurred) > 0).all()


def test_a_stronger_blur_is_farther_and_a_pair_does_not_depend_on_the_others() -> None:
    pictures = avg_pool2d(draw(20, 3, 64, 64).float(), 5, 1, 2)
    near, far = (avg_pool2d(pictures, side, 1, side // 2).byte() for side in (3, 9))
    distances = [perceptual_distance(pictures.byte(), blurred) for blurred in (near, far)]
    assert (distances[0] < distances[1]).all()
    torch.testing.assert_close(perceptual_distance(pictures[18:].byte(), far[18:]), distances[1][18:])
