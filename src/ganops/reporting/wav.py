"""Clips as WAV files: 16 bits, one channel."""

import io
import wave

import numpy as np
from jaxtyping import Int16
from torch import Tensor


def encode_wav(samples: Int16[Tensor, "1 samples"], sample_rate: int) -> bytes:
    """Return a WAV file; equal samples give equal bytes."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples[0].numpy().astype("<i2").tobytes())
    return content.getvalue()


def decode_wav(content: bytes) -> Int16[np.ndarray, "1 samples"]:
    """Return the samples of a WAV file of 16 bits and one channel; ValueError where it is none."""
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise ValueError(f"{file.getnchannels()} channels of {8 * file.getsampwidth()} bits")
            return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)[None]
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error) or "too few bytes") from None
