import pytest

from ganops.data.sources.layout import LoosePicture, arrange


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
def test_what_folders_mean(names: list[str], classes: tuple[str, ...], labels: list[int], test: list[bool]) -> None:
    layout = arrange(names)
    assert (layout.classes, layout.labels, layout.test) == (classes, labels, test)


@pytest.mark.parametrize(
    "names", [["cat/1", "dog/2", "loose"], ["train/cat/1", "test/loose"], ["train/cat/1", "test/cat/2", "loose"]]
)
def test_a_picture_beside_the_classes_is_named(names: list[str]) -> None:
    with pytest.raises(LoosePicture, match="loose"):
        arrange(names)


def test_a_thousand_classes() -> None:
    layout = arrange([f"{k:04d}/{k}" for k in range(1000)])
    assert layout.labels == list(range(1000))
    assert layout.classes[-1] == "0999"
