"""Draw translated pictures beside their inputs and what they should have become."""

import torch
from PIL import Image

from ganops.bundle import Bundle
from ganops.data.store import Store
from ganops.evaluation.paired import Pairing
from ganops.games.request import GenerationRequest
from ganops.noise import permutation
from ganops.reporting.sheet import draw_named_rows

_COUNT, _SPLIT = 10, "held_out"


def draw_translations(bundle: Bundle, store: Store) -> Image.Image:
    """Draw rows of held-out pictures: the inputs, their translations, and the truth."""
    game, pairing = bundle.game, Pairing.of(bundle.game)
    assert pairing is not None, game
    indices = store.indices(_SPLIT)
    rows = indices[permutation(0, "reporting/translations", 0, len(indices))[:_COUNT]]
    conditions, request = pairing.read_conditions(store, rows), GenerationRequest(n=len(rows))
    return draw_named_rows(
        {
            "input": pairing.baselines["identity"](conditions),
            "translated": bundle.generate(request, conditions).values,
            "target": torch.from_numpy(store.read(pairing.target, rows)),
        }
    )
