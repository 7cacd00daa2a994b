//! The exact index: every entry within a distance, and every entry with a digest. A linear scan, and the reference for
//! whatever comes after it.

use std::collections::HashMap;
use std::hash::Hash;

use crate::{DigestKind, Digests, Pdq};

#[derive(Clone, Copy, Debug)]
enum Place {
    Pdq(usize),
    Md5([u8; 16]),
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

/// Finds entries again. A key holds one fingerprint; inserting it again replaces what it held.
#[derive(Clone, Debug)]
pub struct Matcher<T> {
    hashes: Vec<[u64; 4]>,
    keys: Vec<T>,
    md5: HashMap<[u8; 16], Vec<T>>,
    sha1: HashMap<[u8; 20], Vec<T>>,
    sha256: HashMap<[u8; 32], Vec<T>>,
    places: HashMap<T, Place>,
}

impl<T> Default for Matcher<T> {
    fn default() -> Self {
        Self {
            hashes: Vec::new(),
            keys: Vec::new(),
            md5: HashMap::new(),
            sha1: HashMap::new(),
            sha256: HashMap::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Copy + Eq + Hash> Matcher<T> {
    /// An index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds a picture's hash.
    pub fn insert_pdq(&mut self, key: T, hash: Pdq) {
        self.remove(key);
        self.places.insert(key, Place::Pdq(self.hashes.len()));
        self.hashes.push(hash.words());
        self.keys.push(key);
    }

    /// Adds an MD5.
    pub fn insert_md5(&mut self, key: T, digest: [u8; 16]) {
        self.remove(key);
        self.places.insert(key, Place::Md5(digest));
        self.md5.entry(digest).or_default().push(key);
    }

    /// Adds a SHA-1.
    pub fn insert_sha1(&mut self, key: T, digest: [u8; 20]) {
        self.remove(key);
        self.places.insert(key, Place::Sha1(digest));
        self.sha1.entry(digest).or_default().push(key);
    }

    /// Adds a SHA-256.
    pub fn insert_sha256(&mut self, key: T, digest: [u8; 32]) {
        self.remove(key);
        self.places.insert(key, Place::Sha256(digest));
        self.sha256.entry(digest).or_default().push(key);
    }

    /// Takes an entry out; it is never found again. Taking out what is not there changes nothing.
    pub fn remove(&mut self, key: T) {
        match self.places.remove(&key) {
            None => {}
            Some(Place::Pdq(at)) => {
                self.hashes.swap_remove(at);
                self.keys.swap_remove(at);
                // The last entry moved into the gap.
                if let Some(moved) = self.keys.get(at) {
                    self.places.insert(*moved, Place::Pdq(at));
                }
            }
            Some(Place::Md5(digest)) => take_out(&mut self.md5, &digest, key),
            Some(Place::Sha1(digest)) => take_out(&mut self.sha1, &digest, key),
            Some(Place::Sha256(digest)) => take_out(&mut self.sha256, &digest, key),
        }
    }

    /// Every entry with one of these digests.
    pub fn digests(&self, digests: &Digests) -> Vec<(DigestKind, T)> {
        let mut found = Vec::new();
        let mut take = |kind, keys: Option<&Vec<T>>| found.extend(keys.into_iter().flatten().map(|key| (kind, *key)));
        take(DigestKind::Sha256, self.sha256.get(&digests.sha256));
        take(DigestKind::Sha1, self.sha1.get(&digests.sha1));
        take(DigestKind::Md5, self.md5.get(&digests.md5));
        found
    }

    /// Every entry at most `within` bits of 256 away, with its distance. Recall is whole: nothing is approximated.
    pub fn near(&self, hash: &Pdq, within: u32) -> Vec<(T, u32)> {
        let [a, b, c, d] = hash.words();
        let mut found = Vec::new();
        for ([x, y, z, w], key) in self.hashes.iter().zip(&self.keys) {
            let distance = (a ^ x).count_ones() + (b ^ y).count_ones() + (c ^ z).count_ones() + (d ^ w).count_ones();
            if distance <= within {
                found.push((*key, distance));
            }
        }
        found
    }
}

fn take_out<T: Copy + Eq, const N: usize>(map: &mut HashMap<[u8; N], Vec<T>>, digest: &[u8; N], key: T) {
    if let Some(keys) = map.get_mut(digest) {
        keys.retain(|kept| *kept != key);
        if keys.is_empty() {
            map.remove(digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Hashes close to each other, so that distances around a threshold occur.
    fn close() -> impl Strategy<Value = [u8; 32]> {
        prop::collection::vec((0_usize..32, any::<u8>()), 0..8).prop_map(|edits| {
            let mut hash = [0x5a; 32];
            for (at, value) in edits {
                hash[at] = value;
            }
            hash
        })
    }

    proptest! {
        #[test]
        fn finds_what_a_naive_search_finds(
            entries in prop::collection::vec(close(), 0..60),
            gone in prop::collection::vec(0_usize..60, 0..30),
            query in close(),
            within in 0_u32..64,
        ) {
            let mut matcher = Matcher::new();
            for (key, hash) in entries.iter().enumerate() {
                matcher.insert_pdq(key, Pdq::from_bytes(*hash));
            }
            for key in &gone {
                matcher.remove(*key);
            }
            let query = Pdq::from_bytes(query);
            let expected: HashSet<(usize, u32)> = entries
                .iter()
                .enumerate()
                .filter(|(key, _)| !gone.contains(key))
                .map(|(key, hash)| (key, Pdq::from_bytes(*hash).distance(&query)))
                .filter(|(_, distance)| *distance <= within)
                .collect();
            let found: HashSet<(usize, u32)> = matcher.near(&query, within).into_iter().collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn finds_digests_until_they_are_removed(bytes in any::<Vec<u8>>()) {
            let digests = Digests::of(&bytes);
            let mut matcher = Matcher::new();
            matcher.insert_md5(1, digests.md5);
            matcher.insert_sha1(2, digests.sha1);
            matcher.insert_sha256(3, digests.sha256);
            matcher.insert_sha256(4, digests.sha256);
            let keys = |matcher: &Matcher<i32>| {
                let mut keys: Vec<i32> = matcher.digests(&digests).into_iter().map(|(_, key)| key).collect();
                keys.sort_unstable();
                keys
            };
            prop_assert_eq!(keys(&matcher), vec![1, 2, 3, 4]);
            matcher.remove(1);
            matcher.remove(3);
            prop_assert_eq!(keys(&matcher), vec![2, 4]);
            prop_assert_eq!(matcher.len(), 2);
        }
    }

    #[test]
    fn a_key_holds_one_fingerprint() {
        let mut matcher = Matcher::new();
        matcher.insert_pdq(7, Pdq::from_bytes([0; 32]));
        matcher.insert_pdq(7, Pdq::from_bytes([0xff; 32]));
        assert_eq!(matcher.len(), 1);
        assert!(matcher.near(&Pdq::from_bytes([0; 32]), 10).is_empty());
    }
}
