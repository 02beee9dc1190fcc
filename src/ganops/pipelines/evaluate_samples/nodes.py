"""The thin node of the evaluation of external samples; for its annotations see the evaluation."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.config import NOUNS
from ganops.evaluation_config import EvaluationParameters
from ganops.reporting.progress import step_bar

if TYPE_CHECKING:
    from ganops.data.store import Store
    from ganops.evaluation.report import Report
else:
    Report = Store = Any


def evaluate_external_samples(store: Store, parameters: EvaluationParameters) -> tuple[Report, pd.DataFrame]:
    """Return the report on the samples of `evaluation.samples` with its floor, and the report as a table.

    The feature extractor is built again, with the same bytes for the same parameters: no training is needed before.
    """
    from ganops.evaluation.external_completions import evaluate_completions, read_completions
    from ganops.evaluation.external_samples import evaluate_samples, read_samples
    from ganops.evaluation.requirements import check_evaluable, external_samples_path
    from ganops.extractors.build import build_extractor

    check_evaluable(store, parameters)
    path = Path(external_samples_path(parameters))
    extractor = build_extractor(store, parameters, step_bar("classifier")).open(store, parameters)
    if parameters.masks is not None:
        masks = Path(parameters.masks)
        completions = read_completions(path, masks, store, parameters.n, step_bar("reading"))
        report = evaluate_completions(completions, store, extractor, parameters, step_bar("pictures"))
        return report, report.table()
    samples = read_samples(path, store, extractor.field, step_bar("reading"))
    report = evaluate_samples(samples, store, extractor, parameters, step_bar(NOUNS[extractor.field].many))
    return report, report.table()
