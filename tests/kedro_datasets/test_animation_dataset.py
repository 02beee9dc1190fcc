"""Animations are endless GIFs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganops.errors import ConfigurationError
from ganops.kedro_datasets.animation_dataset import AnimationDataset


def noise(count: int, mode: str) -> list[Image.Image]:
    shape = (9, 7) if mode == "L" else (9, 7, len(mode))
    draw = np.random.default_rng(0)
    return [Image.fromarray(draw.integers(0, 256, shape, dtype=np.uint8)) for _ in range(count)]


def pixels(frames: list[Image.Image]) -> np.ndarray:
    return np.stack([np.asarray(frame) for frame in frames])


def test_grey_frames_are_kept_exactly(tmp_path: Path) -> None:
    dataset, frames = AnimationDataset(filepath=str(tmp_path / "a.gif"), frames_per_second=20), noise(5, "L")
    assert not dataset.exists()
    dataset.save(frames)
    assert dataset.exists()
    np.testing.assert_array_equal(pixels(dataset.load()), pixels(frames))


def test_few_colours_are_kept_exactly(tmp_path: Path) -> None:
    dataset = AnimationDataset(filepath=str(tmp_path / "a.gif"), frames_per_second=20)
    frames = [Image.fromarray(np.asarray(frame) // 128 * 255) for frame in noise(5, "RGB")]
    dataset.save(frames)
    np.testing.assert_array_equal(pixels(dataset.load()), pixels(frames))


def test_many_colours_are_approximated(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8)
    frames = [
        Image.fromarray(np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], np.uint8(b)), -1)) for b in (9, 99)
    ]
    dataset = AnimationDataset(filepath=str(tmp_path / "a.gif"), frames_per_second=20)
    dataset.save(frames)
    differences = np.abs(pixels(dataset.load()).astype(int) - pixels(frames))
    assert differences.mean() < 8


def test_it_loops_endlessly_at_the_requested_speed(tmp_path: Path) -> None:
    AnimationDataset(filepath=str(tmp_path / "a.gif"), frames_per_second=20).save(noise(3, "L"))
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.info["loop"], animation.info["duration"], animation.n_frames) == (0, 50, 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_equal_frames_give_equal_bytes_and_no_other_file(tmp_path: Path, mode: str) -> None:
    for name in ("a.gif", "b.gif"):
        AnimationDataset(filepath=str(tmp_path / name), frames_per_second=20).save(noise(4, mode))
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "b.gif"]


@pytest.mark.parametrize("speed", [0, 30, 1000])
def test_a_speed_that_gif_cannot_store_is_refused(speed: int) -> None:
    with pytest.raises(ConfigurationError, match="a divisor of 100"):
        AnimationDataset(filepath="a.gif", frames_per_second=speed)
