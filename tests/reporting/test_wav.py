import io
import wave

import numpy as np
import pytest
import torch

from ganops.reporting.wav import decode_wav, encode_wav


def test_wav_files_hold_what_they_were_written_from() -> None:
    clip = torch.tensor([[-32768, -1, 0, 1, 32767]], dtype=torch.int16)
    content = encode_wav(clip, 11025)
    assert np.array_equal(decode_wav(content), clip.numpy())
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (11025, 1, 2)
    for damaged in (b"", b"RIFF", content[:20], b"no sound at all, but long enough"):
        with pytest.raises(ValueError, match=r"."):
            decode_wav(damaged)
