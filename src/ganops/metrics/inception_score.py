"""Inception Score (Salimans et al. 2016, "Improved techniques for training GANs", section 4):

    IS = exp( E_x KL( p(y|x) ‖ p(y) ) ),  p(y) = E_x p(y|x)

Between 1 (the pictures say nothing about classes, or are all of one class) and K (each surely of one of K classes, all
equally often). Compares nothing with real pictures. Off ImageNet it means something only with a classifier of the data.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, isc_features_to_metric

# Over all samples at once, not the mean over ten tenths: at a few thousand samples a tenth is too small for K classes.
SPLITS = 1
# log(0) has no use in p · log p; the term's limit is 0.
_SMALLEST = 1e-300


def inception_score(probabilities: Float[np.ndarray, "n classes"]) -> float:
    """Args: probabilities: rows sum to 1. torch-fidelity takes logits: log p are logits of p."""
    logits = torch.from_numpy(np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)))
    return isc_features_to_metric(logits, splits=SPLITS, shuffle=False)[KEY_METRIC_ISC_MEAN]
