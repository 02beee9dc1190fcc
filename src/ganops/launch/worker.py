"""One process of a training, whichever launcher started it."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist

from ganops.data.loader import Loader, Read
from ganops.data.store import Store
from ganops.errors import TrainingError
from ganops.extractors.embedding import build_embedding
from ganops.extractors.frozen import load_frozen_weights
from ganops.games.build import build_game
from ganops.training.checkpoint import CODE, fingerprint, read_finished
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.probe import ProbeData, min_interval
from ganops.training.tracker import NullTracker, OpenTracker
from ganops.training.train import TrainingResult, train
from ganops.training_settings import Settings

logger = logging.getLogger(__name__)

# A process that ends closes its connections, and the others end at once; this is for a machine that stops responding.
# What the main process does alone (samples, a checkpoint, logging to MLflow) takes less.
COLLECTIVE_TIMEOUT = timedelta(minutes=30)

NO_TRACKER: OpenTracker = partial(nullcontext, NullTracker())


class WorkerFailure(Exception):
    """A worker ended before the training did, without an error that the user can mend; the message says how."""


@dataclass(frozen=True)
class TrainingJob:
    """What a worker needs to run: picklable, and the same for all.

    Attributes:
        store: path of the data, which every process must reach.
        settings: of the training.
        checkpoints: folder, which every process must reach.
        continue_from: path of a finished training state, or None.
        open_tracker: opens the tracker of the main process.
        code: digest of the launching process's code; a worker that starts later must run the same.
    """

    store: Path
    settings: Settings
    checkpoints: Path
    continue_from: Path | None
    open_tracker: OpenTracker
    code: str = CODE


def run_worker(job: TrainingJob, distributed: Distributed = SINGLE_PROCESS) -> TrainingResult:
    """Run one process of the training, from its last checkpoint to its end. Only the main process tracks and logs."""
    _require_code(job.code)
    settings, store = job.settings, Store.open(job.store)
    game = build_game(settings, load_frozen_weights(settings))
    device = torch.device(settings.runtime.device)
    digest = store.digest("train") + store.digest("validation")  # the probe measures validation samples
    _require_equal_fingerprints(fingerprint(settings, digest), distributed)
    open_tracker = job.open_tracker if distributed.is_main else NO_TRACKER
    with _log_if(distributed.is_main), open_tracker() as tracker:
        return train(
            game,
            settings,
            Loader(store, "train", game.reads(), settings.seed, device, mirror=settings.mirror),
            digest,
            job.checkpoints,
            tracker,
            distributed=distributed,
            warm_start=read_finished(job.continue_from)[1] if job.continue_from else None,
            probe_data=_probe_data(settings, store, game.reads()),
        )


def read_result(job: TrainingJob) -> TrainingResult:
    """Return the result of a finished training from its last checkpoint, without tracking or logging it again."""
    with _log_if(False):
        return run_worker(replace(job, open_tracker=NO_TRACKER))


def configure_logging() -> None:
    """Log to the terminal, in a process that a launcher made, as the launching process does."""
    logging.basicConfig(format="%(message)s")
    _package_logger().setLevel(logging.INFO)


@contextmanager
def process_group(device: str) -> Iterator[Distributed]:
    """Join the processes that a launcher started, and leave them at the end.

    The launcher has set RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT. The backend is
    gloo on the CPU and nccl between devices; each process of a machine takes a device of its own. A group that the
    launcher has made itself stays as it is.
    """
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    owned = not dist.is_initialized()
    if owned:
        backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=COLLECTIVE_TIMEOUT)
    yield Distributed(dist.get_rank(), dist.get_world_size(), int(os.environ["LOCAL_WORLD_SIZE"]))
    # Not after an error: other processes may be waiting for one that has ended.
    if owned:
        dist.destroy_process_group()


def _probe_data(settings: Settings, store: Store, reads: tuple[Read, ...]) -> ProbeData | None:
    """Return the probe's inputs; None where the store has no validation split, which disables the probe."""
    count = len(store.indices("validation"))
    if not count:
        logger.warning("No validation split: mode-collapse and overfitting checks are disabled.")
        return None
    validation = Loader(store, "validation", reads, settings.seed, settings.runtime.device)
    return ProbeData(build_embedding(settings), validation, count, min_interval(settings.sample))


def _package_logger() -> logging.Logger:
    return logging.getLogger(__name__.partition(".")[0])


@contextmanager
def _log_if(enabled: bool) -> Iterator[None]:
    """Suppress the package's messages inside, unless enabled: another process logs the same."""
    package = _package_logger()
    level = package.level
    if not enabled:
        package.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        package.setLevel(level)


def _require_equal_fingerprints(key: str, distributed: Distributed) -> None:
    """Raise TrainingError where fingerprints differ: each process reads settings and data by itself."""
    words = torch.tensor([float(int(key[i : i + 8], 16)) for i in range(0, len(key), 8)], dtype=torch.float64)
    # Sums of 32-bit numbers are exact in float64.
    if distributed.any(not torch.equal(distributed.sum(words), words * distributed.size)):
        raise TrainingError(
            "the processes of one training",
            expected="equal settings, data, code and torch version in each",
            received=f"different ones (process {distributed.rank} has the fingerprint {key})",
            remedy="Give all the same files and parameters; set training.threads and training.device, which otherwise "
            "depend on the machine.",
        )


def _require_code(launched: str) -> None:
    """Raise TrainingError where the code was edited after the launch: a restarted worker would train something else."""
    if launched != CODE:
        raise TrainingError(
            "The code was edited after the training was launched, so a worker would train something else",
            remedy="Start again: with the edits undone, it resumes from its last checkpoint; with them, it starts from "
            "the beginning.",
        )
