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


def open_note(note, name, key_id, public):
    text, found, signatures = note.partition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not found or len(lines) != 4 or lines[0] != name or not signatures.endswith("\n"):
        fail("a checkpoint does not have its form")
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, blob = rest.partition(" ")
        blob = base64.b64decode(blob, validate=True)
        if dash == "\u2014" and signer == name and blob[:4] == key_id and signed(public, text.encode(), blob[4:]):
            return int(lines[1]), base64.b64decode(lines[2], validate=True)
    fail("a checkpoint is not signed by the key")


def tree_root(hashes):
    if not hashes:
        return sha()
    while len(hashes) > 1:
        pairs = [sha(b"\1", hashes[n], hashes[n + 1]) for n in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(pairs) * 2 :]
    return hashes[0]


def tile_path(level, number, width):
    name = f"{number % 1000:03}"
    number //= 1000
    while number:
        name = f"x{number % 1000:03}/{name}"
        number //= 1000
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def main(folder):
    folder = pathlib.Path(folder)
    name, key_id, body = (folder / "vkey").read_text().strip().split("+", 2)
    body = base64.b64decode(body, validate=True)
    key_id, public = bytes.fromhex(key_id), body[1:]
    if body[0] != 1 or sha(name.encode(), b"\n", body)[:4] != key_id:
        fail("the key does not have its form")
    size, root = open_note((folder / "checkpoint").read_text(), name, key_id, public)

    leaves = []
    for first in range(0, size, 256):
        width = min(256, size - first)
        bundle = (folder / tile_path("entries", first // 256, width)).read_bytes()
        at = 0
        for _ in range(width):
            length = int.from_bytes(bundle[at : at + 2], "big")
            leaves.append(sha(b"\0", bundle[at + 2 : at + 2 + length]))
            at += 2 + length
        if at != len(bundle):
            fail(f"entries from {first} do not fill their bundle")
    if tree_root(leaves) != root:
        fail("the entries do not give the root of the checkpoint")

    level, hashes = 0, leaves
    while hashes:
        for first in range(0, len(hashes), 256):
            tile = hashes[first : first + 256]
            if (folder / tile_path(level, first // 256, len(tile))).read_bytes() != b"".join(tile):
                fail(f"a tile of level {level} is not what its entries give")
        full = len(hashes) // 256
        hashes = [tree_root(hashes[n * 256 : n * 256 + 256]) for n in range(full)]
        level += 1

    notes, note = [], ""
    for line in (folder / "checkpoints").read_text().splitlines(keepends=True):
        if "\n\u2014" in note and not line.startswith("\u2014"):
            notes.append(note)
            note = ""
        note += line
    for note in notes + [note]:
        at, promised = open_note(note, name, key_id, public)
        if at > size or tree_root(leaves[:at]) != promised:
            fail(f"the checkpoint of size {at} has another root than its entries")
    if (at, promised) != (size, root):
        fail("the newest checkpoint is not the last of all")
    print(f"verified {size} {root.hex()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (OSError, ValueError, IndexError) as error:
        fail(error)
