"""The variants of a comparison, one after another: each is trained and judged as a child of the active MLflow run.

A comparison that was ended goes on where it was: the checkpoints of every variant stay until all is saved, and a
training that is at its end returns at once.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ganops.bundle import Bundle, BundleContents
from ganops.config import EvaluationParameters, TrainingParameters
from ganops.data.store import Store
from ganops.errors import ConfigurationError, TrainingError
from ganops.games.resolve import resolve
from ganops.launch.training import data_shape, launch_training, machine
from ganops.metrics.evaluate import evaluate_by, yardstick_of
from ganops.metrics.features import FeatureExtractor
from ganops.metrics.report import GeneratorIdentity
from ganops.metrics.yardstick import Yardstick
from ganops.reporting.comparison import Compared, row_of_samples
from ganops.reporting.drawings import DRAWINGS
from ganops.reporting.progress import step_bar, training_progress
from ganops.reporting.settings_table import print_settings
from ganops.tracking.variants import VariantRun, variant_run

_LOG = logging.getLogger(__name__)

Trainings = Mapping[tuple[str, int], TrainingParameters]


def play_variants(
    store: Store, extractor: FeatureExtractor, trainings: Trainings, evaluation: EvaluationParameters, checkpoints: Path
) -> dict[str, Compared]:
    """Label → what came out, in the given order; of a game that was lost, why.

    Raises:
        ConfigurationError: a variant that cannot be trained on this data; before any is.
        TrainingError: all games were lost.
    """
    require_playable(store, trainings)
    player = _Player(store, yardstick_of(store, extractor, evaluation, step_bar("pictures")), checkpoints)
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
            resolve(parameters, data_shape(store), machine(parameters))
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
    yardstick: Yardstick
    checkpoints: Path

    def compared(self, label: str, name: str, parameters: TrainingParameters) -> Compared:
        """One variant, in a run of its own, which is FAILED where the game was lost."""
        try:
            with variant_run(label, parameters) as run:
                return self._judged(run, name, parameters)
        except TrainingError as error:
            _LOG.warning("%s: %s", label, error)
            return Compared(name, parameters.seed, lost=str(error))

    def _judged(self, run: VariantRun, name: str, parameters: TrainingParameters) -> Compared:
        heard = (run.open_tracker, training_progress, _LOG.info, print_settings)
        settings, _, contents, _, _, snapshots = launch_training(self.store, parameters, self.checkpoints, *heard)
        with TemporaryDirectory() as folder:
            bundle = _saved(contents, Path(folder) / "bundle")
            report = evaluate_by(self.yardstick, bundle, bundle.as_it_was(snapshots))
            report = replace(report, bundle=GeneratorIdentity(bundle.fingerprint, bundle.digest))
            variant = Compared(name, parameters.seed, report, row_of_samples(bundle))
            run.record(settings, report, DRAWINGS[bundle.settings.field].samples(bundle), bundle.path, self.checkpoints)
        return variant


def _saved(contents: BundleContents, path: Path) -> Bundle:
    """Judged is what is kept: the files."""
    contents.save(path)
    return Bundle.load(path)


def _all_lost(compared: Mapping[str, Compared]) -> TrainingError:
    return TrainingError(
        "a comparison",
        expected="a variant whose game is not lost",
        received="; ".join(f"{label}: {variant.lost}" for label, variant in compared.items()),
        remedy="The runs of the variants show what was seen: make ui.",
    )
