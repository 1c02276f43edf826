"""Writes references.json beside this file: what the pictures of this folder look like by another hand; needs Pillow.

    python tests/media/references.py

For each picture its size on the screen and the mean colours of a grid of parts, 6 x 4 or 12 x 8, as Pillow decodes it:
upright, by its profile in sRGB (LittleCMS), on white. A grid notices a swapped channel, a wrong range, an orientation and a
shift of half a pixel; it does not notice how a decoder rounds. Made with Pillow 13.0.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

FOLDER = Path(__file__).parent
# What is tested by its cost, and where Pillow paints what no picture covers.
LEFT_OUT = ["bombs.png", "offset.gif"]


def upright(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        profile = picture.info.get("icc_profile")
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I"):
            levels = [round(level / 257) for level in picture.get_flattened_data()]
            picture = Image.new("L", picture.size)
            picture.putdata(levels)
        if picture.mode == "CMYK":
            # Pillow takes all ink for inverted, as Adobe stores it.
            if "adobe" not in picture.info:
                picture = Image.eval(picture, lambda ink: 255 - ink)
            return picture.convert("RGB")
        picture = picture.convert("RGBA")
    if profile:
        colors = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        alpha = picture.getchannel("A")
        picture = ImageCms.profileToProfile(picture.convert("RGB"), colors, srgb, outputMode="RGB")
        picture.putalpha(alpha)
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def main() -> None:
    references = {}
    paths = [path for path in sorted((FOLDER / "formats").iterdir()) if path.name not in LEFT_OUT]
    paths += [FOLDER / name for name in ("form.png", "landscape.jpg", "landscape.webp")]
    for path in paths:
        picture = upright(path)
        grid = (6, 4) if picture.width < 100 else (12, 8)
        means = picture.resize(grid, Image.Resampling.BOX)
        colors = [means.getpixel((x, y)) for y in range(grid[1]) for x in range(grid[0])]
        name = path.relative_to(FOLDER).as_posix()
        text = ["".join(f"{level:02x}" for level in color) for color in colors]
        rows = [" ".join(text[at : at + grid[0]]) for at in range(0, len(text), grid[0])]
        references[name] = {"size": picture.size, "rows": rows}
    (FOLDER / "references.json").write_text(json.dumps(references, indent=1) + "\n")


if __name__ == "__main__":
    main()
