import numpy as np

from ganops.data.sources.tones import RATE, SAMPLES, tones

CLIPS = tones()


def clips_of(name: str) -> np.ndarray:
    return CLIPS.values[CLIPS.labels == CLIPS.classes.index(name), 0].astype(np.float64) / 32768


def pitch(parts: np.ndarray) -> np.ndarray:
    """Return the frequency of the highest peak of each row's spectrum, in hertz."""
    windowed = parts * np.hanning(parts.shape[1])
    return np.abs(np.fft.rfft(windowed, 16 * parts.shape[1])).argmax(axis=1) * RATE / (16 * parts.shape[1])


def test_clips_are_int16_of_six_classes_and_always_the_same() -> None:
    assert (CLIPS.values.shape, CLIPS.values.dtype) == ((1800, 1, SAMPLES), np.int16)
    assert np.bincount(CLIPS.labels).tolist() == [300] * 6
    assert (CLIPS.field, CLIPS.sample_rate, len(CLIPS.classes)) == ("wave", 8000, 6)
    assert tones().values.tobytes() == CLIPS.values.tobytes()


def test_no_clip_is_clipped_or_silent() -> None:
    peaks = np.abs(CLIPS.values.astype(np.int32)).max(axis=(1, 2))
    assert peaks.min() > 0.1 * 32768 and peaks.max() <= 0.9 * 32768


def test_a_glide_moves_by_an_octave() -> None:
    for name, factor in (("rising", 2.0), ("falling", 0.5)):
        clips = clips_of(name)
        # The means of the first and of the last eighth of the glide are f (1 + 1/16) and f (1 + 15/16).
        ratio = pitch(clips[:, -512:]) / pitch(clips[:, :512])
        inner = 31 / 17 if factor > 1 else 17 / 31
        assert np.median(ratio) == np.clip(np.median(ratio), 0.93 * inner, 1.07 * inner)


def test_a_pluck_decays_and_a_swell_grows() -> None:
    halves = {name: np.square(clips_of(name)).reshape(300, 2, -1).mean(axis=2) for name in ("pluck", "swell")}
    assert (halves["pluck"][:, 0] > 20 * halves["pluck"][:, 1]).all()
    assert (halves["swell"][:, 1] > 5 * halves["swell"][:, 0]).all()
