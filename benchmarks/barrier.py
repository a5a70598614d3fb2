"""The raw limit: a bare pyzmq ROUTER/DEALER fan barrier, as many workers and bytes as the node has, and nothing else.

    python -m benchmarks.barrier WORKERS TICKS BYTES_OUT BYTES_BACK

Prints barriers a second. Forks its workers itself; ends when they have.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import zmq

STOP = b"stop"


def worker(endpoint: str, name: bytes, bytes_back: int) -> None:
    """Answer every frame with so many bytes."""
    socket = zmq.Context().socket(zmq.DEALER)
    socket.setsockopt(zmq.IDENTITY, name)
    socket.connect(endpoint)
    answer = b"x" * bytes_back
    socket.send(answer)
    while socket.recv() != STOP:
        socket.send(answer)


def barriers_a_second(workers: int, ticks: int, bytes_out: int, bytes_back: int) -> float:
    """Fan out, wait for all, repeat."""
    folder = tempfile.mkdtemp(prefix="flightsw-barrier-")
    endpoint = f"ipc://{folder}/bus"
    names = [b"w%d" % number for number in range(workers)]
    children = []
    for name in names:
        child = os.fork()
        if child == 0:
            worker(endpoint, name, bytes_back)
            os._exit(0)
        children.append(child)
    router = zmq.Context().socket(zmq.ROUTER)
    router.bind(endpoint)
    for _ in names:
        router.recv_multipart()
    frame = b"y" * bytes_out
    begin_s = time.perf_counter()
    for _ in range(ticks):
        for name in names:
            router.send(name, zmq.SNDMORE)
            router.send(frame)
        for _ in names:
            router.recv()
            router.recv()
    took_s = time.perf_counter() - begin_s
    for name in names:
        router.send_multipart((name, STOP))
    for child in children:
        os.waitpid(child, 0)
    Path(folder, "bus").unlink(missing_ok=True)
    Path(folder).rmdir()
    return ticks / took_s


if __name__ == "__main__":
    print(barriers_a_second(*(int(argument) for argument in sys.argv[1:5])))
