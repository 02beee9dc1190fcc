"""Trains and evaluates the variants of a comparison one after another, each in a run of its own.

An interrupted comparison resumes: the checkpoints of every variant stay until all results are saved, and a training
that is complete returns at once.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from torch import Tensor

from ganops.bundle import Bundle, BundleData
from ganops.data.store import Store
from ganops.errors import ConfigurationError, TrainingError
from ganops.evaluation.evaluator import Evaluator
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import GeneratorIdentity, Report
from ganops.games.build import build_game
from ganops.games.game import Domains, Game
from ganops.games.resolve import Derivation, resolve
from ganops.launch.launch import detect_hardware, launch_training, sample_spec
from ganops.training.tracker import OpenTracker, open_trackers
from ganops.training_config import TrainingParameters

if TYPE_CHECKING:
    from PIL.Image import Image

logger = logging.getLogger(__name__)

Trainings = Mapping[tuple[str, int], TrainingParameters]
"""(variant, training seed) → parameters."""


@runtime_checkable
class VariantRun(Protocol):
    """Records one variant."""

    @property
    def open_tracker(self) -> OpenTracker:
        """Return what opens the tracker of the variant's training."""
        ...

    def record(
        self, settings: Mapping[str, Any], report: Report, samples: "Image", bundle: Path, checkpoints: Path
    ) -> None:
        """Record the results of the variant, among them a picture of samples and the files of the bundle."""
        ...


OpenRun = Callable[[str, TrainingParameters], AbstractContextManager[VariantRun]]


@dataclass(frozen=True)
class TrainedVariant:
    """One variant trained with one seed: its report and samples to show, or why the training failed."""

    name: str
    seed: int
    report: Report | None = None
    samples: Tensor | None = None
    failure: str = ""


@dataclass(frozen=True)
class Comparison:
    """Trains and evaluates variants alike.

    Attributes:
        store: the data of all variants.
        evaluator: computes every report.
        checkpoints: folder of the checkpoints of all trainings.
        open_run: label, parameters → the run of a variant; it ends as FAILED by an error.
        open_progress: opens the progress bar of a training.
        show_settings: called before each training with the derived settings.
        generate_samples: a row of samples of a bundle, for the comparison.
        draw_picture: a picture of samples of a bundle, for the run.
    """

    store: Store
    evaluator: Evaluator
    checkpoints: Path
    open_run: OpenRun
    open_progress: OpenTracker
    show_settings: Callable[[Sequence[Derivation]], object]
    generate_samples: Callable[[Bundle], Tensor]
    draw_picture: Callable[[Bundle], "Image"]

    def train_all(self, trainings: Trainings) -> dict[str, TrainedVariant]:
        """Train and evaluate all, in their order; a training that fails is part of the result.

        Returns:
            label → variant.

        Raises:
            TrainingError: every training failed.
        """
        several_seeds = len({seed for _, seed in trainings}) > 1
        variants = {}
        for number, ((name, seed), parameters) in enumerate(trainings.items(), start=1):
            label = f"{name}, seed {seed}" if several_seeds else name
            logger.info("variant %d of %d: %s", number, len(trainings), label)
            variants[label] = self._train_or_fail(label, name, parameters)
        if all(variant.failure for variant in variants.values()):
            raise _all_failed(variants)
        return variants

    def _train_or_fail(self, label: str, name: str, parameters: TrainingParameters) -> TrainedVariant:
        try:
            with self.open_run(label, parameters) as run:
                return self._train(run, name, parameters)
        except TrainingError as error:
            logger.warning("%s: %s", label, error)
            return TrainedVariant(name, parameters.seed, failure=str(error))

    def _train(self, run: VariantRun, name: str, parameters: TrainingParameters) -> TrainedVariant:
        outputs = launch_training(
            self.store,
            parameters,
            checkpoints=self.checkpoints,
            open_tracker=partial(open_trackers, run.open_tracker, self.open_progress),
            show_settings=self.show_settings,
        )
        with TemporaryDirectory() as folder:
            bundle = _save_and_load(outputs.bundle, Path(folder) / "bundle")
            snapshots, pairing = bundle.at_snapshots(outputs.snapshots), Pairing.of(bundle.game)
            report = self.evaluator.evaluate(bundle, snapshots, pairing)
            identity = GeneratorIdentity(bundle.fingerprint, bundle.digest)
            report = replace(report, bundle=identity, trained_features=bundle.trained_features)
            settings, picture = outputs.settings.model_dump(), self.draw_picture(bundle)
            run.record(settings, report, picture, bundle.path, self.checkpoints)
            return TrainedVariant(name, parameters.seed, report, self.generate_samples(bundle))


def check_variants(store: Store, trainings: Trainings) -> Domains | None:
    """Check the variants before any training; return the domains between which they translate, if they do.

    Raises:
        ConfigurationError: the settings of a variant cannot be resolved for this data, or variants generate from
            unlike conditions, such as masks of another coverage: their metrics could not be compared.
    """
    conditions: dict[str, tuple[str, Domains | None]] = {}
    for (name, _), parameters in trainings.items():
        try:
            spec, count = sample_spec(store), len(store.indices("train"))
            settings = resolve(parameters, spec, count, detect_hardware(parameters))
            game = build_game(settings)
            conditions.setdefault(_describe_conditions(game), (name, game.domains))
        except ConfigurationError as error:
            raise ConfigurationError(
                f"comparison.variants.{name}: {error.subject}",
                expected=error.expected,
                received=error.received,
                remedy=error.remedy,
            ) from None
    if len(conditions) > 1:
        raise ConfigurationError(
            "comparison.variants",
            expected="variants that generate from the same conditions, so that their metrics can be compared",
            received="; ".join(f"{name}: {described}" for described, (name, _) in conditions.items()),
            remedy="Give them the same masks, and take variants of another kind back: dcgan: null.",
        )
    return next(domains for _, domains in conditions.values())


def _describe_conditions(game: Game) -> str:
    pairing = Pairing.of(game)
    if pairing is None:
        return "noise"
    return ", ".join(filter(None, (f"the field {' and '.join(pairing.conditions)}", pairing.description)))


def _save_and_load(data: BundleData, path: Path) -> Bundle:
    """Return the bundle as its files have it, so that these are what is evaluated."""
    data.save(path)
    return Bundle.load(path)


def _all_failed(variants: Mapping[str, TrainedVariant]) -> TrainingError:
    return TrainingError(
        "The training of every variant failed: "
        + "; ".join(f"{label}: {variant.failure.removesuffix('.')}" for label, variant in variants.items()),
        remedy="The runs of the variants show their curves: make ui.",
    )
