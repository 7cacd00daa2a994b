//! The index against a search of everything: whatever is inserted, removed, folded, saved and loaded, in any order.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::collections::BTreeMap;

use fingerprint::{DigestKind, Digests, Folding, Id, Index, Near, Pdq, Print, Same, SnapshotError};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Enough rows for an index of pieces, in more than one group.
const MANY: u16 = 2500;

/// What an index must answer, searched one by one.
#[derive(Clone, Default)]
struct Model(BTreeMap<Id, (u32, Print)>);

impl Model {
    fn near(&self, hash: &Pdq, limit: impl Fn(u32) -> Option<u32>) -> Vec<Near> {
        let mut near: Vec<Near> = Vec::new();
        for (id, (label, print)) in &self.0 {
            if let Print::Pdq(held) = print {
                let distance = held.distance(hash);
                if limit(*label).is_some_and(|limit| distance <= limit) {
                    near.push(Near { id: *id, label: *label, distance });
                }
            }
        }
        near.sort_by_key(|near| (near.distance, near.id));
        near
    }

    fn same(&self, asked: &Print) -> Vec<Same> {
        let kind = match asked {
            Print::Pdq(_) => return Vec::new(),
            Print::Md5(_) => DigestKind::Md5,
            Print::Sha1(_) => DigestKind::Sha1,
            Print::Sha256(_) => DigestKind::Sha256,
        };
        let held = self.0.iter().filter(|(_, (_, print))| print == asked);
        held.map(|(id, (label, _))| Same { id: *id, label: *label, kind }).collect()
    }
}

fn id(number: u16) -> Id {
    let mut id = [0; 16];
    // The order of ids is not the order of insertion.
    id[..2].copy_from_slice(&number.wrapping_mul(40_503).to_be_bytes());
    id
}

fn hash(rng: &mut impl Rng) -> [u8; 32] {
    rng.random()
}

/// A hash with so many bits changed.
fn bent(mut hash: [u8; 32], flips: usize, rng: &mut impl Rng) -> [u8; 32] {
    for at in rand::seq::index::sample(rng, 256, flips) {
        hash[at / 8] ^= 1 << (at % 8);
    }
    hash
}

/// Prints of all kinds; hashes lie close together, around a few centres.
fn print(seed: u32) -> Print {
    let mut rng = ChaCha20Rng::seed_from_u64(seed.into());
    let centre = hash(&mut ChaCha20Rng::seed_from_u64(rng.random_range(0..6)));
    match rng.random_range(0..10) {
        0 => Print::Md5([rng.random_range(0..40); 16]),
        1 => Print::Sha1([rng.random_range(0..40); 20]),
        2 => Print::Sha256([rng.random_range(0..40); 32]),
        3 => Print::Pdq(Pdq::from_bytes(hash(&mut rng))),
        _ => {
            let flips = rng.random_range(0..50);
            Print::Pdq(Pdq::from_bytes(bent(centre, flips, &mut rng)))
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u16, u32, u32),
    Remove(u16),
    Fold,
    Adopt,
    Reload,
    Ask(u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..MANY + 200, 0_u32..4, any::<u32>()).prop_map(|(id, label, seed)| Step::Insert(id, label, seed)),
        4 => (0..MANY + 200).prop_map(Step::Remove),
        2 => Just(Step::Fold),
        2 => Just(Step::Adopt),
        1 => Just(Step::Reload),
        4 => (any::<u32>(), 0_u32..=64).prop_map(|(seed, within)| Step::Ask(seed, within)),
    ]
}

fn reloaded(index: &Index) -> Index {
    let mut bytes = Vec::new();
    index.save(&mut bytes, b"as of 7").unwrap();
    let (loaded, stamp) = Index::load(&mut bytes.as_slice(), bytes.len() as u64).unwrap();
    assert_eq!(stamp, b"as of 7");
    loaded
}

