"""Writes JPEGs of every common kind, and beside each the pixels that Pillow's libjpeg-turbo reads from it.

The one argument is a folder. One line for each: `file raw width height hash quality`, the last two by the pdqhash wheel.
"""
import pathlib
import sys

import numpy
import pdqhash
from PIL import Image, ImageFile

folder = pathlib.Path(sys.argv[1])
# Room for a small picture with many coefficients.
ImageFile.MAXBLOCK = 1 << 22
rng = numpy.random.default_rng(11)


def drawn(width, height):
    """Waves, a few edges, strong colours and grain, so that every coefficient says something."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    planes = []
    for _ in range(3):
        plane = numpy.full((height, width), 128.0)
        for _ in range(12):
            a, b, shift, weight = rng.uniform(0, 1.2), rng.uniform(0, 1.2), rng.uniform(0, 7), rng.uniform(8, 40)
            plane += weight * numpy.sin(a * x + shift) * numpy.cos(b * y + shift)
        planes.append(plane + rng.normal(0, 9, plane.shape))
    pixels = numpy.stack(planes, axis=-1)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = rng.uniform(0, 255, 3)
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


number = 0


def write(picture, **settings):
    global number
    file, raw = folder / f"{number}.jpg", folder / f"{number}.rgb"
    number += 1
    picture.save(file, **settings)
    pixels = numpy.asarray(Image.open(file).convert("RGB"))
    raw.write_bytes(pixels.tobytes())
    bits, quality = pdqhash.compute(numpy.ascontiguousarray(pixels))
    hash = int("".join("1" if bit else "0" for bit in bits), 2)
    print(file, raw, *picture.size, f"{hash:064x}", quality, flush=True)


sizes = [(8, 8), (16, 16), (17, 33), (64, 64), (65, 63), (121, 87), (301, 222), (640, 480), (1023, 769)]
for size in sizes:
    for subsampling in ["4:4:4", "4:2:2", "4:2:0"]:
        for progressive in [False, True]:
            for quality in [30, 75, 92, 100]:
                write(drawn(*size), quality=quality, subsampling=subsampling, progressive=progressive)
            write(drawn(*size), quality=85, subsampling=subsampling, progressive=progressive, restart_marker_blocks=5)
            write(drawn(*size), quality=85, subsampling=subsampling, progressive=progressive, optimize=True)
    for progressive in [False, True]:
        write(drawn(*size).convert("L"), quality=85, progressive=progressive)
for width in range(1, 40):
    for subsampling in ["4:2:2", "4:2:0"]:
        write(drawn(width, 41 - width), quality=90, subsampling=subsampling)
write(drawn(2016, 1512), quality=90, subsampling="4:2:0")
write(drawn(1512, 2016), quality=90, subsampling="4:2:0", progressive=True)
