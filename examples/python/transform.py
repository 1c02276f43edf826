"""Makes a JPEG for a screen and a thumbnail for a list of any picture.

    python examples/python/transform.py photo.png
"""

import sys
from pathlib import Path

import porteur


def main(path: Path) -> None:
    try:
        # A file of more than 25 MiB is not even read. In asyncio: await asyncio.to_thread(porteur.transform, path, ...)
        out = porteur.transform(path, max_width=1920, max_height=1920, format="jpeg", thumbnail=200)
    except porteur.Media as error:
        sys.exit(f"{path} cannot be shown: {error}")

    print(f"{out.source.width} x {out.source.height} px of {out.source.format}")
    taken = out.timings.decode + out.timings.resize + out.timings.encode
    save(path.with_suffix(".large.jpg"), out, taken)
    if out.thumbnail is not None:
        save(path.with_suffix(".small.jpg"), out.thumbnail, out.timings.thumbnail)


def save(path: Path, picture: porteur.Transformed | porteur.Thumbnail, taken: float) -> None:
    path.write_bytes(picture.bytes)
    print(f"{path}: {picture.width} x {picture.height} px, {len(picture.bytes)} bytes, {taken * 1000:.1f} ms")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: transform.py PICTURE")
    main(Path(sys.argv[1]))
