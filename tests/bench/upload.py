"""How fast a large file is uploaded, and what that costs: the tutorial's way beside porteur's, in interleaved rounds.

    python tests/bench/upload.py [--size-mib 1024] [--rounds 5] [--storage sink|discard|keep] [--json FILE]

Everybody sends the same file from the page cache to the same platform, a process of its own that is started afresh for
every upload. README.md says how to read the table.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness import GIB, MIB, Platform, Run


@dataclass
class Series:
    """The runs of one contender against one platform, by round."""

    seconds: list[float] = field(default_factory=list)
    user: list[float] = field(default_factory=list)
    system: list[float] = field(default_factory=list)
    platform: list[float] = field(default_factory=list)

    def add(self, run: Run, platform: float) -> None:
        self.seconds.append(run.seconds)
        self.user.append(run.user)
        self.system.append(run.system)
        self.platform.append(platform)

    def faster_than(self, other: Series) -> list[float]:
        """How many times as fast, round by round: neighbours in time share what else the machine does."""
        return [theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True)]


def main(arguments: argparse.Namespace) -> None:
    porteur = harness.porteur_command(arguments.porteur)
    size = arguments.size_mib * MIB
    result: dict[str, object] = {"bytes": size, "rounds": arguments.rounds}
    with harness.random_file(size, arguments.dir) as path:
        commands = contenders(porteur, path, arguments.only)
        for storage in arguments.storage:
            measured = measure(porteur, commands, arguments.rounds, storage)
            digest = [sha256sum(path) for _ in range(arguments.rounds)]
            print(f"\n{TITLES[storage]}:\n")
            print(report(measured, digest, size))
            result[storage] = {name: vars(series) for name, series in measured.items()} | {"sha256sum": digest}
    harness.write_json(arguments.json, result)


def contenders(porteur: Path, path: Path, only: Sequence[str]) -> dict[str, list[str]]:
    here = Path(__file__).parent
    makers: dict[str, Callable[[], list[str]]] = {
        TUTORIAL: lambda: [harness.tutorial_command(), str(here / "upload_tutorial.py"), str(path)],
        "porteur, Python": lambda: [harness.python_command(), str(here / "upload_porteur.py"), str(path)],
        "porteur, command": lambda: [str(porteur), "upload", str(path)],
        "porteur, Node": lambda: [harness.node_command(), str(here / "upload.mjs"), str(path)],
    }
    return {name: make() for name, make in makers.items() if name == TUTORIAL or not only or name in only}


def measure(porteur: Path, commands: dict[str, list[str]], rounds: int, storage: str) -> dict[str, Series]:
    series = {name: Series() for name in commands}
    for name in harness.turns(list(commands), rounds):
        # A kept gigabyte a round would fill the memory: every upload gets a platform of its own.
        with PLATFORMS[storage](porteur) as platform:
            run = harness.run(commands[name], platform.environment)
            series[name].add(run, platform.stop())
    return series


def report(measured: dict[str, Series], digest: Sequence[float], size: int) -> str:
    head = ["", "MiB/s", "times the tutorial", "client, CPU s/GiB", "of it user + system", "platform, CPU s/GiB"]
    rows = []
    for name, series in measured.items():
        user, system = (statistics.median(values) * GIB / size for values in (series.user, series.system))
        cpu = statistics.median([sum(both) for both in zip(series.user, series.system, strict=True)]) * GIB / size
        rows.append(
            [
                name,
                f"{size / MIB / statistics.median(series.seconds):.0f}",
                harness.spread(series.faster_than(measured[TUTORIAL])),
                f"{cpu:.2f}",
                f"{user:.2f} + {system:.2f}",
                f"{statistics.median(series.platform) * GIB / size:.2f}",
            ]
        )
    rows.append(["sha256sum, no upload", f"{size / MIB / statistics.median(digest):.0f}", "", "", "", ""])
    return harness.table(head, rows)


def sha256sum(path: Path) -> float:
    started = time.perf_counter()
    harness.run(["sha256sum", str(path)])
    return time.perf_counter() - started


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Uploads one file in turns, the tutorial's way and porteur's.")
    parser.add_argument("--size-mib", type=int, default=1024, help="the size of the file")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody uploads")
    parser.add_argument("--storage", choices=list(PLATFORMS), nargs="+", default=list(PLATFORMS), help="the platforms")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these contenders beside the tutorial")
    parser.add_argument("--dir", type=Path, help="where the file is made; it has to fit into the page cache")
    parser.add_argument("--porteur", type=Path, help="the porteur command, when it is not in target/release")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser


TUTORIAL = "tutorial (requests, hashlib)"
PLATFORMS: dict[str, Callable[[Path], Platform]] = {
    "sink": lambda _: Platform.sink(),
    "discard": lambda porteur: Platform.simulated(porteur, discard=True),
    "keep": lambda porteur: Platform.simulated(porteur, discard=False),
}
TITLES = {
    "sink": "A platform that costs nothing: what the client can do",
    "discard": "`porteur simulate --discard`, which hashes each chunk as it comes",
    "keep": "`porteur simulate`, which keeps the bytes and hashes them at the end",
}

if __name__ == "__main__":
    main(parser().parse_args())
