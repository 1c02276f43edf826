"""How many times faster porteur is, to look at: an SVG with a card for each item.

It has a ground of its own, so that a page of any colour may show it, and is dark where the reader's system is.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from html import escape

from harness import MIB
from media_items import BATCH, ITEMS, LARGE, POINTS
from media_report import Report, is_ours, title


def drawn(report: Report, cpu: str) -> str:
    """A card for each item: how long everybody takes, in times of ours."""
    cards = [found for item in report.measured if (found := item_card(report, item))]
    if report.batches:
        cards.append(rate_card(report))
    if report.memory:
        cards.append(memory_card(report))
    placed, tops = [heading(report, cpu)], [HEAD] * COLUMNS
    for head, lines in cards:
        column = tops.index(min(tops))
        placed.append(card(head, lines, GAP + column * (CARD + GAP), tops[column]))
        tops[column] += height(lines) + GAP
    width, high = COLUMNS * (CARD + GAP) + GAP, max(tops)
    return SVG.format(width=width, height=high, style=STYLE, body="\n".join(placed))


def item_card(report: Report, item: str) -> Card | None:
    contenders = {name: it for name, it in report.measured[item].items() if not it.error}
    mine = next((name for name in [OURS, *ITEMS[item].peers] if name in contenders), None)
    if mine is None:
        return None
    ours = contenders[mine]
    lines = []
    for name, figures in contenders.items():
        times = statistics.median(report.ratios(ours, figures))
        points = figures.scores[0] - ours.scores[0] if figures.scores and ours.scores else 0.0
        note = f"{points:+.0f} points".replace("-", "−") if abs(points) > POINTS else ""
        label = f"{times:.1f}×" if name != mine else f"{report.ms(figures):.1f} ms"
        lines.append(Line(name, times, label, note))
    return ITEMS[item].title, sorted(lines, key=lambda line: (line.name != mine, not is_ours(line.name), line.length))


def rate_card(report: Report) -> Card:
    rates = {name: statistics.median(done["rate"]) for name, done in report.batches.items()}
    lines = [Line(name, rate, f"{rate:.0f}/s") for name, rate in rates.items()]
    return f"{ITEMS[BATCH].title}: {report.cores} cores", lines


def memory_card(report: Report) -> Card:
    peaks = {name: statistics.median(peaks) / MIB for name, peaks in report.memory.items()}
    lines = [Line(name, peak, f"{peak:.0f} MiB") for name, peak in peaks.items()]
    return f"{LARGE.title}: memory", lines


def heading(report: Report, cpu: str) -> str:
    rounds = max(len(figures.wall) for all_of in report.measured.values() for figures in all_of.values())
    under = (
        f"One core of {cpu}, one thread each, medians of {rounds} rounds. A bar is the time for a picture,"
        " 1× is porteur from Python."
    )
    points = "Points are SSIMULACRA2 beside porteur's picture, where they are more than one."
    return (
        f'<text class="title" x="{GAP}" y="34">How many times faster porteur is</text>'
        f'<text class="small" x="{GAP}" y="56">{escape(under)}</text>'
        f'<text class="small" x="{GAP}" y="73">{escape(points)}</text>'
    )


def card(head: str, lines: list[Line], left: int, top: int) -> str:
    most = max(line.length for line in lines)
    parts = [
        f'<rect class="card" x="{left}" y="{top}" width="{CARD}" height="{height(lines)}" rx="8"/>',
        f'<text class="head" x="{left + 12}" y="{top + 22}">{escape(head)}</text>',
    ]
    for number, line in enumerate(lines):
        y = top + 36 + number * LINE
        long = max(2.0, line.length / most * BAR)
        kind = "ours" if is_ours(line.name) else "peer"
        note = f'<tspan class="small" dx="5">{line.note}</tspan>' if line.note else ""
        parts += [
            f'<text class="name {kind}-name" x="{left + NAME}" y="{y + 11}">{escape(title(line.name))}</text>',
            f'<rect class="{kind}" x="{left + NAME + 8}" y="{y + 1}" width="{long:.1f}" height="12" rx="2"/>',
            f'<text class="label" x="{left + NAME + 13 + long:.1f}" y="{y + 11}">{line.label}{note}</text>',
        ]
    return "\n".join(parts)


def height(lines: list[Line]) -> int:
    return 44 + len(lines) * LINE


@dataclass(frozen=True)
class Line:
    """A bar."""

    name: str
    length: float
    label: str
    note: str = ""


#: A heading, and bars from top to bottom.
Card = tuple[str, list[Line]]
OURS = "porteur"

# Of the bars, in px.
COLUMNS, CARD, GAP, LINE, HEAD = 3, 316, 12, 18, 90
#: Where the names end, and how long the longest bar is: beside it stand a ratio and a note.
NAME, BAR = 112, 88
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
  role="img">
<title>How many times faster porteur is than other libraries, item by item</title>
<style>{style}</style>
<rect class="ground" width="{width}" height="{height}" rx="10"/>
{body}
</svg>
"""
STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff } .card { fill: #f3f5f8 } .ours { fill: #1f6feb } .peer { fill: #b3bcc8 }
.title { font-size: 20px; font-weight: 600 } .head { font-weight: 600 }
.name { text-anchor: end; fill: #59636e } .ours-name { fill: #1f2328; font-weight: 600 }
.label { font-variant-numeric: tabular-nums } .small { font-size: 11px; fill: #59636e }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .ground { fill: #0d1117 } .card { fill: #181e26 }
  .ours { fill: #4493f8 } .peer { fill: #525c68 }
  .name, .small { fill: #9198a1 } .ours-name { fill: #e6edf3 }
}
"""
