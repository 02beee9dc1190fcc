"""Prepares samples that a source gives as an array: nothing is decoded, resized or skipped."""

import hashlib
from typing import Any

import numpy as np

from ganops.data.encodings import ENCODINGS
from ganops.data.manifest import label_field, make_manifest
from ganops.data.preparation_report import make_report
from ganops.data.sources.source import ArraySamples
from ganops.data.splits import keep_stratified
from ganops.data.store import FieldFormat, PreparedData
from ganops.preparation_config import DataPreparationParameters


def prepare_arrays(samples: ArraySamples, parameters: DataPreparationParameters) -> tuple[PreparedData, dict[str, Any]]:
    """Return the kept samples and a report; both are functions of samples and parameters alone.

    Raises:
        DataError: a class has too few samples for the splits.
    """
    none = np.zeros(len(samples.values), dtype=bool)
    kept = keep_stratified(samples.labels, none, parameters.limit, parameters.seed)
    values, labels = np.ascontiguousarray(samples.values[kept]), samples.labels[kept]
    files, digests = [f"{samples.name}:{row}" for row in kept], [hashlib.sha256(row).digest() for row in values]
    manifest = make_manifest(files, digests, labels, none[kept], samples.classes, parameters)
    encoding = ENCODINGS[samples.field].name
    fields = {samples.field: FieldFormat(str(values.dtype), values.shape[1:], encoding, samples.sample_rate)}
    arrays = {str(samples.field): values}
    if samples.classes:
        fields["label"], arrays["label"] = label_field(), labels
    prepared = PreparedData({**fields}, samples.classes, manifest, arrays, np.arange(len(values)))
    shape = {"values": int(np.prod(values.shape[1:])), "rule": "unchanged"}
    return prepared, make_report(prepared, shape, parameters)
