"""Picture completion: a generator fills a hole from the pixels around, a discriminator separates it from the original.

Pathak et al. 2016, "Context Encoders: Feature Learning by Inpainting", sections 3.2 and 3.3: a reconstruction loss in
the hole and an adversarial loss. Here the first is L1, the discriminator reads the whole picture with the mask, as in
Iizuka et al. 2017, "Globally and Locally Consistent Image Completion", and is regularized by R1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.config import MaskKind
from ganops.data.encodings import decode
from ganops.data.loader import Read, read_fields
from ganops.games.game import Baseline, Batch, LossWeights, Networks, PairedMetric
from ganops.games.masks import Masks, draw_masks
from ganops.games.picture_to_picture import WithTarget, measure_psnr
from ganops.games.request import (
    CompletionRequest,
    CompletionsRequest,
    GenerationRequest,
    MaskedCompletionRequest,
    MaskedCompletionsRequest,
)
from ganops.noise import Noise

_EPSILON = 0.1
# Whether there is noise, and whether masks are files → the request.
_REQUESTS: Mapping[tuple[bool, bool], type[GenerationRequest]] = {
    (False, False): CompletionRequest,
    (False, True): MaskedCompletionRequest,
    (True, False): CompletionsRequest,
    (True, True): MaskedCompletionsRequest,
}


@dataclass(frozen=True)
class Completion(WithTarget):
    """The hole of a picture is filled; the L1 distance is taken there.

    Known pixels are kept bit for bit. A mask is 1 in the hole and 0 elsewhere.

    Attributes:
        mask: the kind of the masks of training, of evaluation, and of a request without one.
        coverage: the share of a picture's pixels that they cover; None: as the files have it.
        noise_dimension: numbers of noise that a completion depends on; 0: a hole has one.
    """

    mask: MaskKind
    coverage: float | None
    noise_dimension: int = 0

    condition = "mask"
    views = ("completions", "masks", "with_holes")

    @property
    def request(self) -> type[GenerationRequest]:
        """Return the type of a request: for several completions with noise; with a mask where none can be drawn."""
        return _REQUESTS[self.noise_dimension > 0, self.mask == "files"]

    @property
    def conditions(self) -> tuple[str, ...]:
        """Return the picture, and the mask where it is a field of the data."""
        return ("image", "mask") if self.mask == "files" else ("image",)

    @property
    def optional_conditions(self) -> tuple[str, ...]:
        """Return the mask, where it can be drawn."""
        return () if self.mask == "files" else ("mask",)

    @property
    def paired_metrics(self) -> Mapping[str, PairedMetric]:
        """Return the mean L1 distance in the hole, from 0 to 1, and the peak signal-to-noise ratio there, in dB."""
        return HOLE_METRICS

    @property
    def diversity_metrics(self) -> Mapping[str, PairedMetric]:
        """Return the mean L1 distance in the hole of two completions of one hole, from 0 to 1."""
        return {"pairwise_l1_hole": _measure_l1} if self.noise_dimension else {}

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """Return the hole filled with the mean colour of the known pixels, and by the biharmonic equation."""
        return BASELINES

    def reads(self) -> tuple[Read, ...]:
        """Return pictures, without labels, and masks of the data in an order of their own."""
        masks = (Read("mask", "mask", order="order/mask"),) if self.mask == "files" else ()
        return (*read_fields("image"), *masks)

    def inputs_of(self, batch: Batch, noise: Noise) -> dict[str, Tensor]:
        """Return the pictures, their masks, and noise."""
        known = self.complete_conditions({name: batch[name] for name in self.conditions}, noise)
        return {**known, **self._draw_noise(noise)}

    def distance(self, fake: Tensor, target: Tensor, inputs: Batch) -> Float[Tensor, " batch"]:
        """Return the mean absolute difference in the hole."""
        return _l1(fake, target, inputs["mask"])

    def tie(
        self, networks: Networks, fake: Tensor, real: Tensor, inputs: Batch, noise: Noise, weights: LossWeights
    ) -> dict[str, Tensor]:
        """Return λ · the L1 distance in the hole and, where their λ is not 0, the other two terms."""
        terms = super().tie(networks, fake, real, inputs, noise, weights)
        if weights.get("mode_seeking_weight", 0.0):
            sought = self._seek_modes(networks, fake, inputs, noise)
            terms["loss/mode_seeking"] = weights["mode_seeking_weight"] * sought
        if weights.get("feature_matching_weight", 0.0):
            matched = self._match_features(networks, fake, real, inputs)
            terms["loss/feature_matching"] = weights["feature_matching_weight"] * matched
        return terms

    def complete_conditions(self, conditions: Batch, noise: Noise) -> dict[str, Tensor]:
        """Add a mask drawn for each picture, where none is given."""
        drawn = {} if "mask" in conditions else {"mask": self._draw_masks(conditions["image"], noise)}
        return {**conditions, **drawn}

    def describe_conditions(self) -> str:
        """Return kind and coverage of the masks; those of files are part of the store."""
        return "masks of the store" if self.coverage is None else f"masks {self.mask} of coverage {self.coverage:g}"

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return picture, mask and noise: the completion is a function of them alone."""
        own = noise.substream(stream)
        # Of one picture all completions are of one hole.
        known = self.complete_conditions(conditions, own.rows(0, len(conditions["image"])))
        expanded = {name: known[name].expand(request.n, *known[name].shape[1:]) for name in ("image", "mask")}
        return {**expanded, **self._draw_noise(own)}

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch *shape"]:
        """Return M · G(x, M, z) + (1 − M) · x, the known pixels unchanged."""
        image, mask = inputs["image"], inputs["mask"]
        noise = (inputs["noise"],) if self.noise_dimension else ()
        return torch.where(mask > 0, networks["generator"](image, mask, *noise), image)

    def _draw_noise(self, noise: Noise, stream: str = "noise") -> dict[str, Tensor]:
        return {"noise": noise.normal(stream, (self.noise_dimension,))} if self.noise_dimension else {}

    def _match_features(self, networks: Networks, fake: Tensor, real: Tensor, inputs: Batch) -> Float[Tensor, " batch"]:
        """Return the mean absolute difference of D's maps, averaged over its layers.

        Wang et al. 2018, "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", equation 4.
        """
        with torch.no_grad():
            wanted = networks["discriminator"].features(self.read_by_discriminator(real, inputs))  # pyright: ignore
        found = networks["discriminator"].features(self.read_by_discriminator(fake, inputs))  # pyright: ignore
        distances = [(a.float() - b.float()).abs().flatten(1).mean(1) for a, b in zip(found, wanted, strict=True)]
        return torch.stack(distances).mean(0)

    def _seek_modes(self, networks: Networks, fake: Tensor, inputs: Batch, noise: Noise) -> Float[Tensor, " batch"]:
        """Return 1 / (d(G(z₁), G(z₂)) / d(z₁, z₂) + ε) of each sample, d the mean absolute difference, in the hole.

        Mao et al. 2019, "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", equation 4. They
        average both distances over the batch and add ε = 10⁻⁵. Of single samples, a hole with one sensible filling
        would have the largest term, so that ε is larger here.
        """
        other = {**inputs, **self._draw_noise(noise, "other_noise")}
        apart = (inputs["noise"] - other["noise"]).abs().mean(1)
        return 1 / (_l1(fake, self.sample(networks, other), inputs["mask"]) / apart + _EPSILON)

    def _draw_masks(self, pictures: Tensor, noise: Noise) -> Masks:
        height, width = pictures.shape[2:]
        assert self.mask != "files" and self.coverage is not None
        return draw_masks(self.mask, self.coverage, (height, width), noise)


