"""How fast pictures and documents become small ones, beside the libraries that people would take otherwise.

    python tests/bench/media.py [--items a,c] [--peers porteur,sharp] [--rounds 9] [--out FOLDER]

Every contender is a process that stays, pinned to one core, one thread; every round visits all of them. Then batches
on all cores, peak memory, and the quality of what was made. Writes media.md, media.json, media.svg (bars) and
media.webp (what the contenders made, side by side) to `--out`; `--redraw` makes them again from media.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import harness
import media_bars
import media_corpus
import media_quality
import media_race
import media_report
import media_sheet
from media_items import CONTENDERS, ITEMS
from media_race import Figures, Pace


def main(arguments: argparse.Namespace) -> None:
    out: Path = arguments.out
    if not arguments.redraw:
        out.mkdir(parents=True, exist_ok=True)
        harness.write_json(out / "media.json", measure(arguments))
    result = json.loads((out / "media.json").read_text())
    measured = {
        item: {name: Figures(**figures) for name, figures in contenders.items()}
        for item, contenders in result["items"].items()
    }
    report = media_report.Report(measured, result["batches"], result["memory"], arguments.clock, result["cores"])
    (out / "media.md").write_text(report.text())
    (out / "media.svg").write_text(media_bars.drawn(report, result["cpu"]))
    media_sheet.make(report, out / "outputs", out / "media.webp")
    print(report.text())


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    items = {name: ITEMS[name] for name in chosen(arguments.items, list(ITEMS), "item")}
    usual = [name for name, it in CONTENDERS.items() if not it.aside and not it.cannot.issuperset(items)]
    also = dict(pair.split("=", 1) for pair in arguments.also)
    names = [*chosen(arguments.peers, list(CONTENDERS), "contender", usual), *also]
    need(names)
    scorer = None if arguments.without_scores else media_quality.scorer(arguments.scorer)
    outputs: Path = arguments.out / "outputs"
    outputs.mkdir(exist_ok=True)
    media_corpus.make(arguments.corpus)
    packages = {name: Path(folder) for name, folder in also.items()}
    pace = Pace(arguments.rounds, arguments.seconds)
    measured = media_race.race(items, names, packages, arguments.corpus, outputs, pace)
    if scorer is not None:
        media_quality.score(measured, arguments.corpus, outputs, scorer)
    few, batches, memory = min(arguments.rounds, FEW), {}, {}
    if not arguments.items:
        batches = media_race.batches([name for name in BATCHES if name in names], arguments.corpus, few)
        memory = media_race.memory([name for name in MEMORY if name in names], arguments.corpus, few)
    return {
        "items": {item: {name: asdict(it) for name, it in all_of.items()} for item, all_of in measured.items()},
        "batches": batches,
        "memory": memory,
    }


def chosen(wish: str | None, known: Sequence[str], kind: str, usual: Sequence[str] | None = None) -> Sequence[str]:
    """The names in `a,b`, in our own order."""
    if wish is None:
        return known if usual is None else usual
    wishes = wish.split(",")
    unknown = [name for name in wishes if name not in known]
    if unknown:
        raise SystemExit(f"no {kind} is called {unknown[0]}: {', '.join(known)}")
    return [name for name in known if name in wishes]


def need(names: Sequence[str]) -> None:
    """Says what is missing, and how it is installed, before anything is measured."""
    workers = {name: CONTENDERS[name].worker for name in names if name in CONTENDERS}
    ours = [name for name in workers if name.startswith("porteur")]
    if any(workers[name] == "python" for name in ours):
        harness.python_command()
    if any(workers[name] == "node" for name in ours):
        harness.node_command()
    for name, module in MODULES.items():
        if name in names and importlib.util.find_spec(module) is None:
            raise SystemExit(f"{name} is missing: pip install -r tests/bench/requirements.txt")
    for name, module in PACKAGES.items():
        look = ["node", "-e", f"import('{module}').catch(() => process.exit(1))"]
        if name in names and subprocess.run(look, cwd=Path(__file__).parent, check=False).returncode != 0:
            raise SystemExit(f"{name} is missing: npm ci --prefix tests/bench")
    if "pdf2image" in names and subprocess.run(["which", "pdftoppm"], stdout=subprocess.DEVNULL).returncode != 0:
        raise SystemExit("pdf2image needs pdftoppm: apt-get install poppler-utils")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Makes pictures small in turns, with porteur and without.")
    parser.add_argument("--items", metavar="A,B", help=f"some of {', '.join(ITEMS)}; without batches and memory then")
    parser.add_argument("--peers", metavar="A,B", help=f"some of {', '.join(CONTENDERS)}")
    parser.add_argument("--also", nargs="+", default=[], metavar="NAME=FOLDER", help="other builds of the package")
    parser.add_argument("--rounds", type=int, default=9, help="how often everybody has a turn")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a turn lasts at least")
    parser.add_argument("--clock", choices=["cpu", "wall"], default="cpu", help="which seconds are compared")
    parser.add_argument("--without-scores", action="store_true", help="leaves SSIMULACRA2 out")
    parser.add_argument("--scorer", type=Path, help="the scorer, when it is not in target/score")
    parser.add_argument("--corpus", type=Path, default=TARGET / "corpus", help="where the corpus is made")
    parser.add_argument("--out", type=Path, default=TARGET / "media", help="where the results are written")
    parser.add_argument("--redraw", action="store_true", help="measures nothing")
    return parser


TARGET = harness.REPOSITORY / "target/bench"
#: Who has a way to do many pictures at a time, and whose memory people worry about.
BATCHES = ["porteur", "porteur-node", "sharp", "pillow"]
MEMORY = ["porteur", "porteur-node", "sharp", "pyvips", "pillow"]
#: What has no need of more rounds than this.
FEW = 5
#: What a contender imports.
MODULES = {
    "pyvips": "pyvips",
    "pillow": "PIL",
    "opencv": "cv2",
    "opencv-reduced": "cv2",
    "pdf2image": "pdf2image",
    "pypdfium2": "pypdfium2",
}
PACKAGES = {"sharp": "sharp", "napi-image": "@napi-rs/image"}

if __name__ == "__main__":
    main(parser().parse_args())
