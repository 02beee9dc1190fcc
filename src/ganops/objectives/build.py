"""The objective of a name."""

from ganops.objectives.losses import NonSaturating, Objective


def build_objective(name: str) -> Objective:
    """One of the objectives of recipes.py."""
    match name:
        case "non_saturating":
            return NonSaturating()
    raise AssertionError(name)
