//! The index that finds entries again: every one within a distance of a hash, and every one with a digest. Exact, always.
//!
//! New entries go into a small head that is looked at one by one. From time to time the head is folded into a base, in
//! the background: a base never changes, is shared, and has indexes (`pieces.rs` for near hashes, `digest_column.rs` for
//! digests). What is taken out of a base is marked gone. A few bases of rising size live beside each other, so that folding a few
//! thousand entries does not rebuild ten million.

mod base;
mod column;
mod digest_column;
mod fold;
mod head;
mod pages;
mod pieces;
mod plan;
mod scan;
mod snapshot;

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use base::{Base, Tier};
use head::Head;
use pieces::Scratch;
use scan::scan_rows;

pub use fold::{Folded, Folding, Retired};
pub use snapshot::SnapshotError;

use crate::{Digests, Pdq};

/// Who an entry is: 16 bytes that mean nothing here. Ids that rise with time are quickest.
pub type Id = [u8; 16];

/// Queries that are answered side by side.
const BATCH: usize = 4;

/// Which digest an entry was found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestKind {
    /// MD5 of the bytes.
    Md5,
    /// SHA-1 of the bytes.
    Sha1,
    /// SHA-256 of the bytes.
    Sha256,
}

/// The one fingerprint of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Print {
    /// A picture's hash, found by nearness.
    Pdq(Pdq),
    /// An MD5, found by sameness.
    Md5([u8; 16]),
    /// A SHA-1, found by sameness.
    Sha1([u8; 20]),
    /// A SHA-256, found by sameness.
    Sha256([u8; 32]),
}

/// An entry whose hash is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Near {
    /// The entry.
    pub id: Id,
    /// The label it was inserted with.
    pub label: u32,
    /// How many of 256 bits differ.
    pub distance: u32,
}

/// An entry that has a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Same {
    /// The entry.
    pub id: Id,
    /// The label it was inserted with.
    pub label: u32,
    /// Which digest it is.
    pub kind: DigestKind,
}

/// Entries, findable. A clone is cheap: bases are shared, the head is copied; so it can be saved while the original changes.
#[derive(Clone, Default)]
pub struct Index {
    tiers: Vec<Tier>,
    head: Head,
    /// Which folding was begun last.
    folding: u64,
    /// Ids that changed since it was begun.
    touched: Option<HashSet<Id>>,
}

thread_local! {
    /// Taken out while in use, so that a limit may itself ask an index.
    static SCRATCHES: Cell<[Scratch; BATCH]> = Cell::default();
}

