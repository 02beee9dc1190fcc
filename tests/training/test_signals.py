"""A signal at any iteration: started again, a training of any recipe ends in the same bytes."""

import os
import random
import signal

import pytest

from .helpers import equal, train

BATCH = 8


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


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
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
    assert newest <= at if number == signal.SIGKILL else newest >= at, "a signal that can be handled loses no iteration"
    resumed = train(settings, stripes, "data", tmp_path / "ended", tracker)
    assert equal(whole.state, resumed.state)
    assert resumed.curves.to_csv() == whole.curves.to_csv()
