import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.loader import Loader, Read, read_fields
from ganops.data.preparation import prepare
from ganops.data.store import Store
from ganops.errors import DataError

from .conftest import PARAMETERS, source_of


def loader(store: Store, resident_bytes: int = 1 << 20, split: str = "train") -> Loader:
    return Loader(store, split, read_fields("image", "label"), 3, "cpu", resident_bytes)  # type: ignore[arg-type]


def test_batches_are_encoded_samples_of_the_split(store: Store) -> None:
    batch = loader(store).batch(0, 24)
    pixels = pixel_values(batch["image"])
    assert sorted(pixels) == store.indices("train").tolist()
    assert batch["label"].tolist() == [int(pixel >= 30) for pixel in pixels]
    assert (batch["image"].dtype, batch["label"].dtype) == (torch.float32, torch.int64)


def test_resident_and_mapped_give_the_same(store: Store) -> None:
    resident, mapped = loader(store), loader(store, resident_bytes=0)
    for first, count in ((0, 7), (20, 50), (3, 1)):
        one, other = resident.batch(first, count), mapped.batch(first, count)
        assert all(torch.equal(one[name], other[name]) for name in ("image", "label"))


def test_slices_join_to_the_whole(store: Store) -> None:
    whole = loader(store).batch(10, 40)
    parts = [loader(store).batch(10 + start, 8) for start in range(0, 40, 8)]
    assert all(torch.equal(torch.cat([part[name] for part in parts]), whole[name]) for name in whole)


def test_changing_a_batch_does_not_change_the_store(store: Store) -> None:
    once = loader(store)
    before = once.batch(0, 4)["label"].clone()
    once.batch(0, 4)["label"].fill_(9)
    assert torch.equal(once.batch(0, 4)["label"], before)


def test_unknown_fields_and_encodings_are_named(store: Store) -> None:
    with pytest.raises(DataError, match="field 'mask'"):
        Loader(store, "train", read_fields("mask"), 0)
    header = json.loads((store.path / "store.json").read_text())
    header["fields"]["image"]["encoding"] = "cubic"
    (store.path / "store.json").write_text(json.dumps(header))
    with pytest.raises(DataError, match="uint8_symmetric, received 'cubic'"):
        loader(Store.open(store.path))


def test_an_empty_split_is_named(store: Store) -> None:
    manifest = store.manifest.assign(split="train")
    with pytest.raises(DataError, match="split 'validation'"):
        loader(Store(store.path, store.fields, store.classes, manifest), split="validation")


def test_class_index_of_an_epoch_matches_the_frequencies(store: Store) -> None:
    labels = loader(store).batch(0, 24)["label"].numpy()
    np.testing.assert_allclose(np.bincount(labels) / 24, store.class_frequencies("train"))


def class_reads(*classes: int) -> tuple[Read, ...]:
    """Two reads, picture and label, per class."""
    fields = ("image", "label")
    return tuple(Read(f"{field} {where}", field, where) for where in classes for field in fields)


def test_a_read_of_a_class_holds_that_class_alone_and_each_sample_once_an_epoch(store: Store) -> None:
    labels = store.manifest["label"].to_numpy()[store.indices("train")]
    for where in (0, 1):
        count = int((labels == where).sum())
        batch = Loader(store, "train", class_reads(where), 3).batch(0, count)
        assert batch[f"label {where}"].tolist() == [where] * count
        pixels = pixel_values(batch[f"image {where}"])
        assert sorted(pixels) == store.indices("train")[labels == where].tolist()


def test_a_class_has_an_order_of_its_own_whatever_else_is_read(store: Store) -> None:
    """Unpaired domains: the order of one does not depend on the other, nor on that of all samples."""
    both = Loader(store, "train", (*class_reads(0, 1), *read_fields("image")), 3).batch(5, 40)
    for where in (0, 1):
        alone = Loader(store, "train", class_reads(where), 3).batch(5, 40)
        assert torch.equal(alone[f"image {where}"], both[f"image {where}"])
    everything = loader(store).batch(5, 40)
    assert torch.equal(everything["image"], both["image"])
    of_class = [pixel for pixel in pixel_values(both["image"]) if pixel < 30]
    assert of_class != pixel_values(both["image 0"])[: len(of_class)], "no part of the order of all"
    other_seed = Loader(store, "train", class_reads(0), 4).batch(5, 40)
    assert not torch.equal(other_seed["image 0"], both["image 0"])


