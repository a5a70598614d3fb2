"""A pool of flying processes ends with whoever made it, killed without a chance to say so."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

MAKER = """
import sys
from time import sleep
from flightsw.node.pool import flying

if __name__ == "__main__":
    pool = flying(2, sys.argv[1])
    busy = [pool.submit(sleep, 600.0) for _ in range(2)]
    print(*pool._processes, flush=True)
    busy[0].result()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_nobody_outlives_a_killed_maker(method: str) -> None:
    maker = subprocess.Popen([sys.executable, "-c", MAKER, method], stdout=subprocess.PIPE, text=True)
    assert maker.stdout is not None
    pids = [int(pid) for pid in maker.stdout.readline().split()]
    assert len(pids) == 2
    ends = [os.pidfd_open(pid) for pid in pids]
    assert select.select(ends, [], [], 0.0)[0] == []
    maker.kill()
    maker.wait()
    maker.stdout.close()
    for end in ends:
        assert select.select([end], [], [], 30.0)[0] == [end]
        os.close(end)
