"""A training that is stopped at any moment and started again leaves one run, every step once, and the same bytes."""

import math
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..projects import Project, initialised_clone

pytestmark = pytest.mark.proof

TOTAL_IMAGES = 19_200
OPTIONS = f"training.total_images={TOTAL_IMAGES},training.checkpoint_every_images=1280"
COMMAND = ("kedro", "run", "--env", "smoke", "--params", OPTIONS)
MOMENTS = (TOTAL_IMAGES // 8, TOTAL_IMAGES // 2, TOTAL_IMAGES * 7 // 8)
MODELS = "data/06_models/smoke"
LONGEST_WAIT_SECONDS = 240
# The curves that differ each time.
SECONDS = ("speed/images_per_second", "time/seconds")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a clone whose training was never stopped."""
    project = initialised_clone(tmp_path_factory.mktemp("whole") / "project")
    project.call_well(*COMMAND)
    return project


@pytest.fixture
def stopped(tmp_path: Path) -> Project:
    """Return a clone in which nothing has run."""
    return initialised_clone(tmp_path / "project")


def newest_checkpoint(project: Project) -> int:
    """Images seen at the newest checkpoint, 0 without one."""
    return max((int(file.stem) for file in project.path.glob(".checkpoints/*/*.safetensors")), default=0)


def stop(project: Project, number: signal.Signals, moment: int) -> int:
    """Return the exit code of a run that got the signal after its checkpoint at `moment` images or later."""
    process = project.start(*COMMAND)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while newest_checkpoint(project) < moment:
        assert process.poll() is None, project.path.with_name("started.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    try:
        return process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def curves(project: Project) -> dict[str, list[tuple[int, float]]]:
    """Return every curve of the project's one run; of curves of time the steps alone."""
    (run,) = project.runs()
    histories = {name: project.client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
    return {
        name: [(point.step, math.nan if name in SECONDS else point.value) for point in history]
        for name, history in histories.items()
    }


def grids(project: Project) -> Iterator[str]:
    """Yield key and step of every grid of samples of the project's one run."""
    (run,) = project.runs()
    for artifact in project.client.list_artifacts(run.info.run_id, "images"):
        if artifact.path.endswith(".png"):
            yield artifact.path.split("+timestamp")[0]


def assert_same_results(stopped: Project, whole: Project) -> None:
    """Assert one finished run, with curves, grids and models of the run that was never stopped."""
    assert [run.info.status for run in stopped.runs()] == ["FINISHED"]
    ours, theirs = curves(stopped), curves(whole)
    assert [len(theirs[name]) for name in SECONDS] == [TOTAL_IMAGES // 64] * 2
    # nan is not itself: the representation compares it.
    assert {name: repr(points) for name, points in ours.items()} == {n: repr(points) for n, points in theirs.items()}
    assert sorted(grids(stopped)) == sorted(grids(whole)) != []
    assert stopped.digests(MODELS) == whole.digests(MODELS)
    assert newest_checkpoint(stopped) == 0


def test_killed_at_three_moments(stopped: Project, whole: Project) -> None:
    """SIGKILL leaves no process time for anything."""
    for moment in MOMENTS:
        assert stop(stopped, signal.SIGKILL, moment) == -signal.SIGKILL
        assert TOTAL_IMAGES > newest_checkpoint(stopped) >= moment
    stopped.call_well(*COMMAND)
    assert_same_results(stopped, whole)


def test_terminated_and_interrupted(stopped: Project, whole: Project) -> None:
    """SIGTERM and Ctrl-C: the run is KILLED, the exit code names the signal, and no iteration is repeated."""
    for number, code, moment in ((signal.SIGTERM, 143, MOMENTS[0]), (signal.SIGINT, 130, MOMENTS[1])):
        assert stop(stopped, number, moment) == code
        assert [run.info.status for run in stopped.runs()] == ["KILLED"]
        assert newest_checkpoint(stopped) > moment
    stopped.call_well(*COMMAND)
    assert_same_results(stopped, whole)
