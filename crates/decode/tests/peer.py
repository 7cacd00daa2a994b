"""Writes pictures as HEIC, AVIF and JPEG XL in many settings, each beside a PNG of what its own library reads from it.

The one argument is a folder. One line for each pair: `file png`.
"""
import pathlib
import sys

import imagecodecs
import numpy
import pillow_heif
from PIL import Image

folder = pathlib.Path(sys.argv[1])
pillow_heif.register_heif_opener()


def drawn(seed, width, height):
    """Soft waves, a few edges and strong colours."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    u, v = x / width, y / height
    planes = []
    for _ in range(3):
        plane = numpy.zeros((height, width))
        for _ in range(30):
            a, b, shift, weight = random.uniform(1, 50), random.uniform(1, 50), random.uniform(0, 7), random.uniform(10, 45)
            plane += weight * numpy.sin(a * u + shift) * numpy.cos(b * v + shift)
        planes.append(plane + 128)
    pixels = numpy.stack(planes, axis=-1)
    left, top = int(random.uniform(0.1, 0.5) * width), int(random.uniform(0.1, 0.5) * height)
    pixels[top : top + height // 3, left : left + width // 3] = random.uniform(0, 255, 3)
    return numpy.clip(pixels, 0, 255)


def pair(name, write, read):
    file = folder / name
    write(file)
    png = folder / (name + ".png")
    read(file).convert("RGB").save(png)
    print(file, png, flush=True)


def pillow(file):
    picture = Image.open(file)
    picture.load()
    return picture


def turned(file):
    """Pillow leaves the turning of an AVIF to who asks."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(Image.open(file))


SIZES = [(300, 220), (641, 479), (64, 200), (1024, 768)]


def heic():
    for number, (width, height) in enumerate(SIZES):
        rgb = Image.fromarray(drawn(number, width, height).astype(numpy.uint8))
        for mode in ["RGB", "RGBA", "L", "LA"]:
            for quality in [30, 75]:
                pair(f"{number}-{mode}-{quality}.heic", lambda f: rgb.convert(mode).save(f, quality=quality), pillow)
        for chroma in [420, 422, 444]:
            for full in [0, 1]:
                for matrix in [1, 6, 9]:
                    pair(
                        f"{number}-{chroma}-{full}-{matrix}.heic",
                        lambda f: rgb.save(f, quality=70, chroma=chroma, full_range_flag=full, matrix_coefficients=matrix),
                        pillow,
                    )
        pair(f"{number}-lossless.heic", lambda f: rgb.save(f, quality=-1, chroma=444, matrix_coefficients=0), pillow)
        pair(f"{number}-tiles.heic", lambda f: rgb.save(f, quality=70, tile_size=128), pillow)
        pair(f"{number}-plain.heic", lambda f: rgb.save(f, quality=70, save_nclx_profile=False), pillow)
        for deep in [10, 12]:
            pillow_heif.options.SAVE_HDR_TO_12_BIT = deep == 12
            values = (drawn(number, width, height) * 257).astype(numpy.uint16)

            def write(file):
                heif = pillow_heif.from_bytes(mode="RGB;16", size=(width, height), data=values.tobytes())
                heif.save(file, quality=75)

            pair(f"{number}-{deep}bit.heic", write, pillow)
    # As phones write them: tiles of 512, turned.
    large = Image.fromarray(drawn(90, 2016, 1512).astype(numpy.uint8))
    pair("phone.heic", lambda f: large.save(f, quality=70, tile_size=512), pillow)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        small = Image.fromarray(drawn(91, 320, 200).astype(numpy.uint8))
        # Pillow-heif turns what it reads, and then says that nothing is left to turn.
        pair(f"turned-{orientation}.heic", lambda f: small.save(f, quality=75, exif=exif.tobytes(), tile_size=0), pillow)
        pair(f"turned-tiles-{orientation}.heic", lambda f: small.save(f, quality=75, exif=exif.tobytes(), tile_size=64), pillow)


def avif():
    for number, (width, height) in enumerate(SIZES):
        values = drawn(number, width, height)
        rgb = Image.fromarray(values.astype(numpy.uint8))
        for mode in ["RGB", "RGBA", "L"]:
            pair(f"{number}-{mode}.avif", lambda f: rgb.convert(mode).save(f, quality=60, speed=9), pillow)
        for subsampling in ["4:2:0", "4:2:2", "4:4:4", "4:0:0"]:
            for full in ["full", "limited"]:
                pair(
                    f"{number}-{subsampling.replace(':', '')}-{full}.avif",
                    lambda f: rgb.save(f, quality=60, speed=9, subsampling=subsampling, range=full),
                    pillow,
                )
        for deep in [10, 12]:
            for matrix in [1, 6, 9]:
                most = (1 << deep) - 1
                data = (values / 255 * most).astype(numpy.uint16)
                encoded = imagecodecs.avif_encode(data, level=70, speed=9, bitspersample=deep, matrix=matrix)
                read = lambda f: Image.fromarray((imagecodecs.avif_decode(f.read_bytes()) >> (deep - 8)).astype(numpy.uint8))
                pair(f"{number}-{deep}bit-{matrix}.avif", lambda f: f.write_bytes(encoded), read)
        data = values.astype(numpy.uint8)
        for matrix in [0, 1, 9]:
            encoded = imagecodecs.avif_encode(data, level=80, speed=9, matrix=matrix, pixelformat="444")
            pair(f"{number}-matrix-{matrix}.avif", lambda f: f.write_bytes(encoded), pillow)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        small = Image.fromarray(drawn(91, 320, 200).astype(numpy.uint8))
        pair(f"turned-{orientation}.avif", lambda f: small.save(f, quality=75, speed=9, exif=exif), turned)


def jxl():
    read = lambda f: Image.fromarray(eight(imagecodecs.jpegxl_decode(f.read_bytes())))

    def eight(values):
        if values.dtype != numpy.uint8:
            # The wheel stores 16 bits as linear light, and gives them back so; here they are shown.
            light = values.astype(numpy.float64) / numpy.iinfo(values.dtype).max
            shown = numpy.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
            values = (shown * 255 + 0.5).astype(numpy.uint8)
        return values[..., :3] if values.ndim == 3 and values.shape[-1] == 4 else values

    for number, (width, height) in enumerate(SIZES):
        values = drawn(number, width, height)
        rgb = values.astype(numpy.uint8)
        grey = numpy.asarray(Image.fromarray(rgb).convert("L"))
        alpha = numpy.asarray(Image.fromarray(rgb).convert("RGBA"))
        deep = (values * 257).astype(numpy.uint16)
        for name, data in [("rgb", rgb), ("grey", grey), ("alpha", alpha), ("deep", deep)]:
            for effort in [3, 6]:
                for distance in [0.0, 1.0, 3.0]:
                    encoded = imagecodecs.jpegxl_encode(data, distance=distance, effort=effort, lossless=distance == 0)
                    pair(f"{number}-{name}-{effort}-{distance}.jxl", lambda f: f.write_bytes(encoded), read)
        encoded = imagecodecs.jpegxl_encode(rgb, distance=1.0, usecontainer=True)
        pair(f"{number}-container.jxl", lambda f: f.write_bytes(encoded), read)
        for subsampling in [0, 2]:
            file = folder / "plain.jpg"
            Image.fromarray(rgb).save(file, quality=85, subsampling=subsampling)
            encoded = imagecodecs.jpegxl_encode_jpeg(file.read_bytes())
            pair(f"{number}-jpeg-{subsampling}.jxl", lambda f: f.write_bytes(encoded), read)


heic()
avif()
jxl()
