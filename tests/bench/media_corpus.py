"""The pictures that media.py measures with: `python media_corpus.py FOLDER`.

Photographs are those of two Debian packages, cropped at their own resolution and laid side by side, so that a pixel
holds as much as one from a camera and a JPEG as many bits. Only screenshots and documents are drawn. The same seeds
make the same pictures.
"""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


def make(folder: Path) -> None:
    """Makes the corpus in `folder`, or finds it there."""
    if folder.is_dir():
        return
    if not (MATE.is_dir() and PLASMA.is_dir()):
        raise SystemExit("the photographs are missing: apt-get install mate-backgrounds plasma-workspace-wallpapers")
    print(f"making the corpus in {folder}", file=sys.stderr, flush=True)
    # Under another name until it is complete.
    unfinished = folder.with_name(folder.name + ".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    photos = {name: photo(name) for name in [*FROM_PLASMA, *FROM_MATE]}
    twelve = mosaic(photos, (4000, 3000), 3)
    jpegs(unfinished, photos, twelve)
    screenshots(unfinished, photos)
    twelve.crop((200, 100, 2120, 1180)).save(unfinished / "photo.png")
    twelve.crop((0, 0, 1920, 1440)).save(unfinished / "photo_lossy.webp", quality=80, method=4)
    animation(unfinished / "anim.gif", photos["Dune"])
    document(unfinished / "doc1.pdf", twelve.crop((0, 0, 1200, 800)))
    unfinished.rename(folder)


def photo(name: str) -> Image.Image:
    if name in FROM_MATE:
        return Image.open(MATE / f"{name}.jpg").convert("RGB")
    sizes = (Image.open(path) for path in (PLASMA / name / "contents/images").iterdir())
    return max(sizes, key=lambda size: size.width).convert("RGB")


def mosaic(photos: dict[str, Image.Image], size: tuple[int, int], side: int, *, backwards: bool = False) -> Image.Image:
    """`side` times `side` photographs, the second use of one mirrored, under the grain that a phone's sensor leaves."""
    order = [*FROM_PLASMA, *FROM_MATE]
    if backwards:
        order.reverse()
    width, height = -(-size[0] // side), -(-size[1] // side)
    made = Image.new("RGB", size)
    for number in range(side * side):
        again, which = divmod(number, len(order))
        tile = centre(photos[order[which]], width, height)
        if again % 2:
            tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        made.paste(tile, (number % side * width, number // side * height))
    return grain(made)


def centre(source: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of a photograph at its own resolution, enlarged only where it is too small."""
    scale = max(width / source.width, height / source.height)
    wide, high = max(width, round(source.width * scale)), max(height, round(source.height * scale))
    source = source.resize((wide, high), Image.Resampling.LANCZOS)
    left, top = (wide - width) // 2, (high - height) // 2
    return source.crop((left, top, left + width, top + height))


def grain(source: Image.Image) -> Image.Image:
    """Noise in the luma alone, as is left when a phone has removed its own."""
    pixels = numpy.asarray(source).astype(numpy.float32)
    noise = numpy.random.default_rng(7).normal(0, GRAIN, pixels.shape[:2]).astype(numpy.float32)
    return Image.fromarray(numpy.clip(pixels + noise[..., None] + 0.5, 0, 255).astype(numpy.uint8))


def jpegs(folder: Path, photos: dict[str, Image.Image], twelve: Image.Image) -> None:
    """As cameras write them: about 2 bits a pixel at 12 MP."""
    twelve.save(folder / "p12_base.jpg", quality=90, subsampling="4:2:0")
    twelve.save(folder / "p12_prog.jpg", quality=90, subsampling="4:2:0", progressive=True)
    two = twelve.resize((1632, 1224), Image.Resampling.LANCZOS)
    two.save(folder / "p2.jpg", quality=88, subsampling="4:2:0")
    two.resize((64, 48), Image.Resampling.LANCZOS).save(folder / "tiny.jpg", quality=88, subsampling="4:2:0")
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    twenty_four = mosaic(photos, (6000, 4000), 4, backwards=True)
    twenty_four.save(folder / "p24_o6.jpg", quality=90, subsampling="4:2:0", exif=turned)
    mosaic(photos, (12000, 8320), 7).save(folder / "p100.jpg", quality=88, subsampling="4:2:0")


def screenshots(folder: Path, photos: dict[str, Image.Image]) -> None:
    """A conversation on a screen of 1080p: as it is, with soft borders, and with 256 colours."""
    shot = screenshot(photos)
    shot.save(folder / "shot_rgb.png")
    soft = shot.convert("RGBA")
    soft.putalpha(Image.fromarray(alpha(*shot.size)))
    soft.save(folder / "shot_rgba.png")
    shot.quantize(256, dither=Image.Dither.NONE).save(folder / "shot_pal.png")


def screenshot(photos: dict[str, Image.Image]) -> Image.Image:
    chance = random.Random(3)
    shot = Image.new("RGB", (1920, 1080), (250, 250, 252))
    draw = ImageDraw.Draw(shot)
    draw.rectangle((0, 0, 1920, 48), fill=(36, 41, 47))
    for number in range(8):
        draw.text((20 + number * 130, 14), WORDS[number].title(), font=font(18), fill=(230, 232, 236))
    draw.rectangle((0, 48, 280, 1080), fill=(243, 244, 246))
    for top in range(64, 64 + 24 * 42, 42):
        draw.ellipse((14, top, 42, top + 28), fill=tuple(chance.randrange(80, 220) for _ in range(3)))
        draw.text((54, top + 4), words(chance, 3), font=font(15), fill=(40, 44, 52))
    bubbles(draw, chance)
    shot.paste(photos["YellowFlower"].resize((480, 300), Image.Resampling.LANCZOS), (1400, 80))
    shot.paste(photos["Storm"].resize((480, 320), Image.Resampling.LANCZOS), (1400, 400))
    for row in range(300):
        draw.line((1400, 760 + row, 1880, 760 + row), fill=(40 + row // 3, 90 + row // 4, 200 - row // 3))
    return shot


def bubbles(draw: ImageDraw.ImageDraw, chance: random.Random) -> None:
    top = 70
    while top < 1020:
        mine = chance.random() < 0.4
        lines, width = chance.randrange(1, 5), chance.randrange(420, 760)
        left, height = 1360 - width if mine else 300, 20 + lines * 24
        box, fill = (left, top, left + width, top + height), (219, 234, 254) if mine else (255, 255, 255)
        draw.rounded_rectangle(box, 12, fill=fill, outline=(209, 213, 219))
        for line in range(lines):
            place = (left + 14, top + 10 + line * 24)
            draw.text(place, words(chance, width // 85), font=font(17), fill=(31, 41, 55))
        top += height + 16


def alpha(width: int, height: int) -> numpy.ndarray:
    """Opaque, but for a shadow of 40 px around it and one panel that fades away."""
    down, across = numpy.mgrid[0:height, 0:width]
    edge = numpy.minimum(numpy.minimum(across, width - 1 - across), numpy.minimum(down, height - 1 - down))
    made = numpy.where(edge < 40, edge * 6, 255).astype(numpy.uint8)
    made[760:1060, 1400:1880] = numpy.linspace(255, 0, 480).astype(numpy.uint8)
    return made


def animation(path: Path, source: Image.Image) -> None:
    """24 frames of a slow pan with a caption."""
    wide = source.resize((800, 500), Image.Resampling.LANCZOS)
    frames = []
    for number in range(24):
        frame = wide.crop((number * 10, number * 4, number * 10 + 480, number * 4 + 360))
        ImageDraw.Draw(frame).text((20, 300), f"frame {number:02d}", font=font(40), fill=(255, 255, 255))
        frames.append(frame.quantize(256))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80, loop=0)


def document(path: Path, picture: Image.Image) -> None:
    """A page of A4: text in two fonts that every reader has, a photograph, a chart of bars and a curve."""
    chance = random.Random(5)
    canvas, top = Canvas(str(path), pagesize=A4, invariant=1), A4[1]
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(50, top - 60, "Quarterly statement, page 1")
    canvas.setFont("Times-Roman", 10.5)
    for line in range(24):
        canvas.drawString(50, top - 90 - line * 13.5, words(chance, 15))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85)
    jpeg.seek(0)
    canvas.drawImage(ImageReader(jpeg), 50, 240, width=250, height=166)
    for bar in range(40):
        canvas.setFillColorRGB(0.2 + bar / 60, 0.4, 0.8 - bar / 60)
        canvas.rect(320 + bar * 5.5, 240, 4.5, 20 + chance.random() * 140, fill=1, stroke=0)
    curve = canvas.beginPath()
    curve.moveTo(50, 120)
    for x in range(50, 50 + 60 * 8, 8):
        curve.curveTo(x, 100 + chance.random() * 80, x + 4, 80 + chance.random() * 120, x + 8, 130)
    canvas.setStrokeColorRGB(0.8, 0.1, 0.1)
    canvas.drawPath(curve)
    canvas.showPage()
    canvas.save()


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The one that comes with Pillow: the same letters on every computer."""
    return ImageFont.load_default(size)


MATE = Path("/usr/share/backgrounds/mate/nature")
PLASMA = Path("/usr/share/wallpapers")
FROM_PLASMA = ["Autumn", "BytheWater", "EveningGlow", "FallenLeaf", "OneStandsOut", "Path", "ColorfulCups"]
FROM_MATE = ["Wood", "Garden", "LadyBird", "Storm", "TwoWings", "RainDrops", "YellowFlower", "Aqua", "Dune"]
WORDS: Sequence[str] = (
    "invoice attach the signed contract order shipped please find refund agent customer chat ticket status pending"
    " review account number reference thanks regards schedule meeting"
).split()
#: The EXIF tag.
ORIENTATION = 0x0112
#: Standard deviation of the grain, of 255.
GRAIN = 2.0

if __name__ == "__main__":
    make(Path(sys.argv[1]))
