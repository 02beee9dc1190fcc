"""Clips of sound: what becomes of them, and which are skipped, with their reasons."""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.preparation_report import summarize
from ganops.data.sound import decode_clip, read_header
from ganops.data.sources.audio_folder import audio_folder
from ganops.data.sources.source import UnreadablePicture
from ganops.data.store import PreparedData, Store
from ganops.errors import DataError, MetricError
from ganops.evaluation.external_samples import read_samples
from ganops.launch.launch import sample_spec
from ganops.preparation_config import DataPreparationParameters

from ..parameters import data_preparation

soundfile = pytest.importorskip("soundfile", reason="the extra `sound` is not installed")
pytest.importorskip("soxr", reason="the extra `sound` is not installed")


def sine(frequency: float, seconds: float, rate: int = 8000, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def encode(values: np.ndarray, rate: int = 8000, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, values, rate, format=form, subtype=subtype)
    return file.getvalue()


TONE = sine(440, 0.5)


def test_samples_of_16_bits_are_kept_bit_for_bit() -> None:
    stored = np.random.default_rng(0).integers(-20000, 20000, 1000).astype(np.int16)
    clip, header = decode_clip(encode(stored), 8000, 1000)
    assert np.array_equal(clip[0], stored) and clip.dtype == np.int16
    assert (header.frames, header.sample_rate, header.channels) == (1000, 8000, 1)


def test_a_longer_clip_keeps_its_beginning_and_a_shorter_one_ends_with_zeros() -> None:
    stored = np.arange(1, 1001, dtype=np.int16) * 20
    assert np.array_equal(decode_clip(encode(stored), 8000, 300)[0][0], stored[:300])
    longer = decode_clip(encode(stored), 8000, 1200)[0][0]
    assert np.array_equal(longer[:1000], stored) and not longer[1000:].any()


@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_24"), ("WAV", "FLOAT"), ("FLAC", None)])
def test_formats_without_loss_give_the_same_clip(form: str, subtype: str | None) -> None:
    expected = decode_clip(encode(TONE), 8000, 4000)[0].astype(int)
    assert abs(decode_clip(encode(TONE, form=form, subtype=subtype), 8000, 4000)[0] - expected).max() <= 1


@pytest.mark.parametrize("form", ["OGG", "MP3"])
def test_formats_with_loss_give_a_similar_clip(form: str) -> None:
    expected = decode_clip(encode(TONE), 8000, 4000)[0].astype(float)
    clip = decode_clip(encode(TONE, form=form), 8000, 4000)[0].astype(float)
    spectra = [np.abs(np.fft.rfft(one[0, 500:3500])) for one in (clip, expected)]
    assert spectra[0].argmax() == spectra[1].argmax()
    assert np.linalg.norm(clip) == pytest.approx(np.linalg.norm(expected), rel=0.1)


def test_channels_are_averaged() -> None:
    stereo = np.stack([sine(440, 0.5, amplitude=0.6), sine(440, 0.5, amplitude=0.2)], axis=1)
    expected = decode_clip(encode(sine(440, 0.5, amplitude=0.4)), 8000, 4000)[0].astype(int)
    clip, header = decode_clip(encode(stereo), 8000, 4000)
    assert abs(clip - expected).max() <= 1 and header.channels == 2


@pytest.mark.parametrize("rate", [44100, 16000, 4000])
def test_another_rate_keeps_pitch_and_loudness(rate: int) -> None:
    clip = decode_clip(encode(sine(440, 1.0, rate), rate), 8000, 8000)[0][0] / 32768
    expected = sine(440, 1.0)
    # Away from the ends, where the filter sees zeros.
    assert abs(clip - expected)[400:-400].max() < 0.01


def test_only_what_is_kept_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long clip whose end is silent or clipped is used for its beginning."""
    ends_badly = np.concatenate([TONE, np.ones(8000 * 5)])
    assert np.array_equal(decode_clip(encode(ends_badly), 8000, 3000)[0], decode_clip(encode(TONE), 8000, 3000)[0])


WAV, FLAC = encode(TONE), encode(TONE, form="FLAC")
BAD: Mapping[str, tuple[bytes, str]] = {
    "nothing": (b"", "no sound"),
    "text": (b"this is not audio " * 20, "no sound"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "no sound"),
    "empty": (encode(np.zeros(0)), "empty: no samples"),
    "silent": (encode(0.0005 * TONE / 0.5), "silent: no sample reaches -60 decibels"),
    "clipped": (encode(np.clip(4 * TONE, -1, 1)), r"clipped: \d+ % of the samples"),
    "truncated": (WAV[: len(WAV) // 2], f"truncated: {len(WAV) // 2} of {len(WAV)} bytes"),
    "truncated flac": (FLAC[: len(FLAC) // 2], "truncated|damaged"),
    "not finite": (encode(np.where(np.arange(4000) == 7, np.nan, TONE), subtype="FLOAT"), "not finite"),
    "channels": (encode(np.tile(TONE[:, None], (1, 17))), "17 channels"),
    "slow": (encode(TONE, rate=10), "10 hertz"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_clips_have_a_reason(name: str) -> None:
    content, reason = BAD[name]
    with pytest.raises(UnreadablePicture, match=reason):
        decode_clip(content, 8000, 4000)


def test_a_full_scale_sine_is_not_clipped() -> None:
    assert decode_clip(encode(sine(440, 0.5, amplitude=1.0)), 8000, 4000)[0].max() == 32767


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(DataError, match=r"soundfile and soxr.*ganops\[sound\]"):
        read_header(WAV)


# The preparation.


def parameters(**changed: Any) -> DataPreparationParameters:
    return data_preparation(source="audio_folder", **changed)


def write_clips(folder: Path, each: int = 12) -> Path:
    """Write clips of two classes: 0.3 s at 8,000 hertz, one of 0.9 s, one of 16,000 hertz in two channels."""
    for label, name in enumerate(("high", "low")):
        (folder / name).mkdir(parents=True)
        for i in range(each):
            (folder / name / f"{i:02d}.wav").write_bytes(encode(sine(800 - 400 * label + 7 * i, 0.3)))
    (folder / "high" / "long.wav").write_bytes(encode(sine(900, 0.9)))
    other = sine(650, 0.3, 16000)
    (folder / "low" / "other.wav").write_bytes(encode(np.stack([other, other], axis=1), 16000))
    return folder


def prepare_folder(folder: Path, **changed: Any) -> tuple[PreparedData, dict[str, Any]]:
    return prepare(audio_folder(folder), parameters(**changed), workers=2)


def test_rate_and_length_are_derived_and_changes_are_noted(tmp_path: Path) -> None:
    prepared, report = prepare_folder(write_clips(tmp_path / "clips"))
    # 0.3 s at 8,000 hertz, rounded up to a multiple of 256.
    assert report["shape"]["samples"] == 2560 and report["shape"]["sample_rate"] == 8000
    assert prepared.fields["wave"].shape == (1, 2560) and prepared.fields["wave"].sample_rate == 8000
    assert report["notes"] == [
        "1 of 26 clips are resampled from another rate to 8000 hertz",
        "1 of 26 clips are mixed from several channels to one",
        "1 of 26 clips are cut to 0.32 seconds",
        "25 of 26 clips are padded with zeros to 0.32 seconds",
    ]
    assert "26 samples; 2 classes from sub-folders (high, low)" in summarize(report)


def test_rate_and_length_are_as_set(tmp_path: Path) -> None:
    _, report = prepare_folder(write_clips(tmp_path / "clips"), sample_rate=4000, clip_seconds=0.128)
    assert report["shape"] == {"samples": 512, "sample_rate": 4000, "rule": "as set"}


def test_the_store_knows_the_rate_and_stores_without_waves_have_none(tmp_path: Path) -> None:
    prepared, _ = prepare_folder(write_clips(tmp_path / "clips"))
    prepared.write(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    assert store.fields["wave"].sample_rate == 8000
    spec = sample_spec(store)
    assert (spec.field, spec.channels, spec.image_width, spec.sample_rate) == ("wave", 1, 2560, 8000)
    assert "sample_rate" not in store.fields["label"].to_json()


def test_bad_clips_are_named_and_skipped_up_to_the_tolerated_share(tmp_path: Path) -> None:
    folder = write_clips(tmp_path / "clips")
    for name in ("silent", "truncated", "text"):
        (folder / "low" / f"{name}.wav").write_bytes(BAD[name][0])
    with pytest.raises(DataError, match=r"at most 0 of 29.*received 3 \(low/silent.wav: silent.*low/truncated.wav"):
        prepare_folder(folder)
    prepared, report = prepare_folder(folder, tolerated_bad_share=0.2)
    assert len(prepared.rows) == 26 and report["skipped"]["count"] == 3
    skipped = {one["file"]: one["reason"] for one in report["skipped"]["first"]}
    assert skipped.keys() == {f"low/{name}.wav" for name in ("silent", "truncated", "text")}


def test_only_bad_clips_are_an_error_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"a\.wav: no sound"):
        prepare_folder(tmp_path, tolerated_bad_share=0.9)


def test_copies_are_duplicates_and_softer_ones_near_duplicates(tmp_path: Path) -> None:
    folder, random = tmp_path / "clips", np.random.default_rng(0)
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    for i in range(12):
        for name in "ab":
            glide = 16000 * np.sin(np.cumsum(np.repeat(random.uniform(0.2, 2.5, 6), 400)))
            (folder / name / f"{i}.wav").write_bytes(encode(glide.astype(np.int16)))
            if i == 0 and name == "a":
                (folder / name / "copy.flac").write_bytes(encode(glide.astype(np.int16), form="FLAC"))
                (folder / name / "softer.wav").write_bytes(encode((0.9 * glide).astype(np.int16)))
    _, report = prepare_folder(folder)
    assert report["duplicates"] == 1
    pairs = {frozenset((one["file"], one["near"])) for one in report["near_duplicates"]["first"]}
    assert frozenset(("a/0.wav", "a/softer.wav")) in pairs


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    source = audio_folder(write_clips(tmp_path / "clips"))
    one, many = (prepare(source, parameters(), workers=workers) for workers in (1, 4))
    assert one[1] == many[1] and np.array_equal(one[0].arrays["wave"], many[0].arrays["wave"])


# Clips of another program.


def test_clips_of_another_program_are_read_as_the_store_has_them(tmp_path: Path) -> None:
    prepare_folder(write_clips(tmp_path / "clips"))[0].write(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    samples = read_samples(write_clips(tmp_path / "others", each=2), store, "wave")
    assert samples.values.shape == (6, 1, 2560) and samples.values.dtype == np.int16
    assert samples.labels is not None and samples.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert samples.fitted == 6, "each has another length"
    same = decode_clip((tmp_path / "others" / "high" / "00.wav").read_bytes(), 8000, 2560)[0]
    assert np.array_equal(samples.values[0], same)
    assert (samples.silent, samples.clipped) == (0, 0)
    (tmp_path / "others" / "low" / "bad.wav").write_bytes(b"nothing")
    with pytest.raises(MetricError, match=r"low/bad\.wav: expected a clip, received no sound"):
        read_samples(tmp_path / "others", store, "wave")


def test_silent_and_clipped_clips_of_another_program_are_evaluated_and_counted(tmp_path: Path) -> None:
    """A generator that makes them is measured with them."""
    prepare_folder(write_clips(tmp_path / "clips"))[0].write(tmp_path / "store")
    store, others = Store.open(tmp_path / "store"), write_clips(tmp_path / "others", each=2)
    for number in range(2):
        (others / "low" / f"silent_{number}.wav").write_bytes(encode(np.zeros(2560)))
    (others / "high" / "clipped.wav").write_bytes(encode(np.sign(sine(440, 0.32))))
    samples = read_samples(others, store, "wave")
    assert (len(samples.values), samples.silent, samples.clipped) == (9, 2, 1)
    labels = samples.labels
    assert labels is not None and (samples.values[labels == 0] == 32767).sum() > 1000
    assert samples.draw(9, seed=0).values.shape == (9, 1, 2560), "all are among those that are drawn"


def test_the_report_has_the_test_part_and_at_most_1000_ignored_files(tmp_path: Path) -> None:
    """As the report of pictures has them."""
    for part in ("train", "test"):
        write_clips(tmp_path / "clips" / part, each=10)
    for number in range(1001):
        (tmp_path / "clips" / "train" / "low" / f"._{number}").write_bytes(b"")
    _, report = prepare_folder(tmp_path / "clips", held_out_share=0.2)
    assert report["ignored"]["count"] == 1001 and len(report["ignored"]["first"]) == 1000
    (note,) = [note for note in report["notes"] if "held_out" in note]
    assert note.startswith("held_out is drawn from all clips (data_preparation.held_out_share=0.2)")
    assert note.endswith("test part of 22")
