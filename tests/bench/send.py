"""How many messages a second one client sends, and what a send costs, in interleaved rounds.

    python tests/bench/send.py [--sends 5000] [--in-flight 64] [--rounds 5] [--only NAME...] [--json FILE]

Everybody sends the same message to the same conversation of `porteur simulate`, a process of its own that is started
afresh for every run. README.md says who does what, and how to read the table.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness import Platform, Run


@dataclass
class Series:
    """The runs of one contender, by round."""

    seconds: list[float] = field(default_factory=list)
    #: CPU seconds of the same time, without the start of the process: the SDK's takes more than all of its sends.
    cpu: list[float] = field(default_factory=list)
    platform: list[float] = field(default_factory=list)

    def add(self, run: Run, cpu: float, platform: float) -> None:
        self.seconds.append(run.seconds)
        self.cpu.append(cpu)
        self.platform.append(platform)

    def faster_than(self, other: Series) -> list[float]:
        """How many times as fast, round by round: neighbours in time share what else the machine does."""
        return [theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True)]


def main(arguments: argparse.Namespace) -> None:
    porteur = harness.porteur_command(arguments.porteur)
    commands = contenders(arguments.only, arguments.in_flight, arguments.rust)
    measured = measure(porteur, commands, arguments.sends, arguments.rounds)
    print(report(measured, arguments.sends))
    result = {"sends": arguments.sends, "in_flight": arguments.in_flight, "rounds": arguments.rounds}
    harness.write_json(arguments.json, result | {name: vars(series) for name, series in measured.items()})


def contenders(only: Sequence[str], in_flight: int, rust: Path | None) -> dict[str, Command]:
    """Each as a function of how many messages it sends."""
    here = Path(__file__).parent

    def python(interpreter: Callable[[], str], script: str, at_a_time: int) -> Command:
        command = [interpreter(), str(here / script)]
        return lambda sends: [*command, str(sends), str(at_a_time)]

    def node() -> Command:
        command = [harness.node_command(), str(here / "send.mjs")]
        return lambda sends: [*command, str(sends), str(in_flight)]

    def rust_binary() -> Command:
        command = str(harness.built(rust, "target/release/examples/send", BUILD_RUST))
        return lambda sends: [command, str(sends), str(in_flight)]

    makers: dict[str, Callable[[], Command]] = {
        REQUESTS: lambda: python(harness.tutorial_command, "send_requests.py", 1),
        f"requests, {in_flight} threads": lambda: python(harness.tutorial_command, "send_requests.py", in_flight),
        "official SDK": lambda: python(harness.sdk_command, "send_sdk.py", 1),
        f"official SDK, {in_flight} threads": lambda: python(harness.sdk_command, "send_sdk.py", in_flight),
        "porteur, Python": lambda: python(harness.python_command, "send_porteur.py", in_flight),
        "porteur, Node": node,
        "porteur, Rust": rust_binary,
    }
    return {name: make() for name, make in makers.items() if name == REQUESTS or not only or name in only}


def measure(porteur: Path, commands: dict[str, Command], sends: int, rounds: int) -> dict[str, Series]:
    series = {name: Series() for name in commands}
    for name in harness.turns(list(commands), rounds):
        with Platform.simulated(porteur, discard=False) as platform:
            run = harness.run(commands[name](sends), platform.environment)
            told = json.loads(run.output)
            if told["sent"] != sends:
                raise SystemExit(f"{name} sent {told['sent']} messages, not {sends}")
            # A Rust process starts for nothing and does not tell: its CPU time is that of the whole process.
            series[name].add(run, told.get("cpu", run.cpu), platform.stop())
    return series


def report(measured: dict[str, Series], sends: int) -> str:
    head = ["", "sends/s", "times requests", "client, CPU µs a send", "platform, CPU µs a send"]
    rows = [
        [
            name,
            f"{sends / statistics.median(series.seconds):.0f}",
            harness.spread(series.faster_than(measured[REQUESTS])),
            f"{statistics.median(series.cpu) / sends * 1e6:.0f}",
            f"{statistics.median(series.platform) / sends * 1e6:.0f}",
        ]
        for name, series in measured.items()
    ]
    return harness.table(head, rows)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Sends the same message many times in turns, with porteur and without.")
    parser.add_argument("--sends", type=int, default=5000, help="how many messages a run")
    parser.add_argument("--in-flight", type=int, default=64, help="how many at a time, for those who can")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody sends")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these contenders beside requests")
    parser.add_argument("--porteur", type=Path, help="the porteur command, when it is not in target/release")
    parser.add_argument("--rust", type=Path, help="the Rust contender, when it is not in target/release/examples")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser


#: The command line that sends so many.
Command = Callable[[int], list[str]]
REQUESTS = "requests, one at a time"
BUILD_RUST = "cargo build --release --package porteur-tests --example send"

if __name__ == "__main__":
    main(parser().parse_args())
