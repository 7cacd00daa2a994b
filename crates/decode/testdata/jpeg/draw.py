"""Drew the pictures beside it (Pillow 13): small JPEGs of kinds that our own encoder does not write."""

import os

import numpy
from PIL import Image

y, x = numpy.mgrid[:80, :88].astype(float)


def channel(shift):
    waves = 60 * numpy.sin(x / 5 + shift) * numpy.cos(y / 7 + shift * 2)
    return 128 + waves + 40 * numpy.sin((x * y) / 600 + shift)


channels = numpy.stack([channel(0), channel(0.5), channel(1.1)], axis=2)
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
