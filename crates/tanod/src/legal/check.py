#!/usr/bin/env python3
"""Checks this package: python3 check.py [KEY]

1. Every file has the SHA-256 that SHA256SUMS names, and none is missing or added.
2. Every entry of the custody record stands in the tree that the signed checkpoint vouches for (RFC 6962).
3. The checkpoint is signed with KEY (as told by telephone, or published by the operator), where Python's package
   `cryptography` is installed; without it this step is said to be left out.

Needs nothing of the program that made the package.
"""
import base64
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def fail(why):
    sys.exit(f"NOT as it should be: {why}")


def sums():
    named = {}
    for line in (HERE / "SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        named[name] = digest
    found = {str(file.relative_to(HERE).as_posix()) for file in HERE.rglob("*") if file.is_file()} - {"SHA256SUMS"}
    if found != set(named):
        fail(f"missing or added: {sorted(found ^ set(named))}")
    for name, digest in named.items():
        if hashlib.sha256((HERE / name).read_bytes()).hexdigest() != digest:
            fail(f"{name} was altered")
    return len(named)


def root_with(leaf, index, size, proof):
    """The root that a leaf at this place leads to (RFC 9162, 2.1.3.2)."""
    at, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if at % 2 or at == last:
            value = sha(b"\x01", sibling, value)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            value = sha(b"\x01", value, sibling)
        at, last = at >> 1, last >> 1
    return value if last == 0 else None


def ledger(key):
    proofs = json.loads((HERE / "ledger/proofs.json").read_text())
    note = (HERE / "ledger/checkpoint").read_text()
    text, _, signatures = note.partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    root = base64.b64decode(root)
    for entry in proofs["entries"]:
        leaf = sha(b"\x00", base64.b64decode(entry["leaf"]))
        path = [bytes.fromhex(step) for step in entry["proof"]]
        if root_with(leaf, entry["position"], int(size), path) != root:
            fail(f"entry {entry['position']} is not in the tree of the checkpoint")
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return len(proofs["entries"]), "its signature was NOT looked at: install the package cryptography"
    name, _, rest = (key or proofs["vkey"]).partition("+")
    public = base64.b64decode(rest.partition("+")[2])[1:]
    for line in signatures.strip().split("\n"):
        _, by, signature = line.split(" ")
        if by == name:
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature)[4:], (text + "\n").encode())
            except Exception:
                fail("the checkpoint's signature is not of this key")
            return len(proofs["entries"]), "its signature fits" + ("" if key else " the key in the package; compare that key")
    fail(f"no signature of {name}")


if __name__ == "__main__":
    files = sums()
    entries, signature = ledger(sys.argv[1] if len(sys.argv) > 1 else None)
    print(f"{files} files are as they left; {entries} entries of the record stand under the checkpoint; {signature}")
