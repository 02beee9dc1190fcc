"""What does the watch cost?

python benchmarks/watch.py       a table: seconds of a look / seconds of the images that are played between two looks

A look is diversity and memorising (training/lookout.py), as `kedro run` has it: sixty-four pictures through generator,
embedding and discriminator. The other signals are sums of what a round computes anyway. Rounds and looks take turns.
"""

import tempfile
from pathlib import Path

import torch
from side_by_side import arguments, clock_of, machine_line, resolved, shown, take_turns
from side_by_side import ratio as ratio_of
from synthetic import random_store

from ganops.data.loader import Loader
from ganops.games.build import build_game
from ganops.launch.embedding import embedding
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.loop import rounds
from ganops.training.probe import Probe, ProbeData
from ganops.training.state import TrainingState

CLASSES, ROUNDS = 10, 10


def main() -> None:
    parser = arguments(__doc__, turns=10)
    parser.add_argument("--recipes", nargs="+", default=["dcgan", "r3gan", "vae"])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(machine_line(given))
    print(f"{'recipe':8}{'picture':>12}{'ms a look':>12}{'ms a round':>12}   look / what is played between two")
    with tempfile.TemporaryDirectory() as folder:
        for size in ((1, 28, 28), (3, 32, 32)):
            store = random_store(Path(folder, f"{size[0]}"), 1000, size, CLASSES)
            for recipe in given.recipes:
                settings = resolved(recipe, size, given.threads, CLASSES, total_images=10**9)
                game = build_game(settings)
                state = TrainingState.initial(settings, game)
                batches = Loader(store, "train", game.fields, settings.seed)
                lookout = ProbeData(embedding(settings), batches)
                observer = Probe(game, settings, lookout, SINGLE_PROCESS)
                playing = rounds(game, state, settings, batches)
                sides = {
                    "look": lambda observer=observer, state=state, batches=batches: observer.look(state, batches),
                    "rounds": lambda playing=playing: [next(playing) for _ in range(ROUNDS)],
                }
                seconds = take_turns(sides, given.turns, clock_of(given))
                share = ROUNDS * settings.round_images / lookout.least_images
                between = [taken / share for taken in seconds["rounds"]]
                means = [1000 * sum(taken) / len(taken) for taken in (seconds["look"], seconds["rounds"])]
                shape = " × ".join(map(str, size))
                ratio = shown(ratio_of(seconds["look"], between))
                print(f"{recipe:8}{shape:>12}{means[0]:12.1f}{means[1] / ROUNDS:12.1f}   {ratio}", flush=True)


if __name__ == "__main__":
    main()
