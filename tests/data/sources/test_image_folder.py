import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganops.data.preparation import prepare
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.store import Store
from ganops.errors import DataError

from ... import parameters as of_base
from .made import REAL_DATA, TARS, described, fill, pack_tar, pack_zip, png


def test_sub_folders_are_classes_and_names_are_sorted(tmp_path: Path) -> None:
    fill(tmp_path, "dog/1.png", "cat/b.png", "cat/deep/a.png")
    source = image_folder(tmp_path)
    assert source.classes == ("cat", "dog")
    assert described(source) == [("cat/b.png", 0, 1), ("cat/deep/a.png", 0, 2), ("dog/1.png", 1, 0)]


def test_pictures_alone_have_no_classes(tmp_path: Path) -> None:
    fill(tmp_path, "2.png", "1.png")
    source = image_folder(tmp_path)
    assert source.classes == ()
    assert described(source) == [("1.png", -1, 1), ("2.png", -1, 0)]


def test_files_of_systems_beside_the_pictures_are_ignored(tmp_path: Path) -> None:
    fill(tmp_path, "1.png", ".hidden.png", ".git/2.png", "SOURCE.txt", "Thumbs.db", "1.png.dvc", "__MACOSX/1.png")
    assert [reference.name for reference in image_folder(tmp_path).references] == ["1.png"]


@pytest.mark.parametrize("suffix", [".zip", *TARS])
def test_an_archive_is_read_like_its_folder(tmp_path: Path, suffix: str) -> None:
    names = ("dog/1.png", "cat/b.png", ".DS_Store", "README", "cat/notes.csv")
    fill(tmp_path / "folder", *names)
    packed = image_folder((pack_zip if suffix == ".zip" else pack_tar)(tmp_path / f"pets{suffix}", *names))
    folder = image_folder(tmp_path / "folder")
    assert packed.classes == folder.classes == ("cat", "dog")
    read = [[(r.name, r.label, outcome(r)) for r in source.references] for source in (packed, folder)]
    assert read[0] == read[1]
    assert read[0] == [
        ("README", -1, "not a picture"),
        ("cat/b.png", 0, png(1)),
        ("cat/notes.csv", -1, "not a picture"),
        ("dog/1.png", 1, png(0)),
    ]


def outcome(reference: SampleRef) -> bytes | np.ndarray | str:
    try:
        return reference.load()
    except UnreadablePicture as error:
        return str(error)


NFC, NFD = "caf\u00e9", "cafe\u0301"


def in_all_forms(path: Path, *names: str) -> dict[str, Source]:
    """Return the same files in a folder, in a zip and in a tar."""
    fill(path / "folder", *names)
    packed = pack_zip(path / "a.zip", *names), pack_tar(path / "a.tar", *names)
    return {"folder": image_folder(path / "folder")} | {file.suffix: image_folder(file) for file in packed}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one form for both names")
def test_two_unicode_forms_of_one_name_are_one_class_and_two_files(tmp_path: Path) -> None:
    for source in in_all_forms(tmp_path, f"{NFD}/1.png", f"{NFC}/1.png", f"{NFC}/{NFD}.png", "dog/2.png").values():
        assert source.classes == (NFC, "dog")
        assert described(source) == [
            (f"{NFC}/1 (2).png", 0, 0),
            (f"{NFC}/1.png", 0, 1),
            (f"{NFC}/{NFC}.png", 0, 2),
            ("dog/2.png", 1, 3),
        ]


def test_numbered_classes_have_the_same_order_in_every_form(tmp_path: Path) -> None:
    names = [f"{k}/1.png" for k in range(12)]
    for source in in_all_forms(tmp_path, *names).values():
        assert source.classes == tuple(str(k) for k in range(12))
        assert {(name, label) for name, label, _ in described(source)} == {(f"{k}/1.png", k) for k in range(12)}


def test_ignored_files_are_listed_alike_in_every_form(tmp_path: Path) -> None:
    names = ("cat/1.png", "dog/2.png", "cat/#recycle/1.png", "cat/#recycle/deep/2.png", "Thumbs.db", "Icon\r", "a.md5")
    for source in in_all_forms(tmp_path, *names).values():
        assert [reference.name for reference in source.references] == ["cat/1.png", "dog/2.png"]
        assert source.ignored == ("Icon\r", "Thumbs.db", "a.md5", "cat/#recycle")


@pytest.mark.parametrize("pack", [pack_zip, pack_tar])
def test_a_folder_may_contain_one_archive_with_a_wrapping_folder(tmp_path: Path, pack: Callable) -> None:
    pack(tmp_path / ("pets.zip" if pack is pack_zip else "pets.tar"), "pets/cat/1.png", "pets/dog/2.png")
    fill(tmp_path, "SOURCE.txt")
    source = image_folder(tmp_path)
    assert source.classes == ("cat", "dog")
    assert described(source) == [("pets/cat/1.png", 0, 0), ("pets/dog/2.png", 1, 1)]


def test_the_one_archive_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "pets.zip").symlink_to(pack_zip(tmp_path / "large.zip", "cat/1.png", "dog/2.png"))
    assert described(image_folder(tmp_path / "raw")) == [("cat/1.png", 0, 0), ("dog/2.png", 1, 1)]


def test_an_array_of_labels_beside_the_classes_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "cat/1.png", "dog/2.png", "labels.npy", "thumbs.db", "Icon\r", "checksums.md5")
    source = image_folder(tmp_path)
    assert source.classes == ("cat", "dog")
    assert [(r.name, outcome(r)) for r in source.references if r.label < 0] == [("labels.npy", "not a picture")]


