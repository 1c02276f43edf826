"""How much memory the upload of a large file takes: the peak of the process that uploads.

    python tests/bench/memory.py [--size-gib 8] [--json FILE]

The file is sparse, so that its size costs no disk; the platform is another process and keeps digests only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import harness
from harness import GIB, MIB, Platform, Run


def main(arguments: argparse.Namespace) -> None:
    porteur = harness.porteur_command(arguments.porteur)
    worker = [harness.python_command(), str(Path(__file__).with_name("upload_porteur.py"))]
    bare = {
        "Python alone": harness.run([sys.executable, "-c", PEAK]),
        "Python with porteur imported": harness.run(worker),
    }
    with harness.sparse_file(arguments.size_gib * GIB, arguments.dir) as path:
        uploads = {
            f"{who}, {kind}": upload(porteur, command, settings)
            for kind, settings in PLATFORMS.items()
            for who, command in {
                "porteur, command": [str(porteur), "upload", str(path)],
                "porteur, Python": [*worker, str(path)],
            }.items()
        }
    runs = uploads | bare
    print(harness.table(["", "peak, MiB", "seconds"], [[name, *figures(run)] for name, run in runs.items()]))
    peaks = {name: {"peak": run.peak, "seconds": run.seconds} for name, run in runs.items()}
    harness.write_json(arguments.json, {"bytes": arguments.size_gib * GIB, "runs": peaks})


def upload(porteur: Path, command: list[str], settings: dict[str, object]) -> Run:
    with Platform.simulated(porteur, discard=True, **settings) as platform:
        run = harness.run(command, platform.environment)
        platform.stop()
    return run


def figures(run: Run) -> list[str]:
    return [f"{run.peak / MIB:.1f}", f"{run.seconds:.1f}"]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Uploads a large sparse file and shows the peak memory.")
    parser.add_argument("--size-gib", type=int, default=8, help="the size of the file")
    parser.add_argument("--dir", type=Path, help="where the file is made")
    parser.add_argument("--porteur", type=Path, help="the porteur command, when it is not in target/release")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    return parser


PLATFORMS: dict[str, dict[str, object]] = {"one URL, ranges": {}, "one URL a part": {"multipart": True}}

#: Prints the peak of a Python that does nothing else.
PEAK = """
with open("/proc/self/status") as lines:
    print('{"peak":', next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), "}")
"""

if __name__ == "__main__":
    main(parser().parse_args())
