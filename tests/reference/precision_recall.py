"""Precision and recall in plain NumPy, from Kynkäänniemi et al. 2019, "Improved precision and recall metric"."""

import numpy as np


def radius(point: int, points: np.ndarray, k: int) -> float:
    """‖φ' − NN_k(φ', Φ)‖, the distance to the k-th nearest of the other points."""
    others = np.delete(points, point, axis=0)
    return float(np.sort(np.linalg.norm(others - points[point], axis=1))[k - 1])


def lies_among(candidate: np.ndarray, points: np.ndarray, radii: list[float]) -> bool:
    """Equation 1, f(φ, Φ): within the radius of at least one point."""
    return any(np.linalg.norm(candidate - point) <= r for point, r in zip(points, radii, strict=True))


def share_among(candidates: np.ndarray, points: np.ndarray, k: int) -> float:
    """Return the mean of f(φ, Φ) over the candidates φ."""
    radii = [radius(i, points, k) for i in range(len(points))]
    return float(np.mean([lies_among(candidate, points, radii) for candidate in candidates]))


def precision_and_recall(samples: np.ndarray, reference: np.ndarray, k: int) -> tuple[float, float]:
    """Equation 2: samples among the reference, reference among the samples."""
    return share_among(samples, reference, k), share_among(reference, samples, k)
