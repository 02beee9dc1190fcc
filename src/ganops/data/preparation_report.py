"""What a preparation tells its user: what was kept, split, doubled and skipped, and of which shape samples are."""

import re
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from ganops.config import DataPreparationParameters
from ganops.data.near_duplicates import LARGEST_DIFFERENCE, LARGEST_DISTANCE, NearDuplicates
from ganops.data.shape import SampleShape
from ganops.data.sources.source import Source
from ganops.data.store import PreparedData
from ganops.data.value_range import ValueRange
from ganops.data.white import FULL_RANGE

REASONS_SHOWN = 20
_SKIPPED_LISTED = 1000
_KINDS_LISTED = 50
_CLASSES_NAMED = 12
_LONGEST_NAME = 20
_TWINS_RULE = (
    f"perceptual hashes of 63 bits (Zauner 2010) that differ in at most {LARGEST_DISTANCE}, low frequencies at most "
    f"{LARGEST_DIFFERENCE} apart at unit length; copies of equal pixels are duplicates and not counted here. "
    "For information: the splits do not regard it"
)


def report_of_pictures(
    prepared: PreparedData,
    source: Source,
    shape: SampleShape,
    values: ValueRange,
    skipped: list[tuple[str, str]],
    twins: NearDuplicates,
    parameters: DataPreparationParameters,
) -> dict[str, Any]:
    """The report as JSON values.

    Args:
        source: where the pictures came from.
        skipped: name and reason of every bad picture, in the order of the source.
        twins: among the samples that are no duplicates, by their rows in the arrays.
    """
    sizes = {"channels": shape.channels, "height": shape.height, "width": shape.width, "rule": shape.rule}
    of_pictures = {
        "white": {**asdict(values.white), "scaled": values.white != FULL_RANGE, "rule": values.rule},
        "classes_from": source.classes_from if prepared.classes else None,
        "near_twins": _twins(twins, prepared),
        "skipped": _skipped(skipped),
        "notes": [*source.notes, *_describe_test_part(source, parameters)],
        "passed_over": {"count": len(source.passed_over), "first": list(source.passed_over[:_SKIPPED_LISTED])},
    }
    return report_of(prepared, sizes, parameters) | of_pictures


def _describe_test_part(source: Source, parameters: DataPreparationParameters) -> list[str]:
    test = sum(reference.test for reference in source.references)
    if not test or parameters.held_out_share is None:
        return []
    drawn = (
        f"held out is drawn from all pictures, as data_preparation.held_out_share={parameters.held_out_share:g} says"
    )
    return [f"{drawn}; null holds out the data set's own test part of {test}"]


def report_of(prepared: PreparedData, shape: dict[str, Any], parameters: DataPreparationParameters) -> dict[str, Any]:
    """What is told of samples of any kind, as JSON values; `shape`: sizes by name, and the rule that they follow."""
    manifest = prepared.manifest
    return {
        "source": parameters.source,
        "samples": len(manifest),
        "shape": shape,
        "classes": list(prepared.classes),
        "splits": {name: _counts(manifest, name, prepared.classes) for name in ("train", "validation", "held_out")},
        "duplicates": int(np.count_nonzero(manifest["duplicate_of"].to_numpy() >= 0)),
    }


def _counts(manifest: pd.DataFrame, split: str, classes: tuple[str, ...]) -> dict[str, Any]:
    labels = manifest["label"].to_numpy()[manifest["split"].to_numpy() == split]
    per_class = np.bincount(labels, minlength=len(classes)) if classes else []
    return {"samples": len(labels), "per_class": dict(zip(classes, map(int, per_class), strict=True))}


def _twins(twins: NearDuplicates, prepared: PreparedData) -> dict[str, Any]:
    files, index = prepared.manifest["file"].to_numpy(), {int(row): at for at, row in enumerate(prepared.rows)}
    first = [
        {"file": files[index[one]], "near": files[index[other]], "distance": distance}
        for one, other, distance in twins.first
    ]
    return {"samples": twins.samples, "rule": _TWINS_RULE, "first": first}


def _skipped(skipped: list[tuple[str, str]]) -> dict[str, Any]:
    first = [{"file": name, "reason": reason} for name, reason in skipped[:_SKIPPED_LISTED]]
    unlisted = len(skipped) - len(first)
    return {"count": len(skipped), "by_reason": _by_reason(skipped), "first": first, "not_listed": unlisted}


def _by_reason(skipped: list[tuple[str, str]]) -> dict[str, int]:
    """Counts of the kinds of reasons, largest first: reasons that differ in numbers alone are of one kind."""
    kinds = Counter(re.sub(r"\d+", "…", reason) for _, reason in skipped)
    ranked = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    others = sum(count for _, count in ranked[_KINDS_LISTED:])
    return dict(ranked[:_KINDS_LISTED]) | ({"other reasons": others} if others else {})


def summarize(report: dict[str, Any]) -> str:
    """Return the report in one line: samples, classes, duplicates, skipped and passed over files."""
    counts = {"duplicates": report["duplicates"]}
    if "skipped" in report:
        counts["near duplicates"] = report["near_twins"]["samples"]
        counts |= {"skipped": report["skipped"]["count"], "passed over": report["passed_over"]["count"]}
    classes = _name_classes(report["classes"], report.get("classes_from") or "labels")
    return f"{report['samples']} samples; {classes}; " + ", ".join(f"{name} {n}" for name, n in counts.items())


def _name_classes(classes: list[str], classes_from: str) -> str:
    if not classes:
        return "no classes"
    named = [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in _few(classes)]
    return f"{len(classes)} classes from {classes_from} ({', '.join(named)})"


def _few(names: list[str]) -> list[str]:
    return names if len(names) <= _CLASSES_NAMED else [*names[: _CLASSES_NAMED - 2], "…", names[-1]]
