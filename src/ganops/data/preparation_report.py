"""The report of a data preparation: samples, splits, duplicates, skipped files, and the shape of samples."""

import re
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from ganops.data.near_duplicates import LARGEST_DIFFERENCE, LARGEST_DISTANCE, NearDuplicates
from ganops.data.shape import SampleShape
from ganops.data.sources.source import ClipSource, Source, TextLines
from ganops.data.store import PreparedData
from ganops.data.value_range import ValueRange
from ganops.data.white import FULL_RANGE
from ganops.preparation_config import DataPreparationParameters

REASONS_SHOWN = 20
_SKIPPED_LISTED = 1000
_KINDS_LISTED = 50
_CLASSES_NAMED = 12
_LONGEST_NAME = 20
NEAR_DUPLICATES_RULE = (
    f"perceptual hashes of 63 bits (Zauner 2010) that differ in at most {LARGEST_DISTANCE}, low frequencies at most "
    f"{LARGEST_DIFFERENCE} apart at unit length; copies of equal pixels are duplicates and not counted here. "
    "For information: the splits ignore them"
)


def make_picture_report(
    prepared: PreparedData,
    source: Source,
    shape: SampleShape,
    values: ValueRange,
    skipped: list[tuple[str, str]],
    near_duplicates: NearDuplicates,
    parameters: DataPreparationParameters,
) -> dict[str, Any]:
    """Make the report of pictures, as JSON values.

    `skipped` holds name and reason of every unreadable picture, in the order of the source; `near_duplicates` are
    rows of the arrays.
    """
    sizes = {"channels": shape.channels, "height": shape.height, "width": shape.width, "rule": shape.rule}
    white = {**asdict(values.white), "scaled": values.white != FULL_RANGE, "rule": values.rule}
    near = _describe_near_duplicates(near_duplicates, prepared)
    files = _describe_files(prepared, source, near, skipped, parameters)
    return make_report(prepared, sizes, parameters) | {"white": white} | files


def make_clip_report(
    prepared: PreparedData,
    source: ClipSource,
    shape: dict[str, Any],
    changes: list[str],
    skipped: list[tuple[str, str]],
    near_duplicates: NearDuplicates,
    parameters: DataPreparationParameters,
) -> dict[str, Any]:
    """Make the report of clips of sound, as JSON values; `changes` says how many clips were changed, and how."""
    near = _describe_near_duplicates(near_duplicates, prepared, of="spectrograms of 32 × 32 pixels: ")
    files = _describe_files(prepared, source, near, skipped, parameters)
    return make_report(prepared, shape, parameters) | files | {"notes": [*files["notes"], *changes]}


def make_text_report(
    prepared: PreparedData,
    text: TextLines,
    shape: dict[str, Any],
    skipped: list[tuple[str, str]],
    parameters: DataPreparationParameters,
) -> dict[str, Any]:
    """Make the report of a text, as JSON values; `skipped` holds name and reason of every line that cannot be used."""
    details = {"skipped": describe_skipped(skipped), "ignored": _describe_ignored(text.ignored)}
    return make_report(prepared, shape, parameters) | details


def _describe_files(
    prepared: PreparedData,
    source: Source,
    near_duplicates: dict[str, Any],
    skipped: list[tuple[str, str]],
    parameters: DataPreparationParameters,
) -> dict[str, Any]:
    """Describe where the classes come from, and which files are alike or not used, and why."""
    return {
        "classes_from": source.classes_from if prepared.classes else None,
        "near_duplicates": near_duplicates,
        "skipped": describe_skipped(skipped),
        "notes": [*source.notes, *_describe_test_part(source, parameters)],
        "ignored": _describe_ignored(source.ignored),
    }


def _describe_ignored(ignored: tuple[str, ...]) -> dict[str, Any]:
    return {"count": len(ignored), "first": list(ignored[:_SKIPPED_LISTED])}


