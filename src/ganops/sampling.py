"""Requests → samples, in chunks of one fixed size.

Different batch sizes round differently; since every chunk is padded to the same size, and latents are addressed by
(seed, index), sample i of a request is the same bytes for any number of samples.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int, Shaped
from torch import Tensor, nn

from ganops.data.encodings import ALL_ENCODINGS, decode
from ganops.errors import RequestError
from ganops.games.game import Batch, Game
from ganops.games.latent import LatentGame
from ganops.games.request import GenerationRequest
from ganops.hardware import thread_count
from ganops.noise import Noise

CHUNK = 64


@dataclass(frozen=True)
class Samples:
    """Values as the store holds them, and labels (n,) unless the generator is not conditional; both on the CPU.

    Of pictures (n, C, H, W) uint8, of points (n, D) float32, of text (n, L) int32.
    """

    values: Shaped[Tensor, "n *shape"]
    labels: Int[Tensor, " n"] | None


@dataclass(frozen=True)
class Sampler:
    """A game's inference networks with what they need to answer requests.

    Attributes:
        class_frequencies: of the training split, summing to 1; empty where there are no classes.
        threads: part of what determines the bytes.
    """

    game: Game
    networks: Mapping[str, nn.Module]
    class_frequencies: tuple[float, ...]
    device: torch.device
    threads: int

    def generate(self, request: GenerationRequest, conditions: Batch | None = None) -> Samples:
        """Generate stored values; pictures are clipped and rounded.

        Args:
            request: of the game's type.
            conditions: the fields `game.conditions` as model values, (n, …) each; labels may be missing: they are then
                those of the request, or drawn as in the training data.

        Raises:
            RequestError: the class does not exist, or a condition is missing.
        """
        noise = Noise(request.seed, first=0, count=request.n, device=self.device)
        known = self._complete(request, noise, conditions or {})
        labels = known.get("label")
        samples = self.sample(self.game.draw_inputs(request, noise, known))
        return Samples(samples, None if labels is None else labels.cpu())

    @torch.inference_mode()
    def sample(self, inputs: Mapping[str, Tensor]) -> Shaped[Tensor, "n *shape"]:
        """Return one sample per row of the inputs, as stored values on the CPU."""
        return self._in_chunks(
            lambda chunk: decode(self.game.generates, self.game.sample(self.networks, chunk)), inputs
        )

    @torch.inference_mode()
    def sample_represented(self, inputs: Mapping[str, Tensor]) -> Shaped[Tensor, "n *seen"]:
        """Return one sample per row of the inputs, in the form that the game's probe embeds, on the CPU."""
        return self._in_chunks(lambda chunk: self.game.sample_represented(self.networks, chunk), inputs)

    @property
    def scores(self) -> tuple[str, ...]:
        """Return the names of the values of `score`."""
        return self.game.scores

    @torch.inference_mode()
    def score(self, samples: Shaped[Tensor, "n *shape"]) -> dict[str, float]:
        """Return name → mean over stored samples of a value such as −log p; empty where the game knows none."""
        parts: dict[str, list[Tensor]] = {name: [] for name in self.scores}
        with thread_count(self.threads):
            for chunk in samples.split(CHUNK):
                encoded = ALL_ENCODINGS[self.game.generates].encode(_pad(chunk).to(self.device))
                values = self.game.score(self.networks, {self.game.generates: encoded})
                for name, part in parts.items():
                    part.append(values[name][: len(chunk)].double())
        return {name: float(torch.cat(part).mean()) for name, part in parts.items()}

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> Shaped[Tensor, "steps *shape"]:
        """Return samples of the latents of `LatentGame.interpolate`.

        Args:
            start_seed: of the first latent.
            end_seed: another seed.
            steps: number of samples.
            class_label: a number where the generator knows classes, else None.
            eased: close together at the ends.

        Raises:
            RequestError: the class does not exist, the seeds are equal, or the generator has no latents.
        """
        if not isinstance(self.game, LatentGame):
            raise RequestError(
                "an interpolation",
                expected="a generator of latents",
                received=f"one whose samples follow from {' and '.join(self.game.conditions)}",
                remedy="Generate samples instead.",
            )
        label = self._fixed_label(steps, class_label)
        latents = self.game.interpolate(start_seed, end_seed, steps, self.device, eased)
        return self.sample({"latent": latents} if label is None else {"latent": latents, "label": label})

    def _in_chunks(self, make: Callable[[dict[str, Tensor]], Tensor], inputs: Mapping[str, Tensor]) -> Tensor:
        count = len(next(iter(inputs.values())))
        with thread_count(self.threads):
            return torch.cat([_make_chunk(make, inputs, start, count) for start in range(0, count, CHUNK)])

    def _complete(self, request: GenerationRequest, noise: Noise, conditions: Batch) -> Batch:
        """Add labels where the game reads them; RequestError where another condition is missing."""
        known = {name: values.to(self.device) for name, values in conditions.items()}
        if "label" not in known and (labels := self._labels(request, noise)) is not None:
            known["label"] = labels
        missing = [name for name in self.game.conditions if name not in known]
        if missing:
            raise RequestError(
                ", ".join(missing),
                expected="a value",
                received="none",
                remedy=f"This generator needs {' and '.join(missing)} in each request.",
            )
        return known

    def _labels(self, request: GenerationRequest, noise: Noise) -> Tensor | None:
        class_label = request.requested_class
        if class_label is not None or not self.class_frequencies:
            return self._fixed_label(request.n, class_label)
        edges = np.cumsum(self.class_frequencies)[:-1]
        numbers = np.searchsorted(edges, noise.uniform("request/label").cpu().numpy(), side="right")
        return torch.from_numpy(numbers).to(self.device)

    def _fixed_label(self, count: int, class_label: int | str | None) -> Tensor | None:
        if class_label is None and not self.class_frequencies:
            return None
        return torch.full((count,), self._check_class(class_label), device=self.device)

    def _check_class(self, class_label: int | str | None) -> int:
        classes = len(self.class_frequencies)
        if isinstance(class_label, int) and class_label < classes:
            return class_label
        raise RequestError(
            "class_label",
            expected=f"0 to {classes - 1}" if classes else "null, since this generator is not conditional",
            received=repr(class_label),
            remedy="Ask for a class of the model card, or for none.",
        )


def _make_chunk(
    make: Callable[[dict[str, Tensor]], Tensor], inputs: Mapping[str, Tensor], start: int, count: int
) -> Tensor:
    size = min(CHUNK, count - start)
    return make({name: _pad(values[start : start + size]) for name, values in inputs.items()})[:size].cpu()


def _pad(values: Tensor) -> Tensor:
    return torch.cat([values, values.new_zeros(CHUNK - len(values), *values.shape[1:])])
