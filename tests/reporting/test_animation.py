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
