"""How likely generated lines are under the law that the data were drawn from (Yu et al. 2017, SeqGAN, equation 9)."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Int, Int64
from torch import Tensor

from ganops.config import ORACLE_NLL
from ganops.data.oracle import LENGTH, VOCABULARY, Oracle
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation_config import EvaluationParameters

DESCRIPTION = f"−log p a token, {LENGTH} tokens a line; a missing one counts as ln {VOCABULARY:,}"
_AT_ONCE = 500


@dataclass(frozen=True)
class OracleLikelihood:
    """The oracle, and its token for each number of the store's vocabulary; the first, the end, has none."""

    oracle: Oracle
    tokens: Int64[Tensor, " vocabulary"]

    @classmethod
    def of(cls, store: Store, parameters: EvaluationParameters) -> "OracleLikelihood | None":
        """Return that of the source `oracle`; None where `evaluation.oracle` is false.

        Raises:
            MetricError: the store holds other data.
        """
        if not parameters.oracle:
            return None
        known = set(map(str, range(VOCABULARY)))
        entries = store.vocabulary.entries[1:] if store.vocabulary else ()
        if not entries or not known.issuperset(entries) or store.fields["tokens"].shape != (LENGTH,):
            raise MetricError(
                "evaluation.oracle",
                expected=f"false, since {store.path} holds no lines of the source oracle",
                received="true",
                remedy="Set evaluation.oracle=false.",
            )
        return cls(Oracle.draw(), torch.tensor([0, *map(int, entries)]))

    def measure(self, lines: Int[Tensor, "n length"]) -> dict[str, float]:
        """Return the mean over lines and positions of −log p, in nats a token.

        The oracle's lines are all of one length. After an early end each missing token counts as one that is drawn at
        random, ln V: so a generator gains nothing by short lines.
        """
        ended = (lines == 0).cumsum(1) > 0
        scores = torch.cat([self.oracle.score(part) for part in self.tokens[lines.long()].split(_AT_ONCE)])
        return {ORACLE_NLL: -float(scores.masked_fill(ended, -math.log(VOCABULARY)).mean())}
