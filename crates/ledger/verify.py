#!/usr/bin/env python3
"""Verifies an exported ledger: python3 verify.py FOLDER

Needs neither the program nor the database that wrote it, only Python's standard library. It reads every entry,
derives every tile and every root anew (RFC 6962), and checks the Ed25519 signature of every checkpoint (RFC 8032).
"""
import base64
import hashlib
import pathlib
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def fail(why):
    sys.exit(f"not verified: {why}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def add(a, b):
    """Adds two points in extended coordinates."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    g, h = 2 * t1 * t2 * D, 2 * z1 * z2
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public, text, signature):
    key, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def unbase64(text):
    """Of the spellings that Python reads, only the one that base64 writes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("a base64 text is not in its one form")
    return data


def read(path):
    """Text with its line ends as they are: Python would take others for the same."""
    return path.read_bytes().decode()


def open_note(note, name, key_id, public):
    text, found, signatures = note.partition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not found or len(lines) != 4 or lines[0] != name or not signatures.endswith("\n"):
        fail("a checkpoint does not have its form")
    mine = None
    for line in signatures[:-1].split("\n"):
        dash, signer, blob = line.split(" ", 2)
        blob = unbase64(blob)
        if dash != "\u2014" or len(blob) < 4:
            fail("a signature does not have its form")
        if mine is None and signer == name and blob[:4] == key_id:
            mine = blob[4:]
    if mine is None or not signed(public, text.encode(), mine):
        fail("a checkpoint is not signed by the key")
    return int(lines[1]), unbase64(lines[2])


def tree_root(hashes):
    if not hashes:
        return sha()
    while len(hashes) > 1:
        pairs = [sha(b"\1", hashes[n], hashes[n + 1]) for n in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(pairs) * 2 :]
    return hashes[0]


class Tree:
    """The right edge of the tree: its complete subtrees, largest first, with their sizes."""

    def __init__(self):
        self.size, self.parts = 0, []

    def append(self, leaf):
        self.size += 1
        part = (1, leaf)
        while self.parts and self.parts[-1][0] == part[0]:
            size, left = self.parts.pop()
            part = (2 * size, sha(b"\1", left, part[1]))
        self.parts.append(part)

    def root(self):
        if not self.parts:
            return sha()
        right = self.parts[-1][1]
        for _, left in reversed(self.parts[:-1]):
            right = sha(b"\1", left, right)
        return right


def tile_path(level, number, width):
    name = f"{number % 1000:03}"
    number //= 1000
    while number:
        name = f"x{number % 1000:03}/{name}"
        number //= 1000
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def split_notes(text):
    """A note is its text, an empty line and its signatures; the next begins with the first line of another kind."""
    notes, note = [], ""
    for line in text.split("\n"):
        if "\n\u2014" in note and not line.startswith("\u2014"):
            notes.append(note)
            note = ""
        note += line + "\n"
    # What follows the last line break is nothing, and stands here as one empty line.
    return notes if note == "\n" else notes + [note[:-1]]


def main(folder):
    folder = pathlib.Path(folder)
    vkey = read(folder / "vkey")
    name, key_id, body = vkey[:-1].split("+", 2)
    body = unbase64(body)
    public, good_name = body[1:], name and name.isprintable() and " " not in name
    if vkey[-1] != "\n" or not good_name or body[0] != 1 or sha(name.encode(), b"\n", body)[:4].hex() != key_id:
        fail("the key does not have its form")
    key = (name, bytes.fromhex(key_id), public)
    size, root = open_note(read(folder / "checkpoint"), *key)
    promises = [open_note(note, *key) for note in split_notes(read(folder / "checkpoints"))]
    if promises != sorted(promises, key=lambda promise: promise[0]) or promises[-1] != (size, root):
        fail("the checkpoints are out of order, or the newest is not the last of all")

    tree, levels, kept = Tree(), [], 0

    def keep():
        nonlocal kept
        while kept < len(promises) and promises[kept][0] == tree.size:
            if promises[kept][1] != tree.root():
                fail(f"checkpoint {kept} of checkpoints: {tree.size} entries give another root")
            kept += 1

    def compare(level, number, tile):
        path = tile_path(level, number, len(tile))
        if (folder / path).read_bytes() != b"".join(tile):
            fail(f"{path} is not what its entries give")

    def raise_to(level, value):
        """Appends a hash to a level; a full tile is compared, and its root goes one level up."""
        if level == len(levels):
            levels.append([0, []])
        number, tile = levels[level]
        tile.append(value)
        if len(tile) == 256:
            compare(level, number, tile)
            levels[level] = [number + 1, []]
            raise_to(level + 1, tree_root(tile))

    keep()
    for first in range(0, size, 256):
        width = min(256, size - first)
        path = tile_path("entries", first // 256, width)
        bundle, at = (folder / path).read_bytes(), 0
        for _ in range(width):
            start = at + 2
            at = start + int.from_bytes(bundle[at:start], "big")
            leaf = sha(b"\0", bundle[start:at])
            tree.append(leaf)
            raise_to(0, leaf)
            keep()
        if at != len(bundle):
            fail(f"{path} does not hold exactly {width} entries")
    for level, (number, tile) in enumerate(levels):
        if tile:
            compare(level, number, tile)
    if kept != len(promises):
        fail("a checkpoint is left that no entries bear out")
    print(f"verified {size} {tree.root().hex()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (OSError, ValueError, IndexError) as error:
        fail(error)
