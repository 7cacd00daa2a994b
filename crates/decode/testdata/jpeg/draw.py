"""Drew the pictures beside it (Pillow 13): small JPEGs of kinds that our own encoder does not write."""

import os

import numpy
from PIL import Image

rng = numpy.random.default_rng(3)


def field(across, down):
    values = Image.fromarray(rng.random((down, across), dtype=numpy.float32))
    return numpy.asarray(values.resize((88, 80), Image.BICUBIC)) - 0.5


light = 110 * field(5, 4) + 80 * field(11, 10) + 50 * field(22, 20)
channels = numpy.stack([128 + light + 50 * field(4, 3) for _ in range(3)], axis=2)
colour = Image.fromarray(numpy.clip(channels, 0, 255).astype(numpy.uint8))
grey, inks = colour.convert("L"), colour.convert("CMYK")
folder = os.path.dirname(os.path.abspath(__file__))
for name, picture, options in [
    ("baseline-420", colour, {"subsampling": 2}),
    ("baseline-422-restart", colour, {"subsampling": 1, "restart_marker_blocks": 4}),
    ("baseline-optimised", colour, {"subsampling": 0, "optimize": True}),
    ("grey", grey, {}),
    ("grey-progressive-restart", grey, {"progressive": True, "restart_marker_blocks": 7}),
    ("progressive-420", colour, {"subsampling": 2, "progressive": True}),
    ("cmyk", inks, {}),
]:
    picture.save(f"{folder}/{name}.jpg", quality=60, **options)