def _describe_test_part(source: Source, parameters: DataPreparationParameters) -> list[str]:
    test = sum(reference.test for reference in source.references)
    if not test or parameters.held_out_share is None:
        return []
    drawn = f"held_out is drawn from all {source.of} (data_preparation.held_out_share={parameters.held_out_share:g})"
    return [f"{drawn}; null would hold out the data set's own test part of {test}"]


def make_report(prepared: PreparedData, shape: dict[str, Any], parameters: DataPreparationParameters) -> dict[str, Any]:
    """Make the part of the report that all kinds of samples have; `shape`: sizes by name, and the rule they follow."""
    manifest = prepared.manifest
    return {
        "source": parameters.source,
        "samples": len(manifest),
        "shape": shape,
        "classes": list(prepared.classes),
        "splits": {
            name: _count_samples(manifest, name, prepared.classes) for name in ("train", "validation", "held_out")
        },
        "duplicates": int(np.count_nonzero(manifest["duplicate_of"].to_numpy() >= 0)),
    }


def _count_samples(manifest: pd.DataFrame, split: str, classes: tuple[str, ...]) -> dict[str, Any]:
    labels = manifest["label"].to_numpy()[manifest["split"].to_numpy() == split]
    per_class = np.bincount(labels, minlength=len(classes)) if classes else []
    return {"samples": len(labels), "per_class": dict(zip(classes, map(int, per_class), strict=True))}


def _describe_near_duplicates(near_duplicates: NearDuplicates, prepared: PreparedData, of: str = "") -> dict[str, Any]:
    """Describe the number of near duplicates and the first pairs by their files; `of` is put before the rule."""
    files, index = prepared.manifest["file"].to_numpy(), {int(row): at for at, row in enumerate(prepared.rows)}
    first = [
        {"file": files[index[one]], "near": files[index[other]], "distance": distance}
        for one, other, distance in near_duplicates.first
    ]
    return {"samples": near_duplicates.samples, "rule": f"{of}{NEAR_DUPLICATES_RULE}", "first": first}


def describe_skipped(skipped: list[tuple[str, str]]) -> dict[str, Any]:
    """Count the skipped samples and their reasons, and list the first."""
    first = [{"file": name, "reason": reason} for name, reason in skipped[:_SKIPPED_LISTED]]
    unlisted = len(skipped) - len(first)
    return {"count": len(skipped), "by_reason": _count_reasons(skipped), "first": first, "not_listed": unlisted}


def _count_reasons(skipped: list[tuple[str, str]]) -> dict[str, int]:
    """Count the reasons, most frequent first; reasons that differ only in numbers are counted together."""
    kinds = Counter(re.sub(r"\d+", "…", reason) for _, reason in skipped)
    ranked = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    others = sum(count for _, count in ranked[_KINDS_LISTED:])
    return dict(ranked[:_KINDS_LISTED]) | ({"other reasons": others} if others else {})


def summarize(report: dict[str, Any]) -> str:
    """Summarize the report in one line: samples, classes, duplicates, skipped and ignored files."""
    counts = {"duplicates": report["duplicates"]}
    if "near_duplicates" in report:
        counts["near duplicates"] = report["near_duplicates"]["samples"]
    if "skipped" in report:
        counts |= {"skipped": report["skipped"]["count"], "ignored": report["ignored"]["count"]}
    classes = _name_classes(report["classes"], report.get("classes_from") or "labels")
    return f"{report['samples']} samples; {classes}; " + ", ".join(f"{name} {n}" for name, n in counts.items())


def _name_classes(classes: list[str], classes_from: str) -> str:
    if not classes:
        return "no classes"
    named = [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in _shorten_list(classes)]
    return f"{len(classes)} classes from {classes_from} ({', '.join(named)})"


def _shorten_list(names: list[str]) -> list[str]:
    return names if len(names) <= _CLASSES_NAMED else [*names[: _CLASSES_NAMED - 2], "…", names[-1]]
