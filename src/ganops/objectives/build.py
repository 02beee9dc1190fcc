"""The objective of a name."""

from ganops.objectives.losses import NonSaturating, Objective, Relativistic


def build_objective(name: str) -> Objective:
    """One of the objectives of recipes.py."""
    match name:
        case "non_saturating":
            return NonSaturating()
        case "relativistic":
            return Relativistic()
    raise AssertionError(name)
