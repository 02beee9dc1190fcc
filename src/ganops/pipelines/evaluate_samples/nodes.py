"""Thin nodes of the judgement; annotations as in the evaluation."""

from pathlib import Path
from typing import Any

import pandas as pd

from ganops.config import EvaluationParameters
from ganops.reporting.progress import step_bar


def evaluate_external_samples(store: Any, parameters: EvaluationParameters) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every metric of the pictures of `evaluation.samples` and the floor, as JSON and as a table.

    The judge is made anew, the same bytes by the same parameters: so no generator has to be trained before.
    """
    from ganops.evaluation.evaluate import evaluate_samples
    from ganops.evaluation.external_samples import read_samples
    from ganops.evaluation.requirements import check_evaluable, external_samples_path
    from ganops.extractors.build import build_extractor, open_extractor

    check_evaluable(store, parameters)
    given = read_samples(Path(external_samples_path(parameters)), store, step_bar("reading"))
    judge = open_extractor(build_extractor(store, parameters, step_bar("classifier")), parameters)
    report = evaluate_samples(given, store, judge, parameters, step_bar("pictures"))
    return report.to_json(), report.table()
