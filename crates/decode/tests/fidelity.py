"""Draws pictures, saves them as JPEGs of every common kind in the folder named first, and prints for each one
`path hash quality`, as the pdqhash wheel sees the pixels that Pillow decodes. The second argument is how many."""

import sys

import numpy
import pdqhash
from PIL import Image, ImageOps

SIZES = [(300, 260), (640, 480), (417, 533), (767, 1001), (350, 347), (1024, 768), (481, 322), (1290, 903), (512, 512)]
LARGE = [(2300, 2100), (3000, 2049), (2051, 2731), (1500, 1202)]


def field(rng, width, height, cells, rough):
    """Smooth values between random ones, over several scales; rough weighs the finer ones."""
    total, weight = numpy.zeros((height, width), numpy.float32), 1.0
    while cells < min(width, height):
        small = rng.random((max(2, int(cells * height / width)), cells), dtype=numpy.float32)
        total += weight * (numpy.asarray(Image.fromarray(small).resize((width, height), Image.BICUBIC)) - 0.5)
        cells, weight = cells * 2, weight * rough
    return total


def draw(rng, width, height):
    rough = rng.choice([0.3, 0.5, 0.6, 0.7])
    light = field(rng, width, height, int(rng.integers(2, 7)), rough)
    picture = numpy.stack([light + 0.4 * field(rng, width, height, 3, 0.4) for _ in range(3)], axis=2)
    picture = 128 + picture * rng.uniform(90, 200)
    for _ in range(rng.integers(0, 9)):  # things with sharp edges
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(4, width // 2), rng.integers(4, height // 2)
        if rng.random() < 0.5:
            picture[y : y + h, x : x + w] += rng.uniform(-80, 80, 3)
        else:
            rows, columns = numpy.ogrid[:height, :width]
            inside = ((columns - x) / w) ** 2 + ((rows - y) / h) ** 2 < 0.25
            picture[inside] += rng.uniform(-80, 80, 3)
    if rng.random() < 0.3:
        picture[:: int(rng.integers(3, 40))] -= 40
    picture += rng.standard_normal((height, width, 1)) * rng.choice([0, 1, 4, 12])
    return Image.fromarray(numpy.clip(picture, 0, 255).astype(numpy.uint8))


def main(folder, count):
    for n in range(count):
        rng = numpy.random.default_rng(n)
        sizes = LARGE if n % 40 == 7 else SIZES
        picture = draw(rng, *sizes[int(rng.integers(len(sizes)))])
        if n % 9 == 4:
            picture = picture.convert("L")
        options = {
            "quality": int(rng.choice([40, 60, 75, 85, 90, 95, 100])),
            "progressive": n % 3 == 1,
            "optimize": n % 4 == 2,
        }
        if picture.mode == "RGB":
            options["subsampling"] = ["4:2:0", "4:4:4", "4:2:2", "4:2:0"][n % 4]
        if n % 5 == 3:
            options["restart_marker_blocks"] = int(rng.integers(1, 60))
        if n % 2 == 1:
            exif = Image.Exif()
            exif[0x0112] = n // 2 % 8 + 1
            options["exif"] = exif
        path = f"{folder}/{n}.jpg"
        picture.save(path, **options)
        upright = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        bits, quality = pdqhash.compute(numpy.asarray(upright))
        number = int("".join("1" if bit else "0" for bit in bits), 2)
        print(f"{path} {number:064x} {quality}", flush=True)


main(sys.argv[1], int(sys.argv[2]))
