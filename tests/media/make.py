"""Makes the pictures of this folder; needs Pillow. They are drawn by arithmetic, so nobody owns what they show.

    python tests/media/make.py            everything
    python tests/media/make.py formats    formats/ alone

formats/ holds one tiny picture for each variety of each format that is taken: four fields of red, green (above), blue and
yellow (below), 48 x 32 px on the screen. What Pillow does not write is written here, byte by byte. Made with Pillow 13.0.
"""

from __future__ import annotations

import io
import math
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent
FORMATS = FOLDER / "formats"


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


def fields(width: int = 48, height: int = 32) -> Image.Image:
    """Red, green, blue and yellow, so that every way of turning it shows."""
    picture = Image.new("RGB", (width, height), "red")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=(0, 255, 0))
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill="blue")
    draw.rectangle((width // 2, height // 2, width, height), fill="yellow")
    return picture


def glass() -> Image.Image:
    """The same, and from left to right ever less to see of it."""
    alpha = Image.linear_gradient("L").rotate(90).resize((48, 32))
    picture = fields().convert("RGBA")
    picture.putalpha(alpha)
    return picture


def exif(orientation: int) -> bytes:
    """EXIF as a telephone writes it: how it was held, its maker, and where it was."""
    data = Image.Exif()
    data[274] = orientation
    data[271] = "porteur test camera"
    data.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    return data.tobytes()


def profile() -> bytes:
    """An ICC profile (version 2) whose red is the green of sRGB, whose green its blue, and whose blue its red."""
    colorants = {b"rXYZ": (0.3851, 0.7169, 0.0971), b"gXYZ": (0.1431, 0.0606, 0.7141), b"bXYZ": (0.4361, 0.2225, 0.0139)}
    place = lambda xyz: b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in xyz))
    tags = [(b"wtpt", place((0.9642, 1.0, 0.8249)))] + [(name, place(xyz)) for name, xyz in colorants.items()]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    tags.append((b"desc", b"desc\0\0\0\0" + struct.pack(">I", 8) + b"rotated\0" + b"\0" * 79))
    tags.append((b"cprt", b"text\0\0\0\0CC0\0"))
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI", at + len(body), b"\0\0\0\0", 0x02100000) + b"mntrRGB XYZ " + b"\0" * 12 + b"acsp"
    head += b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def png(color: int, depth: int, rows: list[bytes], *, size: tuple[int, int] = (48, 32), interlace: bool = False) -> bytes:
    """A PNG of unfiltered rows, for what Pillow does not write."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", *size, depth, color, 0, 0, interlace)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def adam7(picture: Image.Image) -> list[bytes]:
    """The rows of the seven passes of an interlaced PNG."""
    rows = []
    for x, y, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for row in range(y, picture.height, dy):
            rows.append(b"".join(bytes(picture.getpixel((column, row))) for column in range(x, picture.width, dx)))
    return rows


def formats() -> None:
    FORMATS.mkdir(exist_ok=True)

    def save(name: str, picture: Image.Image, **options: object) -> None:
        picture.save(FORMATS / name, **options)

    color, gray, clear = fields(), fields().convert("L"), glass()
    save("baseline-420.jpg", color, quality=90, subsampling="4:2:0")
    save("baseline-444.jpg", color, quality=90, subsampling="4:4:4")
    save("baseline-422.jpg", color, quality=90, subsampling="4:2:2")
    save("restart.jpg", color, quality=90, restart_marker_blocks=1)
    save("progressive.jpg", color, quality=90, progressive=True)
    save("gray.jpg", gray, quality=90)
    save("cmyk.jpg", color.convert("CMYK"), quality=90)
    save("rgb.jpg", color, quality=90, keep_rgb=True)
    save("icc.jpg", color, quality=90, subsampling="4:4:4", icc_profile=profile())
    save("odd.jpg", fields(47, 31), quality=90)
    # Four components and no word of Adobe: ink as it is, 0 for none.
    plain = Image.eval(color.convert("CMYK"), lambda ink: 255 - ink)
    buffer = io.BytesIO()
    plain.save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()
    at = data.index(b"\xff\xee")
    (FORMATS / "cmyk-plain.jpg").write_bytes(data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :])
    turns = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    for orientation, turn in turns.items():
        stored = color
        for step in turn:
            stored = stored.transpose(step)
        save(f"orientation-{orientation}.jpg", stored, quality=90, exif=exif(orientation), comment=b"a secret comment")
    save("orientation-6.png", color.transpose(Image.Transpose.ROTATE_90), exif=exif(6)[6:])
    save("orientation-6.webp", color.transpose(Image.Transpose.ROTATE_90), quality=90, exif=exif(6))

    save("rgb.png", color)
    save("rgba.png", clear)
    save("gray.png", gray)
    save("gray-alpha.png", clear.convert("LA"))
    save("bilevel.png", gray.point(lambda level: 255 * (level > 100)).convert("1"))
    save("palette.png", color.quantize(4))
    index = color.quantize(4)
    save("palette-clear.png", index, transparency=index.getpixel((0, 0)))
    save("icc.png", color, icc_profile=profile())
    wide = lambda picture: [
        b"".join(struct.pack(">H", band * 257) for x in range(48) for band in picture.getpixel((x, y))) for y in range(32)
    ]
    (FORMATS / "rgb16.png").write_bytes(png(2, 16, wide(color)))
    (FORMATS / "rgba16.png").write_bytes(png(6, 16, wide(clear)))
    levels = [b"".join(struct.pack(">H", 257 * gray.getpixel((x, y))) for x in range(48)) for y in range(32)]
    (FORMATS / "gray16.png").write_bytes(png(0, 16, levels))
    (FORMATS / "interlaced.png").write_bytes(png(2, 8, adam7(color), interlace=True))
    zeros = zlib.compress(b"\0" * (1 << 20), 9)
    huge = b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in [
        (b"zTXt", b"bomb\0\0" + zeros),
        (b"iCCP", b"bomb\0\0" + zlib.compress(b"\0" * (9 << 20), 9)),
    ])
    plain = (FORMATS / "rgb.png").read_bytes()
    (FORMATS / "bombs.png").write_bytes(plain[:33] + huge + plain[33:])

    save("plain.gif", color.quantize(4))
    save("interlaced.gif", color.quantize(4), interlace=1)
    save("clear.gif", index, transparency=index.getpixel((0, 0)))
    later = [fields().rotate(90 * turn, expand=False) for turn in (2, 0)]
    save("animated.gif", color, save_all=True, append_images=later, duration=100, loop=0)
    # The first picture covers the lower right quarter of its canvas only.
    part = bytearray(_gif(Image.new("P", (24, 16), 0), (255, 0, 255)))
    part[6:10] = struct.pack("<2H", 48, 32)
    at = part.index(b"\x2c\0\0\0\0")
    part[at + 1 : at + 5] = struct.pack("<2H", 24, 16)
    (FORMATS / "offset.gif").write_bytes(part)

    save("lossy.webp", color, quality=90)
    save("lossless.webp", color, lossless=True)
    save("lossy-alpha.webp", clear, quality=90)
    save("lossless-alpha.webp", clear, lossless=True)
    save("animated.webp", color, save_all=True, append_images=later, duration=100, quality=90)
    save("icc.webp", color, lossless=True, icc_profile=profile())


def _gif(picture: Image.Image, color: tuple[int, int, int]) -> bytes:
    picture.putpalette(color + (0, 0, 0))
    buffer = io.BytesIO()
    picture.save(buffer, "GIF")
    return buffer.getvalue()


if __name__ == "__main__":
    formats()
    if sys.argv[1:] == ["formats"]:
        sys.exit()
    landscape(1200, 800).save(FOLDER / "landscape.jpg", quality=85)
    form(1280, 720).save(FOLDER / "form.png", optimize=True)
    landscape(640, 480).save(FOLDER / "landscape.webp", quality=80)
