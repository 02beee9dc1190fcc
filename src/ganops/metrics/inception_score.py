"""Inception Score.

Salimans et al. 2016, "Improved techniques for training GANs", section 4:

    IS = exp( E_x KL( p(y|x) ‖ p(y) ) ),  p(y) = E_x p(y|x)

It lies between 1 (the classifier is undecided, or all pictures have one class) and K (each picture certainly has one of
K classes, all equally often). It compares nothing with real pictures. Apart from ImageNet it is meaningful only with a
classifier of the data.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, isc_features_to_metric

# One split, not ten: of a few thousand samples a tenth is too small for K classes.
SPLITS = 1
# Avoids log(0): the limit of p · log p is 0.
_SMALLEST = 1e-300


def inception_score(probabilities: Float[np.ndarray, "n classes"]) -> float:
    """Return the score of class probabilities, whose rows sum to 1."""
    # torch-fidelity takes logits: log p are logits of p.
    logits = torch.from_numpy(np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)))
    return isc_features_to_metric(logits, splits=SPLITS, shuffle=False)[KEY_METRIC_ISC_MEAN]