def test_slices_of_classes_join_to_the_whole_resident_or_mapped(store: Store) -> None:
    whole = Loader(store, "train", class_reads(0, 1), 3, "cpu", 1 << 20).batch(10, 40)
    mapped = Loader(store, "train", class_reads(0, 1), 3, "cpu", 0)
    parts = [mapped.batch(10 + start, 8) for start in range(0, 40, 8)]
    assert all(torch.equal(torch.cat([part[name] for part in parts]), whole[name]) for name in whole)


def test_a_class_without_samples_is_named(store: Store) -> None:
    with pytest.raises(DataError, match="split 'train', class 7"):
        Loader(store, "train", class_reads(7), 3)


def test_a_read_of_another_order_joins_samples_by_chance_and_has_each_once_an_epoch(store: Store) -> None:
    count = len(store.indices("train"))
    reads = (*read_fields("image"), Read("other", "image", order="order/other"))
    both = Loader(store, "train", reads, 3).batch(0, 3 * count)
    ours, theirs = pixel_values(both["image"]), pixel_values(both["other"])
    assert ours == pixel_values(loader(store).batch(0, 3 * count)["image"]), "it does not change the first order"
    for epoch in range(3):
        one = theirs[epoch * count : (epoch + 1) * count]
        assert sorted(one) == store.indices("train").tolist()
        assert sum(a == b for a, b in zip(one, ours[epoch * count :], strict=False)) < count / 3
    parts = [Loader(store, "train", reads, 3).batch(start, 9)["other"] for start in range(0, 3 * count, 9)]
    assert pixel_values(torch.cat(parts)[: 3 * count]) == theirs


def pixel_values(images: torch.Tensor) -> list[int]:
    """Return the first pixel of each picture, which is its position in the store."""
    return ((images + 1) * 127.5).round()[:, 0, 0, 0].long().tolist()


def striped(path: Path) -> Store:
    """Pictures of two columns, (2i, 2i + 1): each identifies its sample and whether it is mirrored."""
    pictures = [np.array([[2 * i, 2 * i + 1]] * 2, dtype=np.uint8)[:, :, None].repeat(2, axis=1) for i in range(40)]
    prepare(source_of(pictures, [0] * 30 + [1] * 10, ("a", "b")), PARAMETERS)[0].write(path)
    return Store.open(path)


def test_half_of_the_samples_are_mirrored_and_the_rest_unchanged(tmp_path: Path) -> None:
    store = striped(tmp_path)
    plain = Loader(store, "train", read_fields("image", "label"), 3).batch(0, 480)
    shown = Loader(store, "train", read_fields("image", "label"), 3, mirror=True).batch(0, 480)
    turned = (shown["image"] != plain["image"]).flatten(1).any(1)
    assert turned.float().mean() == pytest.approx(0.5, abs=0.07)
    assert torch.equal(shown["image"][turned], plain["image"][turned].flip(3))
    assert torch.equal(shown["label"], plain["label"])
    for row in range(24):
        assert 0 < turned[row::24].sum() < 20, "not the picture but the position decides"


def test_mirrored_slices_join_to_the_whole_resident_or_mapped(tmp_path: Path) -> None:
    store = striped(tmp_path)
    whole = Loader(store, "train", read_fields("image"), 3, resident_bytes=1 << 20, mirror=True).batch(10, 40)["image"]
    mapped = Loader(store, "train", read_fields("image"), 3, resident_bytes=0, mirror=True)
    assert torch.equal(torch.cat([mapped.batch(10 + start, 8)["image"] for start in range(0, 40, 8)]), whole)
    assert not torch.equal(Loader(store, "train", read_fields("image"), 4, mirror=True).batch(10, 40)["image"], whole)
