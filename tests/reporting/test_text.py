"""Which names are drawn, which are cut, and which are replaced by their number."""

import pytest

from ganops.reporting.text import ellipsize, format_class_name, load_font

CLASSES = ("cat", "Ящерица", "Müller", "猫", "قطة", "", "a long name of a class that is too long for a folder")


@pytest.mark.parametrize(
    ("label", "drawn"),
    [(0, "cat"), (1, "Ящерица"), (2, "Müller"), (3, "3"), (4, "4"), (5, "5")],
    ids=["latin", "cyrillic", "composed", "chinese", "arabic", "empty"],
)
def test_a_name_is_drawn_if_the_font_has_its_letters(label: int, drawn: str) -> None:
    assert format_class_name(CLASSES, label, size=13, width=200) == drawn


def test_a_long_name_is_cut_to_the_width() -> None:
    drawn = format_class_name(CLASSES, 6, size=13, width=100)
    assert drawn.endswith("…") and CLASSES[6].startswith(drawn[:-1])
    assert load_font(13).getlength(drawn) <= 100
    longer = CLASSES[6][: len(drawn) + 1] + "…"
    assert load_font(13).getlength(longer) > 100


def test_a_text_that_fits_is_unchanged() -> None:
    width = int(load_font(13).getlength("exactly")) + 1
    assert ellipsize("exactly", 13, width) == "exactly"
