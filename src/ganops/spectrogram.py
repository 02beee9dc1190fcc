"""Spectrograms of waves, and waves of spectrograms: the one place of both formulas.

With the Hann window w, centred at t · hop, and zeros beyond the ends of the wave x (torch.stft):

    S(f, t) = Σ_n w(n) x(t · hop + n − window / 2) e^(−2πi f n / window)
    m = |S| / Σ w                    in [0, 1], because |x| ≤ 1; 1/2 for a sine of amplitude 1 at the centre of a bin
    v = 1 + 2 log((m + ε) / (1 + ε)) / log((1 + ε) / ε)      in [−1, 1], ε = 10⁻⁴ (80 decibels)

v is −1 where m is 0, and m = (1 + ε) ((1 + ε) / ε)^((v − 1) / 2) − ε is the exact inverse. The bin of half the sampling
rate is left out, and is 0 in the inverse. Phases are found by the fast algorithm of Perraudin et al. 2013, "A fast
Griffin-Lim algorithm", from those of stationary sines, so that equal spectrograms give equal waves.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

_EPSILON = 1e-4
_RANGE = math.log((1 + _EPSILON) / _EPSILON)
_MOMENTUM = 0.99
_LEAST = 1e-16
_WINDOW_SECONDS, _LEAST_WINDOW = 0.032, 4


def choose_window(sample_rate: int) -> int:
    """Return the largest power of two of samples within 32 milliseconds: 256 at 8,000 hertz, 1,024 at 48,000."""
    return 1 << (max(_LEAST_WINDOW, int(_WINDOW_SECONDS * sample_rate)).bit_length() - 1)


@dataclass(frozen=True)
class Spectrogram:
    """The map between waves (B, 1, N) and spectrograms (B, 1, F, T) in model values.

    Attributes:
        samples: N, of a wave.
        window: samples of the Hann window, even; F = window / 2 bins, lowest first.
        hop: samples between two frames, at most half a window; T = ⌈N / hop⌉.
    """

    samples: int
    window: int
    hop: int

    @property
    def bins(self) -> int:
        """Return F."""
        return self.window // 2

    @property
    def frames(self) -> int:
        """Return T."""
        return -(-self.samples // self.hop)

    def encode(self, waves: Float[Tensor, "batch 1 samples"]) -> Float[Tensor, "batch 1 bins frames"]:
        """Return v of waves."""
        magnitudes = self.transform(waves[:, 0].float())[:, : self.bins].abs() / self._window(waves.device).sum()
        return (1 + 2 / _RANGE * torch.log((magnitudes + _EPSILON) / (1 + _EPSILON)))[:, None]

    def decode(self, values: Float[Tensor, "batch 1 bins frames"], iterations: int) -> Float[Tensor, "batch 1 samples"]:
        """Return waves whose spectrograms are near v.

        Args:
            values: v, in [−1, 1].
            iterations: of the search for phases.
        """
        magnitudes = self.magnitudes(values)
        phases = self._stationary_phases(values.device).expand(magnitudes.shape)
        previous = torch.zeros_like(phases)
        for _ in range(iterations):
            rebuilt = self.transform(self.invert(magnitudes * phases))
            # Perraudin et al. write t_n = c_n + α (c_n − c_(n−1)); its direction is that of this.
            extrapolated = rebuilt - _MOMENTUM / (1 + _MOMENTUM) * previous
            phases, previous = extrapolated / extrapolated.abs().clamp_min(_LEAST), rebuilt
        return self.invert(magnitudes * phases)[:, None].clamp(-1.0, 1.0)

    def magnitudes(self, values: Float[Tensor, "batch 1 bins frames"]) -> Float[Tensor, "batch bins_and_one frames"]:
        """Return |S| of v, with zeros for the bin of half the sampling rate."""
        shares = (1 + _EPSILON) * torch.exp(_RANGE * (values[:, 0].float() - 1) / 2) - _EPSILON
        silent = shares.new_zeros(len(shares), 1, shares.shape[2])
        return torch.cat([shares.clamp_min(0), silent], dim=1) * self._window(values.device).sum()

    def transform(self, waves: Float[Tensor, "batch samples"]) -> Complex[Tensor, "batch bins_and_one frames"]:
        """Return S of waves."""
        padded = torch.nn.functional.pad(waves, (0, self.frames * self.hop - self.samples))
        frames = torch.stft(
            padded,
            self.window,
            self.hop,
            window=self._window(waves.device),
            center=True,
            pad_mode="constant",
            return_complex=True,
        )
        return frames[:, :, : self.frames]

    def invert(self, frames: Complex[Tensor, "batch bins_and_one frames"]) -> Float[Tensor, "batch samples"]:
        """Return the waves nearest to frames (Griffin and Lim 1984, equation 6).

        Of S exactly its waves, but for the last half window, which fades out: a frame of zeros follows. The border of a
        single window says little of the samples there, and to divide by it would amplify them to a click.
        """
        ended = torch.nn.functional.pad(frames, (0, 1))
        return torch.istft(
            ended, self.window, self.hop, window=self._window(frames.device), center=True, length=self.samples
        )

    def _window(self, device: torch.device) -> Tensor:
        return torch.hann_window(self.window, device=device)

    def _stationary_phases(self, device: torch.device) -> Tensor:
        """Return e^(2πi f t hop / window), the phases of a sine in the centre of each bin."""
        cycles = torch.outer(torch.arange(self.bins + 1), torch.arange(self.frames) * self.hop) % self.window
        return torch.polar(torch.ones(cycles.shape), 2 * math.pi * cycles / self.window).to(device)
