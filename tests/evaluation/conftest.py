"""The small labelled store of the tests."""

from ..bars import classifier, parameters, store, unlabelled

__all__ = ["classifier", "parameters", "store", "unlabelled"]
