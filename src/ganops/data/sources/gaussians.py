"""25 Gaussians on a grid: toy data on which mode collapse can be seen and counted.

Means (−4 + 2i, −4 + 2j) for i, j in 0 … 4, standard deviation 0.05 in both coordinates, each as likely as the others
(Lin et al. 2018, "PacGAN: the power of two samples in generative adversarial networks", section 4.1, who take it from
Srivastava et al. 2017, "VEEGAN", section 4). 100,000 points, as PacGAN trains on; always the same points.
"""

import numpy as np

from ganops.data.sources.source import ArraySamples
from ganops.noise import Noise

_EACH, _SIDE, _SPACING, _DEVIATION = 4_000, 5, 2.0, 0.05


def gaussians_25() -> ArraySamples:
    """Draw the points, field `point` (2,) float32; the class of a point is the index of its Gaussian, 5 i + j."""
    labels = np.arange(_EACH * _SIDE**2, dtype=np.int64) % _SIDE**2
    noise = Noise(seed=0, first=0, count=len(labels)).normal("source/gaussians_25", (2,)).numpy()
    means = np.stack(np.divmod(labels, _SIDE), axis=1) * _SPACING - _SPACING * (_SIDE // 2)
    points = (means + _DEVIATION * noise).astype(np.float32)
    return ArraySamples("gaussians_25", "point", points, labels, tuple(map(str, range(_SIDE**2))))
