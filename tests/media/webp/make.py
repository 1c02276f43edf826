"""Makes the key frames of this folder: one small lossy WebP for each thing that an encoder may do differently.

    python tests/media/webp/make.py

Needs Pillow for the picture, and libwebp 1.x as a shared library (Debian: libwebp7), whose settings Pillow does not pass on.
What is shown is drawn by arithmetic, so nobody owns it. Made with libwebp 1.2.4.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import random
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent


class Config(ctypes.Structure):
    """WebPConfig of libwebp's encode.h."""

    _fields_ = [
        (name, ctypes.c_float if name in ("quality", "target_psnr") else ctypes.c_int)
        for name in (
            "lossless quality method hint target_size target_psnr segments sns_strength filter_strength filter_sharpness "
            "filter_type autofilter alpha_compression alpha_filtering alpha_quality passes show_compressed preprocessing "
            "partitions partition_limit emulate_jpeg_size threads low_memory near_lossless exact use_delta_palette "
            "use_sharp_yuv qmin qmax"
        ).split()
    ]


WRITER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t, ctypes.c_void_p)


class Picture(ctypes.Structure):
    """The first members of WebPPicture, and room for the others."""

    _fields_ = [
        ("use_argb", ctypes.c_int),
        ("colorspace", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("planes", ctypes.c_void_p * 3),
        ("strides", ctypes.c_int * 2),
        ("alpha", ctypes.c_void_p),
        ("alpha_stride", ctypes.c_int),
        ("pad1", ctypes.c_uint32 * 2),
        ("argb", ctypes.c_void_p),
        ("argb_stride", ctypes.c_int),
        ("pad2", ctypes.c_uint32 * 3),
        ("writer", WRITER),
        ("others", ctypes.c_uint8 * 256),
    ]


WEBP = ctypes.CDLL(ctypes.util.find_library("webp") or "libwebp.so.7")
ENCODER_ABI = 0x020F


def encode(picture: Image.Image, quality: float, **settings: int) -> bytes:
    """A lossy WebP, with members of WebPConfig set by name."""
    config, raw, written = Config(), Picture(), bytearray()
    WEBP.WebPConfigInitInternal.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_int]
    assert WEBP.WebPConfigInitInternal(ctypes.byref(config), 0, quality, ENCODER_ABI)
    for name, value in settings.items():
        setattr(config, name, value)
    assert WEBP.WebPPictureInitInternal(ctypes.byref(raw), ENCODER_ABI)
    raw.width, raw.height = picture.size

    def write(data: ctypes._Pointer[ctypes.c_uint8], size: int, _picture: int | None) -> int:
        written.extend(ctypes.string_at(data, size))
        return 1

    raw.writer = WRITER(write)
    assert WEBP.WebPPictureImportRGB(ctypes.byref(raw), picture.tobytes(), 3 * picture.width)
    assert WEBP.WebPEncode(ctypes.byref(config), ctypes.byref(raw))
    WEBP.WebPPictureFree(ctypes.byref(raw))
    return bytes(written)


def scene(width: int, height: int) -> Image.Image:
    """Waves, edges, flat parts and noise: every way to predict a block is the best one somewhere."""
    dice = random.Random(width * 1000 + height)
    picture = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            wave = 128 + 90 * math.sin(x / 9 + y / 23) * math.cos(y / 7 - x / 31)
            stripe = 80 if (x + 2 * y) % 24 < 6 else 0
            grain = dice.randint(-30, 30) if (x // 24 + y // 24) % 3 == 0 else 0
            level = 200.0 if (x // 40 + y // 32) % 4 == 1 else wave + grain
            color = (level + stripe, level - stripe / 2 + x / 4, 255 - level + y / 3)
            picture.putpixel((x, y), tuple(max(0, min(255, int(part))) for part in color))
    return picture


def main() -> None:
    usual = scene(112, 80)
    made = {
        "usual": encode(usual, 75),
        "finest": encode(usual, 100),
        "coarsest": encode(usual, 0),
        "simple-filter": encode(usual, 30, filter_type=0, filter_strength=80),
        "strong-filter": encode(usual, 20, filter_strength=100),
        "no-filter": encode(usual, 60, filter_strength=0),
        "sharp-3": encode(usual, 25, filter_sharpness=3, filter_strength=90),
        "sharp-7": encode(usual, 25, filter_sharpness=7, filter_strength=90),
        "one-segment": encode(usual, 50, segments=1),
        "two-segments": encode(usual, 50, segments=2, sns_strength=100),
        "eight-partitions": encode(usual, 80, partitions=3, method=2),
        "two-partitions": encode(usual, 80, partitions=1, method=2),
        "fast": encode(usual, 75, method=0),
        "thorough": encode(usual, 75, method=6),
        "flat": encode(Image.new("RGB", (64, 64), (90, 120, 200)), 75),
        "odd": encode(scene(83, 61), 70),
        "one-pixel": encode(scene(1, 1), 75),
        "one-column": encode(scene(1, 50), 75),
        "one-more": encode(scene(17, 33), 75),
    }
    for name, data in made.items():
        (FOLDER / f"{name}.webp").write_bytes(data)


main()
