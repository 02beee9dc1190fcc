import pytest

from ganops.data.sources.classes import sort_classes
from ganops.data.sources.layout import LoosePicture, ShardsOrClasses, arrange


@pytest.mark.parametrize(
    ("names", "classes", "labels", "test"),
    [
        (["cat/1", "dog/deep/2"], ("cat", "dog"), [0, 1], [False, False]),
        (["pets/all/cat/1", "pets/all/dog/2"], ("cat", "dog"), [0, 1], [False, False]),
        (["1", "2"], (), [-1, -1], [False, False]),
        (["cat/1", "cat/2"], ("cat",), [0, 0], [False, False]),
        (["wrap/cat/1"], ("cat",), [0], [False]),
        (["train/cat/1", "test/cat/2", "test/dog/3"], ("cat", "dog"), [0, 0, 1], [False, True, True]),
        (["set/Train/cat/1", "set/VALID/cat/2", "set/Test/cat/3"], ("cat",), [0, 0, 0], [False, False, True]),
        (["train/1", "testing/2"], (), [-1, -1], [False, True]),
        (["train/cat/1", "val/cat/2"], ("cat",), [0, 0], [False, False]),
        # One part alone is a wrapper, whatever its name.
        (["test/cat/1", "test/dog/2"], ("cat", "dog"), [0, 1], [False, False]),
        (["train/1", "train/2"], (), [-1, -1], [False, False]),
        # One name that is no part's, and all are classes.
        (["train/1", "test/2", "bus/3"], ("bus", "test", "train"), [2, 1, 0], [False, False, False]),
    ],
)
def test_sub_folders_are_interpreted_by_their_names(
    names: list[str], classes: tuple[str, ...], labels: list[int], test: list[bool]
) -> None:
    layout = arrange(names)
    assert (layout.classes, layout.labels, layout.test) == (classes, labels, test)


@pytest.mark.parametrize(
    "names", [["cat/1", "dog/2", "loose"], ["train/cat/1", "test/loose"], ["train/cat/1", "test/cat/2", "loose"]]
)
def test_a_picture_beside_the_classes_is_named(names: list[str]) -> None:
    with pytest.raises(LoosePicture, match="loose"):
        arrange(names)


def test_a_thousand_classes() -> None:
    layout = arrange([f"{k}/{k}" for k in range(1000)])
    assert layout.labels == list(range(1000))
    assert layout.classes[-1] == "999"


SHARDS = [
    ["00000", "00001"],
    ["000", "001", "002"],
    ["0a", "1f", "ff"],
    ["d41d8cd9", "0cc175b9"],
    ["2023-01-31", "2023-02-01"],
    ["2023-11", "2023-12"],
    ["part-0001", "part-0002"],
    ["images_1", "images_10"],
    ["100CANON", "101CANON"],
    [*"0123456789abcdef"],
    [*"0123456789ABCDEF"],
]
CLASSES = [
    [str(k) for k in range(12)],
    [f"{k:02d}" for k in range(12)],
    ["0", "1"],
    ["cat", "dog"],
    ["bad", "add"],
    ["a", "b", "0", "1"],
    [*"0123456789abcdefg"],
    ["001.robin", "002.finch"],
    ["001robin", "002finch"],
    ["00000", "cat"],
]


@pytest.mark.parametrize("folders", SHARDS)
def test_sub_folders_that_may_be_shards_are_refused(folders: list[str]) -> None:
    names = [f"{folder}/{i}.png" for folder in folders for i in range(2)]
    for wrapped in (
        names,
        [f"set/{name}" for name in names],
        [f"{part}/{n}" for n in names for part in ("train", "test")],
    ):
        with pytest.raises(ShardsOrClasses, match=repr(min(folders))):
            arrange(wrapped)
        assert arrange(wrapped, "none").classes == ()
        assert arrange(wrapped, "folders").classes == sort_classes(folders)


@pytest.mark.parametrize("folders", CLASSES)
def test_sub_folders_that_are_classes_by_their_names(folders: list[str]) -> None:
    layout = arrange([f"{folder}/1.png" for folder in folders])
    assert layout.classes == sort_classes(folders)


def test_a_single_shard_is_not_a_class() -> None:
    assert arrange(["00000/1.png", "00000/2.png"]).classes == ()
    assert arrange(["00000/1.png", "00000/2.png"], "folders").classes == ("00000",)
    assert arrange(["cat/1.png", "cat/2.png"], "none").classes == ()
