"""Copies are found at distance 0; distances equal those of a direct computation."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from ganops.data.store import Store
from ganops.extractors.base import ExtractorDefaults
from ganops.games.request import LatentRequest
from ganops.reporting import neighbours
from ganops.reporting.neighbours import (
    NEIGHBOURS,
    PIXELS,
    SAMPLES,
    draw_neighbours,
    find_nearest,
    generate_samples,
    to_pixel_vectors,
)
from ganops.sampling import Samples


class Rows(ExtractorDefaults):
    """An extractor whose features are the sums of the rows."""

    name, dimension, digest, resize, chunk = "rows", 6, "0", "none", 128

    def __call__(self, images: torch.Tensor) -> tuple[torch.Tensor, None]:
        return images.float().sum(dim=(1, 3)), None


@dataclass(frozen=True)
class Copying:
    """Generates the stored picture of the request's seed and class, with the bits of `changed` flipped."""

    store: Store
    classes: tuple[str, ...]
    changed: int = 0

    def index(self, seed: int, label: int) -> int:
        train = self.store.indices("train")
        same_class = train[self.store.manifest["label"].to_numpy()[train] == label]
        return int(same_class[40 * seed % len(same_class)])

    def generate(self, request: LatentRequest) -> Samples:
        label = int(request.class_label or 0)
        picture = self.store.read("image", np.array([self.index(request.seed, label)]))
        labels = torch.full((request.n,), label)
        images = torch.from_numpy(picture ^ np.uint8(self.changed)).expand(request.n, -1, -1, -1)
        return Samples(images, labels)

    def interpolate(self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False):
        raise NotImplementedError


def test_copies_of_training_pictures_are_found_at_distance_0(store: Store) -> None:
    generator = Copying(store, store.classes)
    _, table = draw_neighbours(generator, store, Rows(), threads=1)
    first = table[table["rank"] == 1]
    copied = [generator.index(row, row % 3) for row in range(SAMPLES)]
    for space in (PIXELS, "rows"):
        of_space = first[first["space"] == space]
        assert of_space["index"].tolist() == copied
        assert of_space["distance"].tolist() == [0.0] * SAMPLES
        assert of_space["file"].tolist() == [store.manifest["file"][index] for index in copied]


def test_a_copy_changed_by_one_level_is_not_at_0(store: Store) -> None:
    _, table = draw_neighbours(Copying(store, store.classes, changed=1), store, Rows(), threads=1)
    nearest_by_pixels = table[(table["rank"] == 1) & (table["space"] == PIXELS)]
    assert nearest_by_pixels["distance"].tolist() == pytest.approx([1 / 255] * SAMPLES)


def test_the_nearest_equal_those_of_a_direct_search(store: Store) -> None:
    samples = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (4, 1, 6, 6), dtype=np.uint8))
    train = store.indices("train")
    assert len(train) > neighbours._CHUNK
    difference = samples.numpy()[:, None].astype(float) - store.read("image", train)[None].astype(float)
    plain = np.sqrt((difference**2).mean(axis=(2, 3, 4))) / 255
    order = np.argsort(plain, axis=1)[:, :NEIGHBOURS]
    found = find_nearest(samples, store, "image", PIXELS, to_pixel_vectors)
    np.testing.assert_array_equal(found.indices, train[order])
    np.testing.assert_allclose(found.distances, np.take_along_axis(plain, order, 1), rtol=1e-12)


def test_the_result_does_not_depend_on_the_size_of_a_chunk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = torch.from_numpy(store.read("image", store.indices("held_out")[:3]))
    whole = find_nearest(samples, store, "image", PIXELS, to_pixel_vectors)
    monkeypatch.setattr(neighbours, "_CHUNK", 7)
    chunked = find_nearest(samples, store, "image", PIXELS, to_pixel_vectors)
    np.testing.assert_array_equal(whole.indices, chunked.indices)
    np.testing.assert_array_equal(whole.distances, chunked.distances)


def test_only_one_chunk_of_pictures_is_in_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    seen: list[int] = []

    def counted(field: str, indices: np.ndarray) -> np.ndarray:
        read.append(len(indices))
        return Store.read(store, field, indices)

    def points(images: torch.Tensor) -> np.ndarray:
        seen.append(len(images))
        return to_pixel_vectors(images)

    monkeypatch.setattr(neighbours, "_CHUNK", 50)
    monkeypatch.setattr(store, "read", counted)
    find_nearest(torch.zeros(2, 1, 6, 6, dtype=torch.uint8), store, "image", PIXELS, points)
    assert max(read) == 50 and sum(read) == len(store.indices("train"))
    assert seen == [2, *read]


def test_ties_are_ordered_by_position(store: Store) -> None:
    samples = torch.zeros(2, 1, 6, 6, dtype=torch.uint8)
    found = find_nearest(samples, store, "image", "nothing", lambda images: np.zeros((len(images), 1)))
    assert found.indices.tolist() == [store.indices("train")[:NEIGHBOURS].tolist()] * 2


def test_the_distance_of_white_and_black_is_1() -> None:
    black, white = (to_pixel_vectors(torch.full((1, 3, 4, 5), value, dtype=torch.uint8)) for value in (0, 255))
    assert np.linalg.norm(white - black) == pytest.approx(1.0)


def test_the_samples_have_the_classes_in_order(store: Store) -> None:
    generator = Copying(store, store.classes)
    expected = store.read("image", np.array([generator.index(row, row % 3) for row in range(SAMPLES)]))
    np.testing.assert_array_equal(generate_samples(generator).numpy(), expected)
