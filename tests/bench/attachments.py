"""How long 200 attachments take from their description to the patch, in interleaved rounds.

    python tests/bench/attachments.py [--attachments 200] [--in-flight 8] [--rounds 5] [--only NAME...] [--json FILE]

Everybody carries out the tutorial's directive (a JPEG inside 1920 x 1080 px and a thumbnail of 200) on the attachments of
`porteur simulate`, a process of its own that is started afresh for every run. README.md says who does what, and how to
read the table.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import harness
import media_corpus
from harness import Platform, Run


@dataclass
class Series:
    """The runs of one contender, by round."""

    seconds: list[float] = field(default_factory=list)
    #: CPU seconds of the whole process.
    cpu: list[float] = field(default_factory=list)
    platform: list[float] = field(default_factory=list)
    #: Bytes.
    peak: list[int] = field(default_factory=list)

    def add(self, run: Run, platform: float) -> None:
        self.seconds.append(run.seconds)
        self.cpu.append(run.cpu)
        self.platform.append(platform)
        self.peak.append(run.peak)

    def faster_than(self, other: Series) -> list[float]:
        """How many times as fast, round by round: neighbours in time share what else the machine does."""
        return [theirs / ours for ours, theirs in zip(self.seconds, other.seconds, strict=True)]


def main(arguments: argparse.Namespace) -> None:
    media_corpus.make(arguments.corpus)
    porteur = harness.porteur_command(arguments.porteur)
    commands = contenders(arguments.only, arguments.in_flight)
    attachments = attached(arguments.corpus, arguments.attachments)
    measured = measure(porteur, commands, attachments, arguments.rounds)
    print(report(measured, len(attachments)))
    result = {name: getattr(arguments, name) for name in ("attachments", "in_flight", "rounds")}
    harness.write_json(arguments.json, result | {name: vars(series) for name, series in measured.items()})


def contenders(only: Sequence[str], in_flight: int) -> dict[str, Command]:
    """Each as a function of how many attachments there are."""
    here = Path(__file__).parent

    def python(interpreter: Callable[[], str], script: str, how: str) -> Command:
        command = [interpreter(), str(here / script)]
        return lambda count: [*command, str(count), how]

    makers: dict[str, Callable[[], Command]] = {
        TUTORIAL: lambda: python(harness.tutorial_command, "attachments_tutorial.py", "whole"),
        "the same, with Pillow's draft": lambda: python(harness.tutorial_command, "attachments_tutorial.py", "draft"),
        "porteur, Python, one at a time": lambda: python(harness.python_command, "attachments_porteur.py", "1"),
        "porteur, Python": lambda: python(harness.python_command, "attachments_porteur.py", str(in_flight)),
    }
    return {name: make() for name, make in makers.items() if name == TUTORIAL or not only or name in only}


def attached(corpus: Path, count: int) -> list[dict[str, str]]:
    """What people sent: photographs mostly, some of them small, and what they see on their screens."""
    kinds = [MIX[number % len(MIX)] for number in range(count)]
    return [
        {"id": f"attachment-{number}", "name": name, "content_type": kind, "path": str((corpus / name).resolve())}
        for number, (name, kind) in enumerate(kinds)
    ]


def measure(
    porteur: Path, commands: dict[str, Command], attachments: list[dict[str, str]], rounds: int
) -> dict[str, Series]:
    series = {name: Series() for name in commands}
    for name in harness.turns(list(commands), rounds):
        with Platform.simulated(porteur, discard=True, attachments=attachments) as platform:
            run = harness.run(commands[name](len(attachments)), platform.environment)
            told = json.loads(run.output)
            if told["patched"] != len(attachments):
                raise SystemExit(f"{name} patched {told['patched']} attachments, not {len(attachments)}")
            series[name].add(run, platform.stop())
    return series


def report(measured: dict[str, Series], count: int) -> str:
    head = ["", "attachments/s", "times the tutorial", "client, CPU ms each", "platform, CPU ms each", "peak, MiB"]
    rows = [
        [
            name,
            f"{count / statistics.median(series.seconds):.1f}",
            harness.spread(series.faster_than(measured[TUTORIAL])),
            f"{statistics.median(series.cpu) / count * 1e3:.1f}",
            f"{statistics.median(series.platform) / count * 1e3:.1f}",
            f"{statistics.median(series.peak) / harness.MIB:.0f}",
        ]
        for name, series in measured.items()
    ]
    return harness.table(head, rows)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Transforms attachments in turns, with porteur and without.")
    parser.add_argument("--attachments", type=int, default=200, help="how many a run")
    parser.add_argument("--in-flight", type=int, default=8, help="how many at a time, for those who can")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody does it")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these contenders beside the tutorial")
    parser.add_argument("--corpus", type=Path, default=harness.REPOSITORY / "target/bench/corpus", help="where it is made")
    parser.add_argument("--porteur", type=Path, help="the porteur command, when it is not in target/release")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser


#: The command line for so many.
Command = Callable[[int], list[str]]
TUTORIAL = "the tutorial's way, Python"
#: Files of the corpus of media.py and what they are declared as.
MIX = [
    ("p12_base.jpg", "image/jpeg"),
    ("p2.jpg", "image/jpeg"),
    ("p12_base.jpg", "image/jpeg"),
    ("shot_rgb.png", "image/png"),
    ("p12_base.jpg", "image/jpeg"),
    ("p2.jpg", "image/jpeg"),
    ("p12_base.jpg", "image/jpeg"),
    ("photo_lossy.webp", "image/webp"),
]

if __name__ == "__main__":
    main(parser().parse_args())
