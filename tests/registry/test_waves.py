"""Clips from a bundle: as WAV in JSON, and as files."""

import base64
import io
import wave
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.bundle import Bundle, BundleData
from ganops.errors import RequestError
from ganops.networks.build import build_networks
from ganops.registry.codecs import CODECS, NO_FACTS, find_facts
from ganops.registry.generate import generate_to_folder
from ganops.registry.requests import answer, make_example, parse_request

from ..parameters import resolve_settings, waves


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    settings = resolve_settings("spectrogram_gan", waves(500, 2, 11025), window=32, hop=16, base_channels=4)
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, ("no", "yes"), (0.5, 0.5), "f1" * 16, "5d" * 32).save(tmp_path / "bundle")
    return Bundle.load(tmp_path / "bundle")


def test_an_answer_is_a_wav_file_of_the_rate_of_the_data(bundle: Bundle) -> None:
    request = parse_request(bundle, {"n": 2, "seed": 3, "class_label": "yes"})
    samples, codec, facts = answer(bundle, request), CODECS["wave"], find_facts(bundle)
    assert samples.labels is not None and samples.labels.tolist() == [1, 1]
    values = [codec.to_json(sample, facts) for sample in samples.values]
    with wave.open(io.BytesIO(base64.b64decode(values[0]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (11025, 1, 500)
    assert np.array_equal(np.stack([codec.from_json(value, facts) for value in values]), samples.values.numpy())
    assert make_example(bundle, 2) == {"n": 2, "seed": 7}


def test_a_clip_is_cut_to_the_seconds_of_the_request(bundle: Bundle, tmp_path: Path) -> None:
    whole = answer(bundle, parse_request(bundle, {"n": 2, "seed": 3})).values
    for seconds, kept in ((0.02, 220), (500 / 11025, 500), (0.001, 11), (None, 500)):
        cut = answer(bundle, parse_request(bundle, {"n": 2, "seed": 3, "seconds": seconds})).values
        assert torch.equal(cut, whole[..., :kept])
    (written,) = generate_to_folder(str(tmp_path / "bundle"), {"seed": 3, "seconds": 0.02}, tmp_path / "out")
    with wave.open(str(written)) as file:
        assert file.getnframes() == 220
    with pytest.raises(RequestError, match=r"seconds: expected at most 0\.0453515, .* received 1"):
        answer(bundle, parse_request(bundle, {"seconds": 1}))


@pytest.mark.parametrize("value", ["", "no base64", base64.b64encode(b"no sound").decode()])
def test_anything_else_is_no_clip(value: str) -> None:
    with pytest.raises(RequestError, match="a clip of the request: expected a WAV file"):
        CODECS["wave"].from_json(value, NO_FACTS)


def test_generated_files_are_the_samples_of_the_request(bundle: Bundle, tmp_path: Path) -> None:
    source = str(tmp_path / "bundle")
    written = generate_to_folder(source, {"n": 2, "seed": 5, "class_label": 0}, tmp_path / "out")
    assert [path.name for path in written] == ["5_0000_0.wav", "5_0001_0.wav"]
    samples = answer(bundle, parse_request(bundle, {"n": 2, "seed": 5, "class_label": 0})).values
    for path, sample in zip(written, samples, strict=True):
        with wave.open(str(path)) as file:
            assert torch.equal(torch.frombuffer(bytearray(file.readframes(500)), dtype=torch.int16), sample[0])
    again = generate_to_folder(source, {"n": 2, "seed": 5, "class_label": 0}, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]
