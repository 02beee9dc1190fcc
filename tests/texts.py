"""A small text as a store, and an untrained generator of its lines."""

from pathlib import Path

from ganops.bundle import Bundle, BundleData
from ganops.data.preparation import prepare
from ganops.data.sources.source import TextLine, TextLines
from ganops.data.store import Store
from ganops.launch.launch import sample_spec
from ganops.networks.build import build_networks
from ganops.preparation_config import TokenKind

from .parameters import data_preparation, resolve_settings

WORDS = ("the", "a", "cat", "dog", "sleeps", "runs", "far")


def write_store(folder: Path, tokens: TokenKind = "words", vocabulary_size: int | None = None) -> Store:
    """Return 200 lines of two to four words."""
    text = [" ".join(WORDS[(i // 7**k) % 7] for k in range(2 + i % 3)) for i in range(343)]
    source = TextLines(tuple(TextLine(f"a.txt:{i}", line) for i, line in enumerate(text)))
    parameters = data_preparation(source="text_lines", tokens=tokens, vocabulary_size=vocabulary_size, limit=200)
    prepare(source, parameters)[0].write(folder)
    return Store.open(folder)


def make_bundle(store: Store, folder: Path) -> Bundle:
    settings = resolve_settings("text_mle", sample_spec(store), base_channels=8, total_images=64)
    networks = {"generator": build_networks(settings)["generator"]}
    for parameter in networks["generator"].parameters():
        parameter.data.mul_(3)
    BundleData(settings, networks, (), (), "f1" * 16, store.digest(), store.vocabulary).save(folder)
    return Bundle.load(folder)
