"""Settings, data and a tracker of trainings that take milliseconds."""

import pytest
import torch

from ganops.config import TrainingParameters
from ganops.data.encodings import encode_images
from ganops.games.recipes import RECIPES
from ganops.games.resolve import Hardware, SampleSpec, resolve


class Stripes:
    """Batches of noise, addressed by position: a data set that needs no store."""

    def __init__(self, channels=1, height=12, width=9, classes=3):
        self.shape, self.classes = (channels, height, width), classes

    def batch(self, first, count):
        generator = torch.Generator().manual_seed(first)
        pixels = torch.randint(0, 256, (count, *self.shape), generator=generator, dtype=torch.uint8)
        return {"image": encode_images(pixels), "label": torch.arange(first, first + count) % self.classes}


@pytest.fixture(scope="session")
def stripes():
    return Stripes()


def tiny_settings(recipe, **overrides):
    sizes = {"width": 4, "batch": 8, "total_images": 80, "latent_dimension": 5, "log_every_images": 16, "threads": 1}
    parameters = TrainingParameters(recipe=recipe, device="cpu", **{**sizes, **overrides})
    return resolve(parameters, SampleSpec(1, 12, 9, 3, 100), Hardware("cpu", 1))


@pytest.fixture(params=sorted(RECIPES))
def recipe(request):
    return request.param


@pytest.fixture
def make_settings():
    return tiny_settings


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


@pytest.fixture
def tracker():
    return ListTracker()
