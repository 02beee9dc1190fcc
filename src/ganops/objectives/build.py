"""The objective of a name."""

from ganops.config import ObjectiveName
from ganops.objectives.losses import Minimax, NonSaturating, Objective, Relativistic


def build_objective(name: ObjectiveName) -> Objective:
    """One of the objectives that a game of two may be played for."""
    match name:
        case "minimax":
            return Minimax()
        case "non_saturating":
            return NonSaturating()
        case "relativistic":
            return Relativistic()
