"""One process's part of a training, whichever launcher started it."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist

from ganops.data.loader import Loader
from ganops.data.store import Store
from ganops.errors import TrainingError
from ganops.games.build import build_game
from ganops.launch.embedding import lookout
from ganops.training.checkpoint import CODE, fingerprint, read_finished
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.tracker import SilentTracker, Tracker
from ganops.training.train import TrainingResult, train, unheard
from ganops.training_settings import Settings

# A process that dies closes its connections, and the others end at once; of a machine that falls silent nothing is
# heard. What the leading process does alone (samples, a checkpoint, what MLflow is told) takes less.
COLLECTIVE_TIMEOUT = timedelta(minutes=30)

Progress = Callable[[int, int, Mapping[str, float]], None]


SILENT_TRACKER = partial(nullcontext, SilentTracker())
_NO_PROGRESS = partial(nullcontext, unheard)


class WorkerFailure(Exception):
    """A process ended before its training did, by no mistake of the user's; says how."""


@dataclass(frozen=True)
class TrainingJob:
    """What a process needs to take its part in a training: picklable, and the same for all.

    Attributes:
        store, checkpoints: paths, which every process must reach.
        continue_from: of a finished training state, or None.
        open_tracker: opens what the leading process tells of curves and samples.
        open_progress: opens what hears images seen, their total, and scalars, of the leading process.
        tell: hears what is to be said in words.
        code: digest of the launching process's code; a worker that starts later must run the same.
    """

    store: Path
    settings: Settings
    checkpoints: Path
    continue_from: Path | None
    open_tracker: Callable[[], AbstractContextManager[Tracker]]
    open_progress: Callable[[], AbstractContextManager[Progress]]
    tell: Callable[[str], None]
    code: str = CODE

    def silently(self) -> "TrainingJob":
        """The same without a word: somebody else has told, or will."""
        return replace(self, open_tracker=SILENT_TRACKER, open_progress=_NO_PROGRESS, tell=unheard)


def play(work: TrainingJob, world: Distributed = SINGLE_PROCESS) -> TrainingResult:
    """The training from its last checkpoint to its end, or this process's part of it."""
    _require_code(work.code)
    settings, store = work.settings, Store.open(work.store)
    fields = build_game(settings).fields
    batches = Loader(store, "train", fields, settings.seed, torch.device(settings.device), mirror=settings.mirror)
    finished = read_finished(work.continue_from)[1] if work.continue_from else None
    digest = store.digest("train") + store.digest("validation")  # which the watch looks at
    _require_agreement(fingerprint(settings, digest), world)
    heard = work if world.leads else work.silently()
    eyes = lookout(settings, store, fields)
    if eyes is None:
        heard.tell("The store has no validation split: nothing is watched of diversity and of learning by heart.")
    with heard.open_tracker() as tracker, heard.open_progress() as progress:
        return train(
            settings,
            batches,
            digest,
            work.checkpoints,
            tracker,
            lambda seen, scalars: progress(seen, settings.total_images, scalars),
            world,
            finished,
            heard.tell,
            eyes,
        )


def speak() -> None:
    """In a process that a launcher made: what is said in words goes to the terminal, as the launching one's does."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger(__name__.partition(".")[0]).setLevel(logging.INFO)


@contextmanager
def joined(device: str) -> Iterator[Distributed]:
    """The group of processes that a launcher prepared by RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE, MASTER_ADDR
    and MASTER_PORT: gloo on the CPU, nccl between devices, of which each process of a machine takes its own.

    A group that the launcher has already made is left as it is.
    """
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    ours = not dist.is_initialized()
    if ours:
        backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=COLLECTIVE_TIMEOUT)
    yield Distributed(dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_WORLD_SIZE"]))
    # Not after an error: those who are still there may be waiting for one who is not.
    if ours:
        dist.destroy_process_group()


def _require_agreement(key: str, world: Distributed) -> None:
    """Each process has resolved the settings and read the data by itself, maybe on a machine of its own."""
    words = torch.tensor([float(int(key[i : i + 8], 16)) for i in range(0, len(key), 8)], dtype=torch.float64)
    # Sums of 32-bit numbers are exact in float64.
    if world.any(not torch.equal(world.total(words), words * world.size)):
        raise TrainingError(
            "the processes of one training",
            expected="equal settings, data, code and torch in each",
            received="others",
            remedy="Give all the same files and parameters; set training.threads and training.device, which are "
            "otherwise those of each machine.",
        )


def _require_code(launched: str) -> None:
    """Raise TrainingError where the code was edited after the launch: a restarted worker would train something else."""
    if launched != CODE:
        raise TrainingError(
            "the code of the training",
            expected="the files that the training was launched with, in each of its processes",
            received="files that were edited since",
            remedy="Start again: with the edits undone it resumes from its last checkpoint, with them it starts anew.",
        )
