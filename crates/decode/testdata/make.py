"""Makes the small files beside it, all of one generated picture. Needs pillow, pillow-heif, imagecodecs, numpy, and
cjxl of Debian's libjxl-tools.

    python make.py
"""
import io
import pathlib
import struct
import subprocess
import tempfile

import imagecodecs
import numpy
import pillow_heif
from PIL import Image

here = pathlib.Path(__file__).parent
pillow_heif.register_heif_opener()
WIDTH, HEIGHT = 96, 64


def drawn(seed):
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype(numpy.float64)
    planes = []
    for _ in range(3):
        plane = numpy.full((HEIGHT, WIDTH), 128.0)
        for _ in range(40):
            a, b, shift = random.uniform(1, 55), random.uniform(1, 55), random.uniform(0, 7)
            plane += 22 * numpy.sin(a * x / WIDTH + shift) * numpy.cos(b * y / HEIGHT + shift)
        planes.append(plane)
    return numpy.clip(numpy.stack(planes, axis=-1), 0, 255).astype(numpy.uint8)


def saved(picture, form, **how):
    out = io.BytesIO()
    picture.save(out, format=form, **how)
    return out.getvalue()


def keep(name, data):
    (here / name).write_bytes(data)
    print(name, len(data))


def box(name, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def full(name, *parts, version=0, flags=0):
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def inner(data, *path):
    """The content of the first box of this path."""
    for name in path:
        at = 0
        while data[at + 4 : at + 8] != name:
            at += struct.unpack(">I", data[at : at + 4])[0]
        data = data[at + 8 : at + struct.unpack(">I", data[at : at + 4])[0]]
        if name == b"meta":
            data = data[4:]
    return data


def sequence(stills):
    """An HEVC sequence of pictures that stand alone: a track, and no stills beside it."""
    configs = {inner(still, b"meta", b"iprp", b"ipco", b"hvcC") for still in stills}
    assert len(configs) == 1, "the pictures are not coded alike"
    samples = [inner(still, b"mdat") for still in stills]
    head = box(b"ftyp", b"msf1", struct.pack(">I", 0), b"msf1hevc")
    entry = bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">HH", WIDTH, HEIGHT) + bytes(46)
    entry = box(b"hvc1", entry[:78].ljust(78, b"\0"), box(b"hvcC", configs.pop()))

    def movie(start):
        table = box(
            b"stbl",
            full(b"stsd", struct.pack(">I", 1), entry),
            full(b"stts", struct.pack(">III", 1, len(samples), 1)),
            full(b"stsc", struct.pack(">IIII", 1, 1, len(samples), 1)),
            full(b"stsz", struct.pack(">II", 0, len(samples)), b"".join(struct.pack(">I", len(s)) for s in samples)),
            full(b"stco", struct.pack(">II", 1, start)),
        )
        handler = full(b"hdlr", bytes(4), b"pict", bytes(13))
        matrix = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
        header = full(b"tkhd", bytes(36), matrix, struct.pack(">II", WIDTH << 16, HEIGHT << 16), flags=1)
        track = box(b"trak", header, box(b"mdia", handler, box(b"minf", table)))
        return box(b"moov", full(b"mvhd", bytes(96)), track)

    start = len(head) + len(movie(0)) + 8
    return head + movie(start) + box(b"mdat", *samples)


values = drawn(1)
picture = Image.fromarray(values)
others = [Image.fromarray(drawn(seed)) for seed in (2, 3)]
exif = Image.Exif()
exif[0x0112] = 6
rotated = exif.tobytes()
keep("original.png", saved(picture, "PNG", optimize=True))

keep("cmyk.jpg", saved(picture.convert("CMYK"), "JPEG", quality=60))
keep("palette.png", saved(picture.quantize(128), "PNG", optimize=True))

keep("still.heic", saved(picture, "HEIF", quality=45))
keep("grey.heic", saved(picture.convert("L"), "HEIF", quality=45))
keep("alpha.heic", saved(picture.convert("RGBA"), "HEIF", quality=45))
keep("444.heic", saved(picture, "HEIF", quality=45, chroma=444, matrix_coefficients=9, full_range_flag=0))
keep("tiles.heic", saved(picture, "HEIF", quality=45, tile_size=64))
keep("turned.heic", saved(picture.rotate(90, expand=True), "HEIF", quality=45, exif=rotated))
keep("several.heic", saved(picture, "HEIF", quality=45, save_all=True, append_images=others))
deep = pillow_heif.from_bytes(mode="RGB;16", size=(WIDTH, HEIGHT), data=(values.astype(numpy.uint16) * 257).tobytes())
out = io.BytesIO()
deep.save(out, quality=45)
keep("deep.heic", out.getvalue())
keep("sequence.heic", sequence([saved(p, "HEIF", quality=45) for p in [picture, *others]]))

keep("still.avif", saved(picture, "AVIF", quality=55, speed=4))
keep("grey.avif", saved(picture, "AVIF", quality=55, subsampling="4:0:0"))
keep("alpha.avif", saved(picture.convert("RGBA"), "AVIF", quality=55))
keep("limited.avif", saved(picture, "AVIF", quality=55, range="limited", subsampling="4:2:2"))
keep("turned.avif", saved(picture.rotate(90, expand=True), "AVIF", quality=55, exif=rotated))
keep("animated.avif", saved(picture, "AVIF", quality=55, save_all=True, append_images=others))
most = values.astype(numpy.uint16) * 4
keep("deep.avif", imagecodecs.avif_encode(most, level=60, bitspersample=10, matrix=9))

keep("still.jxl", imagecodecs.jpegxl_encode(values, distance=3.0, effort=7))
keep("grey.jxl", imagecodecs.jpegxl_encode(numpy.asarray(picture.convert("L")), distance=3.0))
keep("alpha.jxl", imagecodecs.jpegxl_encode(numpy.asarray(picture.convert("RGBA")), distance=3.0))
keep("container.jxl", imagecodecs.jpegxl_encode(values, distance=3.0, usecontainer=True))
frames = numpy.stack([values, *(numpy.asarray(other) for other in others)])
keep("animated.jxl", imagecodecs.jpegxl_encode(frames, distance=3.0))
turned = saved(picture.rotate(90, expand=True), "JPEG", quality=70, exif=rotated)
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    (folder / "turned.jpg").write_bytes(turned)
    subprocess.run(["cjxl", folder / "turned.jpg", folder / "turned.jxl"], check=True, capture_output=True)
    keep("turned.jxl", (folder / "turned.jxl").read_bytes())
# Ten thousand by ten thousand pixels and more, of one grey.
keep("bomb.jxl", imagecodecs.jpegxl_encode(numpy.full((10_100, 10_100), 9, numpy.uint8), lossless=True, effort=1))
