"""Folders and archives of clips: names, classes, and what is refused."""

import zipfile
from pathlib import Path

import pytest

from ganops.data.sources.audio_folder import audio_folder
from ganops.data.sources.build import build_source
from ganops.data.sources.source import ClipSource, UnreadablePicture
from ganops.errors import DataError


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def found(source: ClipSource) -> dict[str, str | None]:
    return {
        reference.name: source.classes[reference.label] if reference.label >= 0 else None
        for reference in source.references
    }


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    source = audio_folder(fill(tmp_path, "yes/1.wav", "no/2.flac", "no/deep/3.mp3"))
    assert found(source) == {"no/2.flac": "no", "no/deep/3.mp3": "no", "yes/1.wav": "yes"}
    assert source.classes_from == "sub-folders"
    assert source.references[0].load() == b"no/2.flac"


def test_a_name_holds_the_class_before_its_first_underscore(tmp_path: Path) -> None:
    source = audio_folder(fill(tmp_path, "10_theo_1.wav", "2_theo_1.wav", "a/2_jackson_0.wav"), "names")
    assert source.classes == ("2", "10"), "in natural order"
    assert found(source) == {"10_theo_1.wav": "10", "2_theo_1.wav": "2", "a/2_jackson_0.wav": "2"}
    assert source.classes_from == "names of files"


def test_names_without_a_class_are_an_error_that_lists_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"before the first underscore.*received none in _2\.wav, b\.wav"):
        audio_folder(fill(tmp_path, "1_a.wav", "b.wav", "_2.wav"), "names")


def test_classes_none_leaves_the_clips_unlabelled(tmp_path: Path) -> None:
    source = build_source("audio_folder", fill(tmp_path, "yes/1.wav", "no/2.wav"), classes="none")
    assert isinstance(source, ClipSource)
    assert found(source) == {"no/2.wav": None, "yes/1.wav": None} and source.classes == ()


def test_an_archive_is_read_as_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        archive.writestr("recordings/1_a.wav", b"one")
        archive.writestr("recordings/2_a.wav", b"two")
    source = audio_folder(tmp_path, "names")
    assert found(source) == {"recordings/1_a.wav": "1", "recordings/2_a.wav": "2"}
    assert [reference.load() for reference in source.references] == [b"one", b"two"]


def test_texts_count_as_unreadable_clips_with_a_reason(tmp_path: Path) -> None:
    source = audio_folder(fill(tmp_path, "yes/1.wav", "no/2.wav", "labels.csv"))
    (text,) = [reference for reference in source.references if reference.name == "labels.csv"]
    with pytest.raises(UnreadablePicture, match="not a sound"):
        text.load()


@pytest.mark.parametrize(
    "names, message",
    [
        ((), "expected clips, received none"),
        (("a.txt",), r"expected clips, received 1 files that are not clips, the first 'a\.txt': not a sound"),
    ],
)
def test_a_folder_without_clips_is_an_error(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        audio_folder(fill(tmp_path, *names))


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a folder of clips.*no such path"):
        audio_folder(tmp_path / "none")
