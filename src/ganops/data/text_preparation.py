"""Prepares a text: splits lines into tokens, numbers them by a vocabulary, finds duplicates, draws splits.

The longest line: as set, or that of the longest readable line, at most 64 tokens. The vocabulary: of all lines that are
not longer, held-out ones among them, so that each has a likelihood; as many tokens as set, at most 32,767. Byte pairs
are learned from all readable lines; as many as set, or 2,000.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganops.data.encodings import ENCODINGS
from ganops.data.manifest import make_manifest
from ganops.data.preparation_report import REASONS_SHOWN, make_text_report
from ganops.data.sources.files import list_names
from ganops.data.sources.source import TextLine, TextLines
from ganops.data.splits import keep_stratified
from ganops.data.store import NO_CLASS, FieldFormat, PreparedData
from ganops.data.vocabulary import Vocabulary, build_vocabulary, learn_vocabulary, split_line
from ganops.errors import DataError
from ganops.preparation_config import DataPreparationParameters, TokenKind

_LONGEST, _LARGEST, _LEAST_LINES = 64, 2**15 - 1, 10
_SIZES: dict[TokenKind, int] = {"words": _LARGEST, "characters": _LARGEST, "byte_pairs": 2000}


@dataclass(frozen=True)
class _Tokens:
    """A line in tokens, or the reason why it is skipped."""

    name: str
    tokens: Sequence[str]
    problem: str = ""


def prepare_text(text: TextLines, parameters: DataPreparationParameters) -> tuple[PreparedData, dict[str, Any]]:
    """Return the lines and a report; both are functions of text and parameters alone.

    Raises:
        DataError: more lines than tolerated cannot be used, or too few can; or byte pairs need a missing library.
    """
    kept = _select_lines(text.lines, parameters)
    size = parameters.vocabulary_size or _SIZES[_kind(parameters)]
    learned = _learn(kept, size, parameters)
    lines = [_split(line, learned, parameters) for line in kept]
    longest = parameters.longest_line or min(_LONGEST, max((len(line.tokens) for line in lines), default=1))
    lines = [_check_length(line, longest) for line in lines]
    usable = (line.tokens for line in lines if not line.problem)
    vocabulary = learned or build_vocabulary(usable, _kind(parameters), size)
    lines = [_check_known(line, vocabulary) for line in lines]
    usable = [line for line in lines if not line.problem]
    skipped = [(line.name, line.problem) for line in lines if line.problem]
    _check_usable(skipped, len(usable), len(lines), parameters)
    prepared = _make_prepared_data(usable, vocabulary, longest, parameters)
    shape = {"tokens": longest, "vocabulary": len(vocabulary), "rule": _describe_rule(parameters)}
    return prepared, make_text_report(prepared, text, shape, skipped, parameters)


def _select_lines(lines: Sequence[TextLine], parameters: DataPreparationParameters) -> list[TextLine]:
    labels, none = np.full(len(lines), NO_CLASS, dtype=np.int64), np.zeros(len(lines), dtype=bool)
    return [lines[row] for row in keep_stratified(labels, none, parameters.limit, parameters.seed)]


def _kind(parameters: DataPreparationParameters) -> TokenKind:
    assert parameters.tokens is not None, parameters
    return parameters.tokens


def _learn(lines: Sequence[TextLine], size: int, parameters: DataPreparationParameters) -> Vocabulary | None:
    """Return the vocabulary, where it is learned before lines can be split."""
    if parameters.tokens != "byte_pairs":
        return None
    return learn_vocabulary((line.text for line in lines if not line.problem), size)


def _split(line: TextLine, learned: Vocabulary | None, parameters: DataPreparationParameters) -> _Tokens:
    tokens = learned.parse(line.text) if learned else split_line(line.text, _kind(parameters))
    return _Tokens(line.name, tokens, line.problem or ("" if tokens else "an empty line"))


def _check_length(line: _Tokens, longest: int) -> _Tokens:
    if line.problem or len(line.tokens) <= longest:
        return line
    return _Tokens(line.name, (), f"{len(line.tokens)} tokens, more than {longest}")


def _check_known(line: _Tokens, vocabulary: Vocabulary) -> _Tokens:
    unknown = [] if line.problem else vocabulary.find_unknown(line.tokens)
    return _Tokens(line.name, (), f"tokens outside the vocabulary: {list_names(unknown)}") if unknown else line


def _check_usable(
    skipped: list[tuple[str, str]], usable: int, total: int, parameters: DataPreparationParameters
) -> None:
    allowed = int(parameters.tolerated_bad_share * total)
    named = "; ".join(f"{name}: {reason}" for name, reason in skipped[:REASONS_SHOWN])
    if len(skipped) > allowed:
        raise DataError(
            "the raw lines",
            expected=f"at most {allowed} of {total} that cannot be used",
            received=f"{len(skipped)} ({named})",
            remedy="Repair or remove them, raise data_preparation.longest_line or data_preparation.vocabulary_size "
            "where these exclude them, or raise data_preparation.tolerated_bad_share.",
        )
    if usable < _LEAST_LINES:
        raise DataError(
            "the raw lines",
            expected=f"at least {_LEAST_LINES} that can be used",
            received=f"{usable} of {total}" + (f" ({named})" if named else ""),
            remedy="Add lines: a model of text needs thousands.",
        )


def _make_prepared_data(
    lines: Sequence[_Tokens], vocabulary: Vocabulary, longest: int, parameters: DataPreparationParameters
) -> PreparedData:
    values = np.stack([vocabulary.encode(line.tokens, longest) for line in lines])
    labels, none = np.full(len(lines), NO_CLASS, dtype=np.int64), np.zeros(len(lines), dtype=bool)
    digests = [hashlib.sha256(row).digest() for row in values]
    manifest = make_manifest([line.name for line in lines], digests, labels, none, (), parameters)
    fields = {"tokens": FieldFormat("int32", (longest,), ENCODINGS["tokens"].name)}
    return PreparedData(fields, (), manifest, {"tokens": values}, np.arange(len(values)), vocabulary)


def _describe_rule(parameters: DataPreparationParameters) -> str:
    longest = "as set" if parameters.longest_line else f"the longest line, at most {_LONGEST}"
    most = f"all, at most {_SIZES[_kind(parameters)]:,}, and the end of a line"
    size = "as set" if parameters.vocabulary_size else most
    return f"{parameters.tokens} of a line: {longest}; vocabulary: {size}"
