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
    """Draw rows of held-out pictures: the inputs, their translations, and their targets where they have some."""
    game, pairing = bundle.game, Pairing.of(bundle.game)
    assert pairing is not None, game
    indices = store.indices(_SPLIT, pairing.domains and pairing.domains.source)
    rows = indices[permutation(0, "reporting/translations", 0, len(indices))[:_COUNT]]
    conditions, request = pairing.read_conditions(store, rows), GenerationRequest(n=len(rows))
    targets = {} if pairing.domains else {"target": torch.from_numpy(store.read(pairing.target, rows))}
    inputs, translated = pairing.baselines["identity"](conditions), bundle.generate(request, conditions).values
    return draw_named_rows({"input": inputs, "translated": translated, **targets})