def test_parts_are_separate_and_texts_beside_them_are_tolerated(tmp_path: Path) -> None:
    fill(tmp_path, "README.txt", "Train/cat/1.png", "Train/dog/2.png", "Val/dog/3.png", "Test/cat/4.png")
    source = image_folder(tmp_path)
    assert source.classes == ("cat", "dog")
    assert [(r.name, r.label, r.test) for r in source.references] == [
        ("README.txt", -1, False),
        ("Test/cat/4.png", 0, True),
        ("Train/cat/1.png", 0, False),
        ("Train/dog/2.png", 1, False),
        ("Val/dog/3.png", 1, False),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "expected pictures, received none"),
        (("labels.csv",), "received 1 files that are not pictures, the first 'labels.csv': not a picture"),
        (("cat/1.png", "dog/1.png", "loose.png"), "'loose.png' beside the class folders"),
        (("a.zip", "1.png"), "1 among 2 files"),
        (("a.zip", "b.tar.gz"), "2 among 2 files"),
    ],
)
def test_ambiguous_folders_are_refused(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    fill(tmp_path, *names)
    with pytest.raises(DataError, match=message) as caught:
        image_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "Put one folder per class into it" in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: expected a folder of pictures, a zip or a tar, received no such"):
        image_folder(tmp_path / "nowhere")


def test_empty_files_and_nested_archives_are_bad_pictures(tmp_path: Path) -> None:
    inner = pack_zip(tmp_path / "inner.zip", "1.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("nested.zip", inner)
        archive.writestr("empty.png", b"")
    with pytest.raises(DataError, match=r"received 2 \(empty\.png: not a picture.*; nested\.zip: not a picture"):
        prepare(image_folder(tmp_path / "outer.zip"), of_base.data_preparation())


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no file names that are not UTF-8")
def test_names_that_are_not_text_are_escaped(tmp_path: Path) -> None:
    """The manifest is a parquet file, whose texts are UTF-8."""
    folder = os.fsencode(tmp_path / "pictures")
    for name, label in ((b"c\xfft", 0), ("\u732b".encode(), 1)):
        Path(os.fsdecode(os.path.join(folder, name))).mkdir(parents=True)  # noqa: PTH118
        for i in range(4):
            value = 40 + 10 * label + i
            Path(os.fsdecode(os.path.join(folder, name, b"%d\xfe.png" % i))).write_bytes(png(value))  # noqa: PTH118
    prepared, _ = prepare(image_folder(tmp_path / "pictures"), of_base.data_preparation(height=4, width=4))
    assert prepared.classes == ("c\\udcfft", "\u732b")
    prepared.write(tmp_path / "store")
    assert Store.open(tmp_path / "store").manifest["file"].tolist()[0] == "c\\udcfft/0\\udcfe.png"


def test_a_messy_folder_becomes_a_store(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{label}/{i}.png" for label in ("cat", "dog") for i in range(20)))
    (tmp_path / "dog" / "again.png").write_bytes(png(0))
    (tmp_path / "cat" / "broken.png").write_bytes(png(3)[:40])
    (tmp_path / "dog" / "notes.txt").write_text("not a picture")
    Image.fromarray(np.full((9, 12, 4), 77, dtype=np.uint8)).save(tmp_path / "dog" / "wide.png")
    parameters = of_base.data_preparation(height=8, width=8, channels=3, tolerated_bad_share=0.1)
    prepared, report = prepare(image_folder(tmp_path), parameters)
    assert [skipped["file"] for skipped in report["skipped"]["first"]] == ["cat/broken.png", "dog/notes.txt"]
    assert report["samples"] == 42
    assert prepared.fields["image"].shape == (3, 8, 8)
    files = prepared.manifest["file"].tolist()
    assert prepared.manifest["duplicate_of"].tolist()[files.index("dog/again.png")] == files.index("cat/0.png")
    assert report["duplicates"] == 1


@pytest.mark.skipif(not (REAL_DATA / "sign-digits-100").is_dir(), reason="no photographs of signs beside the project")
def test_a_real_zip_with_a_wrapping_folder() -> None:
    source = image_folder(REAL_DATA / "sign-digits-100")
    assert source.classes == tuple("0123456789")
    counts = np.bincount([reference.label for reference in source.references])
    assert counts.tolist() == [205, 206, 206, 206, 207, 207, 207, 203, 208, 204]


@pytest.mark.skipif(not (REAL_DATA / "cifar10-jpeg").is_dir(), reason="no CIFAR-10 in JPEG beside the project")
def test_real_pictures_in_parts_become_a_store(tmp_path: Path) -> None:
    real = REAL_DATA / "cifar10-jpeg" / "cifar10_jpeg.zip"
    with zipfile.ZipFile(real) as whole, zipfile.ZipFile(tmp_path / "few.zip", "w") as few:
        for name in sorted(whole.namelist())[::100]:  # of each class 50 and 10
            few.writestr(name, whole.read(name))
    prepared, report = prepare(image_folder(tmp_path), of_base.data_preparation(held_out_share=None))
    counts = {name: list(split["per_class"].values()) for name, split in report["splits"].items()}
    assert counts == {"train": [45] * 10, "validation": [5] * 10, "held_out": [10] * 10}
    held_out = prepared.manifest["split"].to_numpy() == "held_out"
    assert [name.startswith("test/") for name in prepared.manifest["file"]] == held_out.tolist()
