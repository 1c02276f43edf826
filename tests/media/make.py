"""Makes the pictures of this folder; needs Pillow. They are drawn by arithmetic, so nobody owns what they show.

    python tests/media/make.py
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent


def landscape(width: int, height: int) -> Image.Image:
    """Hills before an evening sky: smooth areas, edges and a little grain, as a photograph has."""
    picture = Image.new("RGB", (width, height))
    pixels = picture.load()
    for x in range(width):
        hills = [
            0.55 + 0.10 * math.sin(x / 90) + 0.03 * math.sin(x / 17),
            0.68 + 0.08 * math.sin(x / 130 + 2) + 0.02 * math.sin(x / 23),
            0.82 + 0.06 * math.sin(x / 70 + 4) + 0.02 * math.sin(x / 11),
        ]
        for y in range(height):
            depth = sum(y / height > hill for hill in hills)
            grain = (x * 7919 + y * 104729) % 13 - 6
            if depth:
                shade = 110 - 30 * depth + grain
                pixels[x, y] = (shade // 2, shade, shade * 2 // 3)
            else:
                fade = y / height / 0.7
                pixels[x, y] = (int(90 + 150 * fade) + grain, int(120 + 70 * fade) + grain, int(190 - 60 * fade) + grain)
    return picture


def form(width: int, height: int) -> Image.Image:
    """Lines and boxes on white, as a scanned form or a screenshot has."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for row in range(40, height - 40, 48):
        draw.line((40, row, width - 40, row), fill=(210, 214, 220))
        for column in range(60, width - 160, 180):
            length = 40 + (row * column) % 90
            draw.rectangle((column, row + 14, column + length, row + 30), fill=(60 + row % 80, 70, 90))
    return picture


if __name__ == "__main__":
    landscape(1200, 800).save(FOLDER / "landscape.jpg", quality=85)
    form(1280, 720).save(FOLDER / "form.png", optimize=True)
    landscape(640, 480).save(FOLDER / "landscape.webp", quality=80)
