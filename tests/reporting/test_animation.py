import numpy as np

from ganops.reporting.animation import FRAMES, interpolation_frames

from .shown import Flat


def test_the_film_goes_there_and_back_and_shows_no_frame_twice() -> None:
    frames = [int(np.asarray(frame)[30, 30]) for frame in interpolation_frames(Flat(tuple("abcdefg")))]
    there = [150 + step for step in range(FRAMES // 2 + 1)]
    assert frames == [*there, *reversed(there[1:-1])] and len(frames) == FRAMES


def test_five_classes_stand_in_a_line() -> None:
    first = np.asarray(interpolation_frames(Flat(tuple("abcdefg")))[0])
    assert first[36::58, 36::58].tolist() == [[150, 151, 152, 153, 154], [155, 156, 255, 255, 255]]


def test_large_pictures_are_shrunk_by_a_whole_factor() -> None:
    side, gap, margin = 300, 300 // 32, 4 * (300 // 32)
    first = np.asarray(interpolation_frames(Flat(("a", "b"), side=side))[0])
    assert first.shape == (-(-(side + 2 * margin) // 3), -(-(2 * side + gap + 2 * margin) // 3))
    assert first[60, 60] == 150 and first[60, -60] == 151
