"""What all tests share: where the shared files are, and a platform to talk to."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from porteur.testing import Simulator

TESTS = Path(__file__).parent.parent

# Three chunks of 8 bytes, the last one shorter.
TEXT = b"0123456789abcdefXYZ"


class Boom(Exception):
    """Raised by the caller's own code."""


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A platform with chunks of 8 bytes, whose contract nobody breaks."""
    with Simulator(chunk_size=8) as simulator:
        yield simulator
        assert simulator.violations == []


def wait_for(simulator: Simulator, beginning: str, times: int) -> None:
    """Returns when so many requests that begin like this arrived."""
    while counted(simulator, beginning) < times:
        os.sched_yield()


def counted(simulator: Simulator, beginning: str) -> int:
    """How many requests begin like this."""
    return sum(f"{entry['method']} {entry['path']}".startswith(beginning) for entry in simulator.journal)


def counts_while(work: Callable[[], object]) -> int:
    """How far another thread counts while `work` runs."""
    ready, done, counted = threading.Event(), threading.Event(), [0]

    def count() -> None:
        ready.set()
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    ready.wait()
    before = counted[0]
    work()
    after = counted[0]
    done.set()
    thread.join()
    return after - before
