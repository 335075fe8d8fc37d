"""The icons of the app in Teams, drawn: a line that flows inwards to a point.

Teams wants a picture of 192 by 192 pixels in colour, with what matters in its middle, and one of
32 by 32 that is white on nothing. `python -m adapters.teams.icon` writes both beside the manifest.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from adapters.teams.manifest import COLOUR, FOLDER, ICONS

SIZES = (192, 32)
TURNS = 1.75
STEPS = 400
REACH = 0.36
"""Of the whole picture's side, from its middle; Teams cuts the corners off in some places."""
STROKE = 0.085
POINT = 0.085

Picture = NDArray[np.float64]


def draw_coverage(size: int, reach: float = REACH) -> Picture:
    """How much of each pixel is covered, 0 to 1."""
    middle = (size - 1) / 2
    y, x = np.mgrid[0:size, 0:size].astype(np.float64)
    part = np.linspace(0.0, 1.0, STEPS)
    radius = size * reach * (1 - part) ** 0.9
    angle = -np.pi / 4 + part * TURNS * 2 * np.pi
    nearest = np.full((size, size), np.inf)
    for at_x, at_y in zip(
        middle + radius * np.cos(angle), middle + radius * np.sin(angle), strict=True
    ):
        nearest = np.minimum(nearest, np.hypot(x - at_x, y - at_y))
    line = np.clip(size * STROKE / 2 - nearest + 0.5, 0, 1)
    point = np.clip(size * POINT - np.hypot(x - middle, y - middle) + 0.5, 0, 1)
    covered: Picture = np.maximum(line, point)
    return covered


def draw_color() -> bytes:
    """White on the colour of the app, as a PNG."""
    ground = np.array([int(COLOUR[n : n + 2], 16) for n in (1, 3, 5)], dtype=np.float64)
    covered = draw_coverage(SIZES[0])[:, :, None]
    rgb = np.rint(ground + (255 - ground) * covered)
    alpha = np.full((*rgb.shape[:2], 1), 255)
    return write_png(np.concatenate([rgb, alpha], axis=2).astype(np.uint8))


def draw_outline() -> bytes:
    """White on nothing, as a PNG."""
    covered = draw_coverage(SIZES[1], 0.42)
    white = np.full((*covered.shape, 3), 255)
    alpha = np.rint(covered * 255)[:, :, None]
    return write_png(np.concatenate([white, alpha], axis=2).astype(np.uint8))


def write_png(pixels: NDArray[np.uint8]) -> bytes:
    """Rows of pixels of red, green, blue and alpha as a PNG (ISO/IEC 15948)."""
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


if __name__ == "__main__":
    for name, picture in zip(ICONS, (draw_color(), draw_outline()), strict=True):
        (FOLDER / name).write_bytes(picture)
