"""What media.py found, in words: ratios to the named peers, and everybody's figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import harness
import media_race
from harness import MIB
from media_items import BATCH, BYTES, CONTENDERS, ITEMS, LARGE, POINTS
from media_race import Figures, Measured


@dataclass(frozen=True)
class Report:
    """All that was measured."""

    measured: Measured
    #: Of a batch: pictures a second as `rate`, and CPU seconds a picture as `cpu`.
    batches: dict[str, dict[str, list[float]]]
    #: Bytes above the bare process.
    memory: dict[str, list[int]]
    #: "cpu" or "wall".
    clock: str
    cores: int

    def text(self) -> str:
        parts = [self.headline(), self.seconds(), self.quality(), self.at_once(), self.peaks(), self.errors()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def headline(self) -> str:
        """Ours beside the named peers: the package that was measured first in full, the others as ratios."""
        mine, *others = [name for name in self.names() if is_ours(name)] or [""]
        head = ["", "beside", "peer, ms", "ours, ms", "times faster", "score, peer's and ours", "bytes", "as good"]
        rows = []
        for item, contenders in self.measured.items():
            for peer in ITEMS[item].peers:
                ours, theirs = contenders.get(mine), contenders.get(peer)
                if ours is None or theirs is None or ours.error or theirs.error:
                    continue
                rows.append(
                    [
                        ITEMS[item].title,
                        title(peer),
                        f"{self.ms(theirs):.1f}",
                        f"{self.ms(ours):.1f}",
                        harness.spread(self.ratios(ours, theirs)),
                        *judged(ours, theirs),
                        *(known(contenders.get(name), lambda other: self.brief(other, theirs)) for name in others),
                    ]
                )
        return harness.table([*head, *map(title, others)], rows) if rows else ""

    def brief(self, ours: Figures, theirs: Figures) -> str:
        """The ratio alone, unless the pictures are not as good."""
        ratio = f"{statistics.median(self.ratios(ours, theirs)):.2f}"
        return f"{ratio}, not as good" if judged(ours, theirs)[-1] == "no" else ratio

    def names(self) -> list[str]:
        """Everybody who was there."""
        return list(dict.fromkeys(name for contenders in self.measured.values() for name in contenders))

    def seconds(self) -> str:
        """Median milliseconds of everybody."""
        return self._everybody(f"ms ({self.clock})", lambda figures: f"{self.ms(figures):.1f}")

    def quality(self) -> str:
        """Score and bytes of everybody's first output."""

        def cell(figures: Figures) -> str:
            score = f"{figures.scores[0]:.1f} / " if figures.scores else ""
            return f"{score}{figures.sizes[0] / 1000:.1f} kB"

        return self._everybody("SSIMULACRA2 / bytes", cell)

    def at_once(self) -> str:
        head = [f"{ITEMS[BATCH].title}, {self.cores} cores", "pictures/s", "CPU ms a picture"]
        rows = [
            [title(name), harness.spread(done["rate"]), f"{statistics.median(done['cpu']) * 1000:.1f}"]
            for name, done in self.batches.items()
        ]
        return harness.table(head, rows) if rows else ""

    def peaks(self) -> str:
        head = [f"{LARGE.title}: peak memory above the bare process", "MiB"]
        rows = [[title(name), f"{statistics.median(peaks) / MIB:.1f}"] for name, peaks in self.memory.items()]
        return harness.table(head, rows) if rows else ""

    def errors(self) -> str:
        return "\n".join(
            f"* {title(name)}, {ITEMS[item].title}: {figures.error}"
            for item, contenders in self.measured.items()
            for name, figures in contenders.items()
            if figures.error
        )

    def ms(self, figures: Figures) -> float:
        return statistics.median(figures.clock(self.clock)) * 1000

    def ratios(self, ours: Figures, theirs: Figures) -> list[float]:
        """How many times faster ours is, round by round."""
        pairs = zip(ours.clock(self.clock), theirs.clock(self.clock), strict=True)
        return [their / our for our, their in pairs]

    def _everybody(self, corner: str, cell: Cell) -> str:
        names = self.names()
        rows = [
            [ITEMS[item].title, *(known(contenders.get(name), cell) for name in names)]
            for item, contenders in self.measured.items()
        ]
        return harness.table([corner, *map(title, names)], rows)


def judged(ours: Figures, theirs: Figures) -> list[str]:
    """Scores, bytes, and whether the rule holds for each output: the picture, and the thumbnail if there is one."""
    change = sum(ours.sizes) / sum(theirs.sizes) - 1
    if not ours.scores or not theirs.scores:
        return ["", f"{change:+.1%}", ""]
    pairs = zip(ours.scores, theirs.scores, ours.sizes, theirs.sizes, strict=True)
    good = all(our >= their - POINTS and size <= bytes_ * BYTES for our, their, size, bytes_ in pairs)
    return [f"{theirs.scores[0]:.1f}, {ours.scores[0]:.1f}", f"{change:+.1%}", "yes" if good else "no"]


def known(figures: Figures | None, cell: Cell) -> str:
    return "" if figures is None or figures.error else cell(figures)


def title(name: str) -> str:
    return media_race.contender(name, () if name in CONTENDERS else (name,)).title


def is_ours(name: str) -> bool:
    return title(name).startswith("porteur")


Cell = Callable[[Figures], str]
