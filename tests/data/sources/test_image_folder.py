import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganops.data.decoding import decode
from ganops.data.preparation import prepare
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import Source, UnreadablePicture
from ganops.errors import DataError

from ... import parameters as of_base


def png(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (6, 6), value).save(buffer, "png")
    return buffer.getvalue()


def fill(folder: Path, *names: str) -> None:
    for value, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(value))


def pack(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for value, name in enumerate(names):
            archive.writestr(name, png(value))
    return path


def described(source: Source) -> list[tuple[str, int, int]]:
    return [(r.name, r.label, int(decode(r.load())[0, 0, 0])) for r in source.references]


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


def test_what_is_no_picture_of_the_users_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "1.png", ".hidden.png", ".git/2.png", "SOURCE.txt", "Thumbs.db", "1.png.dvc", "__MACOSX/1.png")
    assert [reference.name for reference in image_folder(tmp_path).references] == ["1.png"]


def test_a_zip_is_read_like_its_folder(tmp_path: Path) -> None:
    names = ("dog/1.png", "cat/b.png", ".DS_Store")
    fill(tmp_path / "folder", *names)
    packed = image_folder(pack(tmp_path / "pets.zip", *names))
    assert packed.classes == image_folder(tmp_path / "folder").classes
    assert described(packed) == described(image_folder(tmp_path / "folder"))


def test_a_folder_may_hold_one_zip_with_a_wrapping_folder(tmp_path: Path) -> None:
    pack(tmp_path / "pets.zip", "pets/cat/1.png", "pets/dog/2.png")
    fill(tmp_path, "SOURCE.txt")
    source = image_folder(tmp_path)
    assert source.classes == ("cat", "dog")
    assert described(source) == [("pets/cat/1.png", 0, 0), ("pets/dog/2.png", 1, 1)]


@pytest.mark.parametrize("name", ["../out.png", "cat/../../out.png", "/etc/out.png", "..\\out.png"])
def test_a_zip_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    pack(tmp_path / "bad.zip", "cat/1.png", name)
    with pytest.raises(DataError, match=r"bad\.zip: expected entries that stay inside the zip.*out\.png"):
        image_folder(tmp_path)
    assert not list(tmp_path.parent.glob("out.png"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "expected pictures, received none"),
        (("cat/1.png", "dog/1.png", "loose.png"), "'loose.png' beside the class folders"),
        (("a.zip", "1.png"), "1 zip among 2 files"),
        (("a.zip", "b.zip"), "2 zip among 2 files"),
        (("a.zip",), "a zip of pictures"),
    ],
)
def test_ambiguous_folders_are_refused(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    fill(tmp_path, *names)
    with pytest.raises(DataError, match=message) as caught:
        image_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "Put one folder a class into it" in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: expected a folder of pictures or a zip, received no such path"):
        image_folder(tmp_path / "nowhere")


def test_a_damaged_zip_entry_is_one_bad_picture(tmp_path: Path) -> None:
    path = pack(tmp_path / "pets.zip", "1.png", "2.png")
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 255
    path.write_bytes(bytes(content))
    first, second = image_folder(path).references
    with pytest.raises(UnreadablePicture, match="CRC"):
        first.load()
    assert decode(second.load())[0, 0, 0] == 1


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
