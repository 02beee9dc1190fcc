"""What several tests of training share: comparisons of states, batches and games that interfere, a training to call."""

import copy
import os
import signal

import torch

from ganops.data.encodings import encode_images
from ganops.extractors.frozen import load_frozen_weights
from ganops.games.build import build_game
from ganops.training import train as training
from ganops.training_settings import LARGEST_CLOCK

# Two processes differ from one in the order of summation; the optimizers are scale-free, and so make rounding visible.
RTOL, ATOL = 2e-4, 2e-5
LEARNED = ("networks", "ema", "optimizers", "adapt", "clock")


class Stripes:
    """Batches of noise, addressed by position: a data set that needs no store."""

    def __init__(self, channels=1, height=12, width=9, classes=3):
        self.shape, self.classes = (channels, height, width), classes

    def batch(self, first, count):
        generator = torch.Generator().manual_seed(first)
        pixels = torch.randint(0, 256, (count, *self.shape), generator=generator, dtype=torch.uint8)
        return {"image": encode_images(pixels), "label": torch.arange(first, first + count) % self.classes}


class ListTracker:
    """Lists what is logged; each attempt has a list of its own."""

    def __init__(self):
        self.starts, self.points, self.pictures, self.tags, self.flushed, self.attempts = [], [], [], {}, 0, {}

    def start(self, images_seen, total_images):
        self.starts.append((images_seen, total_images))

    def log_metrics(self, images_seen, values):
        self.points.append((images_seen, dict(values)))

    def log_images(self, key, images_seen, samples, field):
        self.pictures.append((key, images_seen, samples, field))

    def set_tag(self, key, value):
        self.tags[key] = value

    def describe_run(self):
        return "listed (1)"

    def flush(self):
        self.flushed = len(self.points)

    def start_attempt(self, number):
        return self.attempts.setdefault(number, ListTracker())


def equal(left, right):
    """Whether two mappings have the same names and the same tensors, bit for bit."""
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def assert_close(left, right):
    """Compare all that training learns: weights, averages, moments, adapted augmentation."""
    assert left.keys() == right.keys()
    for name in right:
        if name.startswith(LEARNED):
            torch.testing.assert_close(
                left[name], right[name], rtol=RTOL, atol=ATOL, msg=lambda text, name=name: f"{name}: {text}"
            )


class Stopped(Exception):
    """The power is cut."""


class StopsAt:
    """Batches that raise Stopped when asked for the sample `at` or a later one."""

    def __init__(self, batches, at):
        self.batches, self.at = batches, at

    def batch(self, first, count):
        if first >= self.at:
            raise Stopped
        return self.batches.batch(first, count)


class SendsSignal:
    """Batches that send this process a signal when asked for the sample `at`."""

    def __init__(self, batches, at, number):
        self.batches, self.at, self.number = batches, at, number

    def batch(self, first, count):
        if first == self.at:
            os.kill(os.getpid(), self.number)
        return self.batches.batch(first, count)


def run_until_signal(number, run):
    """Call `run` in a process of its own, which the signal must end in its own way."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            run()
        except KeyboardInterrupt:
            os._exit(128 + signal.SIGINT)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == (128 + number if number == signal.SIGINT else -number)


def hooked(game, hook):
    """Return the game with `hook(networks, images_seen, attempt)` called before each loss.

    The position of the noise says where in the training a loss is computed.
    """

    class Hooked(type(game)):
        def losses(self, player, networks, batch, noise, *others, **options):
            attempt, images_seen = divmod(noise.first, LARGEST_CLOCK)
            hook(networks, images_seen, attempt)
            return super().losses(player, networks, batch, noise, *others, **options)

    return with_class(game, Hooked)


def with_class(game, cls):
    """Return a copy of the game that is of another class."""
    changed = copy.copy(game)
    object.__setattr__(changed, "__class__", cls)
    return changed


def training_game(settings):
    """Return the game with the frozen weights that its training reads."""
    return build_game(settings, load_frozen_weights(settings))


def train(settings, batches, data_digest, checkpoints, tracker, game=None, **options):
    """Train; `game` takes the place of the one that the settings describe."""
    return training.train(
        game or training_game(settings), settings, batches, data_digest, checkpoints, tracker, **options
    )
