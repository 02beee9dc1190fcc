"""Counts of a line's words, pairs and triples of words, in few dimensions: the features of text.

Each n-gram (n = 1, 2, 3; the end of a line counts as a token) has one of 2^13 vectors of N(0, I / 128), by a hash of
its tokens; a line's features are the sum of its n-grams' vectors. So squared distances between features are about those
between the counts (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"). Nothing is trained.
"""

import hashlib
import importlib.util
import math
from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ganops.config import FieldName
from ganops.errors import MetricError
from ganops.extractors.base import ExtractorDefaults
from ganops.noise import Noise
from ganops.sealed_json import StrictModel, seal

FORMAT = "ganops-ngrams-1"
DESCRIPTION = "extractor.json"
DIMENSION = 128
_BUCKETS, _ORDERS, _FACTOR = 2**13, 3, 1_000_003


class NgramsDescription(StrictModel):
    """The schema of extractor.json of n-grams."""

    format: Literal["ganops-ngrams-1"]


class Ngrams(ExtractorDefaults):
    """The n-grams of lines as a feature extractor, on the CPU."""

    field: FieldName = "tokens"
    name = "ngrams"
    resize = "none"
    chunk = 256
    dimension = DIMENSION

    @property
    def digest(self) -> str:
        """Return the sha256 of the vectors."""
        return hashlib.sha256(_vectors().numpy().tobytes()).hexdigest()

    def files(self) -> dict[str, bytes]:
        """Return all that `restore` needs, by file name."""
        return {DESCRIPTION: seal({"format": FORMAT}).encode()}

    def __call__(self, lines: Int[Tensor, "batch length"]) -> tuple[Float[Tensor, "batch dimension"], None]:
        """Return the features, and no probabilities."""
        return embed_ngrams(lines), None


def check_sacrebleu() -> None:
    """Raise MetricError where the extra for the other metrics of text is not installed."""
    if importlib.util.find_spec("sacrebleu") is None:
        raise MetricError(
            "the metrics of text",
            expected="sacrebleu, which is an extra",
            received="no such package",
            remedy="Install it with pip install 'ganops[text]', in a clone with pip install -e '.[text]'.",
        )


def embed_ngrams(lines: Int[Tensor, "batch length"]) -> Float[Tensor, "batch dimension"]:
    """Return the sum of the vectors of each line's n-grams."""
    tokens = F.pad(lines.long(), (0, _ORDERS))
    # After its first 0 a line has no tokens.
    starts = F.pad((lines == 0).cumsum(1), (1, 0))[:, :-1] == 0
    total = torch.zeros(len(lines), DIMENSION)
    keys = torch.zeros_like(lines, dtype=torch.int64)
    for order in range(_ORDERS):
        keys = keys * _FACTOR + tokens[:, order : order + lines.shape[1]] + 1
        bags = (keys * _FACTOR + order).remainder(_BUCKETS)
        total += F.embedding_bag(bags, _vectors(), mode="sum", per_sample_weights=starts.float())
    return total


@cache
def _vectors() -> Float[Tensor, "buckets dimension"]:
    return Noise(0, 0, _BUCKETS).normal("extractors/ngrams", (DIMENSION,)) / math.sqrt(DIMENSION)
