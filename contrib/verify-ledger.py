#!/usr/bin/env python3
"""Verifies a ledger of Tanod, without Tanod: neither its program nor its database is needed, only this file, Python, and
the package `cryptography` for the signatures.

    verify-ledger.py FOLDER [--since CHECKPOINT]          every entry, tile, root and signature of an exported folder
    verify-ledger.py --proof FILE --vkey FILE             the place of one entry; prints the entry
    verify-ledger.py --growth FILE --since CHECKPOINT --vkey FILE
                                                          that a log only grew since a checkpoint that you kept

Hashes are those of RFC 6962, checkpoints are signed notes, files and proofs have the forms of C2SP (tlog-tiles,
tlog-checkpoint, tlog-proof, tlog-cosignature). Add --witness VKEY to ask that this witness vouched for the newest checkpoint.
"""
import argparse
import base64
import hashlib
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 1, 4  # the kinds of keys


def fail(why):
    sys.exit(f"not verified: {why}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    """Of the spellings that Python reads, only the one that base64 writes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("a base64 text is not in its one form")
    return data


def read(path):
    """Text with its line ends as they are: Python would take others for the same."""
    return pathlib.Path(path).read_bytes().decode()


# --- keys and checkpoints ---


def parse_key(vkey, kind):
    """name+id+base64 of the kind of key and its 32 bytes; the id is a hash over the rest."""
    name, key_id, body = vkey.removesuffix("\n").split("+", 2)
    body = unbase64(body)
    good_name = name and name.isprintable() and " " not in name
    if not good_name or body[0] != kind or sha(name.encode(), b"\n", body)[:4].hex() != key_id:
        fail("the key does not have its form")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(body[1:])


def signature_of(note, name, key_id):
    """A note is its text, an empty line, and signature lines."""
    text, found, signatures = note.partition("\n\n")
    if not found or not signatures.endswith("\n"):
        fail("a checkpoint does not have its form")
    mine = None
    for line in signatures[:-1].split("\n"):
        dash, signer, blob = line.split(" ", 2)
        blob = unbase64(blob)
        if dash != "\u2014" or len(blob) < 4:
            fail("a signature does not have its form")
        if mine is None and signer == name and blob[:4] == key_id:
            mine = blob[4:]
    if mine is None:
        fail(f"a checkpoint is not signed by {name}")
    return text + "\n", mine


def open_note(note, key):
    """Size and root of a checkpoint that the log signed."""
    name, key_id, public = key
    text, signature = signature_of(note, name, key_id)
    lines = text.split("\n")
    if len(lines) != 4 or lines[0] != name or str(int(lines[1])) != lines[1]:
        fail("a checkpoint does not have its form")
    public.verify(signature, text.encode())
    return int(lines[1]), unbase64(lines[2])


def vouched(note, vkey):
    """When a witness saw that the log only grew."""
    name, key_id, public = parse_key(vkey, WITNESS)
    text, signature = signature_of(note, name, key_id)
    time = int.from_bytes(signature[:8], "big")
    public.verify(signature[8:], f"cosignature/v1\ntime {time}\n{text}".encode())
    print(f"{name} vouched for it at {time} seconds since 1970")


# --- trees ---


def tree_root(hashes):
    if not hashes:
        return sha()
    while len(hashes) > 1:
        pairs = [sha(b"\1", hashes[n], hashes[n + 1]) for n in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(pairs) * 2 :]
    return hashes[0]


class Tree:
    """The right edge of a growing tree: its complete subtrees, largest first, with their sizes."""

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


def place_holds(leaf, index, size, proof, root):
    """Whether a leaf stands at a place (RFC 9162 section 2.1.3.2)."""
    at, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = sha(b"\1", sibling, value)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = sha(b"\1", value, sibling)
        at, last = at >> 1, last >> 1
    return index < size and last == 0 and value == root


def growth_holds(old, old_root, new, new_root, proof):
    """Whether the larger tree begins with the smaller one (RFC 9162 section 2.1.4.2)."""
    if old in (0, new):
        return not proof and old_root == (sha() if old == 0 else new_root)
    if old > new or not proof:
        return False
    proof = ([old_root] if old & (old - 1) == 0 else []) + proof
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    small = large = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            small, large = sha(b"\1", sibling, small), sha(b"\1", sibling, large)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            large = sha(b"\1", large, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and small == old_root and large == new_root


# --- a whole folder ---


def tile_path(level, number, width):
    name = f"{number % 1000:03}"
    number //= 1000
    while number:
        name = f"x{number % 1000:03}/{name}"
        number //= 1000
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def read_tile(folder, level, number, width):
    """A part of a tile may be gone once the tile is full; then the full one holds it. Says which it was."""
    path = tile_path(level, number, width)
    full = tile_path(level, number, 256)
    whole = (folder / path).exists() or not (folder / full).exists()
    path = path if whole else full
    return path, (folder / path).read_bytes(), whole


def split_notes(text):
    """The next note begins with the first line after signatures that is none."""
    notes, note = [], ""
    for line in text.split("\n"):
        if "\n\u2014" in note and not line.startswith("\u2014"):
            notes.append(note)
            note = ""
        note += line + "\n"
    # What follows the last line break is nothing, and stands here as one empty line.
    return notes if note == "\n" else notes + [note[:-1]]


def verify_folder(folder, since, witness):
    folder = pathlib.Path(folder)
    vkey = read(folder / "vkey")
    if vkey.strip() + "\n" != vkey:
        fail("the key does not have its form")
    key = parse_key(vkey, LOG)
    newest = read(folder / "checkpoint")
    size, root = open_note(newest, key)
    promises = [(size, root)]
    if (folder / "checkpoints").exists():
        promises = [open_note(note, key) for note in split_notes(read(folder / "checkpoints"))]
    if promises != sorted(promises, key=lambda promise: promise[0]) or promises[-1] != (size, root):
        fail("the checkpoints are out of order, or the newest is not the last of all")
    if since is not None:
        kept = open_note(since, key)
        if kept[0] > size:
            fail(f"rolled back: {kept[0]} entries were promised before, and there are {size}")
        promises = sorted(promises + [kept], key=lambda promise: promise[0])

    tree, levels, met = Tree(), [], 0

    def meet():
        nonlocal met
        while met < len(promises) and promises[met][0] == tree.size:
            if promises[met][1] != tree.root():
                fail(f"a checkpoint over {tree.size} entries has another root than these entries")
            met += 1

    def compare(level, number, tile):
        path, found, _ = read_tile(folder, level, number, len(tile))
        if (found if path == tile_path(level, number, len(tile)) else found[: 32 * len(tile)]) != b"".join(tile):
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

    meet()
    for first in range(0, size, 256):
        width = min(256, size - first)
        path, bundle, whole = read_tile(folder, "entries", first // 256, width)
        at = 0
        for _ in range(width):
            start = at + 2
            at = start + int.from_bytes(bundle[at:start], "big")
            leaf = sha(b"\0", bundle[start:at])
            tree.append(leaf)
            raise_to(0, leaf)
            meet()
        if at > len(bundle) or (whole and at != len(bundle)):
            fail(f"{path} does not hold exactly {width} entries")
    for level, (number, tile) in enumerate(levels):
        if tile:
            compare(level, number, tile)
    if met != len(promises):
        fail("a checkpoint is left that no entries bear out")
    if witness:
        vouched(newest, witness)
    print(f"verified {size} {tree.root().hex()}")


# --- one proof ---


def verify_place(text, key, witness):
    head, _, note = text.partition("\n\n")
    form, extra, index, *hashes = head.split("\n")
    if form != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or not index.startswith("index "):
        fail("the proof does not have its form")
    entry, index = unbase64(extra.removeprefix("extra ")), index.removeprefix("index ")
    size, root = open_note(note, key)
    if str(int(index)) != index or not place_holds(sha(b"\0", entry), int(index), size, [*map(unbase64, hashes)], root):
        fail(f"the entry does not stand at place {index} of the {size} that the checkpoint promises")
    if witness:
        vouched(note, witness)
    print(f"verified: at place {index} of {size} stands\n{entry.decode()}", end="")


def verify_growth(text, since, key):
    head, _, note = text.partition("\n\n")
    old, *hashes = head.split("\n")
    old_size, old_root = open_note(since, key)
    size, root = open_note(note, key)
    if old != f"old {old_size}" or not growth_holds(old_size, old_root, size, root, [*map(unbase64, hashes)]):
        fail(f"the log of {size} entries does not begin with the {old_size} that were promised before")
    print(f"verified: the log of {size} entries begins with the {old_size} that were promised before")


def main():
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("folder", nargs="?")
    for name in ["--proof", "--growth", "--since", "--vkey", "--witness"]:
        line.add_argument(name)
    given = line.parse_args()
    since = read(given.since) if given.since else None
    try:
        if given.folder:
            verify_folder(given.folder, since, given.witness)
        elif given.vkey and given.proof:
            verify_place(read(given.proof), parse_key(read(given.vkey), LOG), given.witness)
        elif given.vkey and given.growth and since:
            verify_growth(read(given.growth), since, parse_key(read(given.vkey), LOG))
        else:
            line.error("say what to verify")
    except InvalidSignature:
        fail("a checkpoint has a signature that does not fit its text")
    except (OSError, ValueError, IndexError) as error:
        fail(error)


if __name__ == "__main__":
    main()
