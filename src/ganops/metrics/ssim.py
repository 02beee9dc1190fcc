"""Structural similarity (Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity").

As the paper has it: a Gaussian window of 11 × 11 pixels with σ = 1.5, K1 = 0.01, K2 = 0.03. scikit-image computes it.
"""

import numpy as np
from jaxtyping import UInt8
from skimage.metrics import structural_similarity

WINDOW = 11


def mean_ssim(
    samples: UInt8[np.ndarray, "n channels height width"], targets: UInt8[np.ndarray, "n channels height width"]
) -> float:
    """Return the mean over pictures, channels and windows: 1 for equal pictures.

    Pictures with a side below 11 pixels are enlarged first, by repeating theirs.
    """
    factor = -(-WINDOW // min(samples.shape[2:]))
    samples, targets = (values.repeat(factor, axis=2).repeat(factor, axis=3) for values in (samples, targets))
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    pairs = zip(samples, targets, strict=True)
    return float(np.mean([structural_similarity(one, other, channel_axis=0, **settings) for one, other in pairs]))
