"""The parameters of a comparison of trainings. Torch-free."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from ganops.config import Seeds
from ganops.errors import ConfigurationError
from ganops.parameters import Parameters, merge, validate_overrides
from ganops.training_config import TrainingParameters


class ComparisonParameters(Parameters):
    """Trainings that stand beside one another: each is `training` with a few keys changed."""

    key: ClassVar[str] = "comparison"

    variants: dict[str, dict[str, Any] | None] = Field(description="name → changed keys; None: taken back")
    seeds: Seeds | None = Field(description="of each variant; None: training.seed")

    @model_validator(mode="after")
    def _require_variants(self) -> "ComparisonParameters":
        for name, changed in self.changes.items():
            shared = {"seed": f"Set {self.key}.seeds, which holds for all variants."}
            validate_overrides(TrainingParameters, f"{self.key}.variants.{name}", changed, shared=shared)
        if not self.changes:
            raise ConfigurationError(
                f"{self.key}.variants",
                expected="at least one variant",
                received="none" if not self.variants else "none that is not taken back",
                remedy="Name some in a parameters_comparison.yml, as sngan: {recipe: sngan}.",
            )
        return self

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """Return name → changed keys, of the variants that are not taken back."""
        return {name: changed for name, changed in self.variants.items() if changed is not None}

    def trainings(self, training: TrainingParameters) -> dict[tuple[str, int], TrainingParameters]:
        """Return (variant, seed) → the parameters of its training."""
        return {
            (name, seed): TrainingParameters.parse(merge(training.model_dump(), {**changed, "seed": seed}))
            for name, changed in self.changes.items()
            for seed in self.seeds or (training.seed,)
        }
