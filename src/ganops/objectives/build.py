"""Builds the objective of a name."""

from ganops.config import ObjectiveName
from ganops.objectives.losses import Hinge, LeastSquares, Minimax, NonSaturating, Objective, Relativistic, Wasserstein


def build_objective(name: ObjectiveName) -> Objective:
    """Build one of the objectives of two-player games."""
    match name:
        case "minimax":
            return Minimax()
        case "non_saturating":
            return NonSaturating()
        case "least_squares":
            return LeastSquares()
        case "hinge":
            return Hinge()
        case "wasserstein":
            return Wasserstein()
        case "relativistic":
            return Relativistic()
