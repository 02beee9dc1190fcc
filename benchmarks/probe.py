"""What does the health probe cost?

python benchmarks/probe.py       a table: seconds of a measurement / seconds of training between two measurements

A measurement is distance, diversity and overfitting (training/probe.py), as in `kedro run`: 128 pictures through
generator and embedding, 64 through the discriminator. The other signals follow from values that an iteration computes
anyway.
"""

import tempfile
from pathlib import Path

import torch
from side_by_side import (
    choose_clock,
    describe_machine,
    format_ratio,
    make_parser,
    measure_alternately,
    resolve_settings,
)
from side_by_side import ratio as ratio_of
from synthetic import random_store

from ganops.data.loader import Loader
from ganops.extractors.embedding import build_embedding
from ganops.games.build import build_game
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.probe import Probe, ProbeData, min_interval
from ganops.training.state import TrainingState
from ganops.training.trainer import iterations

CLASSES, ITERATIONS = 10, 10


def main() -> None:
    parser = make_parser(__doc__, repeats=10)
    parser.add_argument("--recipes", nargs="+", default=["dcgan", "r3gan", "vae"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(describe_machine(options))
    print(f"{'recipe':8}{'picture':>12}{'ms a probe':>12}{'ms an iteration':>17}   probe / training between two")
    with tempfile.TemporaryDirectory() as folder:
        for size in ((1, 28, 28), (3, 32, 32)):
            store = random_store(Path(folder, f"{size[0]}"), 1000, size, CLASSES)
            for recipe in options.recipes:
                settings = resolve_settings(recipe, size, options.threads, CLASSES, total_images=10**9)
                game = build_game(settings)
                state = TrainingState.initial(settings, game)
                batches = Loader(store, "train", game.reads(), settings.seed)
                data = ProbeData(build_embedding(settings), batches, 500, min_interval(settings.sample))
                probe = Probe(game, settings, data, SINGLE_PROCESS)
                training = iterations(game, state, settings, batches)
                sides = {
                    "probe": lambda probe=probe, state=state, batches=batches: probe.measure(state, batches),
                    "training": lambda training=training: [next(training) for _ in range(ITERATIONS)],
                }
                seconds = measure_alternately(sides, options.repeats, choose_clock(options))
                share = ITERATIONS * settings.iteration_images / data.min_interval_images
                between = [taken / share for taken in seconds["training"]]
                means = [1000 * sum(taken) / len(taken) for taken in (seconds["probe"], seconds["training"])]
                shape = " × ".join(map(str, size))
                ratio = format_ratio(ratio_of(seconds["probe"], between))
                print(f"{recipe:8}{shape:>12}{means[0]:12.1f}{means[1] / ITERATIONS:17.1f}   {ratio}", flush=True)


if __name__ == "__main__":
    main()
