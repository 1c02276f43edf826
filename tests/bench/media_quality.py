"""How good the outputs of media.py are: SSIMULACRA2 against a reduction that nobody would wait for.

The reference is the whole source, turned upright, on white where it is transparent, reduced with Lanczos in floating
point to the very size of the output. The score is that of a Rust crate (score/): the Python package of the same name
is up to 8 points away from it on our screenshots.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import harness
import numpy
from media_items import ITEMS
from media_race import Measured
from PIL import Image, ImageOps


def score(measured: Measured, corpus: Path, out: Path, scorer: Path) -> None:
    """Fills in the scores of everything that was written to `out`, but for documents."""
    Image.MAX_IMAGE_PIXELS = None
    with tempfile.TemporaryDirectory(prefix="porteur-bench-") as scratch:
        for item, contenders in measured.items():
            if ITEMS[item].job.page:
                continue
            outputs = [path for name in contenders for path in outputs_of(out, item, name)]
            pairs = list(written(outputs, corpus / ITEMS[item].file, Path(scratch)))
            said = subprocess.run([scorer], input="".join(pairs), capture_output=True, text=True, check=True).stdout
            scores = dict(zip(outputs, map(float, said.split()), strict=True))
            for name, figures in contenders.items():
                figures.scores = [scores[path] for path in outputs_of(out, item, name)]


def outputs_of(out: Path, item: str, name: str) -> list[Path]:
    """What a contender made of an item: the picture, and its thumbnail if there is one."""
    return sorted(out.glob(f"{item}.{name}.[01]"))


def written(outputs: list[Path], source: Path, scratch: Path) -> Iterator[str]:
    """Each output and its reference in the scorer's format, as a line of its input."""
    whole = upright(source)
    references: dict[tuple[int, int], Path] = {}
    for path in outputs:
        picture = on_white(upright(path))
        if picture.size not in references:
            references[picture.size] = scratch / f"reference-{picture.width}x{picture.height}.ppm"
            reduced(whole, picture.size).save(references[picture.size])
        picture.save(scratch / f"{path.name}.ppm")
        yield f"{references[picture.size]}\t{scratch / path.name}.ppm\n"


def upright(path: Path) -> Image.Image:
    picture = Image.open(path)
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    return ImageOps.exif_transpose(picture).convert("RGBA" if transparent else "RGB")


def on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def reduced(source: Image.Image, size: tuple[int, int]) -> Image.Image:
    pixels = numpy.asarray(source, numpy.float32)
    if source.mode == "RGBA":
        opacity = pixels[..., 3:] / numpy.float32(255)
        pixels = pixels[..., :3] * opacity + numpy.float32(255) * (1 - opacity)
    planes = (Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS) for plane in numpy.moveaxis(pixels, -1, 0))
    made = numpy.stack([numpy.asarray(plane) for plane in planes], -1)
    return Image.fromarray(numpy.clip(made + 0.5, 0, 255).astype(numpy.uint8))


def scorer(wish: Path | None) -> Path:
    """The scorer, built for release."""
    return harness.built(wish, "target/score/release/porteur-score", BUILD)


BUILD = "cargo build --release --manifest-path tests/bench/score/Cargo.toml --target-dir target/score"