fn agree(index: &Index, model: &Model, seed: u32, within: u32) {
    match print(seed) {
        Print::Pdq(hash) => {
            assert_eq!(index.near(&hash, within), model.near(&hash, |_| Some(within)), "within {within}");
            // Label 3 is not searched, and each other one has a threshold of its own.
            let limit = |label: u32| (label < 3).then_some((label * 20).min(within));
            assert_eq!(index.near_where(&hash, within, limit), model.near(&hash, limit), "limits under {within}");
        }
        digest => assert_eq!(index.same_print(&digest), model.same(&digest)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn finds_what_a_search_of_everything_finds(
        many in prop_oneof![Just(0_u16), Just(300), Just(MANY)],
        start in any::<u32>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let entries = (0..many).map(|n| (id(n), u32::from(n) % 4, print(start.wrapping_add(n.into()))));
        let mut model = Model(entries.clone().map(|(id, label, print)| (id, (label, print))).collect());
        let mut index = Index::from_entries(entries);
        let mut folding: Option<Folding> = None;
        for step in steps {
            match step {
                Step::Insert(n, label, seed) => {
                    index.insert(id(n), label, print(seed));
                    model.0.insert(id(n), (label, print(seed)));
                }
                Step::Remove(n) => {
                    prop_assert_eq!(index.remove(&id(n)), model.0.remove(&id(n)).is_some());
                }
                Step::Fold => folding = Some(index.fold()),
                Step::Adopt => {
                    if let Some(folding) = folding.take() {
                        drop(index.adopt(folding.run()));
                    }
                }
                Step::Reload => {
                    index = reloaded(&index);
                    folding = None;
                }
                Step::Ask(seed, within) => agree(&index, &model, seed, within),
            }
            prop_assert_eq!(index.len(), model.0.len());
        }
        for (seed, within) in [(start, 31), (start.wrapping_add(1), 64), (start.wrapping_add(2), 0)] {
            agree(&index, &model, seed, within);
        }
        for (id, held) in model.0.iter().step_by(17) {
            prop_assert_eq!(index.get(id), Some(*held));
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), begun in any::<bool>()) {
        let mut whole = if begun { b"tanodidx\x01\0\0\0".to_vec() } else { Vec::new() };
        whole.extend(bytes);
        prop_assert!(Index::load(&mut whole.as_slice(), whole.len() as u64).is_err());
    }
}

/// More rows than a block, random ones and clusters, all distances, one by one and many at once.
#[test]
fn nothing_is_missed_among_many() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let centres: Vec<[u8; 32]> = (0..40).map(|_| hash(&mut rng)).collect();
    let mut model = Model::default();
    for n in 0..150_000_u32 {
        let value = if n % 3 == 0 {
            let flips = rng.random_range(0..80);
            bent(centres[n as usize % 40], flips, &mut rng)
        } else {
            hash(&mut rng)
        };
        let mut id: Id = rng.random();
        id[..4].copy_from_slice(&(n / 2).to_be_bytes());
        model.0.insert(id, (n % 5, Print::Pdq(Pdq::from_bytes(value))));
    }
    let index: Index = model.0.iter().map(|(id, (label, print))| (*id, *label, *print)).collect();
    let loaded = reloaded(&index);
    let mut queries = Vec::new();
    for n in 0..66 {
        let flips = rng.random_range(0..40);
        queries.push(Pdq::from_bytes(bent(centres[n % 40], flips, &mut rng)));
    }
    for (query, within) in queries.iter().zip(0..=65) {
        let expected = model.near(query, |_| Some(within));
        assert_eq!(index.near(query, within), expected, "within {within}");
        assert_eq!(loaded.near(query, within), expected, "within {within}, loaded");
    }
    let limit = |label: u32| (label != 2).then_some(16 + label * 5);
    let together = index.near_many(&queries, 36, limit);
    for (query, near) in queries.iter().zip(together) {
        assert_eq!(near, model.near(query, limit));
    }
    assert!(index.near_many(&[], 31, |_| Some(31)).is_empty());
}

/// A list with thousands of hashes that hardly differ, and one that repeats a single hash.
#[test]
fn near_identical_hashes_are_all_found_and_only_once() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let centre = hash(&mut rng);
    for (spread, many) in [(4, 20_000_u16), (0, 20_000), (36, 20_000)] {
        let mut model = Model::default();
        for n in 0..many {
            let flips = rng.random_range(0..=spread);
            model.0.insert(id(n), (0, Print::Pdq(Pdq::from_bytes(bent(centre, flips, &mut rng)))));
        }
        for n in many..many + 20_000 {
            model.0.insert(id(n), (1, Print::Pdq(Pdq::from_bytes(hash(&mut rng)))));
        }
        let index: Index = model.0.iter().map(|(id, (label, print))| (*id, *label, *print)).collect();
        for away in [0, 1, 8, 29, 31, 33, 60] {
            let query = Pdq::from_bytes(bent(centre, away, &mut rng));
            for within in [0, 15, 31, 64] {
                assert_eq!(index.near(&query, within), model.near(&query, |_| Some(within)));
            }
        }
    }
}

