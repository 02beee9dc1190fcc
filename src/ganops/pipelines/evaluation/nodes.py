"""Thin nodes of the evaluation.

Kedro reads every annotation when it starts, and makes an EvaluationParameters only where all of them can be read
without torch: the domain's own types stand in the functions that are called.
"""

from typing import Any

import pandas as pd

from ganops.config import EvaluationParameters
from ganops.reporting.progress import step_bar


def make_judge(store: Any, parameters: EvaluationParameters) -> Any:
    """What judges by `evaluation.features`; what cannot be judged stops the run here, before any training.

    Of nodes that could run next, Kedro takes them by name: this one's comes before `train`.
    """
    from ganops.metrics.judge import make_judge as make
    from ganops.metrics.judgeable import require_generator

    require_generator(parameters)
    return make(store, parameters, step_bar("classifier"))


def evaluate_generator(
    bundle: Any, store: Any, judge: Any, parameters: EvaluationParameters
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every metric of the generator and its floor, as JSON and as a table."""
    from ganops.metrics.evaluate import evaluate
    from ganops.metrics.judge import open_judge

    report = evaluate(bundle, store, open_judge(judge, parameters), parameters, step_bar("pictures"))
    return report.to_json(), report.table()


def draw_samples(bundle: Any) -> Any:
    """A row of samples a class."""
    from ganops.reporting.samples import sample_grid

    return sample_grid(bundle)


def draw_interpolation(bundle: Any) -> Any:
    """A row a class, from one latent to another."""
    from ganops.reporting.samples import interpolation

    return interpolation(bundle)


def draw_film(bundle: Any) -> Any:
    """The same ways as a film, there and back."""
    from ganops.reporting.animation import interpolation_frames

    return interpolation_frames(bundle)


def draw_truncations(bundle: Any) -> Any:
    """The same latents at five scales."""
    from ganops.reporting.samples import truncation_strip

    return truncation_strip(bundle)


def draw_real(bundle: Any, store: Any) -> Any:
    """Training pictures beside samples of the same class."""
    from ganops.reporting.real import real_beside_generated

    return real_beside_generated(bundle, store)


def draw_neighbours(bundle: Any, store: Any, judge: Any, parameters: EvaluationParameters) -> tuple[Any, pd.DataFrame]:
    """Samples beside the training pictures that are nearest to them, as a picture and as a table."""
    from ganops.metrics.judge import open_judge
    from ganops.reporting.neighbours import nearest_neighbours

    return nearest_neighbours(bundle, store, open_judge(judge, parameters), parameters.threads)
