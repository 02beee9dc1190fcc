"""Decodes a clip of sound: mono, at one sample rate, of one length, as loud as it was.

    channels       their mean
    sample rate    resampled by soxr, where the file has another
    length         the first samples; a shorter clip ends with zeros

Not used, with the reason: files that libsndfile cannot decode or that end before their header says, clips without
samples, silent ones (no sample reaches −60 decibels of full scale), and clipped ones (over 1 % of the samples are at
full scale). Only the part of a file that is kept is decoded, so that a long one fills no memory.
"""

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32, Int16

from ganops.data.sources.source import UnreadablePicture
from ganops.errors import DataError

if TYPE_CHECKING:
    from soundfile import SoundFile

_RATES, _MOST_CHANNELS = range(1000, 768_001), 16
SILENT, CLIPPED = "silent", "clipped"
_LEAST_PEAK, _FULL_SCALE, _CLIPPED_SHARE = 1e-3, 32767 / 32768, 0.01
# Seconds beyond the kept ones, so that the resampling filter has no edge there.
_MARGIN_SECONDS = 0.1
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)


@dataclass(frozen=True)
class Header:
    """What a file says of itself: frames, and their rate in hertz and channels."""

    frames: int
    sample_rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """Return the length."""
        return self.frames / self.sample_rate


def read_header(content: bytes) -> Header:
    """Read what the file says of itself; UnreadablePicture where it is no sound."""
    with _open(content) as file:
        return _check_header(file)


def decode_clip(content: bytes, sample_rate: int, samples: int) -> tuple[Int16[np.ndarray, "1 samples"], Header]:
    """Decode by the module's rules; return the clip and the header of its file.

    Args:
        content: of the file.
        sample_rate: of the clip, in hertz.
        samples: its length.

    Raises:
        UnreadablePicture: the clip is not used; the message is the reason.
    """
    clip, header, fault = decode_any_clip(content, sample_rate, samples)
    if fault:
        raise UnreadablePicture(fault)
    return clip, header


def decode_any_clip(
    content: bytes, sample_rate: int, samples: int
) -> tuple[Int16[np.ndarray, "1 samples"], Header, str]:
    """Decode as `decode_clip` does, silent and clipped clips too; return clip, header, and "silent: …" or "clipped: …".

    Raises:
        UnreadablePicture: no clip can be decoded; the message is the reason.
    """
    _check_whole(content)
    with _open(content) as file:
        header = _check_header(file)
        values = _read(file, header, samples / sample_rate)
    kept = resample(values.mean(axis=1), header.sample_rate, sample_rate)[:samples]
    clip = np.zeros((1, samples), dtype=np.int16)
    clip[0, : len(kept)] = np.clip(np.round(kept * 32768), -32768, 32767)
    return clip, header, _find_fault(values, kept)


def resample(waves: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """Resample a wave (N,), or columns of waves (N, B), from one rate to another, in hertz.

    Raises:
        DataError: the libraries of the extra `sound` are not installed.
    """
    if rate == sample_rate:
        return waves
    return _import_libraries()[1].resample(waves, rate, sample_rate)


def _open(content: bytes) -> "SoundFile":
    soundfile, _ = _import_libraries()
    try:
        return soundfile.SoundFile(io.BytesIO(content))
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:
        raise UnreadablePicture(f"no sound that libsndfile reads: {_reason(error)}") from None


def _check_header(file: "SoundFile") -> Header:
    header = Header(file.frames, file.samplerate, file.channels)
    if header.sample_rate not in _RATES or header.channels > _MOST_CHANNELS:
        raise UnreadablePicture(f"{header.channels} channels at {header.sample_rate} hertz, more or less than is read")
    if header.frames <= 0:
        raise UnreadablePicture("empty: no samples")
    return header


def _check_whole(content: bytes) -> None:
    """Raise where a WAV file is shorter than its header says: libsndfile reads what there is, without a word."""
    if content[:4] != b"RIFF" or len(content) < 8:
        return
    (size,) = struct.unpack("<I", content[4:8])
    if size not in _UNKNOWN_SIZES and size + 8 > len(content):
        raise UnreadablePicture(f"truncated: {len(content)} of {size + 8} bytes")


def _read(file: "SoundFile", header: Header, seconds: float) -> Float32[np.ndarray, "frames channels"]:
    wanted = min(header.frames, int((seconds + _MARGIN_SECONDS) * header.sample_rate) + 1)
    try:
        values = file.read(wanted, dtype="float32", always_2d=True)
    except _import_libraries()[0].LibsndfileError as error:
        raise UnreadablePicture(f"damaged: {_reason(error)}") from None
    if len(values) < wanted:
        raise UnreadablePicture(f"truncated: {len(values)} of {wanted} samples")
    if not np.isfinite(values).all():
        raise UnreadablePicture("damaged: samples that are not finite")
    return values


def _find_fault(values: Float32[np.ndarray, "frames channels"], kept: Float32[np.ndarray, " samples"]) -> str:
    share = float(np.mean(np.abs(values) >= _FULL_SCALE))
    if share > _CLIPPED_SHARE:
        return f"{CLIPPED}: {100 * share:.0f} % of the samples are at full scale"
    if np.abs(kept).max(initial=0.0) < _LEAST_PEAK:
        return f"{SILENT}: no sample reaches -60 decibels of full scale"
    return ""


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", error)).rstrip(".")


def _import_libraries() -> tuple[Any, Any]:
    """Import soundfile and soxr; DataError where one is missing."""
    try:
        import soundfile
        import soxr
    except (ImportError, OSError) as error:
        raise DataError(
            "reading sound",
            expected="the libraries soundfile and soxr",
            received=str(error),
            remedy="Install them: pip install 'ganops[sound]'.",
        ) from None
    return soundfile, soxr
