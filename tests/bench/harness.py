"""What the measurements share: a platform in a process of its own, clients that are timed, tables.

Every contender is a process. It times its own work and prints one line of JSON, `{"seconds": s}`; its CPU time and its
peak memory come from the kernel, so that no contender can look better than it is. The kernel's books are Linux's.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Run:
    """What one process did."""

    #: What it printed.
    output: str
    #: Seconds as the contender took them; those of the whole process when it is no contender of ours.
    seconds: float
    #: CPU seconds of the whole process, its start included.
    user: float
    system: float
    #: Bytes of memory at most, as far as the kernel was asked before the process ended.
    peak: int

    @property
    def cpu(self) -> float:
        """CPU seconds in all."""
        return self.user + self.system


class Platform:
    """A platform in a process of its own, from `with` to its end."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        #: What a client needs in its environment.
        self.environment = dict(_lines(self._process, 3, START))

    @classmethod
    def simulated(cls, porteur: Path, *, discard: bool, **settings: object) -> Platform:
        """`porteur simulate`."""
        command = [str(porteur), "simulate", "--settings", json.dumps(settings)]
        return cls(command + ["--discard"] * discard)

    @classmethod
    def sink(cls) -> Platform:
        """The one of sink.py, which believes everything."""
        return cls([sys.executable, str(Path(__file__).with_name("sink.py"))])

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> float:
        """Ends it and answers the CPU seconds it took. A breach of the contract that it saw is an error."""
        assert self._process.stderr is not None, "it was opened with a pipe"
        self._process.send_signal(signal.SIGINT)
        said = self._process.stderr.read().decode()
        usage = _reap(self._process)
        if "breach" in said:
            raise SystemExit(f"the platform saw a breach of its contract:\n{said}")
        return usage.user + usage.system


@dataclass(frozen=True)
class _Usage:
    status: int
    user: float
    system: float


def run(
    command: Sequence[str | os.PathLike[str]],
    environment: Mapping[str, str] | None = None,
    *,
    cores: Iterable[int] | None = None,
) -> Run:
    """Runs a contender to its end, on `cores` when some are named."""
    with tempfile.TemporaryFile() as errors, pinned(cores):
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **(environment or {})}, bufsize=0
        )
        assert process.stdout is not None, "it was opened with a pipe"
        output, peak = _watch(process.pid, process.stdout)
        usage = _reap(process)
        seconds = time.perf_counter() - started
        if usage.status != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise SystemExit(f"{' '.join(map(str, command))}\nended with {usage.status}:\n{said}")
    told = _told(output)
    return Run(output, told.get("seconds", seconds), usage.user, usage.system, max(peak, told.get("peak", 0)))


