"""Pictures for the libraries that people have; none of them has to be there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    from PIL import Image


def to_pil(data: bytes) -> Image.Image:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("to_pil() needs Pillow: pip install Pillow", name="PIL") from error
    image = Image.open(io.BytesIO(data))
    # Now and not when somebody looks: what cannot be decoded is told here.
    image.load()
    return image


def to_numpy(data: bytes) -> numpy.typing.NDArray[numpy.uint8]:
    try:
        import numpy
        import PIL  # noqa: F401
    except ImportError as error:
        raise ImportError("to_numpy() needs NumPy and Pillow: pip install numpy Pillow", name=error.name) from error
    return numpy.asarray(to_pil(data))
