"""Thin nodes of the judgement; annotations as in the evaluation."""

from pathlib import Path
from typing import Any

import pandas as pd

from ganops.config import EvaluationParameters
from ganops.reporting.progress import step_bar


def judge_samples(store: Any, parameters: EvaluationParameters) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every metric of the pictures of `evaluation.samples` and the floor, as JSON and as a table.

    The judge is made anew, the same bytes by the same parameters: so no generator has to be trained before.
    """
    from ganops.metrics.evaluate import evaluate_samples
    from ganops.metrics.given import read_samples
    from ganops.metrics.judge import make_judge, open_judge
    from ganops.metrics.judgeable import given_samples

    given = read_samples(Path(given_samples(parameters)), store, step_bar("reading"))
    judge = open_judge(make_judge(store, parameters, step_bar("classifier")), parameters)
    report = evaluate_samples(given, store, judge, parameters, step_bar("pictures"))
    return report.to_json(), report.table()
