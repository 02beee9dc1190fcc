"""The small labelled store of the tests."""

from ..bars import classifier, parameters, pictures, store, unlabelled

__all__ = ["classifier", "parameters", "pictures", "store", "unlabelled"]
