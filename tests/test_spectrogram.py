"""The formula against sums written out, its exact inverse, and the phases of known and real clips."""

import cmath
import math
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ganops.data.encodings import encode_waves
from ganops.data.sources.tones import RATE, SAMPLES, tones
from ganops.reporting.wav import decode_wav
from ganops.spectrogram import Spectrogram, choose_window

from .parameters import resolve_settings, waves

FSDD = Path(__file__).parents[2] / "shared" / "data" / "fsdd" / "fsdd.zip"
EPSILON = 1e-4
NOISE = torch.rand(3, 1, 100, generator=torch.Generator().manual_seed(0)) * 2 - 1
SHAPES = [(16, 8), (16, 4), (16, 3), (32, 5)]


def level(share: float) -> float:
    return 1 + 2 * math.log((share + EPSILON) / (1 + EPSILON)) / math.log((1 + EPSILON) / EPSILON)


def convergence(spectrogram: Spectrogram, values: Tensor, rebuilt: Tensor) -> float:
    """Return ‖|S'| − |S|‖ / ‖|S|‖, S' of the rebuilt waves."""
    wanted = spectrogram.magnitudes(values)
    return float((spectrogram.transform(rebuilt[:, 0]).abs() - wanted).norm() / wanted.norm())


@pytest.mark.parametrize(("window", "hop"), SHAPES)
def test_values_are_those_of_the_sums(window: int, hop: int) -> None:
    spectrogram, x = Spectrogram(100, window, hop), NOISE[0, 0].tolist()
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * n / window) for n in range(window)]
    values = spectrogram.encode(NOISE)[0, 0]
    assert values.shape == (window // 2, -(-100 // hop)) == (spectrogram.bins, spectrogram.frames)
    for f, t in [(0, 0), (1, 1), (3, 5), (window // 2 - 1, spectrogram.frames - 1)]:
        at = [t * hop + n - window // 2 for n in range(window)]
        total = sum(
            hann[n] * (x[i] if 0 <= i < 100 else 0.0) * cmath.exp(-2j * math.pi * f * n / window)
            for n, i in enumerate(at)
        )
        assert values[f, t] == pytest.approx(level(abs(total) / sum(hann)), abs=1e-4)


@pytest.mark.parametrize("bin_number", [5, 32, 100])
def test_a_sine_of_full_scale_in_the_centre_of_a_bin_peaks_there_at_half(bin_number: int) -> None:
    spectrogram = Spectrogram(2048, 256, 64)
    wave = torch.sin(2 * math.pi * bin_number / 256 * torch.arange(2048.0))[None, None]
    inner = spectrogram.encode(wave)[0, 0, :, 4:-4]
    assert (inner.argmax(dim=0) == bin_number).all()
    torch.testing.assert_close(inner[bin_number], torch.full_like(inner[0], level(0.5)), atol=1e-4, rtol=0)


def test_zeros_are_minus_one_and_stay_zeros() -> None:
    spectrogram = Spectrogram(100, 16, 8)
    values = spectrogram.encode(torch.zeros(1, 1, 100))
    torch.testing.assert_close(values, torch.full_like(values, -1.0), atol=1e-6, rtol=0)
    assert spectrogram.decode(values, 4).abs().max() < 1e-6


@pytest.mark.parametrize(("window", "hop"), SHAPES)
def test_magnitudes_are_the_exact_inverse_and_values_are_bounded(window: int, hop: int) -> None:
    spectrogram = Spectrogram(100, window, hop)
    values = spectrogram.encode(NOISE)
    assert values.min() >= -1 and values.max() <= 1
    expected = spectrogram.transform(NOISE[:, 0]).abs()[:, : spectrogram.bins]
    torch.testing.assert_close(spectrogram.magnitudes(values)[:, : spectrogram.bins], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("window", "hop"), SHAPES)
def test_the_inverse_of_a_transform_is_the_wave_until_its_last_half_window(window: int, hop: int) -> None:
    spectrogram = Spectrogram(100, window, hop)
    rebuilt, exact = spectrogram.invert(spectrogram.transform(NOISE[:, 0])), spectrogram.frames * hop - window // 2
    torch.testing.assert_close(rebuilt[:, :exact], NOISE[:, 0, :exact], atol=1e-4, rtol=0)
    assert (rebuilt[:, exact:].abs() <= NOISE[:, 0, exact:].abs() + 1e-4).all(), "it fades out"


@pytest.mark.parametrize(("samples", "window", "hop"), [(SAMPLES, 256, 128), (SAMPLES, 256, 64), (8192, 2048, 1024)])
def test_no_clip_ends_in_a_click(samples: int, window: int, hop: int) -> None:
    clips = encode_waves(torch.from_numpy(tones().values[::60]))
    clips = torch.nn.functional.pad(clips, (samples - SAMPLES, 0)) if samples > SAMPLES else clips
    spectrogram = Spectrogram(samples, window, hop)
    rebuilt = spectrogram.decode(spectrogram.encode(clips), 8)
    assert float(rebuilt[:, :, -40:].abs().max()) <= 1.1 * float(clips[:, :, -window:].abs().max())


@pytest.mark.parametrize("hop", [64, 128])
def test_phases_of_tones_converge(hop: int) -> None:
    clips = encode_waves(torch.from_numpy(tones().values[::60]))
    spectrogram = Spectrogram(SAMPLES, 256, hop)
    values = spectrogram.encode(clips)
    none, some = (convergence(spectrogram, values, spectrogram.decode(values, count)) for count in (0, 32))
    assert some < 0.1 < 0.2 < none


def test_the_pitch_of_a_tone_is_kept_to_half_a_bin() -> None:
    spectrogram, frequency = Spectrogram(SAMPLES, 256, 128), 600.0
    wave = 0.5 * torch.sin(2 * math.pi * frequency / RATE * torch.arange(float(SAMPLES)))[None, None]
    rebuilt = spectrogram.decode(spectrogram.encode(wave), 32)
    spectrum = torch.fft.rfft(rebuilt[0, 0]).abs()
    assert float(spectrum.argmax()) * RATE / SAMPLES == pytest.approx(frequency, abs=RATE / 256 / 2)
    assert rebuilt.square().mean() == pytest.approx(float(wave.square().mean()), rel=0.05)


@pytest.mark.skipif(not FSDD.is_file(), reason="no spoken digits beside the project")
def test_phases_of_spoken_digits_converge() -> None:
    clips = torch.zeros(10, 1, 5120)
    with zipfile.ZipFile(FSDD) as archive:
        for digit in range(10):
            samples = decode_wav(archive.read(f"recordings/{digit}_jackson_0.wav"))[:, :5120]
            clips[digit, :, : samples.shape[1]] = torch.from_numpy(samples / np.float32(32768))
    spectrogram = Spectrogram(5120, 256, 128)
    values = spectrogram.encode(clips)
    assert convergence(spectrogram, values, spectrogram.decode(values, 32)) < 0.1


def test_a_sample_does_not_depend_on_the_others() -> None:
    spectrogram = Spectrogram(100, 16, 8)
    values = spectrogram.encode(NOISE)
    assert torch.equal(spectrogram.decode(values, 8)[1:2], spectrogram.decode(values[[1, 0]], 8)[:1])


@pytest.mark.parametrize(
    ("rate", "window"),
    [(1000, 32), (8000, 256), (11025, 256), (16000, 512), (22050, 512), (24000, 512), (44100, 1024), (48000, 1024)],
)
def test_the_window_is_the_largest_power_of_two_within_32_milliseconds(rate: int, window: int) -> None:
    assert choose_window(rate) == window
    assert window / rate <= 0.032 < 2 * window / rate


@pytest.mark.parametrize("samples", [512, 500])
def test_networks_have_the_size_of_the_spectrograms(samples: int) -> None:
    settings = resolve_settings("spectrogram_gan", waves(samples, 3), window=64, hop=24)
    spectrogram = Spectrogram(samples, 64, 24)
    assert settings.network_sample.shape == (1, spectrogram.bins, spectrogram.frames)
    assert (settings.network_sample.classes, settings.network_sample.field) == (3, "image")