#[test]
fn an_id_holds_one_print() {
    let mut index = Index::new();
    let (zero, ones) = (Pdq::from_bytes([0; 32]), Pdq::from_bytes([0xff; 32]));
    index.insert(id(1), 1, Print::Pdq(zero));
    index.insert(id(1), 2, Print::Pdq(ones));
    assert_eq!(index.len(), 1);
    assert!(index.near(&zero, 64).is_empty());
    assert_eq!(index.near(&ones, 0), [Near { id: id(1), label: 2, distance: 0 }]);
    // From the head to a base, and there it changes its kind.
    let folded = index.fold().run();
    drop(index.adopt(folded));
    index.insert(id(1), 3, Print::Md5([5; 16]));
    assert!(index.near(&ones, 0).is_empty());
    assert_eq!(index.same_print(&Print::Md5([5; 16])), [Same { id: id(1), label: 3, kind: DigestKind::Md5 }]);
    assert_eq!(index.len(), 1);
    // Of several with one id the last counts, whatever the order.
    let twice = [(id(2), 1, Print::Pdq(zero)), (id(1), 0, Print::Pdq(ones)), (id(2), 2, Print::Md5([5; 16]))];
    let index = Index::from_entries(twice);
    assert_eq!(index.len(), 2);
    assert_eq!(index.get(&id(2)), Some((2, Print::Md5([5; 16]))));
    assert!(index.near(&zero, 31).is_empty());
}

#[test]
fn a_limit_may_ask_the_index_itself() {
    let index = Index::from_entries((0..MANY).map(|n| (id(n), 1, print(n.into()))));
    let hash = (0..MANY).find_map(|n| if let Print::Pdq(hash) = print(n.into()) { Some(hash) } else { None }).unwrap();
    let asks = |label: u32| index.near(&hash, 0).first().map(|_| 30 + label);
    assert_eq!(index.near_where(&hash, 64, asks), index.near(&hash, 31));
}

#[test]
fn digests_are_found_by_all_three() {
    let digests = Digests::of(b"the same bytes");
    let mut index = Index::new();
    for fold in [false, true] {
        index.insert(id(4), 0, Print::Md5(digests.md5));
        index.insert(id(3), 0, Print::Sha1(digests.sha1));
        index.insert(id(2), 0, Print::Sha256(digests.sha256));
        index.insert(id(1), 0, Print::Sha256(digests.sha256));
        if fold {
            let folded = index.fold().run();
            drop(index.adopt(folded));
        }
        let found: Vec<(DigestKind, Id)> = index.same(&digests).iter().map(|same| (same.kind, same.id)).collect();
        let mut sha256 = [id(1), id(2)];
        sha256.sort_unstable();
        let expected = [
            (DigestKind::Sha256, sha256[0]),
            (DigestKind::Sha256, sha256[1]),
            (DigestKind::Sha1, id(3)),
            (DigestKind::Md5, id(4)),
        ];
        assert_eq!(found, expected);
    }
    assert!(index.same(&Digests::of(b"other bytes")).is_empty());
    assert!(index.same_print(&Print::Pdq(Pdq::from_bytes([0; 32]))).is_empty());
}

#[test]
fn an_overtaken_folding_changes_nothing() {
    let mut index = Index::new();
    index.insert(id(1), 0, Print::Pdq(Pdq::from_bytes([1; 32])));
    let first = index.fold();
    index.insert(id(2), 0, Print::Pdq(Pdq::from_bytes([2; 32])));
    let second = index.fold();
    index.remove(&id(1));
    drop(index.adopt(first.run()));
    assert_eq!(index.len(), 1);
    drop(index.adopt(second.run()));
    assert_eq!(index.len(), 1);
    assert_eq!(index.get(&id(1)), None);
    assert!(index.get(&id(2)).is_some());
}

