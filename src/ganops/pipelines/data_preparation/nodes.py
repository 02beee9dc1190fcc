"""Nodes of the data preparation."""

import logging
from pathlib import Path
from typing import Any

from ganops.config import NOUNS, SOURCE_FIELDS
from ganops.data.store import PreparedData
from ganops.preparation_config import DataPreparationParameters
from ganops.reporting.progress import step_bar

logger = logging.getLogger(__name__)


def prepare_data(raw_pictures: Path, parameters: DataPreparationParameters) -> tuple[PreparedData, dict[str, Any]]:
    """Decode, resize and split the raw pictures; return the store's content and the preparation report."""
    from ganops.data.preparation import prepare
    from ganops.data.preparation_report import summarize
    from ganops.data.sources.build import build_masks, build_source

    limits, classes = parameters.limits, parameters.kind_of_classes
    source = build_source(parameters.source, raw_pictures, parameters.dataset, classes=classes, limits=limits)
    masks, bar = build_masks(parameters), step_bar(NOUNS[SOURCE_FIELDS[parameters.source]].many)
    prepared, report = prepare(source, parameters, masks=masks, progress=bar)
    sizes = {**report["shape"]}
    rule = sizes.pop("rule")
    logger.info("samples of %s: %s", ", ".join(f"{name} {size}" for name, size in sizes.items()), rule)
    if report.get("white", {}).get("scaled"):
        logger.info("white is the value %s", report["white"]["rule"])
    for note in report.get("notes", ()):
        logger.info("%s", note)
    logger.info("prepared %s", summarize(report))
    return prepared, report
