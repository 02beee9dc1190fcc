"""2,000 damaged files a reader, each tried in a process that may die: no traceback, no crash, 5 seconds, 1 GB."""

import json
import selectors
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from ..mutations import ACCEPTED, READERS, READY, REFUSED

pytestmark = pytest.mark.proof

MUTATIONS = 2000
MOST_SECONDS, MOST_MEGABYTES = 5, 1024
# Until the process has imported what it needs.
SECONDS_TO_START = 120
PROJECT = Path(__file__).parents[2]
SCRIPT = PROJECT / "tests/try_mutations.py"

# Number, outcome, seconds and megabytes.
Line = tuple[int, str, float, float]


def try_all(name: str, count: int) -> Iterator[Line]:
    """Each mutation once; a process that dies or hangs is followed by one that begins after the mutation at fault."""
    first = 0
    while first < count:
        command = (sys.executable, str(SCRIPT), name, str(first), str(count - first), str(MOST_MEGABYTES))
        # Unbuffered, so that a line is read as soon as it is there; errors into a file, so that no pipe fills up.
        with TemporaryFile() as errors:
            process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=errors, bufsize=0)
            for line in lines_of(process):
                yield line
                first = line[0] + 1
            process.kill()
            process.communicate()
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-300:]
        if first < count:
            yield first, f"ended by {process.returncode}: {said}", MOST_SECONDS, 0.0
            first += 1


def lines_of(process: subprocess.Popen[bytes]) -> Iterator[Line]:
    """Return the lines that the process prints, until it ends or is silent for too long."""
    assert process.stdout is not None
    patience = SECONDS_TO_START
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        # A line is written at once, so what can be read begins one.
        while selector.select(patience) and (line := process.stdout.readline().decode()):
            if patience == SECONDS_TO_START:
                assert line.strip() == READY
            else:
                yield tuple(json.loads(line))
            patience = MOST_SECONDS * 2
    assert patience != SECONDS_TO_START, "the valid file cannot be read"


@pytest.mark.parametrize("name", READERS)
def test_no_damaged_file_does_more_than_be_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    tried = list(try_all(name, MUTATIONS))
    outcomes = Counter(outcome if outcome in (ACCEPTED, REFUSED) else "failed" for _, outcome, _, _ in tried)
    seconds, megabytes = max(line[2] for line in tried), max(line[3] for line in tried)
    with capsys.disabled():
        print(f"\n{name}: {dict(outcomes)}, at most {seconds:.2f} s and {megabytes:.0f} MB")
    assert [line[0] for line in tried] == list(range(MUTATIONS))
    assert [line for line in tried if line[1] not in (ACCEPTED, REFUSED)] == []
    assert seconds < MOST_SECONDS and megabytes < MOST_MEGABYTES


def test_a_process_that_dies_is_counted_and_the_rest_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import json, os, signal, sys\n"
        "print('ready', flush=True)\n"
        "for k in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):\n"
        "    if k == 3: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    print(json.dumps([k, 'refused', 0.1, 1.0]), flush=True)\n"
    )
    original = subprocess.Popen

    def start(command: tuple[str, ...], **options: object) -> subprocess.Popen[bytes]:
        return original((sys.executable, "-c", script, *command[2:]), **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)
    tried = list(try_all("any", 6))
    assert [number for number, *_ in tried] == [0, 1, 2, 3, 4, 5]
    assert [outcome == REFUSED for _, outcome, _, _ in tried] == [True] * 3 + [False] + [True] * 2
    assert "ended by -11" in tried[3][1]
