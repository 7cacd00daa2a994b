//! Every target on stable: its seeds, what fuzzing once found (testdata/fuzz), and both bent in seeded ways.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Bends some bytes as a careless or hostile sender would.
fn bent(bytes: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..=bytes.len());
        match rng.random_range(0..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.random()),
            2 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            3 if at < bytes.len() => bytes[at] = [0, 0xff, b'<', b'"', b'\n', b'&'][rng.random_range(0..6)],
            _ => {
                let piece = bytes[at..(at + rng.random_range(0..16)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

fn explore(name: &str, turns: u32) {
    let target = fuzz::target(name).unwrap();
    let mut corpus = (target.seeds)();
    assert!(!corpus.is_empty(), "{name} starts from nothing");
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/fuzz").join(name);
    if found.exists() {
        corpus.extend(fs_err::read_dir(found).unwrap().map(|file| fs_err::read(file.unwrap().path()).unwrap()));
    }
    (target.run)(&[]);
    for bytes in &corpus {
        (target.run)(bytes);
    }
    let mut rng = ChaCha20Rng::seed_from_u64(12);
    for _ in 0..turns {
        let bytes = bent(&corpus[rng.random_range(0..corpus.len())], &mut rng);
        (target.run)(&bytes);
    }
}

#[test]
fn media() {
    explore("media", 600);
}

#[test]
fn stream() {
    explore("stream", 20_000);
}

#[test]
fn session() {
    explore("session", 20_000);
}

#[test]
fn door() {
    explore("door", 20_000);
}

#[test]
fn exif() {
    explore("exif", 20_000);
}

#[test]
fn protocol() {
    explore("protocol", 20_000);
}

#[test]
fn answer() {
    explore("answer", 4_000);
}

#[test]
fn shield() {
    explore("shield", 4_000);
}

#[test]
fn document() {
    explore("document", 2_000);
}

#[test]
fn rows() {
    explore("rows", 2_000);
}

#[test]
fn facts() {
    explore("facts", 4_000);
}

#[test]
fn notice() {
    explore("notice", 4_000);
}

#[test]
fn context() {
    explore("context", 4_000);
}

#[test]
fn events() {
    explore("events", 4_000);
}

#[test]
fn rule() {
    explore("rule", 2_000);
}

#[test]
fn note() {
    explore("note", 2_000);
}

#[test]
fn stamp() {
    explore("stamp", 2_000);
}

#[test]
fn sealed() {
    explore("sealed", 300);
}

#[test]
fn snapshot() {
    explore("snapshot", 600);
}

#[test]
fn vpdq() {
    explore("vpdq", 4_000);
}

#[test]
fn passkey() {
    explore("passkey", 20_000);
}

#[test]
fn publisher() {
    explore("publisher", 4_000);
}

#[test]
fn frames() {
    explore("frames", 20_000);
}

#[test]
fn every_target_is_explored_here() {
    assert_eq!(fuzz::TARGETS.len(), 23, "a new target needs its line above");
}
