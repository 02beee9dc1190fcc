"""Samples that come as they are stored: nothing is decoded, fitted or skipped, and nothing looks alike."""

import hashlib
from typing import Any

import numpy as np

from ganops.config import DataPreparationParameters
from ganops.data.encodings import SAMPLE_FIELDS
from ganops.data.manifest import label_field, make_manifest
from ganops.data.preparation_report import report_of
from ganops.data.sources.source import ArraySamples
from ganops.data.splits import keep_stratified
from ganops.data.store import FieldFormat, PreparedData
from ganops.errors import ConfigurationError

_OF_PICTURES = ("height", "width", "channels", "white")


def prepare_ready(samples: ArraySamples, parameters: DataPreparationParameters) -> tuple[PreparedData, dict[str, Any]]:
    """The kept samples and a report, functions of samples and parameters alone.

    Raises:
        ConfigurationError: a size is asked for, which only pictures have.
        DataError: a class with too few samples for the splits.
    """
    _refuse_sizes(samples, parameters)
    none = np.zeros(len(samples.values), dtype=bool)
    kept = keep_stratified(samples.labels, none, parameters.limit, parameters.seed)
    values, labels = np.ascontiguousarray(samples.values[kept]), samples.labels[kept]
    files, digests = [f"{samples.name}:{row}" for row in kept], [hashlib.sha256(row).digest() for row in values]
    manifest = make_manifest(files, digests, labels, none[kept], samples.classes, parameters)
    encoding = SAMPLE_FIELDS[samples.field].encoding
    fields = {samples.field: FieldFormat(str(values.dtype), values.shape[1:], encoding)}
    arrays = {str(samples.field): values}
    if samples.classes:
        fields["label"], arrays["label"] = label_field(), labels
    prepared = PreparedData({**fields}, samples.classes, manifest, arrays, np.arange(len(values)))
    shape = {"values": int(np.prod(values.shape[1:])), "rule": "as they come"}
    return prepared, report_of(prepared, shape, parameters)


def _refuse_sizes(samples: ArraySamples, parameters: DataPreparationParameters) -> None:
    for name in _OF_PICTURES:
        if getattr(parameters, name) is not None:
            raise ConfigurationError(
                f"data_preparation.{name}",
                expected=f"null, since the samples of {samples.name} are no pictures",
                received=repr(getattr(parameters, name)),
                remedy=f"Leave data_preparation.{name} null.",
            )
