import os

from ganops.threads import core_count


def test_cores_are_those_that_the_process_may_use():
    assert 1 <= core_count() <= (os.cpu_count() or 1)
