"""The encoder of speech: its spectrogram against librosa's, its embeddings against those of its package."""

import hashlib
import math
from pathlib import Path

import pytest
import torch

from ganops.errors import MetricError
from ganops.extractors import speaker_encoder
from ganops.extractors.base import extract
from ganops.extractors.speaker_encoder import (
    Network,
    SpeakerEncoder,
    find_speaker_encoder,
    mel_filters,
    mel_spectrogram,
    part_starts,
    raise_loudness,
    read_speaker_encoder,
)
from ganops.extractors.weights import SPEAKER_ENCODER, WeightsFile

pytest.importorskip("soxr", reason="the extra `sound` is not installed")

# Of every 25th frame of `tone(16_000, 16_000)` every eighth channel.
EXPECTED_MELS = (
    (3.10272e-02, 4.90302e-04, 2.42771e-04, 5.27241e-06, 5.46373e-07),
    (1.29002e-01, 5.39235e-03, 1.54954e-03, 1.62165e-14, 6.85417e-18),
    (3.31298e-02, 1.36503e-03, 4.12100e-04, 6.75069e-15, 7.30460e-17),
    (2.73289e-06, 1.30511e-07, 4.14093e-08, 3.66453e-17, 4.05978e-20),
    (2.30913e-02, 3.82346e-04, 2.28325e-04, 5.27241e-06, 5.46373e-07),
)
# Samples and rate of a tone → its largest features.
EXPECTED_EMBEDDINGS = {
    (5120, 8000): {16: 0.19115, 20: 0.26401, 243: 0.27693, 246: 0.18512},
    (64000, 16000): {127: 0.20644, 158: 0.23388, 243: 0.24683, 246: 0.25038},
    (50000, 22050): {158: 0.22361, 235: 0.20901, 243: 0.24818, 246: 0.24452},
}


def tone(samples: int, rate: int, pitch: float = 120.0) -> torch.Tensor:
    """Return a sine of rising pitch with ten harmonics, and a tremolo, (samples,) float64."""
    time = torch.arange(samples, dtype=torch.float64) / rate
    phase = 2 * math.pi * torch.cumsum(pitch + 30 * torch.sin(4 * math.pi * time), 0) / rate
    harmonics = sum(torch.sin(k * phase) / k for k in range(1, 12))
    return harmonics * 0.02 * (1 + torch.sin(10 * math.pi * time))


def clips(samples: int, rate: int, *pitches: float) -> torch.Tensor:
    waves = torch.stack([tone(samples, rate, pitch) for pitch in pitches])
    return (waves * 32768).round().to(torch.int16)[:, None]


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {name: 0.15 * torch.randn_like(values) for name, values in Network().state_dict().items()}


@pytest.fixture
def encoder() -> SpeakerEncoder:
    return SpeakerEncoder(weights(), 8000, "of random weights")


def test_the_spectrogram_is_that_of_librosa() -> None:
    """`librosa.feature.melspectrogram(y=wave, sr=16000, n_fft=400, hop_length=160, n_mels=40)` of version 0.11."""
    mels = mel_spectrogram(tone(16000, 16000).float()[None], mel_filters())[0]
    assert mels.shape == (101, 40)
    expected = torch.tensor(EXPECTED_MELS)
    torch.testing.assert_close(mels[::25, ::8], expected, rtol=1e-4, atol=1e-9)


def test_the_filters_have_area_one_and_are_centred_on_the_scale() -> None:
    filters = mel_filters()
    inner = filters[5:]  # of the lowest ones a bin is nearly as wide as a triangle
    torch.testing.assert_close(inner.sum(1) * 40, torch.ones(len(inner)), atol=0.06, rtol=0)
    assert (filters.argmax(1).diff() >= 0).all() and (filters >= 0).all()


@pytest.mark.parametrize(
    ("samples", "starts"),
    [(100, [0]), (25_600, [0]), (25_601, [0]), (31_519, [0]), (31_520, [0, 77]), (64_000, [0, 77, 154, 231])],
)
def test_a_long_clip_has_overlapping_parts_and_a_short_one_a_single_part(samples: int, starts: list[int]) -> None:
    assert list(part_starts(samples)) == starts


def test_features_do_not_depend_on_the_batch_and_have_length_one(encoder: SpeakerEncoder) -> None:
    sound = clips(5120, 8000, *range(100, 400, 8))
    features = extract(encoder, sound)
    assert features.probabilities is None and features.values.shape == (38, 256)
    assert (extract(encoder, sound[35:]).values == features.values[35:]).all()
    assert torch.allclose(torch.from_numpy(features.values).norm(dim=1), torch.ones(38))


def test_quiet_clips_are_raised_and_zeros_stay(encoder: SpeakerEncoder) -> None:
    wave = tone(5120, 8000).float()[None]
    quiet, loud = raise_loudness(0.01 * wave), raise_loudness(30 * wave)
    assert float(quiet.square().mean().sqrt()) == pytest.approx(10**-1.5) and torch.equal(loud, 30 * wave)
    silent = torch.zeros(2, 1, 5120, dtype=torch.int16)
    assert torch.equal(raise_loudness(silent[:, 0].float()), silent[:, 0].float())
    assert torch.isfinite(encoder(silent)[0]).all()


def test_another_sample_rate_of_the_same_sound_has_nearly_the_same_features(encoder: SpeakerEncoder) -> None:
    other = SpeakerEncoder(weights(), 16000, "of random weights")
    ours, theirs = encoder(clips(8000, 8000, 120, 250))[0], other(clips(16000, 16000, 120, 250))[0]
    assert float((ours - theirs).norm(dim=1).max()) < 0.1 < 0.5 < float((ours[0] - ours[1]).norm())
    assert encoder.resize != other.resize


def test_weights_are_found_by_path_and_refused_where_they_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pretrained.pt"
    torch.save({"step": 1, "model_state": {**weights(), "similarity_bias": torch.zeros(1)}}, path)
    with pytest.raises(MetricError, match=r"expected 17090379 bytes .* --no-deps resemblyzer.*speaker_encoder_weights"):
        read_speaker_encoder(str(path), 8000)
    with pytest.raises(MetricError, match=r"none\.pt"):
        read_speaker_encoder(str(tmp_path / "none.pt"), 8000)
    content = path.read_bytes()
    known = WeightsFile(("pretrained.pt",), hashlib.sha256(content).hexdigest(), len(content), "", "", "model_state")
    monkeypatch.setattr(speaker_encoder, "SPEAKER_ENCODER", known)
    read = read_speaker_encoder(str(path), 8000)
    assert torch.equal(read(clips(5120, 8000, 120))[0], SpeakerEncoder(weights(), 8000)(clips(5120, 8000, 120))[0])


def test_the_embeddings_are_those_of_the_package() -> None:
    """`VoiceEncoder().embed_utterance(normalize_volume(wave, -30, increase_only=True))` of resemblyzer 0.1.4."""
    if not find_speaker_encoder(None).is_file():
        pytest.skip("the package resemblyzer is not installed")
    for (samples, rate), expected in EXPECTED_EMBEDDINGS.items():
        (embedding,) = read_speaker_encoder(None, rate)(clips(samples, rate, 120.0))[0]
        for feature, value in expected.items():
            assert float(embedding[feature]) == pytest.approx(value, abs=2e-5)
    assert SPEAKER_ENCODER.sha256 == read_speaker_encoder(None, 8000).digest
