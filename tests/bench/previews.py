"""Previews from the webhook to the message: `porteur worker`, the package in a Python process, and the tutorial's worker.

    pip install -r tests/bench/requirements.txt && python tests/bench/previews.py

Each contender is a process with a webhook of its own. The platform (attachments, CDN, conversation) is a simulator in this process. All
webhooks are posted at once, and the clock stops when the conversation has as many messages. With --flood, one
`porteur worker` gets thousands of events with large pictures, and its memory is looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import harness
import media_corpus
from porteur.testing import Simulator

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    """What a contender took for all events."""

    seconds: float
    #: Of the process and its children.
    cpu: float
    peak: int


def main() -> None:
    arguments = parsed()
    # A contender works in a folder of its own.
    porteur = harness.porteur_command(arguments.porteur).resolve()
    media_corpus.make(arguments.corpus)
    if arguments.flood:
        flood(porteur, arguments.corpus / LARGE, arguments.flood)
        return
    picture = arguments.corpus / USUAL
    commands = {
        "porteur worker": [str(porteur), "worker", *WORKER],
        "porteur, Python": [sys.executable, str(HERE / "previews_porteur.py")],
        "tutorial": [sys.executable, str(HERE / "previews_tutorial.py")],
    }
    results: dict[str, list[Result]] = {name: [] for name in commands}
    for name in harness.turns(list(commands), arguments.rounds):
        results[name].append(measured(commands[name], picture, arguments.events))
    report(results, arguments.events, picture)
    harness.write_json(
        arguments.json,
        {name: [vars(result) for result in all] for name, all in results.items()},
    )


def measured(command: list[str], picture: Path, events: int) -> Result:
    """One contender, from its first webhook to its last message."""
    names = [f"{number}.jpg" for number in range(events + 1)]
    hosted = [{"name": name, "path": str(picture), "content_type": "image/jpeg"} for name in names]
    with Simulator(clock="system", hosted=hosted) as simulator, tempfile.TemporaryDirectory() as folder:
        with Contender(command, simulator, Path(folder)) as contender:
            # A first one, so that nobody's start is counted.
            contender.post(names[:1])
            contender.wait(simulator, 1)
            started, worked = time.perf_counter(), contender.cpu()
            contender.post(names[1:])
            contender.wait(simulator, len(names))
            return Result(time.perf_counter() - started, contender.cpu() - worked, contender.peak())


class Contender:
    """A process with a webhook, from `with` to its end. It prints where its webhook is."""

    def __init__(self, command: list[str], simulator: Simulator, folder: Path) -> None:
        environment = {
            "GENESYS_BASE_URL": simulator.url,
            "GENESYS_CLIENT_ID": simulator.client_id,
            "GENESYS_CLIENT_SECRET": simulator.client_secret,
            "CDN_PRESIGNED_URL_TEMPLATE": f"{simulator.url}/cdn/{{id}}",
        }
        self._simulator = simulator
        self._process = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=folder, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None, "it was opened with a pipe"
        said = self._process.stdout.readline()
        if not said.startswith("webhooks on "):
            raise SystemExit(f"{' '.join(command)} did not start: {said}")
        self._webhook = said.removeprefix("webhooks on ").strip()

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def post(self, names: list[str]) -> None:
        """A webhook for each attachment, sixteen at a time."""
        with ThreadPoolExecutor(16) as threads:
            for status in threads.map(self._post, names):
                assert status == 200, status

    def _post(self, name: str) -> int:
        data = {
            "conversationId": "conversation-1",
            "attachmentUrl": f"{self._simulator.url}/hosted/{name}",
            "fileName": name,
            "mimeType": "image/jpeg",
        }
        body = json.dumps({"event": "webchat:attachment", "data": data}).encode()
        request = urllib.request.Request(self._webhook, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)

    def wait(self, simulator: Simulator, messages: int) -> None:
        """Until the conversation has so many messages."""
        while len(simulator.state["conversations"][0]["posted"]) < messages:
            if self._process.poll() is not None:
                raise SystemExit(f"it ended with {self._process.returncode}")
            # What is looked at grows with what is waited for.
            time.sleep(max(LOOK, messages / 5_000))

    def cpu(self) -> float:
        """Seconds of the process and of its children, those that are gone too."""
        return sum(map(cpu_of, family(self._process.pid)))

    def peak(self) -> int:
        return harness.peak_of(self._process.pid)


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    for task in children.parents[1].iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_of(pid: int) -> float:
    # What follows the name in parentheses, which may hold spaces: utime, stime and those of children that are gone.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def report(results: dict[str, list[Result]], events: int, picture: Path) -> None:
    medians = {name: statistics.median(result.cpu for result in all) for name, all in results.items()}
    rows = []
    for name, all in results.items():
        seconds = statistics.median(result.seconds for result in all)
        peak = statistics.median(result.peak for result in all) / harness.MIB
        rows.append(
            [
                name,
                f"{events / medians[name]:.1f}",
                f"{medians['tutorial'] / medians[name]:.2f}",
                f"{events / seconds:.1f}",
                f"{peak:.0f} MiB",
            ]
        )
    print(f"{events} previews of {picture.name}, medians of {len(next(iter(results.values())))} rounds\n")
    print(harness.table(["", "a second and core", "times the tutorial", "a second", "peak memory"], rows))


def flood(porteur: Path, picture: Path, events: int) -> None:
    """One worker, and more events than it can do at once."""
    names = [f"{number}.jpg" for number in range(events)]
    hosted = [{"name": name, "path": str(picture), "content_type": "image/jpeg"} for name in names]
    with Simulator(clock="system", hosted=hosted) as simulator, tempfile.TemporaryDirectory() as folder:
        with Contender([str(porteur), "worker", *WORKER], simulator, Path(folder)) as contender:
            started = time.perf_counter()
            contender.post(names)
            stored = time.perf_counter() - started
            print(f"{events} webhooks stored after {stored:.1f} s, {contender.peak() / harness.MIB:.0f} MiB at most", flush=True)
            contender.wait(simulator, events)
            seconds = time.perf_counter() - started
            print(f"all linked after {seconds:.1f} s, {contender.peak() / harness.MIB:.0f} MiB at most")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path, default=harness.REPOSITORY / "target/bench/corpus", help="where it is made")
    parser.add_argument("--flood", type=int, metavar="EVENTS", help="memory of one worker under so many events")
    parser.add_argument("--porteur", type=Path, help="the command; default the one in target/release")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    return parser.parse_args()


#: 12 and 24 million pixels.
USUAL = "p12_base.jpg"
LARGE = "p24_o6.jpg"
#: The platform's documented rate would be what is measured.
WORKER = ["--listen", "127.0.0.1:0", "--status", "127.0.0.1:0", "--allow-private", "--per-minute", "100000"]
#: Seconds.
LOOK = 0.05

if __name__ == "__main__":
    main()
