#!/usr/bin/env python3
"""Verifies a ledger of Tanod, without Tanod: neither its program nor its database is needed, only this file, Python, and
the package `cryptography` for the signatures.

    verify-ledger.py FOLDER [--since CHECKPOINT]          every entry, tile, root and signature of an exported folder
    verify-ledger.py --proof FILE --vkey FILE             the place of one entry; prints the entry
    verify-ledger.py --growth FILE --since CHECKPOINT --vkey FILE
                                                          that a log only grew since a checkpoint that you kept
    verify-ledger.py --certificate FILE --vkey FILE       that a certificate of destruction was signed by the log's key

Hashes are those of RFC 6962; checkpoints, files and proofs have the forms of C2SP (signed-note, tlog-checkpoint, tlog-tiles,
tlog-proof, tlog-cosignature). Add --witness VKEY to ask that this witness vouched for the newest checkpoint. Every check
that fails ends the program.

Time stamps of others lie beside what they are about: `openssl ts -verify -in stamps/N.tsr -data stamps/N.txt -CAfile ROOT.pem`
checks one (RFC 3161); that each such text is a checkpoint of this ledger is checked here.
"""
import argparse
import base64
import hashlib
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 1, 4  # the kinds of keys


def check(holds, otherwise):
    if not holds:
        sys.exit(f"not verified: {otherwise}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    """Of the spellings that Python reads, only the one that base64 writes."""
    data = base64.b64decode(text, validate=True)
    check(base64.b64encode(data).decode() == text, "a base64 text is not in its one form")
    return data


def number(text):
    check(text.isdigit() and str(int(text)) == text, f"{text} is no number in its one form")
    return int(text)


def read(path):
    """Text with its line ends as they are: Python would take others for the same."""
    return pathlib.Path(path).read_bytes().decode()


# --- keys, signed notes, checkpoints ---


def parse_key(vkey, kind):
    """name+id+base64 of the kind of key and its 32 bytes; the id is a hash over the rest."""
    name, key_id, body = vkey.removesuffix("\n").split("+", 2)
    body = unbase64(body)
    good = name and name.isprintable() and " " not in name and body[0] == kind
    check(good and sha(name.encode(), b"\n", body)[:4].hex() == key_id, "the key does not have its form")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(body[1:])


def signed(note, key):
    """The text of a note and what this key signed: text, an empty line, signature lines, of which others are passed over."""
    name, key_id, _ = key
    text, empty, lines = note.rpartition("\n\n")
    check(empty and lines.endswith("\n"), "a note does not have its form")
    mine = []
    for line in lines[:-1].split("\n"):
        dash, signer, blob = line.split(" ", 2)
        blob = unbase64(blob)
        check(dash == "\u2014" and len(blob) >= 4, "a signature does not have its form")
        if signer == name and blob[:4] == key_id:
            mine.append(blob[4:])
    check(mine, f"a note is not signed by {name}")
    return text + "\n", mine


def open_note(note, key):
    text, signatures = signed(note, key)
    for signature in signatures:
        key[2].verify(signature, text.encode())
    return text


def open_checkpoint(note, key):
    """Size and root of a checkpoint that the log signed."""
    name, size, root, *extensions = open_note(note, key)[:-1].split("\n")
    check(name == key[0] and "" not in extensions, "a checkpoint does not have its form")
    return number(size), unbase64(root)


def vouched(note, vkey):
    """When a witness saw that the log only grew."""
    key = parse_key(vkey, WITNESS)
    text, signatures = signed(note, key)
    for signature in signatures:
        time = int.from_bytes(signature[:8], "big")
        key[2].verify(signature[8:], f"cosignature/v1\ntime {time}\n{text}".encode())
        print(f"{key[0]} vouched for it at {time} seconds since 1970")


# --- trees (RFC 6962 section 2.1) ---


def node(left, right):
    return sha(b"\1", left, right)


def half(size):
    """The largest power of two below a size: how many entries stand on the left."""
    return 1 << ((size - 1).bit_length() - 1)


def tree_root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha()
    left = half(len(hashes))
    return node(tree_root(hashes[:left]), tree_root(hashes[left:]))


def root_above(leaf, index, size, path):
    """The root that a leaf at a place gives with its neighbours on the way up."""
    if index >= size or (size > 1) != bool(path):
        raise ValueError("a proof does not have the length of its path")
    if size == 1:
        return leaf
    left = half(size)
    if index < left:
        return node(root_above(leaf, index, left, path[:-1]), path[-1])
    return node(path[-1], root_above(leaf, index - left, size - left, path[:-1]))


def roots_of_growth(old, new, path, known):
    """The roots of the first `old` and of all `new` entries, from what stands in between. `known`: the root of the old tree,
    while the way down has only gone to the left."""
    if (old == new and len(path) != (known is None)) or (old != new and not path):
        raise ValueError("a proof does not have the length of its path")
    if old == new:
        return (known or path[0],) * 2
    left = half(new)
    if old <= left:
        small, large = roots_of_growth(old, left, path[:-1], known)
        return small, node(large, path[-1])
    small, large = roots_of_growth(old - left, new - left, path[:-1], None)
    return node(path[-1], small), node(path[-1], large)


# --- a whole folder ---


def read_tile(folder, level, place, width):
    """A part of a tile may be gone once the tile is full; then the full one holds it. Says which it was."""
    name = f"{place % 1000:03}"
    while place := place // 1000:
        name = f"x{place % 1000:03}/{name}"
    full, part = f"tile/{level}/{name}", f"tile/{level}/{name}.p/{width}"
    path = part if width < 256 and ((folder / part).exists() or not (folder / full).exists()) else full
    return path, (folder / path).read_bytes(), path == part or width == 256


def split_notes(text):
    """All checkpoints stand in one file: the next one begins with the first line after signatures that is none."""
    notes = [""]
    for line in text.splitlines(keepends=True):
        if "\n\u2014" in notes[-1] and not line.startswith("\u2014"):
            notes.append("")
        notes[-1] += line
    return notes


def verify_folder(folder, since, witness):
    vkey = read(folder / "vkey")
    check(vkey.strip() + "\n" == vkey, "the key does not have its form")
    key = parse_key(vkey, LOG)
    newest = read(folder / "checkpoint")
    size, root = open_checkpoint(newest, key)
    promises = [(size, root)]
    if (folder / "checkpoints").exists():
        notes = split_notes(read(folder / "checkpoints"))
        promises = [open_checkpoint(note, key) for note in notes]
        for text in sorted((folder / "stamps").glob("*.txt")):
            check(read(text) in [open_note(note, key) for note in notes], f"{text.name} is no checkpoint of this ledger")
    in_order = promises == sorted(promises, key=lambda promise: promise[0]) and promises[-1] == (size, root)
    check(in_order, "the checkpoints are out of order, or the newest is not the last of all")
    if since:
        kept = open_checkpoint(since, key)
        check(kept[0] <= size, f"rolled back: {kept[0]} entries were promised before, and there are {size}")
        promises.append(kept)

    # Entries first: each is hashed, and a bundle holds exactly its own.
    hashes = []
    for first in range(0, size, 256):
        width = min(256, size - first)
        path, bundle, whole = read_tile(folder, "entries", first // 256, width)
        at = 0
        for _ in range(width):
            start = at + 2
            at = start + int.from_bytes(bundle[at:start], "big")
            hashes.append(sha(b"\0", bundle[start:at]))
        fits = at == len(bundle) if whole else at <= len(bundle)
        check(fits, f"{path} does not hold exactly {width} entries")

    # Then what was promised: the complete subtrees at the right edge, largest first, give the root of each size on the way.
    edge, grown = [], 0
    for promised, promised_root in sorted(promises):
        for leaf in hashes[grown:promised]:
            edge.append((1, leaf))
            while len(edge) > 1 and edge[-2][0] == edge[-1][0]:
                right, left = edge.pop(), edge.pop()
                edge.append((2 * left[0], node(left[1], right[1])))
        grown = promised
        found = edge[-1][1] if edge else sha()
        for _, left in reversed(edge[:-1]):
            found = node(left, found)
        check(found == promised_root, f"a checkpoint over {promised} entries has another root than these entries")

    # Then every tile: 256 hashes beside each other, and the root of each full one in the level above.
    level = 0
    while hashes:
        tiles = [hashes[at : at + 256] for at in range(0, len(hashes), 256)]
        for place, tile in enumerate(tiles):
            path, found, whole = read_tile(folder, level, place, len(tile))
            check((found if whole else found[: 32 * len(tile)]) == b"".join(tile), f"{path} is not what its entries give")
        hashes = [tree_root(tile) for tile in tiles if len(tile) == 256]
        level += 1
    if witness:
        vouched(newest, witness)
    print(f"verified {size} {root.hex()}")


# --- one proof ---


def verify_place(text, key, witness):
    head, _, note = text.partition("\n\n")
    form, extra, index, *path = head.split("\n")
    good = form == "c2sp.org/tlog-proof@v1" and extra.startswith("extra ") and index.startswith("index ")
    check(good, "the proof does not have its form")
    entry, index = unbase64(extra.removeprefix("extra ")), number(index.removeprefix("index "))
    size, root = open_checkpoint(note, key)
    otherwise = f"the entry does not stand at place {index} of the {size} that the checkpoint promises"
    try:
        check(root_above(sha(b"\0", entry), index, size, [*map(unbase64, path)]) == root, otherwise)
    except ValueError as error:
        check(False, f"{otherwise}: {error}")
    if witness:
        vouched(note, witness)
    print(f"verified: at place {index} of {size} stands\n{entry.decode()}", end="")


def verify_growth(text, since, key):
    head, _, note = text.partition("\n\n")
    line, *path = head.split("\n")
    (old, old_root), (size, root) = open_checkpoint(since, key), open_checkpoint(note, key)
    otherwise = f"the log of {size} entries does not begin with the {old} that were promised before"
    check(line == f"old {old}" and old <= size, otherwise)
    path = [*map(unbase64, path)]
    try:
        # Every log begins with the empty one, and no proof is needed for that.
        holds = not path and old_root == sha() if old == 0 else roots_of_growth(old, size, path, old_root) == (old_root, root)
        check(holds, otherwise)
    except ValueError as error:
        check(False, f"{otherwise}: {error}")
    print(f"verified: the log of {size} entries begins with the {old} that were promised before")


def main():
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("folder", nargs="?")
    for name in ["--proof", "--growth", "--certificate", "--since", "--vkey", "--witness"]:
        line.add_argument(name)
    given = line.parse_args()
    try:
        since = read(given.since) if given.since else None
        key = parse_key(read(given.vkey), LOG) if given.vkey else None
        if given.folder:
            verify_folder(pathlib.Path(given.folder), since, given.witness)
        elif key and given.proof:
            verify_place(read(given.proof), key, given.witness)
        elif key and given.growth and since:
            verify_growth(read(given.growth), since, key)
        elif key and given.certificate:
            print("verified:\n" + open_note(read(given.certificate), key), end="")
        else:
            line.error("say what to verify")
    except InvalidSignature:
        check(False, "a note has a signature that does not fit its text")
    except (OSError, ValueError, IndexError) as error:
        check(False, error)


if __name__ == "__main__":
    main()