def _l1(samples: Tensor, targets: Tensor, mask: Masks) -> Float[Tensor, " batch"]:
    """Return the mean absolute difference in the hole, of each sample."""
    distance = (samples - targets).abs() * mask
    return distance.flatten(1).sum(1) / (mask.flatten(1).sum(1) * targets.shape[1])


def _measure_l1(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    return float(_l1(samples / 255, targets / 255, conditions["mask"]).mean())


def _measure_psnr(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    return measure_psnr(samples, targets, conditions["mask"])


def _fill_with_mean(conditions: Batch) -> Tensor:
    """Return stored pictures whose hole has the mean colour of the known pixels."""
    image, known = conditions["image"], 1 - conditions["mask"]
    colour = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True)
    return decode("image", torch.where(known > 0, image, colour))


def _fill_biharmonic(conditions: Batch) -> Tensor:
    """Return stored pictures whose hole is the smoothest continuation of the known pixels (Damelin & Hoang 2018)."""
    from skimage.restoration import inpaint_biharmonic

    filled = [
        torch.from_numpy(inpaint_biharmonic(image.double().numpy(), mask.numpy() > 0, channel_axis=0))
        for image, (mask,) in zip(conditions["image"], conditions["mask"], strict=True)
    ]
    return decode("image", torch.stack(filled).float().clamp(-1, 1))


HOLE_METRICS: Mapping[str, PairedMetric] = {"l1_hole": _measure_l1, "psnr_hole": _measure_psnr}
BASELINES: Mapping[str, Baseline] = {"mean_colour": _fill_with_mean, "biharmonic": _fill_biharmonic}
