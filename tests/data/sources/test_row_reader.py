from collections.abc import Iterator

import pyarrow as pa
import pytest

from ganops.data.sources.row_reader import RowReader, Run


class Counted:
    """A run of ten rows in chunks of two, which counts how often it is opened; `damaged` is a row that breaks it."""

    def __init__(self, damaged: int | None = None) -> None:
        self.opened = 0
        self.damaged = damaged

    def __call__(self) -> Iterator[pa.Array]:
        self.opened += 1
        for start in range(0, 10, 2):
            if self.damaged in (start, start + 1):
                raise pa.ArrowInvalid("broken")
            yield pa.array([start, start + 1])


def test_reading_in_order_opens_once_and_small_steps_back_are_free() -> None:
    opening = Counted()
    reader, run = RowReader(), Run(10, opening)
    assert [reader.value(run, row) for row in (0, 1, 5, 3, 2, 9, 8, 4)] == [0, 1, 5, 3, 2, 9, 8, 4]
    assert opening.opened == 1
    assert reader.value(run, 0) == 0  # five chunks back: no longer kept
    assert opening.opened == 2


def test_a_step_back_to_another_run_keeps_the_place_in_this_one() -> None:
    first, second = Counted(), Counted()
    reader, runs = RowReader(), (Run(10, first), Run(10, second))
    order = [(0, 9), (1, 4), (0, 0), (1, 6), (0, 2), (1, 8)]
    assert [reader.value(runs[run], row) for run, row in order] == [9, 4, 0, 6, 2, 8]
    assert (first.opened, second.opened) == (2, 1)


def test_damage_gives_the_same_error_for_every_reader() -> None:
    for order in ([0, 4, 7, 2], [7, 4, 2, 0]):
        reader, run = RowReader(), Run(10, Counted(damaged=5))
        for row in order:
            if row < 4:
                assert reader.value(run, row) == row
            else:
                with pytest.raises(pa.ArrowInvalid, match="broken"):
                    reader.value(run, row)


def test_a_run_shorter_than_its_metadata_is_refused() -> None:
    with pytest.raises(pa.ArrowInvalid, match="ends before row 10"):
        RowReader().value(Run(11, Counted()), 10)