impl Index {
    /// An index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// An index of many entries at once, ready to be searched. Of several with one id the last counts.
    pub fn from_entries(entries: impl IntoIterator<Item = (Id, u32, Print)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if !entries.is_sorted_by(|(one, _, _), (next, _, _)| one < next) {
            // Stable: of equal ids the last stays last.
            entries.sort_by_key(|(id, _, _)| *id);
            entries.reverse();
            entries.dedup_by_key(|(id, _, _)| *id);
            entries.reverse();
        }
        let mut index = Self::new();
        if !entries.is_empty() {
            index.tiers.push(Tier { base: Arc::new(Base::sorted(&entries)), ..Tier::default() });
        }
        index
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.head.len() + self.tiers.iter().map(Tier::len).sum::<usize>()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that entries and indexes take, in bytes.
    pub fn memory_bytes(&self) -> usize {
        let tiers = self.tiers.iter().map(|tier| tier.base.memory_bytes() + tier.gone.memory_bytes());
        self.head.memory_bytes() + tiers.sum::<usize>()
    }

    /// Adds an entry; found from now on. An id holds one print: what it held before is gone. The label is a small number by
    /// which the caller groups entries.
    pub fn insert(&mut self, id: Id, label: u32, print: Print) {
        self.remove(&id);
        self.head.insert(id, label, print);
    }

    /// Takes an entry out; it is never found again. Says whether it was there.
    pub fn remove(&mut self, id: &Id) -> bool {
        if let Some(touched) = &mut self.touched {
            touched.insert(*id);
        }
        self.head.remove(id) || self.tiers.iter_mut().rev().any(|tier| tier.remove(id))
    }

    /// The label and print of an entry.
    pub fn get(&self, id: &Id) -> Option<(u32, Print)> {
        self.head.get(id).or_else(|| self.tiers.iter().rev().find_map(|tier| tier.get(id)))
    }

    /// Every entry at most `within` of 256 bits away, nearest first, then by id.
    pub fn near(&self, hash: &Pdq, within: u32) -> Vec<Near> {
        self.near_where(hash, within, |_| Some(within))
    }

    /// Every entry at most as many bits away as its label allows, and never more than `widest`; nearest first, then by
    /// id. A label without a limit is not searched.
    pub fn near_where(&self, hash: &Pdq, widest: u32, limit: impl Fn(u32) -> Option<u32>) -> Vec<Near> {
        self.near_many(std::slice::from_ref(hash), widest, limit).pop().unwrap_or_default()
    }

    /// [`Self::near_where`] of many hashes, in the order of the hashes. A few go side by side, so that they wait for memory
    /// together; since each already waits for many reads at once, that saves a tenth of the time or so.
    pub fn near_many(&self, hashes: &[Pdq], widest: u32, limit: impl Fn(u32) -> Option<u32>) -> Vec<Vec<Near>> {
        let mut answers = vec![Vec::new(); hashes.len()];
        let mut scratches = SCRATCHES.take();
        for (hashes, answers) in hashes.chunks(BATCH).zip(answers.chunks_mut(BATCH)) {
            self.near_batch(hashes, widest, &limit, &mut scratches, answers);
        }
        SCRATCHES.set(scratches);
        for answer in &mut answers {
            answer.sort_unstable_by_key(|near| (near.distance, near.id));
        }
        answers
    }

    fn near_batch(
        &self,
        hashes: &[Pdq],
        widest: u32,
        limit: &impl Fn(u32) -> Option<u32>,
        scratches: &mut [Scratch; BATCH],
        answers: &mut [Vec<Near>],
    ) {
        let mut queries = [[0; 4]; BATCH];
        for (query, hash) in queries.iter_mut().zip(hashes) {
            *query = hash.words();
        }
        let queries = queries.get(..hashes.len()).unwrap_or_default();
        let scratches = scratches.get_mut(..hashes.len()).unwrap_or_default();
        for Tier { base, gone } in &self.tiers {
            let rows = base.pdq.values.as_slice();
            if let Some(pieces) = &base.pieces {
                pieces.near(rows, queries, widest, scratches);
            } else {
                for (query, scratch) in queries.iter().zip(scratches.iter_mut()) {
                    scratch.clear();
                    scan_rows(rows, *query, widest, &mut scratch.found);
                }
            }
            for (scratch, answer) in scratches.iter().zip(answers.iter_mut()) {
                let live = scratch.found.iter().filter(|(row, _)| !gone.pdq.has(*row));
                answer.extend(live.filter_map(|(row, distance)| {
                    let (id, label, _) = base.pdq.at(*row)?;
                    limit(label).filter(|limit| distance <= limit).map(|_| Near { id, label, distance: *distance })
                }));
            }
        }
        for ((query, scratch), answer) in queries.iter().zip(scratches).zip(answers) {
            scratch.clear();
            self.head.near(*query, widest, &mut scratch.found);
            answer.extend(scratch.found.iter().filter_map(|(row, distance)| {
                let (id, label) = self.head.at(*row)?;
                limit(label).filter(|limit| distance <= limit).map(|_| Near { id, label, distance: *distance })
            }));
        }
    }

    /// Every entry with one of these digests: by SHA-256 first, then SHA-1, then MD5.
    pub fn same(&self, digests: &Digests) -> Vec<Same> {
        let each = [Print::Sha256(digests.sha256), Print::Sha1(digests.sha1), Print::Md5(digests.md5)];
        each.iter().flat_map(|digest| self.same_print(digest)).collect()
    }

    /// Every entry with this digest. A PDQ hash has none: ask for what is [near](Self::near) within 0.
    pub fn same_print(&self, digest: &Print) -> Vec<Same> {
        let kind = match digest {
            Print::Pdq(_) => return Vec::new(),
            Print::Md5(_) => DigestKind::Md5,
            Print::Sha1(_) => DigestKind::Sha1,
            Print::Sha256(_) => DigestKind::Sha256,
        };
        let mut found = Vec::new();
        for tier in &self.tiers {
            tier.same(digest, |id, label| found.push(Same { id, label, kind }));
        }
        found.extend(self.head.same(digest).iter().map(|(id, label)| Same { id: *id, label: *label, kind }));
        found.sort_unstable_by_key(|same| same.id);
        found
    }
}

impl FromIterator<(Id, u32, Print)> for Index {
    fn from_iter<I: IntoIterator<Item = (Id, u32, Print)>>(entries: I) -> Self {
        Self::from_entries(entries)
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tiers: Vec<usize> = self.tiers.iter().map(Tier::len).collect();
        f.debug_struct("Index").field("head", &self.head.len()).field("tiers", &tiers).finish_non_exhaustive()
    }
}

fn hash_of(words: [u64; 4]) -> Pdq {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_be_bytes();
    }
    Pdq::from_bytes(bytes)
}
