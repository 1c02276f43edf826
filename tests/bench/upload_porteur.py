"""The same upload with porteur: `python upload_porteur.py FILE`; without a file only the package is imported."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import porteur


def main(path: str | None) -> None:
    started = time.perf_counter()
    if path is not None:
        with porteur.Client.from_env() as client:
            client.upload(path)
    print(json.dumps({"seconds": time.perf_counter() - started, "peak": peak()}))


def peak() -> int:
    """Bytes of memory at most so far, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
