"""Makes the pictures of this folder; needs Pillow and OpenCV (`opencv-python-headless`). They are drawn by arithmetic, so nobody owns what they show.

    python tests/media/jpeg/make.py

Written with Pillow 13.0 and OpenCV 5.0 (libjpeg-turbo both). Each is as small as its purpose allows.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Waves of every direction, edges, flat areas, saturated colours and grain: what the coefficients of a photograph are
    made of, and the corners of their range."""
    image = Image.new("RGB", (width, height))
    pixels = image.load()
    for y in range(height):
        for x in range(width):
            grain = (x * 7919 + y * 104729 + x * y * 31) % 23 - 11
            wave = math.sin(x / 5 + y / 11) + math.sin(x * y / 97)
            red = 128 + 60 * wave + grain
            green = 128 + 90 * math.sin(y / 7) + grain
            blue = 255 * x / width + grain
            if (x // 13 + y // 17) % 5 == 0:
                red, green, blue = 250, 20 + grain, 10
            if (x // 19 + y // 16) % 4 == 3:
                red, green, blue = 90, 120, 180
            pixels[x, y] = (int(red), int(green), int(blue))
    return image.convert(mode)


def save(image: Image.Image, name: str, **how: object) -> None:
    image.save(FOLDER / f"{name}.jpg", **{"quality": 85, **how})


if __name__ == "__main__":
    # Sizes that fill no unit in either direction.
    odd = picture(83, 61)
    for sampling in ["4:4:4", "4:2:2", "4:2:0"]:
        short = sampling.replace(":", "")
        save(odd, f"baseline-{short}", subsampling=sampling)
        save(odd, f"progressive-{short}", subsampling=sampling, progressive=True)
    # Samplings that Pillow does not write.
    for short, factors in {"440": 0x121111, "411": 0x411111}.items():
        for kind, progressive in {"baseline": 0, "progressive": 1}.items():
            how = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factors, cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
            cv2.imwrite(str(FOLDER / f"{kind}-{short}.jpg"), np.asarray(odd)[..., ::-1], [*how, cv2.IMWRITE_JPEG_QUALITY, 85])
    save(odd.convert("L"), "grey")
    save(odd.convert("L"), "grey-progressive", progressive=True)
    # Units in which everything is one block, and pictures smaller than a block.
    save(picture(1, 1), "one-pixel", subsampling="4:2:0")
    save(picture(16, 16), "one-unit", subsampling="4:2:0")
    save(picture(3, 40), "narrow", subsampling="4:2:0", progressive=True)
    # Restart markers, in sequential and progressive files.
    save(odd, "restart-420", subsampling="4:2:0", restart_marker_blocks=2)
    save(odd, "restart-progressive", subsampling="4:2:0", restart_marker_blocks=3, progressive=True)
    save(odd.convert("L"), "restart-grey", restart_marker_rows=1)
    # Large coefficients with long codes, hardly any coefficients, and Huffman tables of its own.
    save(odd, "finest", subsampling="4:4:4", quality=100)
    save(odd, "coarsest", subsampling="4:2:0", quality=5)
    save(odd, "optimised", subsampling="4:2:0", quality=95, optimize=True)
    # A camera's file: turned, with a profile. That is none: only its bytes matter.
    exif = Image.Exif()
    exif[0x0112] = 6
    save(picture(67, 45), "turned-profile", exif=exif, icc_profile=bytes(range(100)), quality=60)
    # For the general decoder.
    save(picture(24, 20, "CMYK"), "cmyk")
    save(picture(24, 20), "rgb", keep_rgb=True)
