"""Draw completed pictures beside what was known of them."""

import torch
from PIL import Image

from ganops.bundle import Bundle
from ganops.data.encodings import decode
from ganops.data.store import Store
from ganops.evaluation.paired import Pairing
from ganops.games.request import GenerationRequest
from ganops.noise import permutation
from ganops.reporting.sheet import draw_named_rows

_COUNT, _SPLIT = 10, "held_out"


def draw_completions(bundle: Bundle, store: Store) -> Image.Image:
    """Draw rows of held-out pictures: as they were, with the hole, filled by each baseline, and completed."""
    game, pairing = bundle.game, Pairing.of(bundle.game)
    assert pairing is not None, game
    indices = store.indices(_SPLIT)
    rows = indices[permutation(0, "reporting/completions", 0, len(indices))[:_COUNT]]
    conditions, request = pairing.read_conditions(store, rows), GenerationRequest(n=len(rows))
    masked = torch.where(conditions["mask"] > 0, 0.0, conditions["image"])
    return draw_named_rows(
        {
            "original": torch.from_numpy(store.read(pairing.target, rows)),
            "with the hole": decode(game.generates, masked),
            **{name.replace("_", " "): fill(conditions) for name, fill in pairing.baselines.items()},
            "completed": bundle.generate(request, conditions).values,
        }
    )
