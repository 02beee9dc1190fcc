"""The probe's distance, and trainings that end when it is flat."""

import math

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp

from ganops.errors import ConfigurationError
from ganops.metrics.fid import frechet_distance as reference
from ganops.metrics.moments import moments_of
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.probe import DISTANCE, Probe, ProbeData, frechet_distance, min_interval
from ganops.training.state import TrainingState
from ganops.training.tracker import NullTracker

from ..parameters import images
from .conftest import ListTracker, Stripes, tiny_settings
from .helpers import Stopped, StopsAt, equal, train, training_game

INTERVAL, TOTAL = 16, 400
FLAT = {"stop_when_flat": True, "total_images": TOTAL, "checkpoint_every_images": INTERVAL, "precision": "fp32"}


def constant(samples):
    """Embed any samples into the same features, but for their number: a distance that no training changes."""
    return torch.arange(2.0 * len(samples)).view(-1, 2).sin()


def pixels(samples):
    return samples.float().flatten(1)


def probe_data(embed=constant, count=100):
    return ProbeData(embed, Stripes(), count, min_interval_images=1)


def settings_for(**overrides):
    return tiny_settings("dcgan", **{**FLAT, **overrides})


def run(folder, settings=None, batches=None, tracker=None, **options):
    options = {"probe_data": probe_data(), **options}
    return train(settings or settings_for(), batches or Stripes(), "data", folder, tracker or ListTracker(), **options)


@pytest.mark.parametrize("counts", [(12, 30), (30, 12), (40, 40)])
def test_distance_is_that_of_the_metric(counts):
    generator = np.random.default_rng(0)
    first, second = (generator.normal(place, 1 + place, (n, 20)) for place, n in enumerate(counts))
    ours = frechet_distance(torch.from_numpy(first), torch.from_numpy(second))
    assert ours == pytest.approx(reference(moments_of(first), moments_of(second)), rel=1e-5)
    assert frechet_distance(torch.from_numpy(first), torch.from_numpy(first)) == pytest.approx(0, abs=1e-9)
    assert math.isnan(frechet_distance(torch.zeros(1, 3), torch.zeros(5, 3)))
    assert math.isnan(frechet_distance(torch.full((5, 3), math.nan), torch.zeros(5, 3)))


@pytest.mark.parametrize("count, used", [(30, 30), (10_000, 512)])
def test_distance_is_to_each_validation_sample_once_and_at_most_512(count, used):
    asked = []

    class Asked(Stripes):
        def batch(self, first, count):
            asked.append((first, count))
            return super().batch(first, count)

    settings = settings_for()
    data = ProbeData(pixels, Asked(), count, 1)
    state = TrainingState.initial(settings, training_game(settings))
    assert Probe(training_game(settings), settings, data, SINGLE_PROCESS).measure(state, Stripes())[DISTANCE] > 0
    assert (0, used) in asked


def test_larger_pictures_are_measured_more_often():
    assert min_interval(images(1, 28, 28)) == min_interval(images(1, 8, 8)) == 24_000
    assert min_interval(images(3, 56, 56)) == 6_000


def test_a_flat_distance_ends_the_training_with_all_that_an_end_leaves(tmp_path, caplog):
    caplog.set_level("INFO", "ganops")
    tracker = ListTracker()
    result = run(tmp_path, tracker=tracker)
    end = int(result.state["clock/images_seen"])
    assert TOTAL / 4 <= end < TOTAL / 2 and end % INTERVAL == 0
    assert result.digests["images_seen"].iloc[-1] == result.curves["images_seen"].iloc[-1] == end
    assert max(int(name.split("/")[0]) for name in result.snapshots if "/" in name) == end
    assert tracker.pictures[-1][1] == end
    assert tracker.tags["stopped_at_images"] == str(end)
    ended, doubling = caplog.messages
    assert ended == f"The distance is flat: the training ends at {end} of {TOTAL} images."
    assert doubling == tracker.tags["doubling"]
    assert doubling.startswith("Twice the images would change the distance to the validation split from ")


def test_it_is_not_ended_before_a_quarter_or_before_the_burn_in(tmp_path):
    quarter = run(tmp_path, settings_for(total_images=640))
    assert quarter.state["clock/images_seen"] == 160
    burn_in = run(tmp_path, settings_for(burn_in_images=320))
    assert burn_in.state["clock/images_seen"] == 320


def test_by_default_it_trains_to_the_end(tmp_path, caplog):
    caplog.set_level("INFO", "ganops")
    result = run(tmp_path, settings_for(stop_when_flat=False))
    assert result.state["clock/images_seen"] == TOTAL
    (doubling,) = caplog.messages
    assert doubling.startswith("Twice the images would change")


def test_a_resumed_training_ends_at_the_same_images_with_the_same_bytes(tmp_path):
    whole = run(tmp_path / "whole")
    end = int(whole.state["clock/images_seen"])
    for at in (end // 2, end - 8):
        with pytest.raises(Stopped):
            run(tmp_path / str(at), batches=StopsAt(Stripes(), at))
        resumed = run(tmp_path / str(at))
        assert equal(whole.state, resumed.state)
        assert whole.curves.to_csv() == resumed.curves.to_csv()
        assert equal(whole.snapshots, resumed.snapshots)


def test_a_training_that_ended_early_is_complete(tmp_path, caplog):
    whole = run(tmp_path)
    caplog.set_level("INFO", "ganops")
    again = run(tmp_path, batches=StopsAt(Stripes(), 0))
    assert equal(whole.state, again.state)
    assert any(line.startswith("The training is complete: its result is read") for line in caplog.messages)


def test_a_training_that_continues_one_that_ended_early_counts_all_images(tmp_path):
    first = run(tmp_path)
    end = int(first.state["clock/images_seen"])
    continued = settings_for().model_copy(update={"continued_from": "first"})
    second = run(tmp_path, continued, warm_start=first.state)
    assert second.state["clock/images_before"] == end
    assert second.state["clock/images_seen"] >= TOTAL / 4


def in_two(rank, folder):
    torch.distributed.init_process_group("gloo", f"file://{folder / 'group'}", rank=rank, world_size=2)
    result = run(folder / "two", tracker=NullTracker(), distributed=Distributed(rank, 2, 2))
    torch.save(result.state, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_end_together_where_one_does(tmp_path):
    mp.start_processes(in_two, (tmp_path,), nprocs=2, start_method="fork")
    clocks = [torch.load(tmp_path / f"{rank}.pt")["clock/images_seen"] for rank in range(2)]
    assert clocks[0] == clocks[1] == run(tmp_path / "one").state["clock/images_seen"] < TOTAL


def test_a_rate_that_decays_is_refused():
    with pytest.raises(ConfigurationError, match=r"training\.stop_when_flat.*learning_rate_decay=none"):
        settings_for(learning_rate_decay="linear")
