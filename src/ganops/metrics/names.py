"""Which metrics each kind of features gives: where the data have classes, all of them. Torch-free."""

from ganops.config import FeatureKind

_DISTANCES = ("fid", "kid", "precision", "recall")
_OF_CLASSES = ("modes", "agreement", "reverse_kl")

METRICS: dict[FeatureKind, tuple[str, ...]] = {
    "classifier": (*_DISTANCES, "inception_score", *_OF_CLASSES),
    "inception": (*_DISTANCES, "inception_score"),
    "efficientnet_lite0": (*_DISTANCES, "inception_score"),
    "stacked_digits": (*_DISTANCES, "inception_score", *_OF_CLASSES),
    "coordinates": (*_DISTANCES, "inception_score", *_OF_CLASSES, "high_quality"),
}
