"""The variants of a comparison, one after another: each is trained and judged as a child of the active MLflow run.

A comparison that was ended goes on where it was: the checkpoints of every variant stay until all is saved, and a
training that is at its end returns at once.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ganops.bundle import Bundle, BundleData
from ganops.config import EvaluationParameters, TrainingParameters
from ganops.data.store import Store
from ganops.errors import ConfigurationError, TrainingError
from ganops.evaluation.evaluate import evaluate_by, make_evaluator
from ganops.evaluation.evaluator import Evaluator
from ganops.evaluation.report import GeneratorIdentity
from ganops.extractors.base import FeatureExtractor
from ganops.games.resolve import resolve
from ganops.launch.launch import launch_training, machine, sample_spec
from ganops.reporting.comparison import VariantResult, row_of_samples
from ganops.reporting.progress import step_bar, training_progress
from ganops.reporting.settings_table import print_settings
from ganops.reporting.views import DRAWINGS
from ganops.tracking.variant_runs import VariantRun, variant_run

_LOG = logging.getLogger(__name__)

Trainings = Mapping[tuple[str, int], TrainingParameters]


def train_variants(
    store: Store, extractor: FeatureExtractor, trainings: Trainings, evaluation: EvaluationParameters, checkpoints: Path
) -> dict[str, VariantResult]:
    """Label → what came out, in the given order; of a game that was lost, why.

    Raises:
        ConfigurationError: a variant that cannot be trained on this data; before any is.
        TrainingError: all games were lost.
    """
    require_playable(store, trainings)
    player = _Player(store, make_evaluator(store, extractor, evaluation, step_bar("pictures")), checkpoints)
    compared = {}
    for place, ((name, seed), parameters) in enumerate(trainings.items(), start=1):
        label = f"{name}, seed {seed}" if len({seed for _, seed in trainings}) > 1 else name
        _LOG.info("variant %d of %d: %s", place, len(trainings), label)
        compared[label] = player.compared(label, name, parameters)
    if all(variant.lost for variant in compared.values()):
        raise _all_lost(compared)
    return compared


def require_playable(store: Store, trainings: Trainings) -> None:
    """Raises ConfigurationError, naming the variant, where its settings cannot be resolved for this data."""
    for (name, _), parameters in trainings.items():
        try:
            resolve(parameters, sample_spec(store), machine(parameters))
        except ConfigurationError as error:
            raise ConfigurationError(
                f"comparison.variants.{name}: {error.subject}",
                expected=error.expected,
                received=error.received,
                remedy=error.remedy,
            ) from None


@dataclass(frozen=True)
class _Player:
    """What is the same for all variants."""

    store: Store
    evaluator: Evaluator
    checkpoints: Path

    def compared(self, label: str, name: str, parameters: TrainingParameters) -> VariantResult:
        """One variant, in a run of its own, which is FAILED where the game was lost."""
        try:
            with variant_run(label, parameters) as run:
                return self._judged(run, name, parameters)
        except TrainingError as error:
            _LOG.warning("%s: %s", label, error)
            return VariantResult(name, parameters.seed, lost=str(error))

    def _judged(self, run: VariantRun, name: str, parameters: TrainingParameters) -> VariantResult:
        heard = (run.open_tracker, training_progress, _LOG.info, print_settings)
        settings, _, contents, _, _, snapshots = launch_training(self.store, parameters, self.checkpoints, *heard)
        with TemporaryDirectory() as folder:
            bundle = _saved(contents, Path(folder) / "bundle")
            report = evaluate_by(self.evaluator, bundle, bundle.at_snapshots(snapshots))
            report = replace(report, bundle=GeneratorIdentity(bundle.fingerprint, bundle.digest))
            variant = VariantResult(name, parameters.seed, report, row_of_samples(bundle))
            run.record(settings, report, DRAWINGS[bundle.settings.field].samples(bundle), bundle.path, self.checkpoints)
        return variant


def _saved(contents: BundleData, path: Path) -> Bundle:
    """Judged is what is kept: the files."""
    contents.save(path)
    return Bundle.load(path)


def _all_lost(compared: Mapping[str, VariantResult]) -> TrainingError:
    return TrainingError(
        "a comparison",
        expected="a variant whose game is not lost",
        received="; ".join(f"{label}: {variant.lost}" for label, variant in compared.items()),
        remedy="The runs of the variants show what was seen: make ui.",
    )
