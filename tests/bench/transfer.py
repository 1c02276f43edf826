"""How many transfers a second a client makes over one socket and over many, beside the same frames sent by websockets and ws.

    python tests/bench/transfer.py [--transfers 20000] [--sockets 1 64] [--in-flight 64] [--rounds 5] [--only NAME...] [--json FILE]
    python tests/bench/transfer.py --idle 5000

Everybody talks to gateway.rs, a process of its own that is started afresh for every run. README.md says who does what, and
how to read the table.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harness
from harness import Platform


@dataclass
class Series:
    """The runs of one contender, by round."""

    seconds: list[float] = field(default_factory=list)
    #: CPU seconds of the transfers alone; of the whole process for Rust, which starts for nothing.
    cpu: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def faster_than(self, other: Series) -> list[float]:
        """How many times as fast, round by round: neighbours in time share what else the machine does."""
        return [theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True)]


def main(arguments: argparse.Namespace) -> None:
    gateway = harness.built(arguments.gateway, "target/release/examples/gateway", BUILD)
    if arguments.idle:
        rust = harness.built(arguments.rust, "target/release/examples/transfer", BUILD)
        with Platform([str(gateway)]) as platform:
            told = json.loads(harness.run([rust, "idle", str(arguments.idle)], platform.environment).output)
        print(f"{told['sessions']} idle sessions, {told['bytes'] / 1024:.1f} KiB each")
        return
    commands = contenders(arguments)
    figures: dict[str, Any] = {}
    for sockets in arguments.sockets:
        measured = measure(gateway, commands, sockets, arguments)
        print(f"\n{sockets} socket(s), {arguments.in_flight} at a time\n\n{report(measured, arguments.transfers)}")
        figures[str(sockets)] = {name: vars(series) for name, series in measured.items()}
    harness.write_json(arguments.json, {"transfers": arguments.transfers, "sockets": figures})


def contenders(arguments: argparse.Namespace) -> dict[str, list[str]]:
    """Each as its command and what follows the numbers."""
    here = Path(__file__).parent
    makers = {
        WEBSOCKETS: lambda: [sys.executable, str(here / "transfer_websockets.py")],
        WS: lambda: [harness.node_command(), str(here / "transfer_ws.mjs")],
        "porteur, Python": lambda: [harness.python_command(), str(here / "transfer_porteur.py")],
        "porteur, Node": lambda: [harness.node_command(), str(here / "transfer.mjs")],
        "porteur, Rust": lambda: [str(harness.built(arguments.rust, "target/release/examples/transfer", BUILD))],
        CHECKED: lambda: [str(harness.built(arguments.rust, "target/release/examples/transfer", BUILD))],
    }
    wanted = [name for name in makers if name in PEERS or not arguments.only or name in arguments.only]
    return {name: makers[name]() for name in wanted}


def measure(
    gateway: Path, commands: dict[str, list[str]], sockets: int, arguments: argparse.Namespace
) -> dict[str, Series]:
    series = {name: Series() for name in commands}
    numbers = [str(arguments.transfers), str(sockets), str(arguments.in_flight)]
    for name in harness.turns(list(commands), arguments.rounds):
        with Platform([str(gateway)]) as platform:
            check = "check" if name == CHECKED else "unchecked"
            run = harness.run([*commands[name], *numbers, check], platform.environment)
            platform.stop()
        told = json.loads(run.output)
        # Rust's share a socket's transfers evenly.
        if told["transfers"] < arguments.transfers - sockets:
            raise SystemExit(f"{name} made {told['transfers']} transfers, not {arguments.transfers}")
        series[name].seconds.append(run.seconds)
        series[name].cpu.append(told.get("cpu", run.cpu))
        series[name].p99_ms.append(told["p99_ms"])
    return series


def report(measured: dict[str, Series], transfers: int) -> str:
    head = ["", "transfers/s", f"times {WEBSOCKETS}", f"times {WS}", "p99, ms", "client, CPU µs a transfer"]
    rows = [
        [
            name,
            f"{transfers / statistics.median(series.seconds):.0f}",
            *(harness.spread(series.faster_than(measured[peer])) for peer in PEERS),
            f"{statistics.median(series.p99_ms):.1f}",
            f"{statistics.median(series.cpu) / transfers * 1e6:.1f}",
        ]
        for name, series in measured.items()
    ]
    return harness.table(head, rows)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Transfers many times in turns, with porteur and without.")
    parser.add_argument("--transfers", type=int, default=20_000, help="how many a run")
    parser.add_argument("--sockets", type=int, nargs="+", default=[1, 64], help="over how many sockets")
    parser.add_argument("--in-flight", type=int, default=64, help="how many at a time, over all sockets")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody transfers")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these contenders beside the peers")
    parser.add_argument("--idle", type=int, metavar="SESSIONS", help="what so many idle sessions hold, instead")
    parser.add_argument("--gateway", type=Path, help="the platform, when it is not in target/release/examples")
    parser.add_argument("--rust", type=Path, help="the Rust contender, when it is not in target/release/examples")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser


WEBSOCKETS = "websockets"
WS = "ws"
PEERS: Sequence[str] = (WEBSOCKETS, WS)
CHECKED = "porteur, Rust, each with a ping and a look at the interaction"
BUILD = "cargo build --release --package porteur-tests --features bench --examples"

if __name__ == "__main__":
    main(parser().parse_args())
