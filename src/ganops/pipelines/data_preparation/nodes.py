"""Thin nodes of the data preparation."""

import logging
from pathlib import Path
from typing import Any

from ganops.config import DataPreparationParameters
from ganops.data.store import PreparedData
from ganops.reporting.progress import step_bar

_LOG = logging.getLogger(__name__)


def prepare_data(raw_pictures: Path, parameters: DataPreparationParameters) -> tuple[PreparedData, dict[str, Any]]:
    """Decode, fit, split: the store's content and a report of what was kept, doubled and skipped."""
    from ganops.data.preparation import prepare
    from ganops.data.preparation_report import summarize
    from ganops.data.sources.build import build_source

    limits, classes = parameters.limits, parameters.classes
    source = build_source(parameters.source, raw_pictures, parameters.dataset, classes=classes, limits=limits)
    prepared, report = prepare(source, parameters, progress=step_bar("pictures"))
    sizes = {**report["shape"]}
    rule = sizes.pop("rule")
    _LOG.info("samples of %s: %s", ", ".join(f"{name} {size}" for name, size in sizes.items()), rule)
    if report.get("white", {}).get("scaled"):
        _LOG.info("the value that is white: %s", report["white"]["rule"])
    for note in report.get("notes", ()):
        _LOG.info("%s", note)
    _LOG.info("prepared %s", summarize(report))
    return prepared, report
