"""Byte-pair encoding: tokens are sequences of bytes, merged from the most frequent pairs.

After Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", on the bytes of UTF-8 as in
Radford et al. 2019, section 2.2. All 256 bytes are tokens, so every text is known, whatever its letters. Merges do not
cross words. The library `tokenizers` learns and applies the merges; its letters for bytes are those of the entries.
"""

import importlib.util
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ganops.errors import DataError

_CONTROL, _REPLACEMENT = "Cc", "\ufffd"
Merges = tuple[tuple[str, str], ...]


def check_tokenizers() -> None:
    """Raise DataError where the library is not installed."""
    if importlib.util.find_spec("tokenizers") is None:
        raise DataError(
            "a text of byte pairs",
            expected="tokenizers, which is an extra",
            received="no such package",
            remedy="Install it with pip install 'ganops[text]', in a clone with pip install -e '.[text]'.",
        )


def learn_byte_pairs(lines: Iterable[str], size: int) -> tuple[tuple[str, ...], Merges]:
    """Return the tokens, at most `size`, and the merges in their order; functions of the lines and the size alone."""
    check_tokenizers()
    from tokenizers import Tokenizer, models, trainers  # pyright: ignore[reportMissingImports]
    from tokenizers.pre_tokenizers import ByteLevel  # pyright: ignore[reportMissingImports]

    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = ByteLevel(add_prefix_space=False)
    alphabet = sorted(ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    learner.train_from_iterator(lines, trainer)
    return _read(learner)


def _read(learner: Any) -> tuple[tuple[str, ...], Merges]:
    model = json.loads(learner.to_str())["model"]
    entries = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return tuple(entries), tuple((first, second) for first, second in model["merges"])


@dataclass(frozen=True)
class BytePairs:
    """Splits texts by learned merges, and joins tokens.

    Attributes:
        entries: the tokens.
        merges: in the order in which they are applied.
    """

    entries: Sequence[str]
    merges: Merges

    @cached_property
    def _codec(self) -> Any:
        check_tokenizers()
        from tokenizers import Tokenizer, models  # pyright: ignore[reportMissingImports]
        from tokenizers.decoders import ByteLevel as Decoder  # pyright: ignore[reportMissingImports]
        from tokenizers.pre_tokenizers import ByteLevel  # pyright: ignore[reportMissingImports]

        numbers = {entry: number for number, entry in enumerate(self.entries)}
        codec = Tokenizer(models.BPE(vocab=numbers, merges=list(self.merges)))
        codec.pre_tokenizer, codec.decoder = ByteLevel(add_prefix_space=False), Decoder()
        return codec

    def split(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return self._codec.encode(text).tokens

    def join(self, tokens: Sequence[str]) -> str:
        """Return the text of tokens; U+FFFD stands for bytes that are no UTF-8, and for control characters."""
        text = self._codec.decoder.decode(list(tokens))
        return "".join(_REPLACEMENT if unicodedata.category(letter) == _CONTROL else letter for letter in text)
