"""How fast the chunks of a file are hashed, beside the loops that everybody writes, on one core and on two.

    python tests/bench/digest.py [--size-mib 1024] [--rounds 5] [--json FILE]

Each measurement is a process of its own, pinned to its cores, on a file in the page cache; Node's are in digest.mjs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import harness
from harness import MIB


def main(arguments: argparse.Namespace) -> None:
    available = sorted(os.sched_getaffinity(0))
    places = {cores: available[:cores] for cores in (1, 2) if cores <= len(available)}
    size = arguments.size_mib * MIB
    with harness.random_file(size, arguments.dir) as path:
        commands = contenders(path, arguments.chunk_size, node=not arguments.without_node)
        taken = measure(commands, places, arguments.rounds)
    for cores, seconds in taken.items():
        print(f"\n{cores} core{'s' if cores > 1 else ''}:\n")
        print(report(seconds, taken[1], size))
    harness.write_json(arguments.json, {"bytes": size, "chunk_size": arguments.chunk_size, "seconds": taken})


def contenders(path: Path, chunk_size: int, *, node: bool) -> dict[str, list[str]]:
    here = Path(__file__)
    work = [str(path), str(chunk_size)]
    python = [harness.python_command(), str(here), "--work"]
    commands = {"Python, hashlib": [*python, "hashlib", *work], "Python, porteur": [*python, "porteur", *work]}
    if node:
        script = [harness.node_command(), str(here.with_suffix(".mjs"))]
        commands |= {
            "Node, crypto": [*script, "crypto", *work],
            "Node, porteur": [*script, "porteur", *work],
            "Node, porteur, bytes": [*script, "porteur-bytes", *work],
        }
    return commands


def measure(commands: dict[str, list[str]], places: dict[int, list[int]], rounds: int) -> dict[int, Taken]:
    """Seconds by number of cores, contender and round."""
    taken: dict[int, Taken] = {cores: {name: [] for name in commands} for cores in places}
    sums = set()
    for name in harness.turns(list(commands), rounds):
        for cores, place in places.items():
            run = harness.run(commands[name], cores=place)
            taken[cores][name].append(run.seconds)
            sums.add(json.loads(run.output)["sum"])
    if len(sums) != 1:
        raise SystemExit("the contenders do not agree on the digests")
    return taken


def report(taken: Taken, alone: Taken, size: int) -> str:
    rows = []
    for name, seconds in taken.items():
        peer = [theirs / ours for ours, theirs in zip(seconds, taken[PEERS[name]], strict=True)]
        one = [theirs / ours for ours, theirs in zip(seconds, alone[name], strict=True)]
        speed = size / statistics.median(seconds) / 1e9
        rows.append([name, f"{speed:.2f}", harness.spread(peer), harness.spread(one)])
    return harness.table(["", "GB/s", "times its peer", "times itself on one core"], rows)


def work(name: str, path: str, chunk_size: int) -> None:
    """One measurement, in a process of its own."""
    hashed = HASHED_BY[name]()
    started = time.perf_counter()
    chunks = hashed(path, chunk_size)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "sum": hashlib.sha256("\n".join(chunks).encode()).hexdigest()}))


def by_porteur() -> Hashed:
    import porteur  # Only this contender needs it, and its loading is not measured.

    return lambda path, chunk_size: porteur.sha256_chunks(path, chunk_size).chunks


def by_hashlib() -> Hashed:
    def read_and_hash(path: str, chunk_size: int) -> Sequence[str]:
        """The loop that everybody writes."""
        chunks = []
        with Path(path).open("rb") as file:
            while chunk := file.read(chunk_size):
                chunks.append(hashlib.sha256(chunk).hexdigest())
        return chunks

    return read_and_hash


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Hashes the chunks of one file in turns, with porteur and without.")
    parser.add_argument("--size-mib", type=int, default=1024, help="the size of the file")
    parser.add_argument("--chunk-size", type=int, default=5 * MIB, help="bytes a chunk")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody hashes")
    parser.add_argument("--without-node", action="store_true", help="leaves Node's contenders out")
    parser.add_argument("--dir", type=Path, help="where the file is made; it has to fit into the page cache")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--work", nargs=3, metavar=("NAME", "FILE", "CHUNK_SIZE"), help=argparse.SUPPRESS)
    return parser


#: Seconds by contender and round.
Taken = dict[str, list[float]]
Hashed = Callable[[str, int], Sequence[str]]
HASHED_BY = {"porteur": by_porteur, "hashlib": by_hashlib}

#: Whom a contender is measured against.
PEERS = {
    "Python, hashlib": "Python, hashlib",
    "Python, porteur": "Python, hashlib",
    "Node, crypto": "Node, crypto",
    "Node, porteur": "Node, crypto",
    "Node, porteur, bytes": "Node, crypto",
}

if __name__ == "__main__":
    arguments = parser().parse_args()
    if arguments.work:
        name, path, chunk_size = arguments.work
        work(name, path, int(chunk_size))
    else:
        main(arguments)