#[test]
fn a_long_head_and_many_gone_ask_for_folding() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut index = Index::new();
    let mut entries = Vec::new();
    while !index.wants_folding() {
        let entry: (Id, [u8; 32]) = (rng.random(), hash(&mut rng));
        index.insert(entry.0, 0, Print::Pdq(Pdq::from_bytes(entry.1)));
        entries.push(entry);
    }
    assert!((1_000..1_000_000).contains(&entries.len()));
    let folded = index.fold().run();
    drop(index.adopt(folded));
    assert!(!index.wants_folding());
    let before = index.memory_bytes();
    let kept = entries.len() / 10;
    for (id, _) in &entries[kept..] {
        assert!(index.remove(id));
    }
    let mut index = index.clone();
    assert!(index.wants_folding());
    let folded = index.fold().run();
    drop(index.adopt(folded));
    assert!(index.memory_bytes() < before / 2);
    for (n, (id, hash)) in entries.iter().enumerate() {
        let found = index.near(&Pdq::from_bytes(*hash), 0);
        assert_eq!(found.iter().any(|near| near.id == *id), n < kept);
    }
}

fn mixed(many: u16) -> Index {
    let mut index = Index::from_entries((0..many).map(|n| (id(n), 0, print(n.into()))));
    for n in 0..20 {
        index.remove(&id(n));
        index.insert(id(many + n), 1, print(u32::from(n) + 70_000));
    }
    index
}

#[test]
fn a_flipped_byte_anywhere_is_noticed() {
    let mut bytes = Vec::new();
    mixed(60).save(&mut bytes, b"stamp").unwrap();
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            bytes[at] ^= flip;
            let loaded = Index::load(&mut bytes.as_slice(), bytes.len() as u64);
            assert!(loaded.is_err(), "byte {at} changed and nobody noticed");
            bytes[at] ^= flip;
        }
        let torn = Index::load(&mut &bytes[..at], bytes.len() as u64);
        assert!(torn.is_err(), "cut at {at} and nobody noticed");
    }
    assert!(Index::load(&mut bytes.as_slice(), bytes.len() as u64).is_ok());
    bytes.push(0);
    assert!(matches!(Index::load(&mut bytes.as_slice(), bytes.len() as u64), Err(SnapshotError::Altered(_))));
}

#[test]
fn a_changed_block_anywhere_is_noticed() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let entries = (0..120_000_u32).map(|n| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        (id, 0, Print::Pdq(Pdq::from_bytes(hash(&mut rng))))
    });
    let index = Index::from_entries(entries);
    let mut bytes = Vec::new();
    index.save(&mut bytes, b"").unwrap();
    for _ in 0..60 {
        let at = rng.random_range(0..bytes.len());
        bytes[at] ^= 4;
        assert!(Index::load(&mut bytes.as_slice(), bytes.len() as u64).is_err());
        bytes[at] ^= 4;
    }
    // Blocks 7 and 8 hold neighbour bits, where every value can be.
    let block = |n: usize| 12 + n * (8 + (1 << 20));
    let (before, after) = (&bytes[..block(7)], &bytes[block(9)..]);
    let swapped = [before, &bytes[block(8)..block(9)], &bytes[block(7)..block(8)], after].concat();
    assert!(Index::load(&mut swapped.as_slice(), swapped.len() as u64).is_err());
    let doubled = [before, &bytes[block(7)..block(8)], &bytes[block(7)..block(8)], after].concat();
    assert!(Index::load(&mut doubled.as_slice(), doubled.len() as u64).is_err());
    let missing = [before, &bytes[block(8)..block(9)], after].concat();
    assert!(Index::load(&mut missing.as_slice(), missing.len() as u64).is_err());
    assert!(Index::load(&mut bytes.as_slice(), bytes.len() as u64).is_ok());
}

#[test]
fn another_format_and_another_file_say_so() {
    let mut bytes = Vec::new();
    Index::new().save(&mut bytes, b"").unwrap();
    bytes[8] ^= 3;
    assert!(matches!(Index::load(&mut bytes.as_slice(), 99), Err(SnapshotError::Version(2))));
    bytes[0] ^= 1;
    assert!(matches!(Index::load(&mut bytes.as_slice(), 99), Err(SnapshotError::Foreign)));
    assert!(matches!(Index::load(&mut [].as_slice(), 0), Err(SnapshotError::Io(_))));
    assert!(matches!(Index::new().save(&mut Vec::new(), &vec![0; (256 << 20) + 1]), Err(SnapshotError::Stamp)));
}