def percentile(ordered: Sequence[float], part: int) -> float:
    """The value below which `part` per cent of the others are."""
    return ordered[min(len(ordered) * part // 100, len(ordered) - 1)]


def spread(values: Sequence[float]) -> str:
    """The median with its extremes, the way the tables show it."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, first column to the left and the others to the right."""
    lines = [list(head), ["---"] + ["---:"] * (len(head) - 1), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def turns(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Every name once a round, each round beginning with another one: nobody always follows the same neighbour."""
    for number in range(rounds):
        for name in turned(names, number):
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr, flush=True)
            yield name


def turned(names: Sequence[str], number: int) -> list[str]:
    """The names in the order of one round."""
    shift = number % len(names)
    return [*names[shift:], *names[:shift]]


@contextlib.contextmanager
def random_file(size: int, folder: Path | None) -> Iterator[Path]:
    """A file of random bytes that is in the page cache, gone afterwards."""
    with _scratch(folder) as path:
        with path.open("wb") as file:
            for start in range(0, size, 16 * MIB):
                file.write(os.urandom(min(16 * MIB, size - start)))
        yield path


@contextlib.contextmanager
def sparse_file(size: int, folder: Path | None) -> Iterator[Path]:
    """A file of zeros that takes no room on the disk, gone afterwards."""
    with _scratch(folder) as path:
        with path.open("wb") as file:
            file.truncate(size)
        yield path


def write_json(path: Path | None, result: Mapping[str, Any]) -> None:
    """The figures for whoever compares them later."""
    if path is not None:
        path.write_text(json.dumps({"cpu": _cpu(), "cores": os.cpu_count(), **result}, indent=2) + "\n")


def porteur_command(wish: Path | None) -> Path:
    """The `porteur` command, built for release."""
    return built(wish, "target/release/porteur", "cargo build --release --package porteur --features cli")


def built(wish: Path | None, usual: str, remedy: str) -> Path:
    """A program of ours: the one that is wished for, else the one in its usual place, which `remedy` builds."""
    path = wish or REPOSITORY / usual
    if not path.is_file():
        raise SystemExit(f"there is no {path}: {remedy}")
    return path


def python_command() -> str:
    """This Python, which has to know the package."""
    _need([sys.executable, "-c", "import porteur"], "maturin develop --release, in bindings-python")
    return sys.executable


def tutorial_command() -> str:
    """This Python, which has to know requests."""
    _need([sys.executable, "-c", "import requests"], "pip install -r tests/python/requirements.txt")
    return sys.executable


def sdk_command() -> str:
    """This Python, which has to know the platform's own SDK. It is not imported for a look: that takes seconds."""
    look = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('PureCloudPlatformClientV2'))"
    _need([sys.executable, "-c", look], "pip install -r tests/bench/requirements.txt")
    return sys.executable


def node_command() -> str:
    """Node, which has to know the package."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("there is no node: install Node.js 20 or later")
    _need([node, "-e", LOOK_FOR_PACKAGE, str(NODE_PACKAGE)], "build it with the napi line of tests/all.sh")
    return node


def _need(command: Sequence[str], remedy: str) -> None:
    looked = subprocess.run(command, capture_output=True, text=True, check=False)
    if looked.returncode != 0:
        raise SystemExit(f"{looked.stderr.strip()}\n{command[0]} lacks a package: {remedy}")


def _watch(pid: int, output: IO[bytes]) -> tuple[str, int]:
    """What a process prints, and its peak memory, asked for every few milliseconds until it is gone."""
    printed, peak = b"", 0
    while True:
        peak = max(peak, peak_of(pid))
        if not select.select([output], [], [], LOOK)[0]:
            continue
        piece = output.read(65_536)
        if not piece:
            return printed.decode(), peak
        printed += piece


def peak_of(pid: int) -> int:
    """Bytes. Not the `ru_maxrss` of `wait4`, which counts in what the parent was when it forked."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _reap(process: subprocess.Popen[bytes]) -> _Usage:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return _Usage(process.returncode, usage.ru_utime, usage.ru_stime)


def _told(output: str) -> dict[str, Any]:
    last = output.strip().rpartition("\n")[2]
    return json.loads(last) if last.startswith("{") else {}


@contextlib.contextmanager
def pinned(cores: Iterable[int] | None) -> Iterator[None]:
    """A child inherits the cores of its parent."""
    before = os.sched_getaffinity(0)
    if cores is not None:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _lines(process: subprocess.Popen[bytes], count: int, seconds: float) -> Iterator[tuple[str, str]]:
    """`NAME=value`, `count` times, within `seconds`."""
    assert process.stdout is not None, "it was opened with a pipe"
    deadline, printed = time.monotonic() + seconds, b""
    while printed.count(b"\n") < count:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            raise SystemExit(f"the platform did not start within {seconds:.0f} s")
        piece = process.stdout.read(4096)
        if not piece:
            raise SystemExit("the platform ended before it began; start `porteur simulate` by hand to see why")
        printed += piece
    for line in printed.decode().splitlines()[:count]:
        name, _, value = line.partition("=")
        yield name, value


@contextlib.contextmanager
def _scratch(folder: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="porteur-bench-", dir=folder) as scratch:
        yield Path(scratch) / "file.bin"


def _cpu() -> str:
    names = (line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    return next(names, "unknown").partition(":")[2].strip()


REPOSITORY = Path(__file__).resolve().parents[2]
NODE_PACKAGE = REPOSITORY / "bindings-node/index.js"
LOOK_FOR_PACKAGE = """
import(process.env.PORTEUR_NODE ?? process.argv[1]).catch((error) => { console.error(error); process.exitCode = 1 })
"""

#: Seconds between two looks at a process: often enough to see a peak that lasts, seldom enough to cost nothing.
LOOK = 0.02
#: Seconds that the platform may take to start.
START = 10.0
