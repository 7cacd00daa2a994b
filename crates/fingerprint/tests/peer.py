"""Hashes raw RGB pictures with the pdqhash wheel: one line `name hash quality` for each `W H file` on standard input."""
import sys

import numpy
import pdqhash

for line in sys.stdin:
    width, height, path = line.split()
    pixels = numpy.fromfile(path, dtype=numpy.uint8).reshape(int(height), int(width), 3)
    bits, quality = pdqhash.compute(pixels)
    number = int("".join("1" if bit else "0" for bit in bits), 2)
    print(f"{number:064x} {quality}")
