"""What the contenders made, side by side: a WebP with each one's time, bytes and score."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from media_items import ITEMS
from media_report import Report, is_ours, title
from PIL import Image, ImageDraw, ImageFont, ImageOps


def make(report: Report, outputs: Path, path: Path) -> None:
    """Some of the outputs as they are, each with its time, its bytes and its score."""
    bands = [[group for item in band if (group := shown(report, outputs, item))] for band in SHEET]
    bands = [band for band in bands if band]
    if not bands:
        return
    wide = max(sum(group.width() for group in band) for band in bands) + MARGIN
    made = Image.new("RGB", (wide, LEGEND + sum(map(band_height, bands))), GROUND)
    ImageDraw.Draw(made).text((MARGIN, 20), legend(report), font=font(17), fill=MUTED)
    top = LEGEND
    for band in bands:
        left = MARGIN
        for group in band:
            group.paste(made, left, top)
            left += group.width()
        top += band_height(band)
    path.write_bytes(small(made))


def legend(report: Report) -> str:
    clock = "CPU time" if report.clock == "cpu" else "one core"
    return f"Milliseconds of {clock} · size · SSIMULACRA2, 100 is the best"


def band_height(band: list[Group]) -> int:
    return ROW_HEAD + max(group.height() for group in band) + CAPTION


def shown(report: Report, outputs: Path, item: str) -> Group | None:
    """What the contenders made of an item."""
    tiles, cut = [], False
    for name in SHOWN[item]:
        figures = report.measured.get(item, {}).get(name)
        if figures is None or figures.error:
            continue
        picture = ImageOps.exif_transpose(Image.open(outputs / f"{item}.{name}.0"))
        score = f" · {figures.scores[0]:.1f}" if figures.scores else ""
        facts = f"{report.ms(figures):.1f} ms · {figures.sizes[0] / 1000:.1f} kB{score}"
        tiles.append(Tile(piece(on_squares(picture)), title(name), facts, is_ours(name)))
        cut = cut or max(picture.size) > TILE
    return Group(ITEMS[item].title + ": a piece of it" * cut, tiles) if tiles else None


def piece(picture: Image.Image) -> Image.Image:
    """The whole of a small picture, and of a large one some of the middle, pixel by pixel."""
    if max(picture.size) <= TILE:
        return picture
    left, top = (picture.width - TILE) // 2, (picture.height - PIECE) // 2
    return picture.crop((left, top, left + TILE, top + PIECE))


def on_squares(picture: Image.Image) -> Image.Image:
    """Where it is transparent, the ground shows."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, "white")
    draw = ImageDraw.Draw(ground)
    for top in range(0, picture.height, SQUARE):
        for left in range(top // SQUARE % 2 * SQUARE, picture.width, 2 * SQUARE):
            draw.rectangle((left, top, left + SQUARE - 1, top + SQUARE - 1), fill=(214, 219, 225))
    return Image.alpha_composite(ground, picture).convert("RGB")


def small(picture: Image.Image) -> bytes:
    """As good as it can be within the bytes that a README may ask of its readers."""
    for quality in range(92, 40, -4):
        output = io.BytesIO()
        picture.save(output, "WEBP", quality=quality, method=6)
        if output.tell() <= SHEET_BYTES:
            break
    return output.getvalue()


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@dataclass(frozen=True)
class Tile:
    """A picture and the two lines below it."""

    picture: Image.Image
    name: str
    facts: str
    ours: bool


@dataclass(frozen=True)
class Group:
    """Pictures side by side, under a heading."""

    head: str
    tiles: list[Tile]

    def width(self) -> int:
        return len(self.tiles) * self._step()

    def height(self) -> int:
        return max(int(tile.picture.height) for tile in self.tiles)

    def paste(self, sheet: Image.Image, left: int, top: int) -> None:
        draw = ImageDraw.Draw(sheet)
        draw.text((left, top), self.head, font=font(22), fill=INK)
        bottom = top + ROW_HEAD + self.height()
        for tile in self.tiles:
            sheet.paste(tile.picture, (left, bottom - tile.picture.height))
            strong = 0.5 if tile.ours else 0
            draw.text((left, bottom + 8), tile.name, font=font(19), fill=INK, stroke_width=strong)
            draw.text((left, bottom + 32), tile.facts, font=font(16), fill=MUTED)
            left += self._step()

    def _step(self) -> int:
        """From one picture to the next; the lines below need room too."""
        return max(LINE_ROOM, *(int(tile.picture.width) for tile in self.tiles)) + MARGIN


#: What the sheet shows, from top to bottom, and of whom.
SHEET = [["a"], ["b"], ["c_rgba"], ["e", "g"]]
SHOWN = {
    "a": ["porteur", "sharp", "pillow", "opencv-reduced"],
    "b": ["porteur", "pyvips", "sharp", "opencv-reduced"],
    "c_rgba": ["porteur", "sharp", "pillow", "opencv"],
    "e": ["porteur", "sharp", "pillow"],
    "g": ["porteur", "pdf2image", "pypdfium2"],
}
# Of the sheet, in px.
TILE, PIECE, MARGIN, LEGEND, ROW_HEAD, CAPTION, LINE_ROOM, SQUARE = 300, 200, 24, 60, 38, 84, 196, 8
GROUND, INK, MUTED = (246, 248, 250), (31, 35, 40), (89, 99, 110)
SHEET_BYTES = 190_000
