"""A full disk and a read-only folder give a clear error and keep the last whole checkpoint."""

import resource
import subprocess
import sys
import textwrap

import pytest

from ganops.errors import StorageError

from .helpers import equal, train


class FillsDisk:
    """From the sample `at` on no file can grow beyond 1,000 bytes: the kernel refuses as it does on a full disk."""

    def __init__(self, batches, at, stack):
        self.batches, self.at, self.stack = batches, at, stack

    def batch(self, first, count):
        if first == self.at:
            self.stack.append(resource.getrlimit(resource.RLIMIT_FSIZE))
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, self.stack[0][1]))
        return self.batches.batch(first, count)


def test_full_disk_is_an_error_and_keeps_the_last_checkpoint(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24, snapshot_every_images=80)
    whole = train(settings, stripes, "data", tmp_path / "whole", tracker)
    stack = []
    try:
        with pytest.raises(StorageError, match=r"00000000000048\.safetensors.*room on its disk.*start again"):
            train(settings, FillsDisk(stripes, 32, stack), "data", tmp_path / "full", tracker)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, stack[0])
    (folder,) = (tmp_path / "full").iterdir()
    assert sorted(file.name for file in folder.iterdir()) == ["00000000000024.safetensors", "lock", "run", "seconds"]
    resumed = train(settings, stripes, "data", tmp_path / "full", tracker)
    assert tracker.tags["resumed_at_images"] == "24"
    assert equal(whole.state, resumed.state)


READ_ONLY = """
    import os, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from helpers import ListTracker, Stripes, train
    from ganops.training_settings import Settings

    if os.geteuid() == 0:  # root may write everywhere
        os.seteuid(65534)
    train(Settings.model_validate_json(sys.argv[3]), Stripes(), "data", Path(sys.argv[2]), ListTracker())
"""


def test_read_only_folder_is_named_before_training(make_settings, tmp_path, pytestconfig):
    for folder in tmp_path.parents[:-2]:
        folder.chmod(0o755)
    tmp_path.chmod(0o555)
    tests, settings = pytestconfig.rootpath / "tests" / "training", make_settings("dcgan").model_dump_json()
    command = [sys.executable, "-c", textwrap.dedent(READ_ONLY), tests, tmp_path, settings]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    tmp_path.chmod(0o755)
    assert ended.returncode == 1
    assert f"StorageError: {tmp_path}" in ended.stderr and "Permission denied" in ended.stderr, ended.stderr
    assert list(tmp_path.iterdir()) == []
