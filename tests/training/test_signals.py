"""A signal that asks for an end, at any iteration: started again, a training of any recipe ends in the same bytes."""

import random
import signal

import pytest

from .helpers import SendsSignal, equal, run_until_signal, train

BATCH = 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_training_that_a_signal_ended_resumes_to_the_same_bytes(
    recipe, number, make_settings, stripes, tracker, tmp_path
):
    settings = make_settings(recipe, checkpoint_every_images=24)
    whole = train(settings, stripes, "data", tmp_path / "whole", tracker)
    count = settings.budget.total_images // BATCH
    at = BATCH * random.Random(f"{recipe} {number}").randrange(count // 2, count)
    run_until_signal(
        number, lambda: train(settings, SendsSignal(stripes, at, number), "data", tmp_path / "ended", tracker)
    )
    (folder,) = (tmp_path / "ended").iterdir()
    newest = max(int(file.stem) for file in folder.glob("*.safetensors"))
    assert newest >= at, "a signal that can be handled loses no iteration"
    resumed = train(settings, stripes, "data", tmp_path / "ended", tracker)
    assert equal(whole.state, resumed.state)
    assert resumed.curves.to_csv() == whole.curves.to_csv()
