"""How the classifier is trained: on `train` alone, by addressed noise, so that the same seed gives the same bytes."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ganops.config import ClassifierParameters
from ganops.data.loader import Loader
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.metrics.classifier import Classifier, build, initialise
from ganops.metrics.features import extract
from ganops.noise import Noise
from ganops.threads import thread_count

_WARM_UP_SHARE = 0.05
_WEIGHT_DECAY = 1e-2


def train_classifier(store: Store, parameters: ClassifierParameters, threads: int) -> Classifier:
    """Cross-entropy, AdamW, the rate warmed up and then annealed by half a cosine; the last weights are kept.

    Raises:
        MetricError: the store has no classes to learn, or a single one.
    """
    _refuse_unlabelled(store)
    channels, height, width_pixels = store.fields["image"].shape
    with thread_count(threads):
        shape = (channels, height, width_pixels)
        classifier = build(shape, store.classes, parameters.width, parameters.dimension)
        initialise(classifier.network, parameters.seed)
        _fit(classifier, Loader(store, "train", ("image", "label"), parameters.seed), parameters)
        classifier.accuracy_held_out = _accuracy(classifier, store)
    return classifier


def _fit(classifier: Classifier, loader: Loader, parameters: ClassifierParameters) -> None:
    network = classifier.network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=parameters.learning_rate, weight_decay=_WEIGHT_DECAY)
    steps = max(1, parameters.total_images // parameters.batch)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = parameters.learning_rate * _rate(step, steps)
        first = step * parameters.batch
        batch = loader.batch(first, parameters.batch)
        noise = Noise(parameters.seed, first, parameters.batch)
        shift = noise.integers("classifier/translation", 2 * parameters.translation + 1, (2,))
        _, logits = network(translate(batch["image"], shift - parameters.translation))
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(logits, batch["label"]).backward()
        optimizer.step()
    network.eval()


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / (_WARM_UP_SHARE * steps)) * 0.5 * (1 + math.cos(math.pi * step / steps))


def translate(
    images: Float[Tensor, "batch channels height width"], shift: Int[Tensor, "batch 2"]
) -> Float[Tensor, "batch channels height width"]:
    """Each picture moved by (down, right) whole pixels; what comes in at an edge repeats the edge."""
    count, _, height, width = images.shape
    rows = (torch.arange(height) - shift[:, :1]).clamp(0, height - 1)
    columns = (torch.arange(width) - shift[:, 1:]).clamp(0, width - 1)
    each = torch.arange(count)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2).contiguous()


def _accuracy(classifier: Classifier, store: Store) -> float:
    indices = store.indices("held_out")
    seen = extract(classifier, torch.from_numpy(store.read("image", indices)))
    assert seen.probabilities is not None
    return float((seen.probabilities.argmax(axis=1) == store.read("label", indices)).mean())


def _refuse_unlabelled(store: Store) -> None:
    if len(store.classes) < 2:
        raise MetricError(
            f"the classes of {store.path}",
            expected="labels of at least two classes, from which the classifier learns what to look at",
            received=f"{len(store.classes)} classes",
            remedy="Sort the pictures into sub-folders, one a class, and prepare the data again.",
        )
