"""The contenders of media.py in turns: a worker for each, and the kernel's books on them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import harness
from media_items import BATCH, CONTENDERS, ITEMS, LARGE, TINY, Contender, Item


@dataclass
class Figures:
    """What one contender did with one item."""

    #: Seconds a picture, one figure a round: of CPU for the process and all it started, and by the clock on the wall.
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    #: Of each output: bytes, and the score of media_quality.py.
    sizes: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    #: Why there is nothing else.
    error: str | None = None

    def clock(self, which: str) -> list[float]:
        return self.cpu if which == "cpu" else self.wall


class Worker:
    """A contender in a process of its own, from `with` to its end."""

    def __init__(self, name: str, cores: Iterable[int], package: Path | None = None) -> None:
        script = {"python": [sys.executable, f"{WORKER}.py"], "node": ["node", f"{WORKER}.mjs"]}
        known = "porteur" if package is not None else name
        environment = {**os.environ, **ONE_THREAD, **({"PYTHONPATH": str(package)} if package is not None else {})}
        self._name, self._errors = name, tempfile.TemporaryFile()
        with harness.pinned(cores):
            self._process = subprocess.Popen(
                [*script[CONTENDERS[known].worker], known],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
            )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        # At the end of its questions it leaves, and takes with it what it started.
        assert self._process.stdin is not None, "it was opened with a pipe"
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Its answer to one question."""
        assert self._process.stdin is not None and self._process.stdout is not None, "they were opened with pipes"
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            self._errors.seek(0)
            raise SystemExit(f"{self._name} ended:\n{self._errors.read().decode(errors='replace').strip()}")
        return dict(json.loads(answer))

    def cpu(self) -> float:
        """CPU seconds of the process and of those it started that still live, threads that ended included."""
        return sum(time.clock_gettime(_clock_of(pid)) for pid in [self._process.pid, *_children(self._process.pid)])

    def peak(self) -> int:
        """Bytes of memory at most so far."""
        return harness.peak_of(self._process.pid)


def race(
    items: Mapping[str, Item], names: list[str], also: Mapping[str, Path], corpus: Path, out: Path, pace: Pace
) -> Measured:
    """Every contender with every item once a round, all pinned to the same core."""
    core = max(os.sched_getaffinity(0))
    measured: Measured = {item: {} for item in items}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(name, [core], also.get(name))) for name in names}
        for number in range(pace.rounds):
            for item, what in items.items():
                print(f"round {number + 1} of {pace.rounds}: {what.title}", file=sys.stderr, flush=True)
                able = [name for name in names if item not in contender(name, also).cannot]
                for name in harness.turned(able, number):
                    figures = measured[item].setdefault(name, Figures())
                    if figures.error is None:
                        made = out / f"{item}.{name}" if number + 1 == pace.rounds else None
                        visit(workers[name], figures, what, corpus, pace.seconds, made)
    return measured


def visit(worker: Worker, figures: Figures, item: Item, corpus: Path, seconds: float, out: Path | None) -> None:
    """One contender's turn: once to warm up, then for so long."""
    request = {"file": str(corpus / item.file), "job": asdict(item.job), "out": None}
    answer = worker.ask(**request, seconds=0)
    if "error" not in answer:
        before = worker.cpu()
        answer = worker.ask(**request | {"out": out and str(out)}, seconds=seconds)
        spent = worker.cpu() - before
    if "error" in answer:
        figures.error = answer["error"].splitlines()[0]
        return
    figures.cpu.append((spent + answer["reaped"]) / len(answer["wall"]))
    figures.wall.append(statistics.median(answer["wall"]))
    figures.sizes = answer["bytes"]


def batches(names: list[str], corpus: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Pictures a second on all cores, and CPU seconds a picture; one figure a round."""
    cores = os.sched_getaffinity(0)
    item = ITEMS[BATCH]
    request = {"batch": [str(corpus / item.file)] * BATCH_SIZE, "job": asdict(item.job), "cores": len(cores)}
    done: dict[str, dict[str, list[float]]] = {name: {"rate": [], "cpu": []} for name in names}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(name, cores)) for name in names}
        for name in names:
            # Threads and processes start.
            workers[name].ask(**request)
        for name in harness.turns(names, rounds):
            before = workers[name].cpu()
            answer = workers[name].ask(**request)
            if failed(f"{name}, a batch", answer):
                continue
            done[name]["rate"].append(BATCH_SIZE / answer["seconds"])
            done[name]["cpu"].append((workers[name].cpu() - before) / BATCH_SIZE)
    return {name: figures for name, figures in done.items() if figures["rate"]}


def memory(names: list[str], corpus: Path, rounds: int) -> dict[str, list[int]]:
    """Bytes at most for the large picture, above what the same process took for a tiny one; each in a fresh process."""
    core = max(os.sched_getaffinity(0))
    peaks: dict[str, list[int]] = {name: [] for name in names}
    for name in harness.turns(names, rounds):
        with Worker(name, [core]) as worker:
            worker.ask(file=str(corpus / TINY), job=asdict(LARGE.job), seconds=0, out=None)
            bare = worker.peak()
            answer = worker.ask(file=str(corpus / LARGE.file), job=asdict(LARGE.job), seconds=0, out=None)
            if not failed(f"{name}, {LARGE.title}", answer):
                peaks[name].append(worker.peak() - bare)
    return {name: bytes_ for name, bytes_ in peaks.items() if bytes_}


def failed(what: str, answer: Mapping[str, Any]) -> bool:
    """Says so, and lets the others go on: a long run is not lost for one."""
    if "error" in answer:
        print(f"{what}: {answer['error']}", file=sys.stderr, flush=True)
    return "error" in answer


def contender(name: str, also: Collection[str]) -> Contender:
    """The one of that name; packages that were added are porteur's."""
    return Contender(f"porteur, {name}", "python") if name in also else CONTENDERS[name]


def _clock_of(pid: int) -> int:
    """The clock of another process's CPU time, in nanoseconds: clock_getcpuclockid(3), which Python has not."""
    return (~pid << 3) | CPUCLOCK_SCHED


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


@dataclass(frozen=True)
class Pace:
    """How often everybody has a turn, and how many seconds it lasts at least."""

    rounds: int
    seconds: float


#: Figures by item and contender.
Measured = dict[str, dict[str, Figures]]
WORKER = Path(__file__).with_name("media_worker")
#: What keeps the libraries to one thread; OpenCV and sharp are told in the workers.
ONE_THREAD = {"VIPS_CONCURRENCY": "1", "OMP_NUM_THREADS": "1"}
#: Pictures in a batch: a second or so for the fastest.
BATCH_SIZE = 48
#: Seconds a worker may take to leave.
PATIENCE = 10.0
#: linux/posix-timers.h
CPUCLOCK_SCHED = 2
